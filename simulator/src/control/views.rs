//! Looking at the workspace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::BadRequest;
use crate::calls::Call;
use crate::faults::Fault;
use crate::render::{render_channel, render_text};
use crate::state::delivery::DeliveryAttempt;
use crate::state::host::{Host, lock};
use crate::state::workspace::snapshot::{ChannelSnapshot, PersonSnapshot, Snapshot};
use crate::state::workspace::{ChannelKind, SimulatedWorkspace};

/// What there is.
pub(super) async fn index() -> Json<Value> {
    Json(json!({
        "POST": "JSON, with the header Content-Type: application/json",
        "GET /sim/workspace": "everything",
        "GET /sim/channels": "the people, the channels without messages, and the workspaces: further ones are below /teams/{id}/",
        "GET /sim/channels/{name}": "a channel with its threads",
        "GET /sim/text/{name}": "the same as plain text",
        "GET /sim/calls?method=": "the Web API calls so far",
        "GET /sim/deliveries": "the requests to the app so far",
        "GET /sim/stream": "server-sent events, one for each change",
        "POST /sim/messages": {"as": "alice", "channel": "incidents", "thread": "#1", "text": "On it."},
        "POST /sim/click": {"as": "alice", "channel": "incidents", "thread": "#1", "action": "acknowledge"},
        "POST /sim/messages (files)": {"as": "alice", "channel": "incidents", "thread": "#1",
            "files": [{"name": "graph.png", "mimetype": "image/png", "size": 20480}]},
        "POST /sim/edit": {"as": "alice", "channel": "incidents", "ts": "…", "text": "…"},
        "POST /sim/delete": {"as": "alice", "channel": "incidents", "ts": "…"},
        "POST /sim/react": {"as": "alice", "channel": "incidents", "ts": "…", "emoji": "eyes"},
        "POST /sim/command": {"as": "alice", "channel": "incidents", "command": "/incident", "text": "list"},
        "POST /sim/click (a menu)": {"as": "alice", "channel": "incidents", "thread": "#1", "action": "more", "choice": "snooze:15m"},
        "GET /sim/views?as=alice": "the person's open dialogs, the topmost last, and their Home tab",
        "POST /sim/submit": {"as": "alice", "values": {"note": "Rolled back."}},
        "POST /sim/close": {"as": "alice"},
        "POST /sim/home": {"as": "alice"},
        "POST /sim/press": {"as": "alice", "action": "acknowledge"},
        "POST /sim/press (a menu)": {"as": "alice", "action": "more", "choice": "snooze:15m"},
        "POST /sim/function": {"as": "alice", "action": "trigger_incident",
            "values": {"title": "Payments are failing", "reporter": "me"}},
        "POST /sim/suggest": {"as": "alice", "action": "assignees", "text": "bo"},
        "POST /sim/shortcut": {"as": "alice", "shortcut": "create_incident"},
        "POST /sim/invite": {"as": "alice", "channel": "general"},
        "POST /sim/callbacks": {"base": "http://127.0.0.1:8081"},
        "POST /sim/authorize": {"as": "alice", "link": "the link by which the app asks to be installed", "allow": true},
        "GET /sim/installation": "what the app was granted, and its token",
        "POST /sim/installation": "\"expire_tokens\", \"revoke_tokens\", \"uninstall\", \"deactivate\", \"activate\" or {\"take_scopes\": [\"chat:write\"]}",
        "GET /sim/socket": "whether the app is in Socket Mode, and its connections",
        "POST /sim/socket": "{\"enabled\": true}, {\"disconnect\": \"warning\"} or {\"cut\": true}",
        "POST /sim/limits": "the fields of Limits, or {\"posts_per_second\": 1}",
        "POST /sim/faults": {"method": "chat.postMessage", "kind": "drop", "when": "after", "times": 1},
        "DELETE /sim/faults": "everything works again",
    }))
}

pub(super) async fn unknown(Path(other): Path<String>) -> BadRequest {
    BadRequest {
        status: StatusCode::NOT_FOUND,
        error: format!("there is no /sim/{other} with this method; GET /sim lists what there is"),
    }
}

pub(super) async fn workspace(State(host): State<Arc<Host>>) -> Json<Snapshot> {
    Json(host.read(SimulatedWorkspace::snapshot))
}

pub(super) async fn channels(State(host): State<Arc<Host>>) -> Json<Value> {
    let teams: Vec<Value> = host
        .platform
        .teams()
        .iter()
        .map(|host| {
            let (id, name) = host.read(|ws| (ws.team.id.clone(), ws.team.name.clone()));
            json!({ "id": id, "name": name, "path": host.base.path() })
        })
        .collect();
    Json(host.read(|ws| {
        let channels = ws.channels.iter().map(|channel| {
            json!({
                "id": channel.id,
                "name": ws.channel_name(channel),
                "is_private": channel.kind == ChannelKind::Private,
                "is_im": channel.is_im(),
                "is_archived": channel.archived,
                "bot_is_member": ws.bot_is_in(channel),
                "messages": channel.messages.len(),
            })
        });
        let people = ws.people.iter().map(PersonSnapshot::from);
        json!({
            "team": ws.team.name,
            "teams": teams,
            "channels": channels.collect::<Vec<Value>>(),
            "people": people.collect::<Vec<PersonSnapshot>>(),
            "errors": ws.errors,
        })
    }))
}

pub(super) async fn channel(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Result<Json<ChannelSnapshot>, BadRequest> {
    Ok(Json(host.read(|ws| {
        ws.find_channel(&name).map(|c| ws.channel_snapshot(c))
    })?))
}

pub(super) async fn text(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Result<String, BadRequest> {
    let channel = host.read(|ws| ws.find_channel(&name).map(|c| ws.channel_snapshot(c)))?;
    let snapshot = host.read(SimulatedWorkspace::snapshot);
    Ok(render_channel(&snapshot, &channel))
}

pub(super) async fn all_text(State(host): State<Arc<Host>>) -> String {
    render_text(&host.read(SimulatedWorkspace::snapshot))
}

#[derive(Deserialize)]
pub(super) struct CallsQuery {
    method: Option<String>,
}

pub(super) async fn calls(State(host): State<Arc<Host>>, Query(query): Query<CallsQuery>) -> Json<Vec<Call>> {
    let mut calls = host.calls();
    if let Some(method) = query.method {
        calls.retain(|call| call.method == method);
    }
    Json(calls)
}

pub(super) async fn deliveries(State(host): State<Arc<Host>>) -> Json<Vec<DeliveryAttempt>> {
    Json(host.deliveries())
}

pub(super) async fn faults(State(host): State<Arc<Host>>) -> Json<Vec<Fault>> {
    Json(lock(&host.faults).list().to_vec())
}
