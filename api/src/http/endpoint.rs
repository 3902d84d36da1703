//! What the transport needs to know of what it serves: a schema, and who may ask.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use async_graphql::{Executor, Request};
use axum::http::{HeaderMap, Method, StatusCode, header, request::Parts as RequestParts};
use futures::future::BoxFuture;
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use tocsin_clock::Clock;
use tocsin_domain::viewer::Principal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    browser::{BrowserPolicy, PageOrigin},
    client_address,
    introspection::Introspection,
    refusal::HttpRefusal,
    socket::{Revocations, SocketLimits, Sockets},
};

/// Which organisation a request is about.
const ORGANIZATION: &str = "tocsin-organization";
/// The member on whose behalf the bridge acts.
const ON_BEHALF_OF: &str = "tocsin-on-behalf-of";

/// See [`TransportSettings::body_bytes_max`].
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// See [`TransportSettings::anonymous_body_bytes_max`].
const ANONYMOUS_BODY_BYTES_MAX: usize = 64 * 1024;
/// See [`TransportSettings::body_within`].
const BODY_WITHIN: Duration = Duration::from_secs(20);
/// See [`TransportSettings::message_bytes_max`].
const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// See [`TransportSettings::execution_max`].
const EXECUTION_MAX: Duration = Duration::from_secs(30);
/// See [`TransportSettings::init_within`].
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// See [`TransportSettings::ping_every`].
const PING_EVERY: Duration = Duration::from_secs(20);
/// See [`TransportSettings::stall_max`].
const STALL_MAX: Duration = Duration::from_secs(20);
/// See [`TransportSettings::operations_max`].
const OPERATIONS_MAX: usize = 100;

/// The GraphQL endpoint: everything a request's handling needs. Cheap to clone.
pub(super) struct Endpoint<E>(Arc<EndpointInner<E>>);

impl<E> Clone for Endpoint<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> std::ops::Deref for Endpoint<E> {
    type Target = EndpointInner<E>;

    fn deref(&self) -> &EndpointInner<E> {
        &self.0
    }
}

/// Turns credentials into a caller.
pub(super) type Authenticator =
    dyn Fn(Credentials, String) -> BoxFuture<'static, Result<Caller, HttpRefusal>> + Send + Sync;

/// See [`Endpoint`].
pub(super) struct EndpointInner<E> {
    pub(super) executor: E,
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) settings: TransportSettings,
    pub(super) revocations: Revocations,
    pub(super) sockets: Sockets,
    /// Cancelled when the process is to end: sockets say goodbye.
    pub(super) shutdown: CancellationToken,
}

/// Who is let in, and how it is noticed that they no longer are.
pub(super) struct Authenticators {
    /// Lets callers in; who shows wrong keys is slowed down.
    pub(super) entrance: Arc<Authenticator>,
    /// Asks again about callers who are in.
    pub(super) recheck: Arc<Authenticator>,
    /// Grows whenever somebody's rights may have become less.
    pub(super) changes: watch::Receiver<u64>,
    /// What time it is, for keys that expire.
    pub(super) clock: Clock,
}

impl<E: Executor> Endpoint<E> {
    pub(super) fn new(
        executor: E,
        authenticators: Authenticators,
        settings: TransportSettings,
        shutdown: CancellationToken,
    ) -> Self {
        Self(Arc::new(EndpointInner {
            executor,
            revocations: Revocations::new(
                authenticators.recheck,
                settings.recheck,
                authenticators.changes,
                authenticators.clock,
            ),
            sockets: Sockets::new(settings.sockets),
            authenticator: authenticators.entrance,
            settings,
            shutdown,
        }))
    }
}

/// The limits of the transport.
#[derive(Debug, Clone)]
pub(super) struct TransportSettings {
    /// Who may ask about the schema itself.
    pub(super) introspection: Introspection,
    /// Longest body of a POST, in bytes.
    pub(super) body_bytes_max: usize,
    /// The same, from somebody who shows no key.
    pub(super) anonymous_body_bytes_max: usize,
    /// Longest time for a body.
    pub(super) body_within: Duration,
    /// Longest WebSocket message, in bytes. Shorter than a body: thousands of sockets may be in the middle of one.
    pub(super) message_bytes_max: usize,
    /// Longest time a query or mutation may take.
    pub(super) execution_max: Duration,
    /// How long a socket may stay open without `connection_init`.
    pub(super) init_within: Duration,
    /// How often a socket is pinged. After two without any sign of life it is dropped.
    pub(super) ping_every: Duration,
    /// How long a client may leave messages unread before its socket is closed.
    pub(super) stall_max: Duration,
    /// Most operations that one socket may have at a time.
    pub(super) operations_max: usize,
    /// How many sockets there may be.
    pub(super) sockets: SocketLimits,
    /// How often the keys of open sockets are checked again, where nothing tells that they must be.
    pub(super) recheck: Duration,
    /// The proxies that are believed whose request they pass on.
    pub(super) trusted_proxies: Vec<IpNet>,
    /// How the server speaks to browsers.
    pub(super) browser: BrowserPolicy,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self {
            introspection: Introspection::default(),
            body_bytes_max: BODY_BYTES_MAX,
            anonymous_body_bytes_max: ANONYMOUS_BODY_BYTES_MAX,
            body_within: BODY_WITHIN,
            message_bytes_max: MESSAGE_BYTES_MAX,
            execution_max: EXECUTION_MAX,
            init_within: INIT_WITHIN,
            ping_every: PING_EVERY,
            stall_max: STALL_MAX,
            operations_max: OPERATIONS_MAX,
            sockets: SocketLimits::default(),
            recheck: Duration::from_secs(30),
            trusted_proxies: Vec::new(),
            browser: BrowserPolicy::default(),
        }
    }
}

/// Puts what resolvers need to know of the caller into a request; the text is the request's id.
type AttachCaller = dyn Fn(Request, &str) -> Request + Send + Sync;

/// Who asks, once authenticated.
#[derive(Clone)]
pub(super) struct Caller {
    /// Who they are and what they may do: when it changes, open sockets are closed.
    pub(super) who: Principal,
    attach: Arc<AttachCaller>,
}

impl Caller {
    pub(super) fn new(
        who: Principal,
        attach: impl Fn(Request, &str) -> Request + Send + Sync + 'static,
    ) -> Self {
        Self {
            who,
            attach: Arc::new(attach),
        }
    }

    /// Whether they showed no key.
    pub(super) fn is_anonymous(&self) -> bool {
        self.who == Principal::Anonymous
    }

    /// The request, as this caller's.
    pub(super) fn sign(&self, request: Request, request_id: &str) -> Request {
        (self.attach)(request, request_id)
    }
}

/// Who a caller says to be.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) bearer: Option<String>,
    /// The secret of a session, from a cookie. It counts where no key is shown.
    pub(super) session: Option<String>,
    /// From which page the request was made.
    pub(super) origin: PageOrigin,
    pub(super) organization: Option<String>,
    pub(super) on_behalf_of: Option<String>,
    /// From where they are shown.
    pub(super) address: Option<IpAddr>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("bearer", &self.bearer.as_ref().map(|_| "…"))
            .field("session", &self.session.as_ref().map(|_| "…"))
            .field("origin", &self.origin)
            .field("organization", &self.organization)
            .field("on_behalf_of", &self.on_behalf_of)
            .field("address", &self.address)
            .finish()
    }
}

impl Credentials {
    /// From a request.
    pub(super) fn of(parts: &RequestParts, settings: &TransportSettings) -> Result<Self, HttpRefusal> {
        let address = client_address::of(parts, &settings.trusted_proxies);
        Ok(Self {
            address,
            session: settings.browser.session(&parts.headers),
            origin: settings.browser.origin(&parts.headers),
            ..Self::from_headers(&parts.headers)?
        })
    }

    /// From the headers of a request.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Self, HttpRefusal> {
        let text = |name: &str| match headers.get(name) {
            None => Ok(None),
            Some(value) => value.to_str().map(Some).map_err(|_| {
                HttpRefusal::bad_request(format!("The header `{name}` is not printable ASCII."))
            }),
        };
        Self::default().with(
            text(header::AUTHORIZATION.as_str())?,
            text(ORGANIZATION)?,
            text(ON_BEHALF_OF)?,
        )
    }

    /// What counts of them: a key goes before a session, and a session needs that a page of this server's has asked.
    ///
    /// # Errors
    /// A refusal, where a session comes from elsewhere.
    pub(super) fn settle(mut self, method: &Method) -> Result<Self, HttpRefusal> {
        if self.bearer.is_some() {
            self.session = None;
        } else if self.session.is_some() {
            self.origin.check(method)?;
        }
        Ok(self)
    }

    /// From the payload of `connection_init`, in which browsers say what they cannot say in headers: the names of
    /// the headers, in any case, at the top or under `headers`. What it does not say stays as it was.
    pub(super) fn with_payload(
        self,
        payload: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, HttpRefusal> {
        let nested = payload.get("headers").and_then(|value| value.as_object());
        let find = |name: &str| {
            payload
                .iter()
                .chain(nested.into_iter().flatten())
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
        };
        self.with(
            find(header::AUTHORIZATION.as_str()),
            find(ORGANIZATION),
            find(ON_BEHALF_OF),
        )
    }

    fn with(
        self,
        authorization: Option<&str>,
        organization: Option<&str>,
        on_behalf_of: Option<&str>,
    ) -> Result<Self, HttpRefusal> {
        Ok(Self {
            bearer: match authorization {
                Some(value) => Some(bearer(value)?),
                None => self.bearer,
            },
            organization: organization.map(ToOwned::to_owned).or(self.organization),
            on_behalf_of: on_behalf_of.map(ToOwned::to_owned).or(self.on_behalf_of),
            session: self.session,
            origin: self.origin,
            address: self.address,
        })
    }

    /// The same for the same key or session, whatever is said beside it.
    pub(super) fn key_digest(&self) -> [u8; 32] {
        let shown = self.bearer.as_deref().or(self.session.as_deref());
        Sha256::digest(shown.unwrap_or_default()).into()
    }

    /// The same for the same credentials, and no way back to them.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [
            &self.bearer,
            &self.session,
            &self.organization,
            &self.on_behalf_of,
        ] {
            match part {
                Some(part) => {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
                None => hash.update(u64::MAX.to_be_bytes()),
            }
        }
        hash.finalize().into()
    }
}

/// The key in `Bearer <key>`.
fn bearer(authorization: &str) -> Result<String, HttpRefusal> {
    match authorization.trim().split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty() => {
            Ok(key.trim().to_owned())
        }
        _ => Err(HttpRefusal::request(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The Authorization header must read `Bearer <API key>`.",
        )),
    }
}
