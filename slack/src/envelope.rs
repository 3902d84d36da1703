//! What Slack sends, as far as the inbox must know it: what it is, and what tells it from all others.
//!
//! A field that is null, missing or of another shape is as if it were not there, that of the type included: such a request has no name, so that nobody
//! works it. Slack would send the same again and again where it is not acknowledged.
//!
//! Sources: Slack, "Events API", "Handling user interaction", "Slash commands".

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The way a request came in, as the inbox stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// Something happened: the Events API.
    Event,
    /// Of a block, a view or a shortcut.
    Interaction,
    /// A slash command.
    Command,
}

impl RequestKind {
    /// The name under which the inbox stores it; never changed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Interaction => "interaction",
            Self::Command => "command",
        }
    }

    /// The kind that the inbox stores under this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Event, Self::Interaction, Self::Command]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A body that is not what Slack sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRequest {
    /// The body is not JSON, for this reason.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// A form has no field `payload`.
    #[error("the body is not a form with a field `payload`")]
    NoPayload,
    /// The body is not the form of a slash command.
    #[error("the body is not the form of a slash command")]
    NoCommand,
}

/// What came to the events endpoint.
#[derive(Debug, PartialEq)]
pub enum EventRequest {
    /// Slack asks whether this address is ours.
    UrlVerification {
        /// What is to be answered.
        challenge: String,
    },
    /// Slack has held events back for a minute.
    RateLimited {
        /// The workspace.
        team_id: String,
        /// Which minute, in seconds since 1970.
        minute: i64,
    },
    /// Something happened.
    Event(Envelope),
    /// A kind that was added later, or one whose type can't be read.
    Other {
        /// Its type; empty where it can't be read.
        name: String,
    },
}

/// Something that the inbox may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// How it came in.
    pub kind: RequestKind,
    /// The type that Slack gives it, such as `message` or `block_actions`; empty where it can't be read.
    pub name: String,
    /// What tells it from all others: a redelivery has the same.
    pub key: String,
    /// What Slack sent, without tokens and NULs.
    pub payload: Value,
}

/// The type that all slash commands have here, whatever they are called.
pub const COMMAND: &str = "command";

/// Reads a body of the events endpoint.
pub fn event(body: &[u8]) -> Result<EventRequest, MalformedRequest> {
    json(body).map(event_of)
}

/// Reads the payload of an event.
pub fn event_of(payload: Value) -> EventRequest {
    let name = text(&payload, "type").unwrap_or_default();
    match name.as_str() {
        "url_verification" => EventRequest::UrlVerification {
            challenge: text(&payload, "challenge").unwrap_or_default(),
        },
        "app_rate_limited" => EventRequest::RateLimited {
            team_id: text(&payload, "team_id").unwrap_or_default(),
            minute: payload["minute_rate_limited"].as_i64().unwrap_or_default(),
        },
        "event_callback" => {
            let event = &payload["event"];
            let name = text(event, "type").unwrap_or_default();
            let key = text(&payload, "event_id").unwrap_or_else(|| {
                // An event without an id is told from others by all that it says.
                let team = text(&payload, "team_id").unwrap_or_default();
                hash(&["event", &team, &event.to_string()])
            });
            EventRequest::Event(Envelope {
                kind: RequestKind::Event,
                name,
                key,
                payload: without_secrets(payload),
            })
        }
        _ => EventRequest::Other { name },
    }
}

/// Reads a body of the interactions or the options endpoint.
pub fn interaction(body: &[u8]) -> Result<Envelope, MalformedRequest> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body).map_err(|_| MalformedRequest::NoPayload)?;
    let (_, json) = fields
        .into_iter()
        .find(|(name, _)| name == "payload")
        .ok_or(MalformedRequest::NoPayload)?;
    self::json(json.as_bytes()).map(interaction_of)
}

/// Reads the payload of an interaction.
pub fn interaction_of(payload: Value) -> Envelope {
    let name = text(&payload, "type").unwrap_or_default();
    let key = interaction_key(&name, &payload);
    Envelope {
        kind: RequestKind::Interaction,
        name,
        key,
        payload: without_secrets(payload),
    }
}

/// Reads a body of the commands endpoint.
pub fn command(body: &[u8]) -> Result<Envelope, MalformedRequest> {
    let fields = form(body).ok_or(MalformedRequest::NoCommand)?;
    let fields: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    Ok(command_of(Value::Object(fields)))
}

/// Reads the fields of a slash command.
pub fn command_of(payload: Value) -> Envelope {
    // The trigger is one use's own; the rest is for workspaces in which there is none.
    let told = [
        "team_id",
        "user_id",
        "channel_id",
        "command",
        "text",
        "trigger_id",
    ];
    let parts: Vec<_> = told.iter().map(|field| part(&payload[field])).collect();
    let mut all = vec![COMMAND];
    all.extend(parts.iter().map(String::as_str));
    Envelope {
        kind: RequestKind::Command,
        name: COMMAND.to_owned(),
        key: hash(&all),
        payload: without_secrets(payload),
    }
}

/// What a value adds to a key.
fn part(value: &Value) -> String {
    if value.is_null() {
        String::new()
    } else {
        value.to_string()
    }
}

/// Interactions have no id: a press is told from others by who pressed what, where and when; a dialog is submitted once as it is.
fn interaction_key(name: &str, payload: &Value) -> String {
    if name == "view_submission" {
        let parts = [
            part(&payload["user"]["id"]),
            part(&payload["view"]["id"]),
            part(&payload["view"]["hash"]),
        ];
        let mut all = vec![name];
        all.extend(parts.iter().map(String::as_str));
        return hash(&all);
    }
    let actions = payload["actions"].as_array().map_or(&[][..], Vec::as_slice);
    let pressed: String = actions.iter().fold(String::new(), |mut all, action| {
        let _ = write!(
            all,
            "{}{}",
            part(&action["action_id"]),
            part(&action["action_ts"])
        );
        all
    });
    let parts = [
        part(&payload["team"]["id"]),
        part(&payload["user"]["id"]),
        part(&payload["trigger_id"]),
        part(&payload["action_ts"]),
        part(&payload["view"]["id"]),
        part(&payload["view"]["hash"]),
        part(&payload["container"]),
    ];
    let mut all = vec![name, pressed.as_str()];
    all.extend(parts.iter().map(String::as_str));
    hash(&all)
}

/// The fields of a slash command, or of Slack's look at the certificate (`ssl_check=1`).
pub fn form(body: &[u8]) -> Option<Vec<(String, String)>> {
    serde_urlencoded::from_bytes(body).ok()
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}

fn json(body: &[u8]) -> Result<Value, MalformedRequest> {
    serde_json::from_slice(body).map_err(|error| MalformedRequest::NotJson(error.to_string()))
}

fn text(value: &Value, field: &str) -> Option<String> {
    value[field]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Without tokens that nobody here needs, and without NUL, which PostgreSQL can't store in a text.
fn without_secrets(mut payload: Value) -> Value {
    if let Some(fields) = payload.as_object_mut() {
        fields.remove("token");
        fields.remove("bot_access_token");
    }
    if let Some(event) = payload.get_mut("event").and_then(Value::as_object_mut)
        // The step of a workflow is completed with its own token, which lives for 15 minutes.
        && event.get("type").is_none_or(|name| name != "function_executed")
    {
        event.remove("bot_access_token");
    }
    without_nul(&mut payload);
    payload
}

fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Array(values) => values.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            if fields.keys().any(|name| name.contains('\0')) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .filter(|(name, _)| !name.contains('\0'))
                    .collect();
            }
            fields.values_mut().for_each(without_nul);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn press(payload: &Value) -> Envelope {
        let body = serde_urlencoded::to_string([("payload", payload.to_string())]).expect("a form");
        interaction(body.as_bytes()).expect("an interaction")
    }

    #[test]
    fn a_redelivery_has_the_key_of_the_first_and_another_press_has_not() {
        let first = json!({"type": "block_actions", "team": null, "user": {"id": "U1"}, "trigger_id": "1.2",
            "container": {"message_ts": "1.1"}, "actions": [{"action_id": "a", "action_ts": "9.1"}]});
        let mut again = first.clone();
        again["actions"][0]["action_ts"] = json!("9.2");
        assert_eq!(press(&first).key, press(&first).key);
        assert_ne!(press(&first).key, press(&again).key);
    }

    #[test]
    fn an_event_is_known_by_its_id_and_loses_its_token() {
        let body = json!({"type": "event_callback", "token": "t", "event_id": "Ev1", "event": {"type": "message", "text": "a\0b"}});
        let Ok(EventRequest::Event(envelope)) = event(body.to_string().as_bytes()) else {
            panic!("an event")
        };
        assert_eq!(envelope.key, "Ev1");
        assert_eq!(
            envelope.payload,
            json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "text": "ab"}})
        );
    }

    #[test]
    fn what_is_not_slacks_is_malformed() {
        assert!(matches!(event(b"{"), Err(MalformedRequest::NotJson(_))));
        assert_eq!(
            interaction(b"text=1").map(|e| e.name),
            Err(MalformedRequest::NoPayload)
        );
        assert!(matches!(
            interaction(b"payload=%7B"),
            Err(MalformedRequest::NotJson(_))
        ));
    }

    #[test]
    fn what_has_no_type_that_can_be_read_has_no_name() {
        let other = |name: &str| EventRequest::Other {
            name: name.to_owned(),
        };
        for (body, name) in [
            ("{}", ""),
            ("[]", ""),
            ("null", ""),
            (r#"{"type":7}"#, ""),
            (r#"{"type":"new"}"#, "new"),
        ] {
            assert_eq!(event(body.as_bytes()), Ok(other(name)), "{body}");
        }
        let Ok(EventRequest::Event(envelope)) = event(br#"{"type":"event_callback","event":null}"#) else {
            panic!("an event")
        };
        assert_eq!(envelope.name, "");
        assert_eq!(press(&json!({"type": ["block_actions"], "user": 7})).name, "");
        assert_eq!(press(&json!(null)).name, "");
        assert_eq!(
            command(b"text=without").map(|envelope| envelope.name).as_deref(),
            Ok(COMMAND)
        );
    }
}
