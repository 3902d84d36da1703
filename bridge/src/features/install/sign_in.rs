//! A member comes back from Slack, where they have signed in.
//!
//! Source: docs.slack.dev, "Sign in with Slack"; `OpenID` Connect Core, 3.1.3.7: a token that comes straight from Slack by TLS is taken without its
//! signature being looked at.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use tocsin_client::{
    ApiError, As,
    documents::{RecordSlackLink, record_slack_link},
};
use tocsin_entity::id::OrganizationId;
use tocsin_slack::error::SlackError;
use tocsin_slack_app::{
    link_state::{SESSION_SIGN_IN_PAGE, SIGN_IN, SIGN_IN_CALLBACK, SignIn},
    public_url::below,
};
use tocsin_slack_client::{Http, oauth::ClientConfig};
use url::Url;

use super::{InstallResult, OK, OneTimeLinks, of_link, session};
use crate::{
    identity::{IdentityService, set_linked},
    texts::install as texts,
    workspace::Workspaces,
};

/// What it takes to let members sign in with Slack. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SlackSignIn {
    /// The server's app, as Slack knows it.
    pub(crate) client: Option<ClientConfig>,
    pub(crate) http: Http,
    pub(crate) identity: IdentityService,
    pub(crate) links: OneTimeLinks,
    /// The base of the address to which Slack sends people back.
    pub(crate) public_url: Url,
    /// The base of Slack's Web API, beside which its pages stand.
    pub(crate) slack_api_url: Url,
    pub(crate) workspaces: Workspaces,
}

pub(crate) fn router(sign_in: SlackSignIn) -> Router {
    Router::new()
        .route(SIGN_IN_CALLBACK, get(come_back))
        .route(SESSION_SIGN_IN_PAGE, get(session::begin))
        .with_state(sign_in)
}

/// Slack has sent somebody back: with a code, or with why there is none.
async fn come_back(
    State(sign_in): State<SlackSignIn>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let given = query.get("state").map(String::as_str).unwrap_or_default();
    if session::is_ours(&sign_in, given) {
        return session::come_back(&sign_in, &headers, &query).await;
    }
    let ending = match sign_in.links.redeem::<SignIn>(SIGN_IN, given).await {
        Ok(wanted) => match (query.get("error"), query.get("code")) {
            (Some(error), _) => Err(denied(error)),
            (None, Some(code)) => link(&sign_in, &wanted, code).await,
            (None, None) => Err(InstallResult::failed("NO_CODE", texts::NO_ANSWER)),
        },
        Err(error) => Err(of_link(&error)),
    };
    let ending = ending.unwrap_or_else(|ending| {
        tracing::warn!(
            slack.outcome = ending.code,
            "somebody could not be linked: {}",
            ending.text
        );
        ending
    });
    metrics::counter!("tocsin_slack_sign_ins_total", "outcome" => ending.label()).increment(1);
    ending.show(&sign_in.public_url, None)
}

pub(super) fn denied(error: &str) -> InstallResult {
    let code: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
    let text = if code == "access_denied" {
        texts::LINK_CANCELLED.to_owned()
    } else {
        texts::link_denied(&code)
    };
    InstallResult::failed(code.to_uppercase(), text)
}

/// Finds out who has signed in, and has the API record it.
async fn link(sign_in: &SlackSignIn, wanted: &SignIn, code: &str) -> Result<InstallResult, InstallResult> {
    let client = sign_in
        .client
        .clone()
        .ok_or_else(|| InstallResult::failed("SLACK_NOT_CONFIGURED", texts::NO_CLIENT))?;
    let back = below(sign_in.public_url.as_str(), SIGN_IN_CALLBACK);
    let tokens = sign_in.http.signed_in(&client, code, &back).await;
    let tokens = tokens.map_err(|error| not_told(&error))?;
    if tokens
        .id_token
        .as_deref()
        .and_then(nonce)
        .is_some_and(|nonce| nonce != wanted.nonce)
    {
        return Err(InstallResult::failed("NONCE_MISMATCH", texts::OTHER_LINK));
    }
    let person = sign_in.http.who(&tokens.access_token).await;
    let person = person.map_err(|error| not_told(&error))?;
    if !is_theirs(sign_in, &person.team_id, wanted.organization_id) {
        return Err(InstallResult::failed("OTHER_WORKSPACE", texts::OTHER_WORKSPACE));
    }
    record(sign_in, wanted, &person.team_id, &person.user_id).await?;
    Ok(InstallResult {
        code: OK.to_owned(),
        text: texts::LINKED.to_owned(),
        id: None,
    })
}

/// Whether a team is one that serves the organisation. Another than those that are known is nobody's.
fn is_theirs(sign_in: &SlackSignIn, team: &str, organization: OrganizationId) -> bool {
    sign_in.workspaces.serves(team, organization)
}

pub(super) fn not_told(error: &SlackError) -> InstallResult {
    match error.code() {
        Some(code) => InstallResult::failed(code.to_uppercase(), texts::nobody(code)),
        None => InstallResult::failed("SLACK_UNREACHABLE", texts::NO_SLACK),
    }
}

/// What must come back with the token, as it stands in its middle part.
pub(super) fn nonce(id_token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        nonce: Option<String>,
    }
    let claims = id_token.split('.').nth(1)?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok()?.nonce
}

async fn record(sign_in: &SlackSignIn, wanted: &SignIn, team: &str, user: &str) -> Result<(), InstallResult> {
    // Whoever wanted to be nobody there wants to be somebody now.
    set_linked(&sign_in.identity, team, user, true)
        .await
        .map_err(|error| {
            tracing::error!("who has signed in could not be noted: {error}");
            unavailable()
        })?;
    let who = As {
        on_behalf_of: Some(wanted.user_id),
        ..As::bridge(wanted.organization_id, None)
    };
    let input = record_slack_link::RecordSlackLinkInput {
        team_id: team.to_owned(),
        slack_user_id: user.to_owned(),
        idempotency_key: Some(wanted.nonce.clone()),
    };
    let answer = sign_in
        .identity
        .api
        .execute::<RecordSlackLink>(who, record_slack_link::Variables { input })
        .await;
    let payload = answer.map_err(|error| of_api(&error))?.record_slack_link;
    match payload.user_errors.into_iter().next() {
        None => Ok(()),
        Some(error) => Err(InstallResult::failed(error.code, error.message)),
    }
}

fn of_api(error: &ApiError) -> InstallResult {
    tracing::error!("who has signed in could not be recorded: {error}");
    unavailable()
}

pub(super) fn unavailable() -> InstallResult {
    InstallResult::failed("UNAVAILABLE", texts::LINK_NOT_RECORDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonce_is_read_from_the_middle_of_a_token() {
        let token = |claims: &str| format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(nonce(&token(r#"{"nonce":"n-1"}"#)).as_deref(), Some("n-1"));
        assert_eq!(nonce(&token(r#"{"sub":"U1"}"#)), None);
        for broken in ["", "a.b", "a.!.c", "...."] {
            assert_eq!(nonce(broken), None, "{broken}");
        }
    }
}
