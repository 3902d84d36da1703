//! A press of a button, as Slack tells it.
//!
//! Source: Slack, "`block_actions` payload".

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::inbound::lenient::{id, lenient, read};

/// What a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Acknowledge,
    Resolve,
    Reopen,
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::Acknowledge, Self::Resolve, Self::Reopen];

    /// As buttons name it, and as people say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
        }
    }
}

/// A press of one of our buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Press {
    pub(crate) action: Action,
    /// What the button carries: an incident's id, if it is ours.
    pub(crate) value: String,
    pub(crate) user: String,
    pub(crate) team: Option<String>,
    pub(crate) channel: Option<String>,
    /// The message on which it was pressed, or which holds the preview.
    pub(crate) message_ts: Option<String>,
    /// The link whose preview it was pressed on.
    pub(crate) unfurled_url: Option<String>,
    pub(crate) response_url: Option<Url>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "lenient")]
    actions: Vec<Pressed>,
    #[serde(deserialize_with = "lenient")]
    user: User,
    /// Null for apps that are installed for a whole Enterprise organisation.
    #[serde(deserialize_with = "id")]
    team: Option<String>,
    #[serde(deserialize_with = "id")]
    enterprise: Option<String>,
    #[serde(deserialize_with = "id")]
    channel: Option<String>,
    #[serde(deserialize_with = "lenient")]
    container: Container,
    #[serde(deserialize_with = "lenient")]
    message: Message,
    #[serde(deserialize_with = "lenient")]
    app_unfurl: Unfurl,
    #[serde(deserialize_with = "lenient")]
    response_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pressed {
    #[serde(deserialize_with = "lenient")]
    action_id: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    #[serde(deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    team_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(deserialize_with = "lenient")]
    channel_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    message_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    app_unfurl_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "lenient")]
    ts: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Unfurl {
    #[serde(deserialize_with = "lenient")]
    app_unfurl_url: Option<String>,
}

impl Press {
    /// The press of one of our buttons that a payload tells of. A button that only opens an address asks for nothing.
    pub(crate) fn of(payload: &Value) -> Option<Self> {
        let payload: Payload = read(payload);
        let (action, value) = payload.actions.into_iter().find_map(|pressed| {
            let action = Action::ALL
                .into_iter()
                .find(|action| action.name() == pressed.action_id)?;
            Some((action, pressed.value))
        })?;
        Some(Self {
            action,
            value,
            user: payload.user.id?,
            team: payload.team.or(payload.user.team_id).or(payload.enterprise),
            channel: payload.container.channel_id.or(payload.channel),
            message_ts: payload.container.message_ts.or(payload.message.ts),
            unfurled_url: payload
                .container
                .app_unfurl_url
                .or(payload.app_unfurl.app_unfurl_url),
            response_url: payload.response_url.and_then(|url| url.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_press_is_read_from_a_message_an_attachment_and_a_preview() {
        let message = json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "channel": {"id": "C1"},
            "container": {"type": "message_attachment", "message_ts": "1.1", "channel_id": "C1"},
            "response_url": "https://hooks.slack.com/actions/1",
            "actions": [{"action_id": "acknowledge", "value": "inc_1", "type": "button"}]});
        let press = Press::of(&message).expect("a press");
        assert_eq!(
            (press.action, press.value.as_str(), press.message_ts.as_deref()),
            (Action::Acknowledge, "inc_1", Some("1.1"))
        );
        let preview = json!({"type": "block_actions", "team": null, "enterprise": {"id": "E1"}, "user": {"id": "W1", "team_id": "T2"},
            "container": {"message_ts": "2.2", "channel_id": "C2", "is_app_unfurl": true, "app_unfurl_url": "https://a/incidents/1"},
            "app_unfurl": {"app_unfurl_url": "https://a/incidents/1"}, "actions": [{"action_id": "resolve"}]});
        let press = Press::of(&preview).expect("a press");
        assert_eq!(press.team.as_deref(), Some("T2"));
        assert_eq!(press.unfurled_url.as_deref(), Some("https://a/incidents/1"));
    }

    #[test]
    fn other_buttons_and_other_shapes_are_no_press() {
        assert_eq!(
            Press::of(&json!({"user": {"id": "U1"}, "actions": [{"action_id": "view"}]})),
            None
        );
        assert_eq!(
            Press::of(&json!({"user": 1, "actions": [{"action_id": "resolve"}]})),
            None
        );
        assert_eq!(Press::of(&json!({"actions": "resolve"})), None);
        assert_eq!(Press::of(&json!(null)), None);
    }
}
