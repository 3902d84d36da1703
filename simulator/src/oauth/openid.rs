//! Sign in with Slack: `openid.connect.token` and `openid.connect.userInfo`.
//!
//! The real Slack signs the `id_token` by RS256 and publishes its keys. Here it is HS256 under the app's client secret: an app that got the
//! token straight from `openid.connect.token` may take it is (`OpenID` Connect Core, 3.1.3.7), and one that checks must ask
//! `openid.connect.userInfo` instead.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::access::{app, grant_of};
use crate::clock;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, fields};
use crate::state::app::SimulatedApp;
use crate::state::codes::RequestedGrant;
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::installation::{Holder, IssuedTokens};

/// How long an `id_token` is good, in seconds.
const ID_TOKEN_LIVES: u64 = 300;

/// `openid.connect.token`.
pub(crate) fn token(call: &MethodCall<'_>) -> MethodOutcome {
    let app = app(call)?;
    match call.args.text("grant_type").as_deref() {
        None | Some("authorization_code") => by_code(call, &app),
        Some("refresh_token") => by_refresh_token(call, &app),
        Some(_) => Err("invalid_grant_type".into()),
    }
}

fn by_code(call: &MethodCall<'_>, app: &Arc<SimulatedApp>) -> MethodOutcome {
    let (host, grant) = grant_of(call, app)?;
    let RequestedGrant::SignIn { scopes, nonce } = grant.wanted else {
        return Err("invalid_code".into());
    };
    let lives = host.token_lives();
    host.change(|ws| {
        let issued = ws.installation.grant_user(&grant.user, &scopes, lives);
        ws.touch("");
        reply(ws, app, &grant.user, &issued, nonce.as_deref())
    })
}

fn by_refresh_token(call: &MethodCall<'_>, app: &Arc<SimulatedApp>) -> MethodOutcome {
    let refresh = call.args.text("refresh_token").ok_or("invalid_refresh_token")?;
    let host = call.host.platform.of_refresh_token(&refresh);
    let host = host
        .filter(|host| Arc::ptr_eq(&host.app, app))
        .ok_or("invalid_refresh_token")?;
    let (lives, grace) = (host.config.token_lives, host.config.refresh_grace);
    host.change(|ws| {
        let (holder, issued) = ws.installation.refresh(&refresh, lives, grace)?;
        ws.touch("");
        match holder {
            Holder::User { id, .. } => reply(ws, app, &id, &issued, None),
            Holder::Bot => Err("invalid_refresh_token".into()),
        }
    })
}

fn reply(
    ws: &SimulatedWorkspace,
    app: &SimulatedApp,
    user: &str,
    issued: &IssuedTokens,
    nonce: Option<&str>,
) -> MethodOutcome {
    let (_, scopes) = ws.installation.holder(&issued.access_token)?;
    let now = clock::now_seconds();
    let mut claims = about(ws, user, &scopes);
    claims.extend(fields(json!({
        "iss": "https://slack.com",
        "aud": app.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_LIVES,
        "auth_time": now,
    })));
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    let mut reply = fields(json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "id_token": signed(&Value::Object(claims), &app.client_secret),
    }));
    if let Some(rotating) = &issued.rotating {
        reply.insert("refresh_token".to_owned(), json!(rotating.refresh_token));
        reply.insert("expires_in".to_owned(), json!(rotating.lives.as_secs()));
    }
    Ok(reply)
}

/// `openid.connect.userInfo`.
pub(crate) fn user_info(call: &MethodCall<'_>) -> MethodOutcome {
    let Some(Holder::User { id, .. }) = &call.holder else {
        return Err("not_allowed_token_type".into());
    };
    Ok(call.host.read(|ws| about(ws, id, &call.scopes)))
}

/// What the person has allowed to be known of them.
fn about(ws: &SimulatedWorkspace, user: &str, scopes: &[String]) -> Fields {
    let may = |scope: &str| scopes.iter().any(|granted| granted == scope);
    let mut claims = fields(json!({
        "sub": user,
        "https://slack.com/user_id": user,
        "https://slack.com/team_id": ws.team.id,
    }));
    let Some(person) = ws.person(user) else {
        return claims;
    };
    if let Some(email) = person.email.as_deref().filter(|_| may("email")) {
        claims.insert("email".to_owned(), json!(email));
        claims.insert("email_verified".to_owned(), json!(true));
    }
    if may("profile") {
        let (given, family) = person
            .real_name
            .split_once(' ')
            .unwrap_or((&person.real_name, ""));
        claims.extend(fields(json!({
            "name": person.real_name,
            "given_name": given,
            "family_name": family,
            "locale": "en-US",
            "https://slack.com/team_name": ws.team.name,
            "https://slack.com/team_domain": ws.team.domain,
        })));
    }
    claims
}

/// A JSON Web Token.
fn signed(claims: &Value, secret: &str) -> String {
    let head = BASE64.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let body = format!("{head}.{}", BASE64.encode(claims.to_string()));
    // HMAC takes keys of any length: the error cannot occur.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    format!("{body}.{}", BASE64.encode(mac.finalize().into_bytes()))
}
