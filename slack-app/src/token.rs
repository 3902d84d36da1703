//! Why a bot token does not work, in words for people, with what to do.

use tocsin_slack::error::{NO_TOKEN, SlackError};

/// What is wrong, and whether no call can work; `is_renewed` where the token is about to be changed.
pub fn token_trouble(error: &SlackError, is_renewed: bool) -> (String, bool) {
    match error {
        SlackError::Broken { code, .. } if code == NO_TOKEN => (
            "no such workspace is connected: connect it, or give the connector another".to_owned(),
            true,
        ),
        SlackError::Broken { code, .. } if is_renewed => (
            format!(
                "Slack takes the bot token no longer ({code}), and the next one is being asked for: if that lasts, install the app again: \
                 `tocsin slack install-url` gives the link"
            ),
            true,
        ),
        SlackError::Broken { code, .. } => (
            format!(
                "Slack refuses the bot token ({code}). Install the app again: `tocsin slack install-url` gives the link. Or install it by hand, and \
                 give the new token to `tocsin slack connect`, or put it into SLACK_BOT_TOKEN for the server's own workspace"
            ),
            true,
        ),
        SlackError::Refused { refusal, .. } => (format!("Slack refuses the bot token ({refusal})"), true),
        SlackError::RateLimited { .. } | SlackError::NotSent { .. } | SlackError::Unknown { .. } => {
            (format!("Slack does not answer: {error}"), false)
        }
    }
}
