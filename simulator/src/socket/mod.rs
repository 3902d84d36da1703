//! Socket Mode: what would go to the app's addresses goes down a WebSocket that the app has opened.
//!
//! Source: Slack, "Using Socket Mode": an address works once, a payload goes to one of at most ten connections, and each must be
//! acknowledged by its `envelope_id` within 3 s.

mod connection;
mod routes;

use serde_json::{Map, Value, json};

pub(crate) use routes::routes;

use crate::state::delivery::{AcceptedDelivery, AppRequest, FailedDelivery};
use crate::state::host::{Host, lock};

/// Whoever waits for an acknowledgement; when they go, so does what they wait for.
struct Waiting<'a> {
    host: &'a Host,
    id: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.host.app.sockets).give_up(self.id);
    }
}

/// Sends once, and waits for the acknowledgement.
pub(crate) async fn send(
    host: &Host,
    outgoing: &AppRequest,
    attempt: u32,
    retry_reason: Option<&str>,
) -> Result<AcceptedDelivery, FailedDelivery> {
    let id = crate::random::uuid();
    let (mut envelope, takes_payload) =
        envelope(outgoing).ok_or_else(|| FailedDelivery::new("unknown_error"))?;
    envelope["envelope_id"] = json!(id);
    if outgoing.kind == "event" {
        envelope["retry_attempt"] = json!(attempt);
        envelope["retry_reason"] = json!(retry_reason.unwrap_or_default());
    }
    let sent = lock(&host.app.sockets).push(&id, &envelope.to_string());
    let answered = sent.ok_or_else(|| FailedDelivery::new("connection_failed"))?;
    let _waiting = Waiting { host, id: &id };
    let payload = answered
        .await
        .map_err(|_| FailedDelivery::new("connection_failed"))?;
    if payload.is_some() && !takes_payload {
        return Err(FailedDelivery::new("unexpected_payload"));
    }
    Ok(AcceptedDelivery {
        content_type: "application/json".to_owned(),
        body: payload
            .map(|payload| payload.to_string().into())
            .unwrap_or_default(),
    })
}

/// What goes over HTTP, as Socket Mode has it; and whether the acknowledgement may hold an answer.
fn envelope(outgoing: &AppRequest) -> Option<(Value, bool)> {
    if outgoing.kind == "event" {
        let payload: Value = serde_json::from_slice(&outgoing.body).ok()?;
        return Some((of("events_api", &payload, false), false));
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&outgoing.body).ok()?;
    if outgoing.kind == "command" {
        let payload: Map<String, Value> = fields
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        return Some((of("slash_commands", &Value::Object(payload), true), true));
    }
    let (_, payload) = fields.into_iter().find(|(name, _)| name == "payload")?;
    let payload: Value = serde_json::from_str(&payload).ok()?;
    let takes = matches!(
        payload["type"].as_str(),
        Some("view_submission" | "block_suggestion")
    );
    Some((of("interactive", &payload, takes), takes))
}

fn of(kind: &str, payload: &Value, takes: bool) -> Value {
    json!({"type": kind, "payload": payload, "accepts_response_payload": takes})
}
