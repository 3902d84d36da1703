//! What Slack says down a WebSocket.

use serde::Deserialize;
use serde_json::Value;
use tocsin_slack::lenient::lenient;

/// Something that Slack said.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// The connection works.
    Hello { connections: u64 },
    /// The connection ends.
    Disconnect { reason: String },
    /// A request.
    Envelope(SocketEnvelope),
}

/// A request that came down a WebSocket.
#[derive(Debug, PartialEq, Deserialize)]
pub struct SocketEnvelope {
    /// By which it is acknowledged, as Slack says it.
    #[serde(rename = "envelope_id")]
    pub id: Value,
    /// `events_api`, `interactive`, `slash_commands`, or what may come to be; empty where it can't be read.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub kind: String,
    /// What would be the body over HTTP.
    #[serde(default)]
    pub payload: Value,
    /// Whether the acknowledgement may say something; none where that can't be read.
    #[serde(default, deserialize_with = "lenient")]
    pub accepts_response_payload: Option<bool>,
    /// How often it was sent before.
    #[serde(default, deserialize_with = "lenient")]
    pub retry_attempt: u64,
}

impl SocketEnvelope {
    /// Whether the acknowledgement may say something. Where Slack does not say, that is so of what people wait for.
    pub fn takes_answer(&self) -> bool {
        let is_waited_for = || ["interactive", "slash_commands", "options"].contains(&self.kind.as_str());
        self.accepts_response_payload.unwrap_or_else(is_waited_for)
    }
}

/// Reads what Slack said. All but the name by which an envelope is acknowledged may be missing or of another shape.
pub(super) fn read(text: &str) -> Result<Frame, serde_json::Error> {
    let frame: Value = serde_json::from_str(text)?;
    Ok(match frame["type"].as_str() {
        Some("hello") => Frame::Hello {
            connections: frame["num_connections"].as_u64().unwrap_or_default(),
        },
        Some("disconnect") => Frame::Disconnect {
            reason: frame["reason"].as_str().unwrap_or_default().to_owned(),
        },
        Some(_) | None => Frame::Envelope(serde_json::from_value(frame)?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_slack_says_is_told_apart() {
        let hello = r#"{"type":"hello","connection_info":{"app_id":"A1"},"num_connections":2,"debug_info":{"host":"x"}}"#;
        assert_eq!(read(hello).expect("a frame"), Frame::Hello { connections: 2 });
        let warning = r#"{"type":"disconnect","reason":"warning","debug_info":{"host":"x"}}"#;
        assert_eq!(
            read(warning).expect("a frame"),
            Frame::Disconnect {
                reason: "warning".to_owned()
            }
        );
        let event = r#"{"envelope_id":"e1","type":"events_api","payload":{"type":"event_callback"},"accepts_response_payload":false,"retry_attempt":1,"retry_reason":"timeout"}"#;
        let Frame::Envelope(envelope) = read(event).expect("a frame") else {
            panic!("an envelope")
        };
        assert_eq!((envelope.id.as_str(), envelope.retry_attempt), (Some("e1"), 1));
        assert!(!envelope.takes_answer());
        for wrong in ["", "{}", "[]", r#"{"type":"events_api"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_envelope_is_read_whatever_shape_its_fields_have() {
        let whole = json!({"envelope_id": "e1", "type": "interactive", "payload": {"type": "shortcut"},
            "accepts_response_payload": true, "retry_attempt": 1, "retry_reason": ""});
        let others = [json!(null), json!(7), json!("x"), json!([1]), json!({"a": 1})];
        for field in [
            "type",
            "payload",
            "accepts_response_payload",
            "retry_attempt",
            "retry_reason",
        ] {
            for other in &others {
                let mut odd = whole.clone();
                odd[field] = other.clone();
                let Ok(Frame::Envelope(envelope)) = read(&odd.to_string()) else {
                    panic!("no envelope: {odd}")
                };
                assert_eq!(envelope.id, "e1", "{odd}");
            }
        }
        let mut silent = whole;
        silent["accepts_response_payload"] = json!(null);
        let Ok(Frame::Envelope(mut envelope)) = read(&silent.to_string()) else {
            panic!("no envelope: {silent}")
        };
        assert!(envelope.takes_answer(), "somebody waits for it");
        envelope.kind = "events_api".to_owned();
        assert!(!envelope.takes_answer());
    }
}
