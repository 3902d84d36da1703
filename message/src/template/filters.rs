//! The filters of templates. Each gives no more than [`TEXT_MAX`] characters.

use minijinja::{Environment, Error, ErrorKind, State, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{READ_MORE, seal};
use crate::mrkdwn::Mrkdwn;

/// Longest text that a filter gives, in characters.
const TEXT_MAX: usize = 3_000;

/// Characters of Markdown that are shown unless a template says how many.
pub(super) const MARKDOWN_MAX: usize = 600;

pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("upper", |text: &Value| {
        plain(text).map(|text| short(&text.to_uppercase()))
    });
    environment.add_filter("lower", |text: &Value| {
        plain(text).map(|text| short(&text.to_lowercase()))
    });
    environment.add_filter("capitalize", capitalize);
    environment.add_filter("trim", |text: &Value| {
        plain(text).map(|text| text.trim().to_owned())
    });
    environment.add_filter("truncate", truncate);
    environment.add_filter("default", default);
    environment.add_filter("join", join);
    environment.add_filter("length", length);
    environment.add_filter("date", |at: &Value| moment(at, Mrkdwn::date));
    environment.add_filter("ago", |at: &Value| moment(at, Mrkdwn::ago));
    environment.add_filter("markdown", markdown);
    environment.add_filter("link", link);
    environment.add_test("defined", |value: &Value| !value.is_undefined());
    environment.add_test("none", |value: &Value| value.is_none());
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// A value as text; nothing is an empty one.
fn plain(value: &Value) -> Result<String, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(String::new());
    }
    if let Some(text) = value.as_str() {
        return Ok(short(&seal::unmarked(text)));
    }
    if value.is_number() {
        return Ok(value.to_string());
    }
    Err(refused(format!("a {} is not a text", value.kind())))
}

fn capitalize(text: &Value) -> Result<String, Error> {
    let text = plain(text)?;
    let mut chars = text.chars();
    Ok(chars.next().map_or(String::new(), |first| {
        first
            .to_uppercase()
            .chain(chars.flat_map(char::to_lowercase))
            .take(TEXT_MAX)
            .collect()
    }))
}

fn truncate(state: &State<'_, '_>, text: &Value, length: Option<usize>) -> Result<Value, Error> {
    let length = length.unwrap_or(255).clamp(1, TEXT_MAX);
    let marked_up = text.as_str().filter(|_| text.is_safe());
    let Some(marked_up) = marked_up else {
        return Ok(Value::from(crate::mrkdwn::cut_plain(&plain(text)?, length)));
    };
    // The description is cut in its Markdown, as everywhere.
    if let Some(incident) = state.lookup("incident")
        && incident.get_attr("description")? == *text
    {
        return markdown(state, &incident.get_attr("description_markdown")?, Some(length));
    }
    let cut = Mrkdwn::recorded(seal::unmarked(marked_up)).cut(length);
    Ok(Value::from_safe_string(seal::foreign(&cut)))
}

fn default(value: &Value, other: Option<Value>) -> Value {
    let is_empty = value.is_undefined() || value.is_none() || value.as_str().is_some_and(str::is_empty);
    if is_empty {
        other.unwrap_or_else(|| Value::from(""))
    } else {
        value.clone()
    }
}

fn join(list: &Value, between: Option<&str>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (index, value) in list.try_iter()?.enumerate() {
        if index > 0 {
            joined.push_str(between);
        }
        joined.push_str(&plain(&value)?);
        if joined.len() > 4 * TEXT_MAX {
            break;
        }
    }
    Ok(short(&joined))
}

fn length(value: &Value) -> Result<usize, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(0);
    }
    value
        .as_str()
        .map(|text| text.chars().count())
        .or_else(|| value.len())
        .ok_or_else(|| refused(format!("a {} has no length", value.kind())))
}

/// A moment as Slack shows it to each reader in their own time zone; nothing where there is none.
fn moment(at: &Value, show: impl Fn(OffsetDateTime) -> Mrkdwn) -> Result<Value, Error> {
    let text = plain(at)?;
    if text.is_empty() {
        return Ok(Value::from(""));
    }
    let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| refused("this is not a time"))?;
    Ok(Value::from_safe_string(seal::foreign(&show(at))))
}

/// Markdown, of which so many characters are seen. If it is cut, it ends with a link to the incident.
fn markdown(state: &State<'_, '_>, text: &Value, max: Option<usize>) -> Result<Value, Error> {
    // The whole of it, and not what `plain` leaves: a cut through its source could change what it says.
    let text = text
        .as_str()
        .map_or_else(|| plain(text), |text| Ok(seal::unmarked(text)))?;
    let max = max.unwrap_or(MARKDOWN_MAX).min(TEXT_MAX);
    let url = match state.lookup("incident") {
        Some(incident) => incident.get_attr("url")?,
        None => Value::UNDEFINED,
    };
    let url = url.as_str().map(|url| url.replace("&amp;", "&"));
    let shown = shown(&text, max, url.as_deref());
    Ok(Value::from_safe_string(seal::foreign(&shown)))
}

/// Markdown, of which so many characters are seen at the most.
pub(super) fn shown(markdown: &str, max: usize, whole: Option<&str>) -> Mrkdwn {
    match whole {
        Some(url) => Mrkdwn::markdown_of(markdown, max, url, READ_MORE),
        None => Mrkdwn::markdown(markdown, max),
    }
}

/// A link to an address of the incident's own, or of the template's: to nowhere else.
fn link(url: &Value, label: &Value) -> Result<Value, Error> {
    if !url.is_safe() {
        return Err(refused(
            "only `incident.url` can be made a link so; write `<https://…|label>` for others",
        ));
    }
    let url = url.as_str().unwrap_or_default().replace("&amp;", "&");
    Ok(Value::from_safe_string(seal::foreign(&Mrkdwn::link(
        &seal::unmarked(&url),
        &plain(label)?,
    ))))
}
