//! What people do in dialogs, and with shortcuts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{BadRequest, body};
use crate::outbound::answer::AppAnswer;
use crate::outbound::{dialog, view_press};
use crate::state::host::Host;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    #[serde(rename = "as")]
    person: String,
    /// By `block_id`.
    #[serde(default)]
    values: Map<String, Value>,
    #[serde(default)]
    action: String,
    /// The block in which it stands.
    block: Option<String>,
    /// The option of a menu.
    choice: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    shortcut: String,
    channel: Option<String>,
    ts: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ActingPerson {
    #[serde(rename = "as")]
    person: String,
}

/// `GET /sim/views?as=alice`.
pub(super) async fn views(
    State(host): State<Arc<Host>>,
    Query(whose): Query<ActingPerson>,
) -> Result<Json<Value>, BadRequest> {
    let views = host.read(|ws| dialog::open_dialogs(ws, &whose.person))?;
    Ok(Json(json!({ "views": views })))
}

/// `POST /sim/submit`.
pub(super) async fn submit(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","values":{"note":"Rolled back."}}"#)?;
    Ok(Json(
        dialog::submit(&host, &act.person, &dialog::inputs(act.values)).await?,
    ))
}

/// `POST /sim/home`: the person opens the app's Home tab.
pub(super) async fn home(State(host): State<Arc<Host>>, bytes: Bytes) -> Result<Json<Value>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice"}"#)?;
    host.change(|ws| view_press::open_home(ws, &act.person))?;
    Ok(Json(json!({ "ok": true })))
}

/// `POST /sim/press`: a button or a menu of the topmost dialog, else of the Home tab.
pub(super) async fn press(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","action":"acknowledge"}"#)?;
    let (block, choice) = (act.block.as_deref(), act.choice.as_deref());
    Ok(Json(
        view_press::press(&host, &act.person, block, &act.action, choice).await?,
    ))
}

/// `POST /sim/function`: a workflow comes to a step of the app's; `"reporter": "me"` is whoever runs it.
pub(super) async fn function(State(host): State<Arc<Host>>, bytes: Bytes) -> Result<Json<Value>, BadRequest> {
    let act: Act = body(
        &bytes,
        r#"{"as":"alice","action":"trigger_incident","values":{"title":"Payments are failing","reporter":"me"}}"#,
    )?;
    let id = host.change(|ws| ws.run_function(&act.person, &act.action, act.values))?;
    Ok(Json(json!({ "ok": true, "function_execution_id": id })))
}

/// `POST /sim/close`.
pub(super) async fn close(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice"}"#)?;
    Ok(Json(dialog::close(&host, &act.person).await?))
}

/// `POST /sim/suggest`.
pub(super) async fn suggest(State(host): State<Arc<Host>>, bytes: Bytes) -> Result<Json<Value>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","action":"assignees","text":"bo"}"#)?;
    let options = dialog::suggest(&host, &act.person, &act.action, &act.text).await?;
    Ok(Json(json!({ "options": options })))
}

/// `POST /sim/shortcut`.
pub(super) async fn shortcut(
    State(host): State<Arc<Host>>,
    bytes: Bytes,
) -> Result<Json<AppAnswer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","shortcut":"create_incident"}"#)?;
    let message = act.channel.as_deref().zip(act.ts.as_deref());
    Ok(Json(
        dialog::shortcut(&host, &act.person, &act.shortcut, message).await?,
    ))
}
