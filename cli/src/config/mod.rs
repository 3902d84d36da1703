//! The configuration: flags before environment before `tocsin.toml`, checked as a whole, every fault named at once.

mod oidc;
mod parse;
pub(crate) mod reader;
mod source;
pub(crate) mod specs;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use secrecy::SecretString;
use tocsin_api::{Introspection, OidcSettings};
use tocsin_bridge::Pace;
use tocsin_seal::Sealer;
use url::Url;

pub(crate) use parse::{channel as parse_channel, web as parse_web};
use reader::{ConfigFaults, EffectiveSetting, Reader};
pub(crate) use source::GivenSettings;

use crate::logging::{self, LogFormat};

/// Everything that may be configured, checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The database.
    pub(crate) database: DatabaseSettings,
    /// Redis; unset for the embedded queue.
    pub(crate) redis_url: Option<SecretString>,
    /// Where the API listens.
    pub(crate) listen: SocketAddr,
    /// Where a separate bridge listens.
    pub(crate) bridge_listen: SocketAddr,
    /// Where the simulated Slack listens.
    pub(crate) simulator_listen: SocketAddr,
    /// How many HTTP connections may be open at a time.
    pub(crate) http_connections: usize,
    /// Whether `tocsin up` brings a simulated Slack workspace.
    pub(crate) simulator: SimulatorSettings,
    /// The base of incident URLs, where it was given.
    pub(crate) public_url: Option<Url>,
    /// Where a separate bridge finds the API, where it was given.
    pub(crate) api_url: Option<Url>,
    /// As whom the bridge reaches the API.
    pub(crate) bridge_token: Option<SecretString>,
    /// The first organisation's admin key, where it was chosen.
    pub(crate) admin_key: Option<SecretString>,
    /// Seals secrets at rest, where a key was given.
    pub(crate) sealer: Option<Sealer>,
    /// Who may ask GraphQL about its schema.
    pub(crate) introspection: Introspection,
    /// The proxies that are believed whose request they pass on.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// What is logged, where it was said.
    pub(crate) log: Option<String>,
    /// How it is logged, where it was said.
    pub(crate) log_format: Option<LogFormat>,
    /// The Slack app.
    pub(crate) slack: SlackAppSettings,
    /// The OpenID issuer with which people sign in, where there is one.
    pub(crate) oidc: Option<OidcSettings>,
}

/// The database.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseSettings {
    /// `sqlite://…` or `postgres://…`. May hold a password.
    url: SecretString,
    /// How many connections are kept.
    pub(crate) connections: u32,
}

/// The Slack app.
#[derive(Debug, Clone)]
pub(crate) struct SlackAppSettings {
    /// The bot token; without it there is no real Slack.
    pub(crate) bot_token: Option<SecretString>,
    /// By which Slack's requests are known to be Slack's.
    pub(crate) signing_secrets: Vec<SecretString>,
    /// Which Slack app people install by OAuth.
    pub(crate) client_id: Option<String>,
    /// The secret to it.
    pub(crate) client_secret: Option<SecretString>,
    /// For Socket Mode.
    pub(crate) app_token: Option<SecretString>,
    /// How many connections each process keeps in Socket Mode.
    pub(crate) sockets: u8,
    /// The first organisation's channel.
    pub(crate) channel: String,
    /// The base of the Web API.
    pub(crate) api_url: Url,
    /// How fast it may be called.
    pub(crate) pace: Pace,
}

/// Whether `tocsin up` brings a simulated Slack workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SimulatorSettings {
    /// Where nothing of Slack is configured, and no organisation has an app or a workspace of its own.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// The outcome of reading the configuration: what is in force, for show, beside what can be worked with.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// What is in force, masked.
    pub(crate) in_force: Vec<EffectiveSetting>,
    /// The settings, or everything that is wrong with them.
    pub(crate) settings: Result<Settings, ConfigFaults>,
}

impl Settings {
    /// Reads the configuration.
    pub(crate) fn read(given: &GivenSettings) -> Configuration {
        let mut reader = Reader::new(given);
        let settings = Self::from_reader(&mut reader);
        let (in_force, faults) = reader.finish();
        let settings = match settings {
            Some(settings) if faults.is_empty() => Ok(settings),
            Some(_) | None => Err(ConfigFaults(faults)),
        };
        Configuration { in_force, settings }
    }

    /// Reads everything before it gives up, so that every fault is found.
    fn from_reader(reader: &mut Reader) -> Option<Self> {
        let database_url = reader.required(&specs::DATABASE_URL, parse::database);
        let connections = reader.required(&specs::DATABASE_CONNECTIONS, parse::connections);
        let redis_url = reader.optional(&specs::REDIS_URL, parse::redis);
        let listen = reader.required(&specs::LISTEN, parse::listen);
        let bridge_listen = reader.required(&specs::BRIDGE_LISTEN, parse::listen);
        let simulator_listen = reader.required(&specs::SIMULATOR_LISTEN, parse::listen);
        let http_connections = reader.required(&specs::HTTP_CONNECTIONS, parse::http_connections);
        let simulator = reader.required(&specs::SIMULATOR, parse::simulator);
        let public_url = reader.optional(&specs::PUBLIC_URL, parse::web);
        let api_url = reader.optional(&specs::API_URL, parse::web);
        let bridge_token = reader.optional(&specs::BRIDGE_TOKEN, parse::shared_token);
        let admin_key = reader.optional(&specs::ADMIN_KEY, parse::admin_key);
        let sealer = reader.optional(&specs::SECRET_KEY, parse::secret_keys);
        let introspection = reader.required(&specs::INTROSPECTION, parse::introspection);
        let trusted_proxies = reader.optional(&specs::TRUSTED_PROXIES, parse::networks);
        let log = reader.optional(&specs::LOG, logging::parse_filter);
        let log_format = reader.optional(&specs::LOG_FORMAT, logging::parse_format);
        let slack = SlackAppSettings::from_reader(reader);
        let oidc = oidc::read(reader);
        if oidc.is_some()
            && sealer.is_none()
            && database_url
                .as_deref()
                .is_some_and(|url| !url.starts_with("sqlite"))
        {
            reader.fault(
                "TOCSIN_OIDC_ISSUER is set and TOCSIN_SECRET_KEY is not, which every replica needs to know whom it has sent to the issuer; make one \
                 with: openssl rand -base64 32"
                    .to_owned(),
            );
        }
        if simulator == Some(SimulatorSettings::On)
            && slack.as_ref().is_some_and(SlackAppSettings::is_configured)
        {
            reader.fault(
                "TOCSIN_SIMULATOR is on and a Slack app is configured: set it to auto or off, or unset SLACK_BOT_TOKEN, SLACK_CLIENT_ID, \
                 SLACK_SIGNING_SECRET and SLACK_API_URL"
                    .to_owned(),
            );
        }
        Some(Self {
            database: DatabaseSettings {
                url: database_url?.into(),
                connections: connections?,
            },
            redis_url,
            listen: listen?,
            bridge_listen: bridge_listen?,
            simulator_listen: simulator_listen?,
            http_connections: http_connections?,
            simulator: simulator?,
            public_url,
            api_url,
            bridge_token,
            admin_key,
            sealer,
            introspection: introspection?,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            log,
            log_format,
            slack: slack?,
            oidc,
        })
    }

    /// The base of incident URLs, for an API that listens on `bound`.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| local_url(bound))
    }

    /// Where a separate bridge finds the API.
    pub(crate) fn api_url(&self) -> Url {
        self.api_url.clone().unwrap_or_else(|| local_url(self.listen))
    }
}

impl SlackAppSettings {
    /// Whether anything says which Slack is meant. An app-level token alone does not: it puts a simulated workspace into Socket Mode.
    pub(crate) fn is_configured(&self) -> bool {
        self.bot_token.is_some()
            || self.client_id.is_some()
            || !self.signing_secrets.is_empty()
            || self.api_url.as_str().trim_end_matches('/') != specs::SLACK_API_URL.default
    }

    fn from_reader(reader: &mut Reader) -> Option<Self> {
        let bot_token = reader.optional(&specs::SLACK_BOT_TOKEN, parse::bot_token);
        let signing_secrets = reader.optional(&specs::SLACK_SIGNING_SECRET, parse::signing_secrets);
        let channel = reader.required(&specs::SLACK_CHANNEL, parse::channel);
        let api_url = reader.required(&specs::SLACK_API_URL, parse::web);
        let pace = reader.required(&specs::SLACK_PACE, parse::pace);
        let client_id = reader.optional(&specs::SLACK_CLIENT_ID, parse::client_id);
        let client_secret = reader.optional(&specs::SLACK_CLIENT_SECRET, parse::client_secret);
        let app_token = reader.optional(&specs::SLACK_APP_TOKEN, parse::app_token);
        let sockets = reader.required(&specs::SLACK_SOCKETS, parse::sockets);
        let which = match (&bot_token, &client_id) {
            (Some(_), _) => Some(specs::SLACK_BOT_TOKEN.variable),
            (None, Some(_)) => Some(specs::SLACK_CLIENT_ID.variable),
            (None, None) => None,
        };
        if let Some(which) = which
            && signing_secrets.is_none()
            && app_token.is_none()
        {
            reader.fault(format!(
                "{which} is set and SLACK_SIGNING_SECRET is not, so Slack's requests could not be verified; \
                 copy the signing secret from the Slack app's page Basic Information, or use Socket Mode: copy an \
                 app-level token from there to SLACK_APP_TOKEN"
            ));
        }
        if let Some((set, unset)) = one_alone(client_id.is_some(), client_secret.is_some()) {
            reader.fault(format!(
                "{set} is set and {unset} is not: copy both from the Slack app's page Basic Information, or set neither"
            ));
        }
        Some(Self {
            bot_token,
            signing_secrets: signing_secrets.unwrap_or_default(),
            client_id,
            client_secret,
            app_token,
            sockets: sockets?,
            channel: channel?,
            api_url: api_url?,
            pace: pace?,
        })
    }
}

/// Which of the app's client id and secret is set, and which is not, where they are not alike.
fn one_alone(id: bool, secret: bool) -> Option<(&'static str, &'static str)> {
    let (id_variable, secret_variable) = (
        specs::SLACK_CLIENT_ID.variable,
        specs::SLACK_CLIENT_SECRET.variable,
    );
    match (id, secret) {
        (true, false) => Some((id_variable, secret_variable)),
        (false, true) => Some((secret_variable, id_variable)),
        (true, true) | (false, false) => None,
    }
}

impl DatabaseSettings {
    /// The address, password and all.
    pub(crate) fn url(&self) -> &str {
        secrecy::ExposeSecret::expose_secret(&self.url)
    }

    /// The address as it may be shown.
    pub(crate) fn shown(&self) -> String {
        reader::masked(specs::SettingVisibility::WithoutPassword, self.url())
    }

    /// The SQLite file, where it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        let rest = self.url().strip_prefix("sqlite:")?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        Some(Path::new(path.split('?').next().unwrap_or(path)))
    }

    /// A file beside the SQLite file, named after it: `tocsin.db` and `queue.db` give `tocsin-queue.db`. With PostgreSQL it is
    /// in the working directory.
    pub(crate) fn beside(&self, what: &str) -> PathBuf {
        let file = self.file().unwrap_or(Path::new("tocsin.db"));
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        file.with_file_name(format!("{stem}-{what}"))
    }

    /// A throw-away database file.
    pub(crate) fn at(file: &Path) -> Self {
        Self {
            url: format!("sqlite://{}", file.display()).into(),
            connections: 8,
        }
    }
}

/// The address at which this machine reaches who listens on `bound`.
pub(crate) fn local_url(bound: SocketAddr) -> Url {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    let text = format!("http://{}", SocketAddr::new(ip, bound.port()));
    #[expect(clippy::expect_used, reason = "an address and a port always make a URL")]
    Url::parse(&text).expect("an address and a port make a URL")
}
