//! What people do in dialogs, and with shortcuts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{BadRequest, body};
use crate::host::Host;
use crate::outbound::dialog;
use crate::people::Answer;

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
    #[serde(default)]
    text: String,
    #[serde(default)]
    shortcut: String,
    channel: Option<String>,
    ts: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Whose {
    #[serde(rename = "as")]
    person: String,
}

/// `GET /sim/views?as=alice`.
pub(super) async fn views(
    State(host): State<Arc<Host>>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, BadRequest> {
    let views = host.read(|ws| dialog::open_dialogs(ws, &whose.person))?;
    Ok(Json(json!({ "views": views })))
}

/// `POST /sim/submit`.
pub(super) async fn submit(State(host): State<Arc<Host>>, bytes: Bytes) -> Result<Json<Answer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","values":{"note":"Rolled back."}}"#)?;
    Ok(Json(
        dialog::submit(&host, &act.person, &dialog::inputs(act.values)).await?,
    ))
}

/// `POST /sim/close`.
pub(super) async fn close(State(host): State<Arc<Host>>, bytes: Bytes) -> Result<Json<Answer>, BadRequest> {
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
) -> Result<Json<Answer>, BadRequest> {
    let act: Act = body(&bytes, r#"{"as":"alice","shortcut":"create_incident"}"#)?;
    let message = act.channel.as_deref().zip(act.ts.as_deref());
    Ok(Json(
        dialog::shortcut(&host, &act.person, &act.shortcut, message).await?,
    ))
}
