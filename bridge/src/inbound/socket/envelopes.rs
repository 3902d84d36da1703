//! What comes down a WebSocket, and how it is acknowledged.

use std::{sync::Arc, time::Instant};

use serde_json::json;
use tocsin_entity::id::SlackAppId;
use tocsin_slack::envelope;
use tocsin_slack_client::socket::SocketEnvelope;
use uuid::Uuid;

use crate::{
    inbound::Inbound,
    inbound::{
        receive::{ReceivedRequest, receive, receive_event},
        refusal::InboundError,
    },
    request::SlackAnswer,
};

/// How these requests are counted among those of the endpoints.
const SOURCE: &str = "socket";

/// A kind of envelope as it labels metrics.
fn label(kind: &str) -> &'static str {
    ["events_api", "interactive", "slash_commands", "options"]
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("other")
}

/// Has a request worked as one over HTTP; what it is acknowledged with, if it is.
pub(super) async fn take(
    inbound: &Arc<Inbound>,
    app: Option<SlackAppId>,
    envelope: SocketEnvelope,
) -> Option<String> {
    let began = Instant::now();
    let request_id = Uuid::now_v7().simple().to_string();
    let (id, kind, takes) = (
        envelope.id.clone(),
        envelope.kind.clone(),
        envelope.takes_answer(),
    );
    if envelope.retry_attempt > 0 {
        tracing::debug!(request.id = request_id, "Slack sends an envelope again: {id}");
    }
    let handled = hand_on(inbound, app, envelope, request_id.clone()).await;
    let (outcome, ack) = match handled {
        Ok((outcome, SlackAnswer::Json(payload))) if takes => {
            (outcome, Some(json!({"envelope_id": id, "payload": payload})))
        }
        Ok((outcome, SlackAnswer::Empty | SlackAnswer::Json(_))) => {
            (outcome, Some(json!({"envelope_id": id})))
        }
        // Not acknowledged: Slack sends it again.
        Err(refusal @ InboundError::Unavailable(_)) => {
            tracing::warn!(
                request.id = request_id,
                "an envelope from Slack is not acknowledged: {refusal}"
            );
            (refusal.outcome(), None)
        }
        // What will never be understood need not come again.
        Err(refusal) => {
            tracing::warn!(
                request.id = request_id,
                "an envelope from Slack is not understood: {refusal}"
            );
            (refusal.outcome(), Some(json!({"envelope_id": id})))
        }
    };
    metrics::counter!("tocsin_slack_envelopes_total", "type" => label(&kind), "outcome" => outcome)
        .increment(1);
    metrics::histogram!("tocsin_slack_envelope_seconds", "type" => label(&kind))
        .record(began.elapsed().as_secs_f64());
    ack.map(|ack| ack.to_string())
}

async fn hand_on(
    inbound: &Arc<Inbound>,
    app: Option<SlackAppId>,
    envelope: SocketEnvelope,
    request_id: String,
) -> Result<(&'static str, SlackAnswer), InboundError> {
    let received = |envelope| ReceivedRequest {
        app,
        source: SOURCE,
        envelope,
        request_id: request_id.clone(),
        at: inbound.clock.now(),
    };
    match (envelope.kind.as_str(), envelope.payload) {
        ("events_api", payload) => receive_event(inbound, envelope::event_of(payload), received).await,
        ("interactive", payload) => receive(inbound, received(envelope::interaction_of(payload))).await,
        ("slash_commands", payload) => receive(inbound, received(envelope::command_of(payload))).await,
        (other, _) => {
            tracing::warn!(
                request.id = request_id,
                "ignored an envelope of type {other:?} from Slack"
            );
            Ok(("ignored", SlackAnswer::Empty))
        }
    }
}
