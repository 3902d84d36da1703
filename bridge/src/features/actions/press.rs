//! A press of a button or a choice in a menu, as Slack tells it.
//!
//! Source: Slack, "`block_actions` payload".

use serde::Deserialize;
use serde_json::Value;
use tocsin_entity::id::IncidentId;
use tocsin_slack::lenient::{id, lenient, read};
use url::Url;

use super::incident_action::{Element, IncidentAction, TriggerEffect, asked_by};
use crate::mirror::buttons;

/// A press of one of our buttons, or a choice in our menu.
pub(crate) struct ButtonPress {
    pub(crate) action: &'static IncidentAction,
    /// Whether it is done at once, or asks for more.
    pub(crate) asks: TriggerEffect,
    /// Whether it was chosen in the menu, which then goes on showing it.
    pub(crate) from_menu: bool,
    /// The incident that the button or its block carries, if it is one of ours.
    pub(crate) carried: Option<IncidentId>,
    pub(crate) user: String,
    pub(crate) channel: Option<String>,
    /// The message on which it was pressed, or which holds the preview.
    pub(crate) message_ts: Option<String>,
    /// The link whose preview it was pressed on.
    pub(crate) unfurled_url: Option<String>,
    /// Whether only this person sees what it was pressed on: a view, such as the Home tab, or an answer to a command. No post is on record then.
    pub(crate) is_personal: bool,
    /// Whether it was pressed on an answer to a command, which does not change with the incident.
    pub(crate) is_ephemeral: bool,
    pub(crate) response_url: Option<Url>,
    /// What lets a dialog be opened, for 3 s and once.
    pub(crate) trigger: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(deserialize_with = "lenient")]
    actions: Vec<Pressed>,
    #[serde(deserialize_with = "lenient")]
    user: User,
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
    #[serde(deserialize_with = "lenient")]
    trigger_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pressed {
    #[serde(deserialize_with = "lenient")]
    action_id: String,
    #[serde(deserialize_with = "lenient")]
    block_id: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
    #[serde(deserialize_with = "lenient")]
    selected_option: Chosen,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    #[serde(deserialize_with = "lenient")]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    #[serde(deserialize_with = "lenient")]
    id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    channel_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    message_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    app_unfurl_url: Option<String>,
    #[serde(deserialize_with = "lenient")]
    is_ephemeral: bool,
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

impl Pressed {
    fn action(
        &self,
        actions: &'static [&'static IncidentAction],
    ) -> Option<(&'static IncidentAction, TriggerEffect)> {
        asked_by(actions, |element| match element {
            Element::Choice(value) => self.action_id == buttons::MORE && value == self.selected_option.value,
            Element::Button(action_id) => action_id == self.action_id,
        })
    }

    fn carried(&self) -> Option<IncidentId> {
        self.value
            .parse()
            .ok()
            .or_else(|| buttons::incident_of(&self.block_id))
    }
}

impl ButtonPress {
    /// The press of one of our buttons that a payload tells of. A button that only opens an address asks for nothing.
    pub(crate) fn of(actions: &'static [&'static IncidentAction], payload: &Value) -> Option<Self> {
        let payload: Payload = read(payload);
        let ((action, asks), pressed) = payload
            .actions
            .iter()
            .find_map(|pressed| Some((pressed.action(actions)?, pressed)))?;
        Some(Self {
            action,
            asks,
            from_menu: pressed.action_id == buttons::MORE,
            carried: pressed.carried(),
            user: payload.user.id?,
            channel: payload.container.channel_id.or(payload.channel),
            message_ts: payload.container.message_ts.or(payload.message.ts),
            unfurled_url: payload
                .container
                .app_unfurl_url
                .or(payload.app_unfurl.app_unfurl_url),
            is_personal: payload.container.kind == "view" || payload.container.is_ephemeral,
            is_ephemeral: payload.container.is_ephemeral,
            response_url: payload.response_url.and_then(|url| url.parse().ok()),
            trigger: payload.trigger_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::features::actions::{acknowledge::ACKNOWLEDGE, resolve::RESOLVE, snooze::SNOOZE};

    const ACTIONS: &[&IncidentAction] = &[&ACKNOWLEDGE, &RESOLVE, &SNOOZE];

    const INCIDENT: &str = "inc_0193000000007000800000000000002a";

    #[test]
    fn a_press_is_read_from_a_message_an_attachment_and_a_preview() {
        let message = json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "channel": {"id": "C1"},
            "container": {"type": "message_attachment", "message_ts": "1.1", "channel_id": "C1"},
            "response_url": "https://hooks.slack.com/actions/1", "trigger_id": "1.2.3",
            "actions": [{"action_id": "acknowledge", "value": INCIDENT, "type": "button"}]});
        let press = ButtonPress::of(ACTIONS, &message).expect("a press");
        assert_eq!(
            (press.action.verb, press.carried, press.message_ts.as_deref()),
            ("acknowledge", INCIDENT.parse().ok(), Some("1.1"))
        );
        assert_eq!(
            (press.trigger.as_deref(), press.is_personal),
            (Some("1.2.3"), false)
        );
        let preview = json!({"type": "block_actions", "team": null, "enterprise": {"id": "E1"}, "user": {"id": "W1", "team_id": "T2"},
            "container": {"message_ts": "2.2", "channel_id": "C2", "is_app_unfurl": true, "app_unfurl_url": "https://a/incidents/1"},
            "app_unfurl": {"app_unfurl_url": "https://a/incidents/1"}, "actions": [{"action_id": "resolve"}]});
        let press = ButtonPress::of(ACTIONS, &preview).expect("a press");
        assert_eq!(press.unfurled_url.as_deref(), Some("https://a/incidents/1"));
    }

    #[test]
    fn a_choice_is_read_from_the_menu_and_its_incident_from_the_block() {
        let choice = |value: &str| {
            json!({"user": {"id": "U1"}, "container": {"type": "view"}, "actions": [{"type": "static_select", "action_id": "more",
                "block_id": format!("incident:{INCIDENT}:3"), "selected_option": {"value": value}}]})
        };
        let press = ButtonPress::of(ACTIONS, &choice("snooze:30m")).expect("a choice");
        assert_eq!(
            (
                press.action.verb,
                press.carried,
                press.from_menu,
                press.is_personal
            ),
            ("snooze", INCIDENT.parse().ok(), true, true)
        );
        let TriggerEffect::Now(snooze, _) = press.asks else {
            panic!("it is done at once")
        };
        let until = OffsetDateTime::UNIX_EPOCH + Duration::minutes(30);
        assert!(format!("{:?}", snooze(OffsetDateTime::UNIX_EPOCH)).contains(&format!("{until:?}")));
        assert!(ButtonPress::of(ACTIONS, &choice("snooze:31m")).is_none());
        assert!(ButtonPress::of(ACTIONS, &choice("acknowledge")).is_none());
    }

    #[test]
    fn other_buttons_and_other_shapes_are_no_press() {
        for payload in [
            json!({"user": {"id": "U1"}, "actions": [{"action_id": "view"}]}),
            json!({"user": {"id": "U1"}, "actions": [{"action_id": "snooze:30m"}]}),
            json!({"user": 1, "actions": [{"action_id": "resolve"}]}),
            json!({"actions": "resolve"}),
            json!(null),
        ] {
            assert!(ButtonPress::of(ACTIONS, &payload).is_none(), "{payload}");
        }
    }
}
