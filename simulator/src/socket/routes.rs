//! `apps.connections.open`, the WebSocket itself, and what a test does to the connections.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::connection;
use crate::calls::Call;
use crate::clock;
use crate::guard;
use crate::limits::Tier;
use crate::method::refusal::MethodRefusal;
use crate::state::host::{Host, lock};
use crate::web_api::reply::{self, MethodReply};

/// The method that gives addresses.
const OPEN: &str = "apps.connections.open";

pub(crate) fn routes() -> Router<Arc<Host>> {
    Router::new()
        .route("/api/apps.connections.open", get(insecure).post(open))
        .route("/link", get(link))
        .route(
            "/sim/socket",
            get(look).post(act).layer(middleware::from_fn(guard::json_only)),
        )
}

async fn insecure() -> Json<Value> {
    Json(json!({"ok": false, "error": "insecure_request"}))
}

/// Gives an address that works once. Source: the reference of `apps.connections.open`.
async fn open(State(home): State<Arc<Host>>, headers: HeaderMap) -> Response {
    let host = home.platform.of_app_token(bearer(&headers)).unwrap_or(home);
    let at_micros = clock::now_micros();
    let fault = lock(&host.faults).take(OPEN, None);
    let spoilt = match fault {
        Some((kind, _)) => reply::spoil(&host, kind).await,
        None => None,
    };
    let reply = spoilt.unwrap_or_else(|| address(&host, &headers));
    host.log_call(Call {
        at_micros,
        method: OPEN.to_owned(),
        args: Map::new(),
        status: reply.status(),
        error: reply.error(),
        retry_after: reply.retry_after(),
        done: reply.error().is_none(),
        notes: Vec::new(),
    });
    reply.into_response(None)
}

fn bearer(headers: &HeaderMap) -> &str {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
}

fn address(host: &Host, headers: &HeaderMap) -> MethodReply {
    if let Err(retry_after) = lock(&host.limiter).take(OPEN, Tier::Three, None) {
        return MethodReply::RateLimited { retry_after };
    }
    let bearer = bearer(headers);
    let error = if bearer.is_empty() {
        Some("not_authed")
    } else if host.platform.of_token(bearer).is_some() {
        Some("not_allowed_token_type")
    } else if bearer != host.app.app_token {
        Some("invalid_auth")
    } else if !lock(&host.app.sockets).is_enabled() {
        // The app settings say no.
        Some("forbidden")
    } else {
        None
    };
    if let Some(error) = error {
        return MethodReply::refused(MethodRefusal::from(error));
    }
    let mut url = host.base.clone();
    // `http` becomes `ws`: both are special schemes, so that cannot fail.
    let _changed = url.set_scheme("ws");
    url.set_path("/link");
    let ticket = lock(&host.app.sockets).issue_ticket();
    url.query_pairs_mut()
        .append_pair("ticket", &ticket)
        .append_pair("app_id", &host.app.id);
    MethodReply::Ok(Map::from_iter([("url".to_owned(), json!(url.as_str()))]))
}

#[derive(Deserialize)]
struct Link {
    ticket: String,
    #[serde(default)]
    debug_reconnects: bool,
}

async fn link(
    State(home): State<Arc<Host>>,
    Query(link): Query<Link>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let host = home.platform.of_ticket(&link.ticket).unwrap_or(home);
    if !lock(&host.app.sockets).take_ticket(&link.ticket) {
        return (
            StatusCode::FORBIDDEN,
            "this address has been used, or never was one",
        )
            .into_response();
    }
    upgrade.on_upgrade(move |socket| connection::serve(host, socket, link.debug_reconnects))
}

async fn look(State(host): State<Arc<Host>>) -> Json<Value> {
    let sockets = lock(&host.app.sockets);
    Json(json!({"enabled": sockets.is_enabled(), "connections": sockets.connections()}))
}

/// Why connections are told to go.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Warning,
    RefreshRequested,
    LinkDisabled,
}

/// `{"enabled": true}`, `{"disconnect": "warning"}`, `{"hush": true}`, `{"cut": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    enabled: Option<bool>,
    disconnect: Option<Reason>,
    #[serde(default)]
    cut: bool,
    #[serde(default)]
    hush: bool,
}

async fn act(
    State(host): State<Arc<Host>>,
    body: Result<Json<Act>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Ok(Json(act)) = body else {
        let told =
            "say {\"enabled\": true}, {\"disconnect\": \"warning\"}, {\"hush\": true} or {\"cut\": true}";
        return (StatusCode::BAD_REQUEST, Json(json!({"error": told}))).into_response();
    };
    {
        let mut sockets = lock(&host.app.sockets);
        if let Some(enabled) = act.enabled {
            sockets.switch(enabled);
        }
        match act.disconnect {
            // What Slack says where Socket Mode was switched off goes with switching it off.
            Some(Reason::LinkDisabled) => sockets.switch(false),
            Some(Reason::Warning) => sockets.disconnect("warning"),
            Some(Reason::RefreshRequested) => sockets.disconnect("refresh_requested"),
            None => {}
        }
        if act.hush {
            sockets.hush();
        }
        if act.cut {
            sockets.cut();
        }
    }
    look(State(host)).await.into_response()
}

#[cfg(test)]
mod tests {
    use crate::state::sockets::AppSockets;

    #[test]
    fn an_address_works_once() {
        let mut sockets = AppSockets::default();
        let ticket = sockets.issue_ticket();
        assert!(sockets.take_ticket(&ticket));
        assert!(!sockets.take_ticket(&ticket));
        assert!(!sockets.take_ticket("made up"));
    }
}
