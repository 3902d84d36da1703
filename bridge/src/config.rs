//! What the bridge must be told.

use secrecy::SecretString;
use tocsin_seal::Sealer;
use tocsin_slack_client::{oauth::ClientConfig, socket::SocketConfig};
use url::Url;

/// What the bridge must be told. The caller has already merged and checked flags, environment and file.
#[derive(Clone, Debug)]
pub struct BridgeConfig {
    /// `TOCSIN_API_URL`: the base of the API; GraphQL is at `/graphql` below it.
    pub api_url: Url,
    /// `TOCSIN_BRIDGE_TOKEN`: as whom the bridge reaches the API.
    pub bridge_token: SecretString,
    /// `TOCSIN_PUBLIC_URL`: the base of incident URLs, by which pasted links are recognised.
    pub public_url: Url,
    /// The Slack app.
    pub slack: SlackConfig,
    /// `TOCSIN_SECRET_KEY`: opens the tokens of workspaces that administrators have connected. Without it none of these works.
    pub sealer: Option<Sealer>,
    /// A name for this process in claims and logs; each start makes it unique by itself.
    pub instance: String,
}

/// The Slack app of the server's configuration.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// `SLACK_API_URL`: the base of the Web API, `https://slack.com/api`.
    pub api_url: Url,
    /// `SLACK_BOT_TOKEN`: `xoxb-…`, of the one workspace that serves every organisation; none where all are connected by OAuth.
    pub bot_token: Option<SecretString>,
    /// `SLACK_CLIENT_ID` and `SLACK_CLIENT_SECRET`: without them nobody can install the app by OAuth.
    pub client: Option<ClientConfig>,
    /// `SLACK_SIGNING_SECRET`: one, or two while the secret is being changed.
    pub signing_secrets: Vec<SecretString>,
    /// Socket Mode, where Slack can't reach the bridge's endpoints.
    pub socket: Option<SocketConfig>,
    /// How fast Slack may be called.
    pub pace: Pace,
}

/// How fast Slack may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As Slack documents it.
    #[default]
    Documented,
    /// Without any limit of our own; `Retry-After` is honoured all the same. For simulated workspaces.
    Unlimited,
    /// Strictly so many posts a second in each channel, without a burst; all else as documented.
    PostsPerSecond(f64),
}
