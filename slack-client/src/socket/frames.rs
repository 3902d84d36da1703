//! What Slack says down a WebSocket.

use serde::Deserialize;
use serde_json::Value;

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
    /// By which it is acknowledged.
    #[serde(rename = "envelope_id")]
    pub id: String,
    /// `events_api`, `interactive`, `slash_commands`, or what may come to be.
    #[serde(rename = "type")]
    pub kind: String,
    /// What would be the body over HTTP.
    #[serde(default)]
    pub payload: Value,
    /// Whether the acknowledgement may say something.
    #[serde(default)]
    pub accepts_response_payload: bool,
    /// How often it was sent before.
    #[serde(default)]
    pub retry_attempt: u64,
}

/// Reads what Slack said.
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
        assert_eq!((envelope.id.as_str(), envelope.retry_attempt), ("e1", 1));
        for wrong in ["", "{}", "[]", r#"{"type":"events_api"}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
