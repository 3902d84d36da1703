//! What becomes of the app's installation.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{BadRequest, body};
use crate::oauth::decision::{Decision, decide};
use crate::state::host::Host;
use crate::state::workspace::installation::Farewell;
use crate::team::TeamHandle;

type Done = Result<Json<Value>, BadRequest>;

/// A person's answer to a link by which an app asks for something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorize {
    #[serde(rename = "as")]
    person: String,
    link: String,
    #[serde(default = "yes")]
    allow: bool,
    /// Optional scopes that are declined.
    #[serde(default)]
    without: Vec<String>,
}

fn yes() -> bool {
    true
}

/// `POST /sim/authorize`: where the person's browser is sent.
pub(super) async fn authorize(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let asked: Authorize = body(
        &bytes,
        r#"{"as":"alice","link":"http://127.0.0.1:9000/oauth/v2/authorize?client_id=…","allow":true}"#,
    )?;
    let without: Vec<&str> = asked.without.iter().map(String::as_str).collect();
    let decision = if asked.allow {
        Decision::Allow { without: &without }
    } else {
        Decision::Deny
    };
    let link = Url::parse(&asked.link)
        .map_err(|error| BadRequest::new(format!("\"{}\" is no address: {error}", asked.link)))?;
    let redirect = decide(&host, &asked.person, &link, decision)?;
    Ok(Json(json!({ "redirect": redirect.as_str() })))
}

/// `GET /sim/installation`.
pub(super) async fn look(State(host): State<Arc<Host>>) -> Json<Value> {
    Json(json!({
        "client_id": host.app.client_id,
        "app_id": host.app.id,
        "team_id": host.read(|ws| ws.team.id.clone()),
        "installed": host.read(|ws| ws.installation.is_live()),
        "scopes": host.read(|ws| ws.installation.scopes().to_vec()),
        "token": host.read(|ws| ws.installation.bot_token().map(str::to_owned)),
    }))
}

/// What is done to the installation.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    ExpireTokens,
    RevokeTokens,
    Uninstall,
    Deactivate,
    Activate,
    TakeScopes(Vec<String>),
}

/// `POST /sim/installation`.
pub(super) async fn act(State(host): State<Arc<Host>>, bytes: Bytes) -> Done {
    let act: Act = body(
        &bytes,
        r#""expire_tokens", "revoke_tokens", "uninstall", "deactivate", "activate" or {"take_scopes":["chat:write"]}"#,
    )?;
    let team = TeamHandle {
        host: Arc::clone(&host),
    };
    match act {
        Act::ExpireTokens => team.expire_tokens(),
        Act::RevokeTokens => team.revoke_bot_tokens(),
        Act::Uninstall => team.uninstall_app(Farewell::UninstalledFirst),
        Act::Deactivate => team.set_app_deactivated(true),
        Act::Activate => team.set_app_deactivated(false),
        Act::TakeScopes(scopes) => {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            team.take_scopes(&scopes);
        }
    }
    Ok(look(State(host)).await)
}
