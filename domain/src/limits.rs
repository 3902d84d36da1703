//! Bounds of what callers may write: one place for each rule.

use time::{OffsetDateTime, UtcOffset};

use crate::error::UserError;

/// Longest title, in characters.
const TITLE_MAX: usize = 200;
/// Longest name of a person, service or key, in characters.
const NAME_MAX: usize = 100;
/// Longest description, in characters. Lists show many of them at once.
pub(crate) const DESCRIPTION_MAX: usize = 100_000;
/// Longest post-mortem, in characters.
pub(crate) const DOCUMENT_MAX: usize = 200_000;
/// Longest comment or note, in characters. A message of Slack's has 40,000, and as many again of one that it passes on; as Markdown, with
/// escapes, styles and links, it has more than anybody typed, and none is refused for that.
pub(crate) const COMMENT_MAX: usize = 200_000;
/// Longest dedup key, idempotency key or outside reference, in characters.
const KEY_MAX: usize = 255;

/// A line that must not be blank: trimmed, without control characters.
pub(crate) fn line(field: &str, text: &str, most: usize) -> Result<String, UserError> {
    let text: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.is_empty() {
        return Err(UserError::invalid(field, format!("`{field}` must not be blank.")));
    }
    bounded(field, text, most)
}

/// A title.
pub(crate) fn title(field: &str, text: &str) -> Result<String, UserError> {
    line(field, text, TITLE_MAX)
}

/// A name.
pub(crate) fn name(field: &str, text: &str) -> Result<String, UserError> {
    line(field, text, NAME_MAX)
}

/// A text of at most so many characters; NUL, which PostgreSQL can't hold, is refused.
pub(crate) fn bounded(field: &str, text: String, most: usize) -> Result<String, UserError> {
    let length = text.chars().count();
    if length > most {
        return Err(UserError::invalid(
            field,
            format!("`{field}` has {length} characters; at most {most} are allowed."),
        ));
    }
    if text.contains('\0') {
        return Err(UserError::invalid(
            field,
            format!("`{field}` contains a NUL character."),
        ));
    }
    Ok(text)
}

/// An optional note; a blank one is none.
pub(crate) fn note(field: &str, text: Option<String>) -> Result<Option<String>, UserError> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| bounded(field, text, COMMENT_MAX))
        .transpose()
}

/// An optional description; a blank one is none.
pub(crate) fn description(field: &str, text: Option<String>) -> Result<Option<String>, UserError> {
    text.filter(|text| !text.trim().is_empty())
        .map(|text| bounded(field, text, DESCRIPTION_MAX))
        .transpose()
}

/// An optional key of the caller's.
pub(crate) fn key(field: &str, text: Option<String>) -> Result<Option<String>, UserError> {
    text.map(|text| {
        if text.is_empty() {
            return Err(UserError::invalid(
                field,
                format!("`{field}` must not be empty; leave it out instead."),
            ));
        }
        bounded(field, text, KEY_MAX)
    })
    .transpose()
}

/// An e-mail address, in lowercase.
pub(crate) fn email(field: &str, text: &str) -> Result<String, UserError> {
    let email = tocsin_slack_app::email::fold(&line(field, text, 254)?);
    let sound = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@')
    }) && !email.contains(char::is_whitespace);
    if sound {
        Ok(email)
    } else {
        Err(UserError::invalid(field, "This is not an e-mail address."))
    }
}

/// A time as it is kept: in UTC, since SQLite compares times as texts, and in the microseconds that PostgreSQL keeps.
pub fn time(time: OffsetDateTime) -> OffsetDateTime {
    let time = time.to_offset(UtcOffset::UTC);
    time.replace_microsecond(time.microsecond()).unwrap_or(time)
}
