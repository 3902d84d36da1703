//! What is read of the inputs: each rule about a connector's fields once.

use tocsin_slack_app::channel::read_channel;

use crate::{error::UserError, limits, patch::Patch};

/// Longest channel, in characters: Slack's names have 80.
const CHANNEL_MAX: usize = 100;

/// Longest name to post under, in characters. Slack does not say how long it may be; its own names have 80.
const APPEARANCE_MAX: usize = 80;

/// Longest address of a picture, in characters. Source: Block Kit reference, `image_url`.
const ICON_MAX: usize = 3_000;

/// A channel by its id, or by its name with the hash, in lower case as Slack has it.
pub(crate) fn channel(text: &str) -> Result<String, UserError> {
    let text = limits::line("channel", text, CHANNEL_MAX)?;
    read_channel(&text).ok_or_else(|| {
        UserError::invalid(
            "channel",
            "Name the channel by its id (`C…`), or by its name with the hash: `#incidents`.",
        )
    })
}

/// A new value, or the one before where nothing is said of it; null takes it away.
pub(super) fn changed<T, V>(
    said: &Patch<T>,
    before: Option<V>,
    read: impl FnOnce(&T) -> Result<V, UserError>,
) -> Result<Option<V>, UserError> {
    match said {
        Patch::Keep => Ok(before),
        Patch::Clear => Ok(None),
        Patch::Set(value) => read(value).map(Some),
    }
}

/// The name to post under.
pub(super) fn appearance_name(text: &str) -> Result<String, UserError> {
    limits::line("appearanceName", text, APPEARANCE_MAX)
}

/// The picture to post with.
pub(super) fn appearance_icon(text: &str) -> Result<String, UserError> {
    let text = limits::line("appearanceIcon", text, ICON_MAX)?;
    let emoji = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let is_emoji = emoji.is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-+'".contains(&b))
    });
    let is_address = text.starts_with("https://") && url::Url::parse(&text).is_ok();
    if is_emoji || is_address {
        Ok(text)
    } else {
        Err(UserError::invalid(
            "appearanceIcon",
            "Name an emoji (`:fire:`), or a picture by its https address.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_as_slack_has_it() {
        assert_eq!(channel(" #Ops-Alerts ").ok().as_deref(), Some("#ops-alerts"));
        assert_eq!(channel("C0123ABC").ok().as_deref(), Some("C0123ABC"));
        for wrong in ["", "#", "ops", "#a b", "D0123ABC", "c0123abc"] {
            assert!(channel(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_icon_is_an_emoji_or_an_https_address() {
        for good in [":fire:", ":+1:", "https://example.com/a.png"] {
            assert!(appearance_icon(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "fire",
            "::",
            ":a b:",
            "http://example.com/a.png",
            "https://",
            "javascript:alert(1)",
        ] {
            assert!(appearance_icon(bad).is_err(), "{bad}");
        }
    }
}
