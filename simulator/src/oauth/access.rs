//! `oauth.v2.access` and `oauth.v2.exchange`: codes and tokens for tokens.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, MethodRefusal, fields};
use crate::state::app::SimulatedApp;
use crate::state::codes::{Grant, RequestedGrant};
use crate::state::host::{Host, lock};
use crate::state::workspace::installation::{Holder, IssuedTokens};
use crate::state::workspace::{SimulatedWorkspace, Team};

/// The app that the call comes from: by its client id and secret, as arguments or by HTTP Basic authentication.
pub(crate) fn app(call: &MethodCall<'_>) -> Result<Arc<SimulatedApp>, MethodRefusal> {
    let (basic_id, basic_secret) = call.args.basic.clone().unzip();
    let id = call.args.text("client_id").or(basic_id).unwrap_or_default();
    let secret = call
        .args
        .text("client_secret")
        .or(basic_secret)
        .unwrap_or_default();
    let app = call.host.platform.app(&id).ok_or("invalid_client_id")?;
    if app.client_secret != secret {
        return Err("bad_client_secret".into());
    }
    Ok(app)
}

/// `oauth.v2.access`.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let app = app(call)?;
    match call.args.text("grant_type").as_deref() {
        None | Some("authorization_code") => by_code(call, &app),
        Some("refresh_token") => by_refresh_token(call, &app),
        Some(_) => Err("invalid_grant_type".into()),
    }
}

/// What the code of a call stands for, and the team that it is of.
pub(super) fn grant_of(
    call: &MethodCall<'_>,
    app: &SimulatedApp,
) -> Result<(Arc<Host>, Grant), MethodRefusal> {
    if call.args.has("code_verifier") {
        return Err("pkce_not_allowed".into());
    }
    let code = call.args.text("code").ok_or("invalid_code")?;
    let platform = &call.host.platform;
    let team = lock(&platform.codes).team(&code).ok_or("invalid_code")?;
    let host = platform.team(&team).ok_or("invalid_code")?;
    let redirect_uri = call.args.text("redirect_uri");
    let lives = host.config.code_lives;
    let grant = lock(&platform.codes).take(&code, &app.client_id, redirect_uri.as_deref(), lives)?;
    Ok((host, grant))
}

fn by_code(call: &MethodCall<'_>, app: &Arc<SimulatedApp>) -> MethodOutcome {
    let (host, grant) = grant_of(call, app)?;
    let RequestedGrant::Install { bot, user } = grant.wanted else {
        return Err("invalid_code".into());
    };
    if bot.is_empty() && user.is_empty() {
        return Err("no_scopes".into());
    }
    let lives = host.token_lives();
    host.change(|ws| {
        let mut reply = about(ws, app);
        let mut person = json!({ "id": grant.user });
        if !bot.is_empty() {
            let issued = ws.installation.install(&bot, lives);
            reply.extend(token(&Holder::Bot, ws.installation.scopes(), &issued));
            ws.revive_bot();
        }
        if !user.is_empty() {
            let issued = ws.installation.grant_user(&grant.user, &user, lives);
            let (holder, scopes) = ws.installation.holder(&issued.access_token)?;
            for (name, value) in token(&holder, &scopes, &issued) {
                person[name] = value;
            }
        }
        reply.insert("authed_user".to_owned(), person);
        Ok(reply)
    })
}

fn by_refresh_token(call: &MethodCall<'_>, app: &Arc<SimulatedApp>) -> MethodOutcome {
    let refresh = call.args.text("refresh_token").ok_or("invalid_refresh_token")?;
    let host = call
        .host
        .platform
        .of_refresh_token(&refresh)
        .filter(|host| Arc::ptr_eq(&host.app, app))
        .ok_or("invalid_refresh_token")?;
    let (lives, grace) = (host.config.token_lives, host.config.refresh_grace);
    host.change(|ws| {
        let (holder, issued) = ws.installation.refresh(&refresh, lives, grace)?;
        ws.touch("");
        renewed(ws, app, &holder, &issued)
    })
}

/// `oauth.v2.exchange`: rotating tokens for one that lasts.
pub(crate) fn exchange(call: &MethodCall<'_>) -> MethodOutcome {
    let app = app(call)?;
    let host: &Host = call.host;
    if !Arc::ptr_eq(&host.app, &app) {
        return Err("authorization_not_found".into());
    }
    if !app.token_rotation {
        return Err("token_rotation_not_enabled".into());
    }
    let old = call.args.token.clone().unwrap_or_default();
    host.change(|ws| {
        let (holder, issued) = ws.installation.exchange(&old, host.config.token_lives)?;
        ws.touch("");
        renewed(ws, &app, &holder, &issued)
    })
}

fn renewed(
    ws: &SimulatedWorkspace,
    app: &SimulatedApp,
    holder: &Holder,
    issued: &IssuedTokens,
) -> MethodOutcome {
    let (_, scopes) = ws.installation.holder(&issued.access_token)?;
    let mut reply = about(ws, app);
    reply.extend(token(holder, &scopes, issued));
    Ok(reply)
}

/// Whom it is about.
fn about(ws: &SimulatedWorkspace, app: &SimulatedApp) -> Fields {
    let Team { id, name, .. } = &ws.team;
    fields(json!({
        "app_id": app.id,
        "bot_user_id": ws.app.bot_user_id,
        "team": { "id": id, "name": name },
        "enterprise": null,
        "is_enterprise_install": false,
    }))
}

/// A token, and what comes with it.
fn token(holder: &Holder, scopes: &[String], issued: &IssuedTokens) -> Fields {
    let mut token = json!({
        "access_token": issued.access_token,
        "token_type": holder.token_type(),
        "scope": scopes.join(","),
    });
    if let Some(rotating) = &issued.rotating {
        token["refresh_token"] = json!(rotating.refresh_token);
        token["expires_in"] = Value::from(rotating.lives.as_secs());
    }
    fields(token)
}
