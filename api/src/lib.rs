//! Tocsin's API: the faces of the domain, by GraphQL and over HTTP.
//!
//! A request enters by `http`, is given a `Viewer`, and is answered by `graphql`, whose resolvers call the domain.

// The futures of the domain's use cases are nested deeper than the compiler looks by default.
#![recursion_limit = "256"]

mod graphql;
mod http;

use std::{ops::Deref, sync::Arc};

use ipnet::IpNet;
use secrecy::SecretString;
use tocsin_database::Database;
use tocsin_domain::{Domain, DomainConfig};
use tocsin_oidc::{OidcError, OidcProvider};
use tocsin_queue::Queue;
use tocsin_seal::Sealer;
use tocsin_slack_app::public_url::below;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use self::{
    graphql::{Schema, bridge_sdl, sdl},
    http::Introspection,
};
pub use tocsin_domain::{
    DomainStartError, SlackAppConfig, bootstrap, clock_ahead_of,
    connector::connectors_held_back,
    restore,
    sign_in::{GroupRoles, IssuerPolicy},
};
pub use tocsin_oidc::OidcConfig;

/// What the API must be told.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// `TOCSIN_PUBLIC_URL`: the base of incident URLs.
    pub public_url: Url,
    /// `TOCSIN_BRIDGE_TOKEN`: what the Slack bridge shows. Without it no bridge is let in.
    pub bridge_token: Option<SecretString>,
    /// `TOCSIN_SECRET_KEY`: seals what Slack apps are known by. Without it no Slack workspace can be connected.
    pub sealer: Option<Sealer>,
    /// The Slack app of the server's configuration.
    pub slack: SlackAppConfig,
    /// `TOCSIN_OIDC_ISSUER` and what belongs to it: the issuer with which people sign in. Default: none.
    pub oidc: Option<OidcSettings>,
    /// `TOCSIN_INTROSPECTION`: who may ask about the schema itself. Default: whoever shows a key.
    pub introspection: Introspection,
    /// `TOCSIN_TRUSTED_PROXIES`: the proxies that are believed whose request they pass on. Default: none.
    pub trusted_proxies: Vec<IpNet>,
}

/// The OpenID issuer with which people sign in.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The issuer, and this server's client there.
    pub provider: OidcConfig,
    /// What people read on the button.
    pub name: String,
    /// What its word counts for.
    pub policy: IssuerPolicy,
}

/// Why the API could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ApiStartError {
    /// The domain could not.
    #[error(transparent)]
    Domain(#[from] DomainStartError),
    /// The issuer could never be asked.
    #[error("{} ({})", .0, .0.detail())]
    Oidc(#[from] OidcError),
}

/// The issuer, ready to be asked.
#[derive(Debug)]
struct OidcSignIn {
    provider: OidcProvider,
    name: String,
    policy: IssuerPolicy,
}

impl OidcSignIn {
    fn new(settings: OidcSettings) -> Result<Self, OidcError> {
        let OidcSettings {
            provider,
            name,
            policy,
        } = settings;
        Ok(Self {
            provider: OidcProvider::new(provider)?,
            name,
            policy,
        })
    }
}

/// Where an OpenID issuer is to send people back to: this is registered there.
pub fn oidc_redirect_uri(public_url: &Url) -> String {
    below(public_url.as_str(), http::OIDC_CALLBACK)
}

/// The API, started. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    domain: Arc<Domain>,
    schema: Schema,
    introspection: Introspection,
    trusted_proxies: Vec<IpNet>,
    oidc: Option<Arc<OidcSignIn>>,
    /// Cancelled when the process is to end.
    closing: CancellationToken,
}

impl Deref for Api {
    type Target = Domain;

    fn deref(&self) -> &Domain {
        &self.domain
    }
}

impl Api {
    /// Starts the API over an open, migrated database, and asks it what time it is.
    ///
    /// # Errors
    /// [`ApiStartError`], where `redis_url` can't be read. That Redis or the OpenID issuer is down at the moment is no error.
    pub async fn new(
        config: ApiConfig,
        database: Database,
        queue: Queue,
        redis_url: Option<String>,
    ) -> Result<Self, ApiStartError> {
        let ApiConfig {
            public_url,
            bridge_token,
            sealer,
            slack,
            oidc,
            introspection,
            trusted_proxies,
        } = config;
        let config = DomainConfig {
            public_url,
            bridge_token,
            sealer,
            slack,
        };
        let oidc = oidc.map(OidcSignIn::new).transpose()?;
        let domain = Domain::start(config, database, queue, redis_url.as_deref()).await?;
        let schema = graphql::build(&domain, introspection);
        Ok(Self {
            domain,
            schema,
            introspection,
            trusted_proxies,
            oidc: oidc.map(Arc::new),
            closing: CancellationToken::new(),
        })
    }

    /// The schema, to execute requests on.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Everything that is served over HTTP. Sockets say goodbye once [`Api::run`] is told to end.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone(), self.closing.clone())
    }

    /// Runs what the domain does by itself, until `shutdown`; then sockets say goodbye.
    pub async fn run(&self, shutdown: CancellationToken) {
        tokio::join!(self.domain.run(shutdown.clone()), async {
            shutdown.cancelled().await;
            self.closing.cancel();
        });
    }
}
