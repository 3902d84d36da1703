//! Signing in by a one-time link, and signing out, as the pages ask for it.
//!
//! Each is a POST of JSON from a page of this server's: no other page can make a browser send one. A link's token is in the body, and nowhere else.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use tocsin_domain::{
    error::MutationError,
    request::Request as DomainRequest,
    session,
    sign_in::{self, BrowserRequest, FirstOwner, SignInError},
    viewer::{self, AuthError, ShownCredentials},
};

use super::{
    answer::HttpAnswer,
    authenticator::{look_at_flood, slow_down},
    browser::PageOrigin,
    client_address,
    endpoint::TransportSettings,
    graphql::check_content_type,
    outer::RequestId,
    refusal::HttpRefusal,
    wrong_keys::WrongKeys,
};
use crate::Api;

/// Longest body, in bytes.
const BODY_MAX: usize = 8_192;

/// What signing in needs. Cheap to clone.
#[derive(Clone)]
struct SignInEndpoint {
    api: Api,
    settings: TransportSettings,
    wrong_keys: Arc<WrongKeys>,
}

/// The ways to sign in and out.
pub(super) fn routes(api: Api, settings: TransportSettings, wrong_keys: Arc<WrongKeys>) -> Router {
    Router::new()
        .route("/sign-in/ways", get(ways))
        .route("/sign-in/look", post(look))
        .route("/sign-in/link", post(redeem))
        .route("/sign-out", post(sign_out))
        .with_state(SignInEndpoint {
            api,
            settings,
            wrong_keys,
        })
}

/// A link's token.
#[derive(Deserialize)]
struct Token {
    token: String,
}

/// A link's token, with what somebody says of themselves who becomes the first owner.
#[derive(Deserialize)]
struct LinkUse {
    token: String,
    name: Option<String>,
    email: Option<String>,
}

/// Nothing needs to be said to sign out.
#[derive(Deserialize)]
struct Nothing {}

fn answer(status: StatusCode, body: &Json) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}

fn refuse(refusal: HttpRefusal, request_id: &RequestId) -> Response {
    let status = refusal.status.unwrap_or(StatusCode::BAD_REQUEST);
    let body = HttpAnswer::refused(refusal, request_id.as_str()).to_json();
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}

/// In which ways people can sign in here.
async fn ways(State(endpoint): State<SignInEndpoint>) -> Response {
    let config = endpoint.api.config();
    let ways = json!({
        "canSignIn": endpoint.settings.browser.can_sign_in(),
        "slack": config.sealer.is_some() && config.slack.client_id.is_some(),
        "oidc": endpoint.api.oidc.as_ref().map(|oidc| &oidc.name),
    });
    answer(StatusCode::OK, &ways)
}

/// What a POST says, if a page of this server's has sent it.
async fn read<T: DeserializeOwned>(
    endpoint: &SignInEndpoint,
    parts: &Parts,
    body: Body,
) -> Result<T, HttpRefusal> {
    check_content_type(&parts.headers)?;
    let origin: PageOrigin = endpoint.settings.browser.origin(&parts.headers);
    origin.check(&parts.method)?;
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| {
        HttpRefusal::request(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            format!("The body is longer than {BODY_MAX} bytes, or was cut off."),
        )
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|_| HttpRefusal::bad_request("The body is not the JSON that is asked for here."))
}

impl SignInEndpoint {
    fn browser(&self, parts: &Parts, request_id: &RequestId) -> BrowserRequest {
        let agent = parts.headers.get(header::USER_AGENT);
        BrowserRequest {
            user_agent: agent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            address: client_address::of(parts, &self.settings.trusted_proxies),
            binding: self.settings.browser.binding(&parts.headers),
            request_id: request_id.to_string(),
        }
    }

    /// What becomes of a link that is not taken. Whoever guesses is slowed down, as with keys.
    async fn not_taken(&self, error: SignInError, browser: &BrowserRequest) -> HttpRefusal {
        let status = match &error {
            SignInError::Unknown => {
                if let Err(turned_away) = slow_down(&self.wrong_keys, browser.address).await {
                    return turned_away;
                }
                StatusCode::BAD_REQUEST
            }
            SignInError::Used | SignInError::Expired | SignInError::Told(_) => StatusCode::BAD_REQUEST,
            SignInError::NoMember
            | SignInError::OtherBrowser
            | SignInError::StateExpired
            | SignInError::StateForged
            | SignInError::StateUsed
            | SignInError::StateOfOtherBrowser
            | SignInError::Stranger(_)
            | SignInError::OtherAccount(_)
            | SignInError::NoRole => StatusCode::FORBIDDEN,
            SignInError::HasOwner => StatusCode::CONFLICT,
            SignInError::Fault(fault) => {
                tracing::error!(
                    request.id = browser.request_id,
                    "nobody could be signed in: {fault}"
                );
                return HttpRefusal::request(
                    StatusCode::SERVICE_UNAVAILABLE,
                    error.code(),
                    "Tocsin can't sign you in just now. Open the link again in a moment, and ask for a new one if it says that it was used.",
                );
            }
        };
        metrics::counter!("tocsin_sign_ins_total", "outcome" => error.code()).increment(1);
        HttpRefusal::request(status, error.code(), error.to_string())
    }
}

/// Whom a link signs in.
async fn look(State(endpoint): State<SignInEndpoint>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    let looked = async {
        let Token { token } = read(&endpoint, &parts, body).await?;
        let browser = endpoint.browser(&parts, &request_id);
        look_at_flood(&endpoint.wrong_keys, browser.address)?;
        match sign_in::look(&endpoint.api, &token, &browser).await {
            Ok(found) => Ok(found),
            Err(error) => Err(endpoint.not_taken(error, &browser).await),
        }
    };
    match looked.await {
        Ok(found) => {
            let (name, email) = found.member.clone().unzip();
            let body = json!({
                "organization": found.organization, "name": name, "email": email,
                "makesFirstOwner": found.member.is_none(), "isBound": found.is_bound,
            });
            answer(StatusCode::OK, &body)
        }
        Err(refusal) => refuse(refusal, &request_id),
    }
}

/// Uses a link up: the answer gives the browser a session.
async fn redeem(State(endpoint): State<SignInEndpoint>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    match use_link(&endpoint, &parts, body, &request_id).await {
        Ok(cookie) => {
            let mut response = answer(StatusCode::OK, &json!({ "signedIn": true }));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => refuse(refusal, &request_id),
    }
}

async fn use_link(
    endpoint: &SignInEndpoint,
    parts: &Parts,
    body: Body,
    request_id: &RequestId,
) -> Result<HeaderValue, HttpRefusal> {
    let LinkUse { token, name, email } = read(endpoint, parts, body).await?;
    if !endpoint.settings.browser.can_sign_in() {
        return Err(HttpRefusal::request(
            StatusCode::BAD_REQUEST,
            "HTTPS_NEEDED",
            "This server's public address has no TLS, so that no browser would keep you signed in safely. The link was not used up: have \
             TOCSIN_PUBLIC_URL begin with https://, and open the link again.",
        ));
    }
    let browser = endpoint.browser(parts, request_id);
    look_at_flood(&endpoint.wrong_keys, browser.address)?;
    let owner = name.zip(email).map(|(name, email)| FirstOwner { name, email });
    let signed_in = match sign_in::redeem(&endpoint.api, &token, owner, &browser).await {
        Ok(signed_in) => signed_in,
        Err(error) => return Err(endpoint.not_taken(error, &browser).await),
    };
    metrics::counter!("tocsin_sign_ins_total", "outcome" => "OK").increment(1);
    // Whoever was signed in with this browser before is so no longer.
    if let Err(error) = end_session(endpoint, parts, request_id, "signIn").await {
        tracing::warn!(
            request.id = request_id.as_str(),
            "the session before could not be ended: {}",
            error.message
        );
    }
    endpoint.settings.browser.set_cookie(&signed_in.secret)
}

/// Ends the session and takes it from the browser.
async fn sign_out(State(endpoint): State<SignInEndpoint>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    let ended = async {
        let Nothing {} = read(&endpoint, &parts, body).await?;
        end_session(&endpoint, &parts, &request_id, "signOut").await?;
        endpoint.settings.browser.clear_cookie()
    };
    match ended.await {
        Ok(cookie) => {
            let mut response = answer(StatusCode::OK, &json!({ "signedIn": false }));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => refuse(refusal, &request_id),
    }
}

/// Ends the session that the request brings, if it brings one that has not ended yet.
async fn end_session(
    endpoint: &SignInEndpoint,
    parts: &Parts,
    request_id: &RequestId,
    operation: &str,
) -> Result<(), HttpRefusal> {
    let Some(secret) = endpoint.settings.browser.session(&parts.headers) else {
        return Ok(());
    };
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::error!(
            request.id = request_id.as_str(),
            "a session could not be ended: {error}"
        );
        HttpRefusal::request(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "Tocsin can't sign you out just now: try again.",
        )
    };
    let shown = ShownCredentials {
        session: Some(&secret),
        address: client_address::of(parts, &endpoint.settings.trusted_proxies),
        ..ShownCredentials::default()
    };
    let viewer = match viewer::authenticate(&endpoint.api, shown, request_id.to_string()).await {
        Ok(viewer) => viewer,
        Err(AuthError::Fault(fault)) => return Err(unavailable(&fault)),
        Err(AuthError::BadKey | AuthError::BadSession | AuthError::BadHeader(_) | AuthError::NoMember(_)) => {
            return Ok(());
        }
    };
    let request = DomainRequest {
        domain: &endpoint.api.domain,
        viewer: &viewer,
        operation,
    };
    session::end_own(&request).await.map_err(|error| match error {
        MutationError::Told(errors) => unavailable(&errors.first().message),
        MutationError::Refused(refusal) => unavailable(&refusal),
    })
}
