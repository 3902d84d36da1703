//! The command line.

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue},
};

use crate::{
    administration::{ApiArguments, ConnectorCommand, SlackCommand, UserCommand},
    config::{
        self, GivenSettings,
        specs::{self, SettingSpec},
    },
    manifest::ManifestArguments,
};

/// Self-hosted incident management that lives in Slack and in GraphQL alike.
#[derive(Debug, Parser)]
#[command(
    name = "tocsin",
    version,
    about,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<CliCommand>,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

impl Arguments {
    /// Reads the command line; where it is wrong, says so and ends the process.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| without_secrets(error).exit())
    }
}

/// The error without what may be a secret: a complaint is copied more readily than a command line.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    for kind in [
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
    ] {
        if let Some(ContextValue::String(text)) = error.get(kind) {
            let shown = config::reader::masked(specs::SettingVisibility::Whole, text);
            if shown != *text {
                error.insert(kind, ContextValue::String(shown));
                // Advice repeats it.
                error.remove(ContextKind::Suggested);
            }
        }
    }
    error
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Run everything in one process; what `tocsin` alone does
    Up,
    /// Play a scenario on a throw-away database, and tell what happens
    Demo {
        /// Leave it running afterwards
        #[arg(long)]
        keep: bool,
    },
    /// Run the GraphQL API
    Api,
    /// Run the Slack bridge
    Bridge,
    /// Run the simulated Slack workspace alone
    Simulator {
        /// Where it sends events and interactions: the base of a bridge
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
        callbacks: url::Url,
    },
    /// Bring the database to the schema of this version
    Migrate,
    /// Write the whole database into a file, while Tocsin runs
    Backup {
        /// Where to
        file: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        overwrite: bool,
    },
    /// Make the database anew from a backup; stop Tocsin first
    Restore {
        /// The backup, of SQLite or of PostgreSQL
        file: PathBuf,
        /// Put it in the place of a database that is not empty, which is kept beside it
        #[arg(long)]
        replace: bool,
    },
    /// Print the GraphQL schema
    Schema {
        /// With what the Slack bridge alone is shown
        #[arg(long)]
        bridge: bool,
    },
    /// Print the manifest of a Slack app
    Manifest(ManifestArguments),
    /// Show the configuration in force, and check that it works
    Doctor,
    /// Organisations
    #[command(subcommand)]
    Org(OrgCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Members
    #[command(subcommand)]
    User(UserCommand),
    /// Slack workspaces
    #[command(subcommand)]
    Slack(SlackCommand),
    /// Connectors: the Slack channels that incidents go to
    #[command(subcommand)]
    Connector(ConnectorCommand),
    /// Print a link by which a member signs in, once, within five minutes
    LoginLink(LoginLinkArguments),
}

/// Whom a link is to sign in.
#[derive(Debug, Args)]
pub(crate) struct LoginLinkArguments {
    /// The member's e-mail address
    #[arg(required_unless_present = "first_owner", conflicts_with = "first_owner")]
    pub(crate) email: Option<String>,
    /// The organisation, by its slug or id; may be left out where there is one
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// Whoever opens the link within 24 hours becomes the organisation's owner, while it has none
    #[arg(long)]
    pub(crate) first_owner: bool,
}

/// What to do with organisations.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Create an organisation, and print its admin key
    Create {
        /// What people call it
        name: String,
        /// Where in Slack its incidents go: #name or an id; the default channel where not given
        #[arg(long, value_parser = crate::config::parse_channel)]
        channel: Option<String>,
    },
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    #[command(
        about = "Create a key, and print it: through the API where TOCSIN_KEY or --key-file holds one, otherwise in the database"
    )]
    Create(CreateKeyArguments),
}

/// The key to be created.
#[derive(Debug, Args)]
pub(crate) struct CreateKeyArguments {
    /// What people call it
    pub(crate) name: String,
    /// The member it acts as, by their e-mail address; a key of the organisation itself where not given
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: Option<String>,
    /// In the database: the organisation, by its slug or id; may be left out where there is one
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// What it may do
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [KeyScope::Read, KeyScope::Write])]
    pub(crate) scopes: Vec<KeyScope>,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyScope {
    /// Trigger incidents, and nothing else
    #[value(name = "incidents:trigger")]
    IncidentsTrigger,
    /// Read
    Read,
    /// Read and change incidents
    Write,
    /// Everything
    Admin,
}

/// Settings given as flags. Secrets have none: arguments can be read by every process of the machine.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration (also by environment and tocsin.toml)")]
pub(crate) struct Overrides {
    /// The configuration file, instead of tocsin.toml in this directory
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(
        help = "The database: sqlite://FILE or postgres://…",
        long,
        global = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
    /// Redis, instead of the embedded queue
    #[arg(long, global = true, value_name = "URL")]
    redis_url: Option<String>,
    /// Where the API listens
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where a separate bridge listens
    #[arg(long, global = true, value_name = "ADDRESS")]
    bridge_listen: Option<String>,
    /// Where the simulated Slack listens
    #[arg(long, global = true, value_name = "ADDRESS")]
    simulator_listen: Option<String>,
    /// The base of incident URLs
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Where a separate bridge finds the API
    #[arg(long, global = true, value_name = "URL")]
    api_url: Option<String>,
    /// What is logged: a level, or levels by module
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How it is logged: pretty or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Overrides {
    /// Together with the environment: everything the process was given.
    pub(crate) fn given(self) -> GivenSettings {
        let flags: [(&'static SettingSpec, Option<String>); 9] = [
            (&specs::DATABASE_URL, self.database_url),
            (&specs::REDIS_URL, self.redis_url),
            (&specs::LISTEN, self.listen),
            (&specs::BRIDGE_LISTEN, self.bridge_listen),
            (&specs::SIMULATOR_LISTEN, self.simulator_listen),
            (&specs::PUBLIC_URL, self.public_url),
            (&specs::API_URL, self.api_url),
            (&specs::LOG, self.log),
            (&specs::LOG_FORMAT, self.log_format),
        ];
        GivenSettings {
            file: self.config,
            environment: GivenSettings::environment(),
            flags: flags
                .into_iter()
                .filter_map(|(known, value)| Some((known, value?)))
                .collect(),
        }
    }
}
