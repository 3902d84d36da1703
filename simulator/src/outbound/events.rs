//! Events: wrapped, sent, and sent again until the app has taken them.
//!
//! Source: Slack, "Events API": an answer with a 2xx within 3 s, else three more attempts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::delivery::send;
use crate::clock;
use crate::state::delivery::AppRequest;
use crate::state::host::{Host, lock};
use crate::state::workspace::Event;
use crate::state::workspace::events::UnfurlKey;

/// An event ready to be sent.
struct Wrapped {
    outgoing: AppRequest,
    unfurls: Option<UnfurlKey>,
}

/// How long one event of a swapped pair waits for its partner.
const SWAP_WITHIN: Duration = Duration::from_millis(100);

/// Takes events from the workspace, in order, and has each delivered by a task of its own: a slow answer
/// to one holds up no other.
pub(crate) async fn dispatch(host: Arc<Host>, mut queue: UnboundedReceiver<Event>) {
    let mut held: Option<Wrapped> = None;
    loop {
        let next = tokio::select! {
            () = host.stop.cancelled() => return,
            () = tokio::time::sleep(SWAP_WITHIN), if held.is_some() => None,
            event = queue.recv() => match event {
                Some(event) => Some(event),
                None => return,
            },
        };
        let Some(event) = next else {
            start(&host, held.take(), None);
            continue;
        };
        let Some(wrapped) = wrap(&host, event) else {
            continue;
        };
        if host.config.reorder && held.is_none() {
            held = Some(wrapped);
            continue;
        }
        let partner = held.take();
        let first_attempt = start(&host, Some(wrapped), None);
        start(&host, partner, first_attempt);
    }
}

/// Has an event delivered: at once, or when the first attempt at another one has ended. Gives what ends
/// with its own first attempt.
fn start(
    host: &Arc<Host>,
    wrapped: Option<Wrapped>,
    after: Option<oneshot::Receiver<()>>,
) -> Option<oneshot::Receiver<()>> {
    let wrapped = Arc::new(wrapped?);
    let (ends, ended) = oneshot::channel();
    if host.config.duplicate_events {
        let (host, wrapped) = (Arc::clone(host), Arc::clone(&wrapped));
        host.tasks
            .clone()
            .spawn(async move { deliver(&host, &wrapped, None).await });
    }
    let host = Arc::clone(host);
    host.tasks.clone().spawn(async move {
        if let Some(after) = after {
            // The other side only drops its end: that it did is the signal.
            after.await.unwrap_or_default();
        }
        deliver(&host, &wrapped, Some(ends)).await;
    });
    Some(ended)
}

/// The envelope; nothing when the app has no events URL or may not have this event.
fn wrap(host: &Host, event: Event) -> Option<Wrapped> {
    let url = host.way(|callbacks| callbacks.events.clone())?;
    if !is_farewell(&event) && !host.read(|ws| ws.installation.is_live()) {
        return None;
    }
    if !host.has_any_scope(event.scopes) {
        return None;
    }
    let id = format!("Ev{}", crate::random::hex()[..12].to_uppercase());
    let (team, app) = host.read(|ws| (ws.team.clone(), ws.app.clone()));
    let what = event.body["type"].as_str().unwrap_or_default().to_owned();
    let envelope = json!({
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": null,
        "api_app_id": app.id,
        "event": event.body,
        "type": "event_callback",
        "event_id": id,
        "event_time": clock::now_seconds(),
        "authorizations": [{
            "enterprise_id": null,
            "team_id": team.id,
            "user_id": app.bot_user_id,
            "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false,
        "event_context": format!("4-{id}"),
    });
    let outgoing = AppRequest {
        url,
        content_type: "application/json",
        body: Bytes::from(envelope.to_string()),
        kind: "event",
        what,
        id,
    };
    Some(Wrapped {
        outgoing,
        unfurls: event.unfurls,
    })
}

/// Whether it tells the app that it is installed no more.
fn is_farewell(event: &Event) -> bool {
    matches!(
        event.body["type"].as_str(),
        Some("app_uninstalled" | "tokens_revoked")
    )
}

/// Deprecated by Slack, and still in every request.
pub(crate) const VERIFICATION_TOKEN: &str = "simulated-verification-token";

async fn deliver(host: &Host, wrapped: &Wrapped, mut first_attempt: Option<oneshot::Sender<()>>) {
    let mut reason: Option<&str> = None;
    let pauses = host.config.retry_delays.iter().copied().map(Some).chain([None]);
    for (attempt, pause) in (0..).zip(pauses) {
        let sent = send(host, &wrapped.outgoing, attempt, reason).await;
        drop(first_attempt.take());
        match sent {
            Ok(_) => {
                if let Some(key) = &wrapped.unfurls {
                    host.change(|ws| ws.open_unfurl(key));
                }
                return;
            }
            Err(failed) if failed.no_retry => return,
            Err(failed) => reason = Some(failed.reason),
        }
        let Some(pause) = pause else { break };
        tokio::select! {
            () = host.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
    tracing::warn!(
        event.id = wrapped.outgoing.id,
        "the app did not take event {}",
        wrapped.outgoing.id
    );
}

/// The handshake on an events URL.
pub(crate) async fn verify_url(host: &Host) -> bool {
    let Some(url) = lock(&host.app.callbacks).events.clone() else {
        return false;
    };
    let challenge = crate::random::hex();
    let body = json!({ "token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification" });
    let outgoing = AppRequest {
        url,
        content_type: "application/json",
        body: Bytes::from(body.to_string()),
        kind: "event",
        what: "url_verification".to_owned(),
        id: challenge.clone(),
    };
    let Ok(accepted) = send(host, &outgoing, 0, None).await else {
        return false;
    };
    let text = String::from_utf8_lossy(&accepted.body);
    let in_json = serde_json::from_str::<Value>(&text).is_ok_and(|json| json["challenge"] == challenge);
    in_json || text.trim() == challenge || text.trim() == format!("challenge={challenge}")
}
