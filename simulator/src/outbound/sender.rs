//! Requests that a test has made itself.

use std::sync::Arc;

use bytes::Bytes;

use super::delivery::send;
use crate::state::delivery::AppRequest;
use crate::state::host::Host;

/// The way to the app, for what a test has made itself, such as a payload that no person of this workspace brings about. Cheap to clone.
#[derive(Clone)]
pub struct AppSender {
    host: Arc<Host>,
}

impl AppSender {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// Sends the body of a request to an endpoint (`/slack/events`, `/slack/interactions`, `/slack/options` or `/slack/commands`) down a
    /// WebSocket, once, as Slack has it in Socket Mode; gives the answer's body. Nothing is sent over HTTP.
    ///
    /// # Errors
    /// Slack's word for why the request counts as failed, `connection_failed` also where the app is not in Socket Mode.
    pub async fn push(&self, endpoint: &str, body: impl Into<Bytes>) -> Result<Bytes, &'static str> {
        if !crate::state::host::lock(&self.host.app.sockets).is_enabled() {
            return Err("connection_failed");
        }
        let kind = match endpoint {
            "/slack/events" => "event",
            "/slack/commands" => "command",
            _ => "interaction",
        };
        let outgoing = AppRequest {
            url: self.host.base.clone(),
            content_type: if kind == "event" {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            },
            body: body.into(),
            kind,
            what: "made by a test".to_owned(),
            id: crate::random::uuid(),
        };
        let accepted = send(&self.host, &outgoing, 0, None).await;
        accepted
            .map(|accepted| accepted.body)
            .map_err(|failed| failed.reason)
    }
}
