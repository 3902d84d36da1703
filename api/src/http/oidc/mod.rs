//! Signing in with an OpenID issuer: there by `/sign-in/oidc`, and back by `/sign-in/oidc/callback`.
//!
//! Whoever comes back gets a one-time link for the browser in which they began, and the page that they are led to uses it up: from there on it is as with
//! every other way to sign in. Where something is not as it must be, a page says so in plain words, with a code that stays.

mod page;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use secrecy::ExposeSecret;
use tocsin_domain::sign_in::{self, BrowserRequest, IssuerLink, ProvenAccount, STATE_MINUTES, SignInError};
use tocsin_oidc::{OidcError, OidcProvider};
use tocsin_slack_app::public_url::below;
use url::form_urlencoded;

use self::page::{RefusalPage, show};
use super::{
    authenticator::{look_at_flood, slow_down},
    client_address,
    endpoint::TransportSettings,
    outer::RequestId,
    refusal::HttpRefusal,
    wrong_keys::WrongKeys,
};
use crate::{Api, OidcSignIn};

/// Where somebody begins.
const BEGIN: &str = "/sign-in/oidc";
/// Where the issuer sends people back to, below the public URL.
pub(crate) const CALLBACK: &str = "/sign-in/oidc/callback";
/// Longest code or state that is looked at, in bytes.
const PARAMETER_MAX: usize = 4_096;

/// What signing in with the issuer needs. Cheap to clone.
#[derive(Clone)]
struct OidcEndpoint {
    api: Api,
    settings: TransportSettings,
    wrong_keys: Arc<WrongKeys>,
}

/// The ways there and back.
pub(super) fn routes(api: Api, settings: TransportSettings, wrong_keys: Arc<WrongKeys>) -> Router {
    Router::new()
        .route(BEGIN, get(begin))
        .route(CALLBACK, get(come_back))
        .with_state(OidcEndpoint {
            api,
            settings,
            wrong_keys,
        })
}

/// Why somebody is not signed in with the issuer.
enum OidcRefusal {
    /// There is none here.
    NotConfigured,
    /// The server has no TLS.
    NoTls,
    /// The issuer's word is not taken.
    Issuer(OidcError),
    /// Nobody is meant, or not now.
    SignIn(SignInError),
    /// The address is slowed down.
    TurnedAway(HttpRefusal),
}

impl From<OidcError> for OidcRefusal {
    fn from(error: OidcError) -> Self {
        Self::Issuer(error)
    }
}

impl From<SignInError> for OidcRefusal {
    fn from(error: SignInError) -> Self {
        Self::SignIn(error)
    }
}

impl From<HttpRefusal> for OidcRefusal {
    fn from(refusal: HttpRefusal) -> Self {
        Self::TurnedAway(refusal)
    }
}

impl OidcRefusal {
    /// Whether whoever guesses, or asks without end, would come by it: what neither this server nor the issuer is to blame for.
    fn is_guess(&self) -> bool {
        match self {
            Self::SignIn(SignInError::Fault(_)) | Self::NotConfigured | Self::NoTls | Self::TurnedAway(_) => {
                false
            }
            Self::SignIn(_) => true,
            Self::Issuer(error) => match error {
                OidcError::Denied
                | OidcError::Ended(_)
                | OidcError::TokenInvalid(_)
                | OidcError::EmailMissing
                | OidcError::EmailUnverified
                | OidcError::GroupsMissing => true,
                OidcError::Unreachable(_)
                | OidcError::BadAnswer(_)
                | OidcError::ClientRefused(_)
                | OidcError::NoClient(_) => false,
            },
        }
    }

    /// Whether the log tells of it: not of what anybody could fill it with, at no cost.
    fn is_told(&self) -> bool {
        match self {
            Self::NotConfigured | Self::NoTls | Self::TurnedAway(_) => false,
            Self::Issuer(_) | Self::SignIn(_) => true,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "OIDC_NOT_CONFIGURED",
            Self::NoTls => "HTTPS_NEEDED",
            Self::Issuer(error) => error.code(),
            Self::SignIn(error) => error.code(),
            Self::TurnedAway(refusal) => refusal.code,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotConfigured => StatusCode::NOT_FOUND,
            Self::NoTls => StatusCode::BAD_REQUEST,
            Self::Issuer(error) => match error {
                OidcError::Denied
                | OidcError::TokenInvalid(_)
                | OidcError::EmailMissing
                | OidcError::EmailUnverified
                | OidcError::GroupsMissing => StatusCode::FORBIDDEN,
                OidcError::Ended(_) => StatusCode::BAD_REQUEST,
                OidcError::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
                OidcError::BadAnswer(_) | OidcError::ClientRefused(_) | OidcError::NoClient(_) => {
                    StatusCode::BAD_GATEWAY
                }
            },
            Self::SignIn(SignInError::Fault(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::SignIn(SignInError::StateExpired | SignInError::StateForged | SignInError::StateUsed) => {
                StatusCode::BAD_REQUEST
            }
            Self::SignIn(_) => StatusCode::FORBIDDEN,
            Self::TurnedAway(refusal) => refusal.status.unwrap_or(StatusCode::BAD_REQUEST),
        }
    }

    /// What whoever wants to sign in is told.
    fn text(&self) -> String {
        match self {
            Self::NotConfigured => {
                "Nobody can sign in with an identity provider here: none is configured (TOCSIN_OIDC_ISSUER).".to_owned()
            }
            Self::NoTls => "This server's public address has no TLS, so that no browser would keep you signed in safely: have TOCSIN_PUBLIC_URL begin \
                            with https://."
                .to_owned(),
            Self::Issuer(error) => format!("{error} {}", error.way_on()),
            Self::SignIn(SignInError::Fault(_)) => "Tocsin can't sign you in just now: try again in a moment.".to_owned(),
            Self::SignIn(error) => error.to_string(),
            Self::TurnedAway(refusal) => refusal.message.clone(),
        }
    }

    /// What goes to the log beside it.
    fn detail(&self) -> String {
        match self {
            Self::Issuer(error) => error.detail().to_owned(),
            Self::SignIn(SignInError::Fault(fault)) => fault.to_string(),
            Self::NotConfigured | Self::NoTls | Self::SignIn(_) | Self::TurnedAway(_) => {
                self.code().to_owned()
            }
        }
    }
}

impl OidcEndpoint {
    fn issuer(&self) -> Result<&OidcSignIn, OidcRefusal> {
        let issuer = self.api.oidc.as_deref().ok_or(OidcRefusal::NotConfigured)?;
        if self.settings.browser.can_sign_in() {
            Ok(issuer)
        } else {
            Err(OidcRefusal::NoTls)
        }
    }

    fn redirect_uri(&self) -> String {
        below(self.api.config().public_url.as_str(), CALLBACK)
    }

    fn address(&self, parts: &Parts) -> Option<IpAddr> {
        client_address::of(parts, &self.settings.trusted_proxies)
    }

    /// Counts and logs why somebody is not signed in, slows down who guesses, and says it on a page.
    async fn refuse(
        &self,
        refusal: OidcRefusal,
        address: Option<IpAddr>,
        request_id: &RequestId,
        up: &'static str,
    ) -> Response {
        let mut refusal = refusal;
        if refusal.is_told() {
            tracing::warn!(
                request.id = request_id.as_str(),
                oidc.code = refusal.code(),
                "somebody could not be signed in with the identity provider: {}",
                refusal.detail()
            );
        }
        count(refusal.code());
        if refusal.is_guess()
            && let Err(turned_away) = slow_down(&self.wrong_keys, address).await
        {
            refusal = turned_away.into();
        }
        let (text, code) = (refusal.text(), refusal.code());
        show(
            refusal.status(),
            &RefusalPage {
                text: &text,
                code,
                request_id: request_id.as_str(),
                up,
            },
        )
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("tocsin_oidc_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Somebody is sent to the issuer's page.
async fn begin(State(endpoint): State<OidcEndpoint>, request: axum::extract::Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    let address = endpoint.address(&parts);
    match way_to_issuer(&endpoint, address).await {
        Ok((page, cookie)) => {
            let mut response = leave_for(&page);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => endpoint.refuse(refusal, address, &request_id, "../").await,
    }
}

async fn way_to_issuer(
    endpoint: &OidcEndpoint,
    address: Option<IpAddr>,
) -> Result<(String, HeaderValue), OidcRefusal> {
    let issuer = endpoint.issuer()?;
    look_at_flood(&endpoint.wrong_keys, address)?;
    let (state, held) = sign_in::begin(&endpoint.api)?;
    let provider: &OidcProvider = &issuer.provider;
    let page = provider
        .page(&endpoint.redirect_uri(), &state, held.expose_secret())
        .await?;
    let cookie = endpoint.settings.browser.set_binding(&held, STATE_MINUTES * 60)?;
    Ok((page.into(), cookie))
}

/// The issuer has sent somebody back.
async fn come_back(
    State(endpoint): State<OidcEndpoint>,
    RawQuery(raw): RawQuery,
    request: axum::extract::Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = RequestId::of(&parts.extensions);
    let address = endpoint.address(&parts);
    let query = CallbackQuery::read(raw.as_deref().unwrap_or_default());
    let browser = BrowserRequest {
        user_agent: None,
        address,
        binding: endpoint.settings.browser.binding(&parts.headers),
        request_id: request_id.to_string(),
    };
    match links(&endpoint, &query, &browser).await {
        Ok(links) => {
            count("OK");
            let page = below(endpoint.api.config().public_url.as_str(), "/sign-in");
            leave_for(&format!("{page}#{}", fragment(&links)))
        }
        Err(refusal) => endpoint.refuse(refusal, address, &request_id, "../../").await,
    }
}

/// What stands in the query with which somebody comes back.
struct CallbackQuery(HashMap<String, String>);

impl CallbackQuery {
    /// What is there twice is not there: whoever adds to an answer is not believed.
    fn read(query: &str) -> Self {
        let mut found: HashMap<String, Option<String>> = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = (value.len() <= PARAMETER_MAX).then(|| value.into_owned());
            found
                .entry(name.into_owned())
                .and_modify(|before| *before = None)
                .or_insert(value);
        }
        Self(
            found
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A link for each organisation of whoever has come back.
async fn links(
    endpoint: &OidcEndpoint,
    query: &CallbackQuery,
    browser: &BrowserRequest,
) -> Result<Vec<IssuerLink>, OidcRefusal> {
    let issuer = endpoint.issuer()?;
    look_at_flood(&endpoint.wrong_keys, browser.address)?;
    let (code, error) = (query.get("code"), query.get("error"));
    // What is no answer at all uses nothing up.
    let state = query
        .get("state")
        .filter(|_| code.is_some() || error.is_some())
        .unwrap_or_default();
    sign_in::come_back(&endpoint.api, state, browser.binding.as_deref()).await?;
    let held = browser
        .binding
        .as_deref()
        .ok_or(SignInError::StateOfOtherBrowser)?;
    // Source: RFC 9207. An issuer that names itself in the answer must be the one that was asked.
    if query
        .get("iss")
        .is_some_and(|named| named != issuer.provider.issuer())
    {
        return Err(OidcError::TokenInvalid("of another issuer").into());
    }
    let code = match (error, code) {
        (Some(error), _) => return Err(OidcError::of_redirect(error).into()),
        (None, code) => code.unwrap_or_default(),
    };
    let now = endpoint.api.clock().now();
    let found = issuer
        .provider
        .identify(code, &endpoint.redirect_uri(), held, now)
        .await?;
    let account = ProvenAccount {
        issuer: found.issuer,
        subject: found.subject,
        email: found.email,
        groups: found.groups,
    };
    Ok(sign_in::by_issuer(&endpoint.api, &account, &issuer.policy, browser).await?)
}

/// The links' tokens, for the page's fragment, which no server is sent.
fn fragment(links: &[IssuerLink]) -> String {
    let tokens = links.iter().filter_map(|link| {
        let (_, token) = link.address.expose_secret().split_once('#')?;
        Some(token.to_owned())
    });
    tokens.collect::<Vec<_>>().join("&")
}

fn leave_for(address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(location) = headers.get_mut(header::LOCATION) {
        location.set_sensitive(true);
    }
    response
}
