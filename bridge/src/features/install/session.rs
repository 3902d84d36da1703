//! Somebody signs in to Tocsin's pages with Slack, who is linked to a member.
//!
//! It begins and ends in one browser: that gets a random cookie, whose hash goes to Slack and back in the sealed state, and stands in the one-time link
//! by which the member is signed in at the end. So nobody is signed in by what somebody else has begun, and a link that is seen on its way is of no use.

use std::collections::HashMap;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tocsin_client::{As, Member, SignInProof};
use tocsin_entity::id::OrganizationId;
use tocsin_slack_app::{
    link_state::{
        BINDING_COOKIE, SECURE_BINDING_COOKIE, SESSION_SIGN_IN, SIGN_IN_CALLBACK, SIGN_IN_SCOPES,
        SessionSignIn,
    },
    oauth::beside_api,
    public_url::below,
};
use tocsin_slack_client::oauth::SlackProfile;
use url::Url;

use super::{
    InstallResult, of_link,
    page::{self, Choice},
    sign_in::{SlackSignIn, denied, nonce, not_told, unavailable},
    state::LinkError,
};
use crate::identity::is_unlinked;
use crate::texts::install as texts;

/// How long somebody has to sign in, in seconds.
const LIVES_SECONDS: u32 = 600;

/// Leads to Slack's page on which somebody signs in.
pub(super) async fn begin(State(sign_in): State<SlackSignIn>) -> Response {
    match way_to_slack(&sign_in) {
        Ok((page, cookie)) => {
            let mut response = Redirect::to(page.as_str()).into_response();
            response.headers_mut().append(header::SET_COOKIE, cookie);
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, no_store);
            response
        }
        Err(ending) => ending.show(&sign_in.public_url, None),
    }
}

fn way_to_slack(sign_in: &SlackSignIn) -> Result<(Url, HeaderValue), InstallResult> {
    let client = sign_in.client.as_ref().ok_or_else(not_configured)?;
    let sealer = sign_in
        .links
        .sealer
        .as_ref()
        .ok_or_else(|| of_link(&LinkError::NoKey))?;
    let held: [u8; 32] = rand::random();
    let held = BASE64_URL_SAFE_NO_PAD.encode(held);
    let nonce = format!("{:032x}", rand::random::<u128>());
    let content = SessionSignIn {
        browser_hash: hash(&held),
        nonce: nonce.clone(),
    };
    let expires_at = sign_in.links.clock.now() + time::Duration::seconds(LIVES_SECONDS.into());
    let state = sealer
        .seal_state_until(SESSION_SIGN_IN, &content, expires_at)
        .map_err(|error| broken(&error))?;
    let page = beside_api(sign_in.slack_api_url.as_str(), "openid/connect/authorize");
    let mut page = Url::parse(&page).map_err(|error| broken(&error))?;
    let back = below(sign_in.public_url.as_str(), SIGN_IN_CALLBACK);
    page.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("scope", &SIGN_IN_SCOPES.join(" ")),
        ("client_id", &client.id),
        ("redirect_uri", &back),
        ("state", &state),
        ("nonce", &nonce),
    ]);
    let (name, secure) = cookie_of(&sign_in.public_url);
    let cookie = format!("{name}={held}; Path=/; Max-Age={LIVES_SECONDS}; HttpOnly; SameSite=Lax{secure}");
    let mut cookie = HeaderValue::from_str(&cookie).map_err(|error| broken(&error))?;
    cookie.set_sensitive(true);
    Ok((page, cookie))
}

/// The cookie's name, and what makes it one for TLS alone.
fn cookie_of(public_url: &Url) -> (&'static str, &'static str) {
    if public_url.scheme() == "https" {
        (SECURE_BINDING_COOKIE, "; Secure")
    } else {
        (BINDING_COOKIE, "")
    }
}

fn hash(held: &str) -> String {
    hex::encode(Sha256::digest(held.as_bytes()))
}

fn broken(error: &dyn std::fmt::Display) -> InstallResult {
    tracing::error!("signing in with Slack could not begin: {error}");
    InstallResult::failed("UNAVAILABLE", texts::UNAVAILABLE)
}

fn not_configured() -> InstallResult {
    InstallResult::failed("SLACK_NOT_CONFIGURED", texts::NO_SIGN_IN)
}

/// Whether this is the browser in which it began. Several cookies of the name are nobody's.
fn is_the_browser(headers: &HeaderMap, public_url: &Url, wanted: &SessionSignIn) -> bool {
    let (name, _) = cookie_of(public_url);
    let all = headers.get_all(header::COOKIE).iter();
    let all = all.filter_map(|header| header.to_str().ok());
    let mut held = all
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| hash(value));
    let first = held.next();
    held.next().is_none() && first.as_ref() == Some(&wanted.browser_hash)
}

/// Whether a state is one of those that are made here.
pub(super) fn is_ours(sign_in: &SlackSignIn, state: &str) -> bool {
    let looked = sign_in.links.look::<SessionSignIn>(SESSION_SIGN_IN, state);
    !matches!(
        looked,
        Err(LinkError::NoKey | LinkError::State(tocsin_seal::StateError::Forged))
    )
}

/// Slack has sent somebody back: they are led to where they are signed in, or told why not.
pub(super) async fn come_back(
    sign_in: &SlackSignIn,
    headers: &HeaderMap,
    query: &HashMap<String, String>,
) -> Response {
    let found = match wanted(sign_in, headers, query).await {
        Ok((wanted, code)) => links(sign_in, &wanted, &code).await,
        Err(ending) => Err(ending),
    };
    match found.as_deref() {
        Ok([(_, link)]) => {
            metrics::counter!("tocsin_slack_sign_ins_total", "outcome" => super::OK).increment(1);
            let mut response = Redirect::to(link.expose_secret()).into_response();
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, no_store);
            response
        }
        Ok(several) => {
            metrics::counter!("tocsin_slack_sign_ins_total", "outcome" => super::OK).increment(1);
            let choices: Vec<_> = several
                .iter()
                .map(|(name, link)| Choice {
                    label: name,
                    address: link.expose_secret(),
                })
                .collect();
            page::choose("Sign in", texts::WHERE, &choices)
        }
        Err(ending) => {
            tracing::warn!(
                slack.outcome = ending.code,
                "somebody could not be signed in with Slack: {}",
                ending.text
            );
            metrics::counter!("tocsin_slack_sign_ins_total", "outcome" => ending.label()).increment(1);
            ending.show(&sign_in.public_url, None)
        }
    }
}

/// What was begun, and Slack's code.
async fn wanted(
    sign_in: &SlackSignIn,
    headers: &HeaderMap,
    query: &HashMap<String, String>,
) -> Result<(SessionSignIn, String), InstallResult> {
    let state = query.get("state").map(String::as_str).unwrap_or_default();
    let looked = sign_in.links.look::<SessionSignIn>(SESSION_SIGN_IN, state);
    let wanted = looked.map_err(|error| of_link(&error))?;
    // Before it is used up: nobody spoils what somebody else has begun.
    if !is_the_browser(headers, &sign_in.public_url, &wanted) {
        return Err(InstallResult::failed("OTHER_BROWSER", texts::OTHER_BROWSER));
    }
    let redeemed = sign_in
        .links
        .redeem::<SessionSignIn>(SESSION_SIGN_IN, state)
        .await;
    let wanted = redeemed.map_err(|error| of_link(&error))?;
    match (query.get("error"), query.get("code")) {
        (Some(error), _) => Err(denied(error)),
        (None, Some(code)) => Ok((wanted, code.clone())),
        (None, None) => Err(InstallResult::failed("NO_CODE", texts::SIGN_IN_NO_ANSWER)),
    }
}

/// A link for each organisation of which whoever has signed in is a member, with the organisation's name.
async fn links(
    sign_in: &SlackSignIn,
    wanted: &SessionSignIn,
    code: &str,
) -> Result<Vec<(String, SecretString)>, InstallResult> {
    let client = sign_in.client.clone().ok_or_else(not_configured)?;
    let back = below(sign_in.public_url.as_str(), SIGN_IN_CALLBACK);
    let tokens = sign_in.http.signed_in(&client, code, &back).await;
    let tokens = tokens.map_err(|error| not_told(&error))?;
    // Slack's answer must say that it is the one to this very question.
    if tokens.id_token.as_deref().and_then(nonce) != Some(wanted.nonce.clone()) {
        return Err(InstallResult::failed("NONCE_MISMATCH", texts::OTHER_SIGN_IN));
    }
    let person = sign_in.http.who(&tokens.access_token).await;
    let person = person.map_err(|error| not_told(&error))?;
    let members = members(sign_in, &person).await?;
    let mut links = Vec::new();
    for (organization, member) in members {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, None)
        };
        let named = sign_in.identity.api.administrators(who).await;
        let name = named.map_err(|error| of_api(&error))?.organization;
        let proof = SignInProof::SignedInWithSlack(wanted.browser_hash.clone());
        let link = sign_in.identity.api.sign_in_link(who, proof).await;
        let link = link
            .map_err(|error| of_api(&error))?
            .map_err(|why| InstallResult::failed("REFUSED", why))?;
        links.push((name, link));
    }
    Ok(links)
}

/// The active members whom somebody in Slack is linked to: by their own word, or by an address that Slack has verified.
async fn members(
    sign_in: &SlackSignIn,
    person: &SlackProfile,
) -> Result<Vec<(OrganizationId, Member)>, InstallResult> {
    let unlinked = is_unlinked(&sign_in.identity.database, &person.team_id, &person.user_id).await;
    let unlinked = unlinked.map_err(|error| {
        tracing::error!("whether somebody is linked could not be read: {error}");
        unavailable()
    })?;
    let email = person
        .email
        .as_deref()
        .filter(|_| person.email_verified && !unlinked);
    let email = email.map(tocsin_slack_app::email::fold);
    let who = As {
        organization: None,
        on_behalf_of: None,
        request_id: None,
    };
    let api = &sign_in.identity.api;
    let found = api
        .slack_members(who, &person.team_id, &person.user_id, email.as_deref())
        .await
        .map_err(|error| of_api(&error))?;
    let found: Vec<_> = found
        .into_iter()
        .filter(|(organization, _, _)| !unlinked && sign_in.workspaces.serves(&person.team_id, *organization))
        .collect();
    let is_any = !found.is_empty();
    let active: Vec<_> = found
        .into_iter()
        .filter(|(_, member, by_word)| {
            let same_address = email
                .as_deref()
                .is_some_and(|email| member.email.eq_ignore_ascii_case(email));
            member.is_active && (*by_word || same_address)
        })
        .map(|(organization, member, _)| (organization, member))
        .collect();
    if active.is_empty() {
        return Err(if is_any {
            InstallResult::failed("MEMBER_DEACTIVATED", texts::NOT_ACTIVE)
        } else {
            InstallResult::failed("NOT_LINKED", texts::NOT_LINKED)
        });
    }
    Ok(active)
}

fn of_api(error: &tocsin_client::ApiError) -> InstallResult {
    tracing::error!("somebody who has signed in with Slack could not be let in: {error}");
    unavailable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_browser_than_the_one_in_which_it_began_is_told_from_it() {
        let public = Url::parse("https://tocsin.example.com").expect("a URL");
        let wanted = SessionSignIn {
            browser_hash: hash("held"),
            nonce: "n".to_owned(),
        };
        for (cookies, expected) in [
            ("__Host-tocsin_begin=held", true),
            ("a=b; __Host-tocsin_begin=held", true),
            ("__Host-tocsin_begin=other", false),
            ("tocsin_begin=held", false),
            ("__Host-tocsin_begin=held; __Host-tocsin_begin=other", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookies.parse().expect("a header"));
            assert_eq!(is_the_browser(&headers, &public, &wanted), expected, "{cookies}");
        }
        assert!(!is_the_browser(&HeaderMap::new(), &public, &wanted));
    }
}
