//! The API and the key that a command uses.

use std::{fs, path::PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use secrecy::SecretString;
use tocsin_client::{ApiCaller, ApiClient, ApiError, ChangeError};
use url::{Host, Url};
use uuid::Uuid;

use super::output::Output;
use crate::{
    config::{GivenSettings, Settings},
    terminal::Terminal,
};

/// The variable of the environment that holds the key.
const KEY: &str = "TOCSIN_KEY";

/// How a command reaches the API, and how it prints what comes of it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The API (its address: --api-url)")]
pub(crate) struct ApiArguments {
    #[arg(
        help = "A file that holds an API key with the scope admin; TOCSIN_KEY where not given",
        long,
        value_name = "FILE"
    )]
    key_file: Option<PathBuf>,
    /// Print JSON, in the shape of the GraphQL schema
    #[arg(long)]
    pub(crate) json: bool,
}

impl ApiArguments {
    /// The key, where one is given.
    pub(super) fn find_key(&self, given: &GivenSettings) -> anyhow::Result<Option<SecretString>> {
        let key = match &self.key_file {
            Some(file) => fs::read_to_string(file)
                .with_context(|| format!("the key file {} cannot be read", file.display()))?,
            None => given
                .environment
                .iter()
                .find(|(name, _)| name == KEY)
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
        };
        let key = key.trim();
        Ok((!key.is_empty()).then(|| key.into()))
    }
}

/// The API, as a command knows it.
pub(super) struct Connection {
    /// Asks it.
    pub(super) api: ApiClient,
    /// Prints what it answers.
    pub(super) output: Output,
    url: Url,
}

impl Connection {
    /// Gets ready; nothing is asked yet.
    pub(super) fn open(
        arguments: &ApiArguments,
        given: &GivenSettings,
        settings: &Settings,
        terminal: Terminal,
    ) -> anyhow::Result<Self> {
        let Some(key) = arguments.find_key(given)? else {
            bail!(
                "this command needs an API key with the scope admin: put one into {KEY}, or name a file with --key-file. \
                 On the server's machine, `tocsin key create NAME --scopes admin` makes one"
            );
        };
        let url = settings.api_url();
        let caller = ApiCaller {
            user_agent: concat!("tocsin/", env!("CARGO_PKG_VERSION")),
            credential: "the API key",
            requests_metric: None,
            uses_proxy: !is_this_machine(&url),
        };
        Ok(Self {
            api: ApiClient::new(&url, key, caller).context("no client of the API could be made")?,
            output: Output::new(terminal, arguments.json),
            url,
        })
    }

    /// What to say of a request that failed.
    pub(super) fn read_error(&self, error: ApiError) -> anyhow::Error {
        match error {
            ApiError::Unreachable(cause) => anyhow!(
                "no Tocsin answers at {}: start it with `tocsin up`, or give its address with --api-url ({})",
                self.url,
                innermost(&cause)
            ),
            ApiError::Unauthorized { .. } => anyhow!(
                "{} does not accept the API key: use one that belongs to this server and is neither revoked nor expired",
                self.url
            ),
            ApiError::Refused { code, message } => match code {
                Some(code) => anyhow!("{message} ({code})"),
                None => anyhow!(message),
            },
            ApiError::Unavailable { status, .. } => anyhow!(
                "{} can't answer just now (HTTP {status}): try again in a moment",
                self.url
            ),
            ApiError::Malformed(_) | ApiError::InvalidId(_) => anyhow!(
                "what answers at {} is not this version of Tocsin: {error}",
                self.url
            ),
        }
    }

    /// What to say of a change that was not made.
    pub(super) fn change_error(&self, error: ChangeError) -> anyhow::Error {
        match error {
            ChangeError::Api(error) => self.read_error(error),
            ChangeError::Refused { code, message, .. } => anyhow!("{message} ({code})"),
            ChangeError::Empty(_) => anyhow!("{error}"),
        }
    }
}

/// A key under which a change is made once, however often its request is sent.
pub(super) fn idempotency_key() -> String {
    format!("tocsin-{}", Uuid::now_v7())
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
