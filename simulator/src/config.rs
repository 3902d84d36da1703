//! How the workspace is furnished and where its requests go.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use crate::limits::CallLimits;

/// The bot token of a simulator that was not given another one.
pub const DEFAULT_BOT_TOKEN: &str = "xoxb-simulated-bot-token";

/// The signing secret of a simulator that was not given another one.
pub const DEFAULT_SIGNING_SECRET: &str = "simulated-signing-secret";

/// The client id of a simulated app that was not given another one.
pub const DEFAULT_CLIENT_ID: &str = "1111111111.2222222222";

/// The client secret of a simulated app that was not given another one.
pub const DEFAULT_CLIENT_SECRET: &str = "simulated-client-secret";

/// Every bot scope that some method or event of the simulator asks for.
pub const ALL_SCOPES: &[&str] = &[
    "app_mentions:read",
    "bookmarks:write",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "chat:write.public",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "mpim:history",
    "mpim:read",
    "pins:read",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

/// A person who belongs to the workspace from the start.
#[derive(Debug, Clone)]
pub struct PersonSeed {
    /// Handle in lower case, as in `@alice`.
    pub name: String,
    /// Name shown beside messages.
    pub real_name: String,
    /// Without one, the person cannot be found by e-mail, as with a Slack Connect guest.
    pub email: Option<String>,
    /// Workspace administrator.
    pub is_admin: bool,
}

impl PersonSeed {
    /// A person with an address.
    pub fn new(name: &str, real_name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: Some(email.to_owned()),
            is_admin: false,
        }
    }
}

/// A channel that exists from the start.
#[derive(Debug, Clone)]
pub struct ChannelSeed {
    /// Name without `#`.
    pub name: String,
    /// Seen by its members only.
    pub is_private: bool,
    /// Whether the app's bot user is a member.
    pub bot_is_member: bool,
    /// Nobody can post there.
    pub is_archived: bool,
    /// Handles of the members; everybody when `None`.
    pub members: Option<Vec<String>>,
}

impl ChannelSeed {
    /// A public channel that everybody but the bot is in.
    pub fn public(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_private: false,
            bot_is_member: false,
            is_archived: false,
            members: None,
        }
    }

    /// A private channel of these people.
    pub fn private(name: &str, members: &[&str]) -> Self {
        Self {
            is_private: true,
            members: Some(members.iter().map(|&m| m.to_owned()).collect()),
            ..Self::public(name)
        }
    }

    /// The same channel, with the bot in it.
    #[must_use]
    pub fn with_bot(self) -> Self {
        Self {
            bot_is_member: true,
            ..self
        }
    }

    /// The same channel, archived.
    #[must_use]
    pub fn archived(self) -> Self {
        Self {
            is_archived: true,
            ..self
        }
    }
}

/// A custom function of the app, as its manifest declares it.
#[derive(Debug, Clone)]
pub struct FunctionSeed {
    /// By which it is known.
    pub callback_id: String,
    /// What it takes.
    pub inputs: Vec<FunctionParameter>,
    /// What it gives.
    pub outputs: Vec<FunctionParameter>,
}

/// An input or an output of a function.
#[derive(Debug, Clone)]
pub struct FunctionParameter {
    /// Its name.
    pub name: String,
    /// `string`, `number`, `integer`, `boolean`, or one of Slack's own, such as `slack#/types/user_id`.
    pub kind: String,
    /// Whether it must be given.
    pub is_required: bool,
}

impl FunctionParameter {
    /// One that must be given.
    pub fn required(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            is_required: true,
        }
    }

    /// One that may be left out.
    pub fn optional(name: &str, kind: &str) -> Self {
        Self {
            is_required: false,
            ..Self::required(name, kind)
        }
    }
}

/// A user group.
#[derive(Debug, Clone)]
pub struct GroupSeed {
    /// As in `@sre`.
    pub handle: String,
    /// What it is called.
    pub name: String,
}

/// A file that somebody posts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSeed {
    /// With its ending.
    pub name: String,
    /// For example `image/png`.
    pub mimetype: String,
    /// In bytes.
    pub size: u64,
}

/// The whole configuration. [`Default`] gives the workspace "Tocsin Demo".
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct SimulatorConfig {
    /// Where the Web API, the page and the control endpoints are served. Default: a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// Key of the signature on outgoing requests. Default: [`DEFAULT_SIGNING_SECRET`].
    pub signing_secret: String,
    /// Who the app is when people are asked to install it. Default: [`DEFAULT_CLIENT_ID`].
    pub client_id: String,
    /// What the app proves that with. Default: [`DEFAULT_CLIENT_SECRET`].
    pub client_secret: String,
    /// Where people may be sent back to after they were asked: these addresses and what is below them. Empty, the default: anywhere over
    /// HTTPS, or on this machine.
    pub redirect_urls: Vec<Url>,
    /// Whether tokens that come of OAuth expire and are refreshed. The real Slack lets nobody switch that off again.
    pub token_rotation: bool,
    /// How long a rotating access token lives. Slack: 12 hours.
    pub token_lives: Duration,
    /// How long a refresh token that was used is taken once more. Slack says "a short while".
    pub refresh_grace: Duration,
    /// How long a code of OAuth lives. Slack: 10 minutes.
    pub code_lives: Duration,
    /// Whether the app is installed from the start, by [`SimulatorConfig::bot_token`]. Default: it is. Otherwise somebody installs it by OAuth.
    pub installed: bool,
    /// The token that the Web API accepts from the start. Default: [`DEFAULT_BOT_TOKEN`].
    pub bot_token: String,
    /// What `apps.connections.open` asks for in Socket Mode.
    pub app_token: String,
    /// Scopes granted to the app that is installed from the start. Default: [`ALL_SCOPES`].
    pub scopes: Vec<String>,
    /// Where events are sent. Unset: events are dropped, as for an app without event subscriptions.
    pub events_url: Option<Url>,
    /// Where block actions are sent.
    pub interactions_url: Option<Url>,
    /// Where slash commands are sent.
    pub commands_url: Option<Url>,
    /// Domains registered for link previews; a subdomain counts too. `host:port` limits one to a port.
    pub unfurl_domains: Vec<String>,
    /// Rate limits. Default: [`CallLimits::documented`].
    pub limits: CallLimits,
    /// Kept up to date and read again at start, so that a workspace survives a restart.
    pub state_file: Option<PathBuf>,
    /// Name of the workspace.
    pub team_name: String,
    /// The people. Ignored when a state file is loaded.
    pub people: Vec<PersonSeed>,
    /// The channels. Ignored when a state file is loaded.
    pub channels: Vec<ChannelSeed>,
    /// The app's custom functions.
    pub functions: Vec<FunctionSeed>,
    /// The user groups. Ignored when a state file is loaded.
    pub groups: Vec<GroupSeed>,
    /// How many Web API calls, and how many deliveries, are remembered.
    pub remember: usize,
    /// How long the app has to answer a request. Slack: 3 s.
    pub answer_timeout: Duration,
    /// How long a dialog may be opened after what a person did. Slack: 3 s.
    pub trigger_lives: Duration,
    /// Pauses before each redelivery of an event. Slack: nearly at once, 1 minute, 5 minutes.
    pub retry_delays: Vec<Duration>,
    /// Pause between the pings down a WebSocket. Default: 10 s.
    pub ping_every: Duration,
    /// Send every event twice under one `event_id`, as happens when an answer is lost on the way.
    pub duplicate_events: bool,
    /// Swap neighbouring events: Slack promises no order.
    pub reorder: bool,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            signing_secret: DEFAULT_SIGNING_SECRET.to_owned(),
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            client_secret: DEFAULT_CLIENT_SECRET.to_owned(),
            redirect_urls: Vec::new(),
            token_rotation: false,
            token_lives: Duration::from_secs(43_200),
            refresh_grace: Duration::from_secs(5),
            code_lives: Duration::from_secs(600),
            installed: true,
            bot_token: DEFAULT_BOT_TOKEN.to_owned(),
            scopes: ALL_SCOPES.iter().map(|&s| s.to_owned()).collect(),
            app_token: "xapp-1-A0TOCSIN-1-simulated".to_owned(),
            events_url: None,
            interactions_url: None,
            commands_url: None,
            unfurl_domains: Vec::new(),
            limits: CallLimits::documented(),
            state_file: None,
            team_name: "Tocsin Demo".to_owned(),
            people: vec![
                PersonSeed {
                    is_admin: true,
                    ..PersonSeed::new("alice", "Alice Archer", "alice@example.com")
                },
                PersonSeed::new("bob", "Bob Baker", "bob@example.com"),
                PersonSeed::new("carol", "Carol Chen", "carol@example.com"),
                PersonSeed {
                    email: None,
                    ..PersonSeed::new("guest", "Gus Guest", "")
                },
            ],
            channels: vec![
                ChannelSeed::public("incidents").with_bot(),
                ChannelSeed::public("general"),
                ChannelSeed::private("secret", &["alice", "bob"]),
            ],
            functions: vec![trigger_incident()],
            groups: vec![GroupSeed {
                handle: "sre".to_owned(),
                name: "Site reliability".to_owned(),
            }],
            remember: 10_000,
            answer_timeout: Duration::from_secs(3),
            trigger_lives: Duration::from_secs(3),
            retry_delays: vec![
                Duration::from_millis(200),
                Duration::from_secs(60),
                Duration::from_secs(300),
            ],
            ping_every: Duration::from_secs(10),
            duplicate_events: false,
            reorder: false,
        }
    }
}

/// The step *Trigger incident*, as Tocsin's manifest declares it.
fn trigger_incident() -> FunctionSeed {
    let optional = ["description", "service", "urgency", "severity", "assignee"];
    let mut inputs = vec![FunctionParameter::required("title", "string")];
    inputs.extend(optional.map(|name| FunctionParameter::optional(name, "string")));
    inputs.push(FunctionParameter::optional("reporter", "slack#/types/user_id"));
    FunctionSeed {
        callback_id: "trigger_incident".to_owned(),
        inputs,
        outputs: vec![
            FunctionParameter::required("incident_number", "integer"),
            FunctionParameter::required("incident_title", "string"),
            FunctionParameter::required("incident_url", "string"),
        ],
    }
}
