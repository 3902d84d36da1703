//! What the features of the bridge share: the services that they are handed by [`crate::bridge`].

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::id::SlackAppId;
use tocsin_queue::Queue;
use tocsin_slack_client::{Http, oauth::ClientConfig};

use crate::{
    acting::Acting,
    config::BridgeConfig,
    connector::Connectors,
    identity::IdentityService,
    request,
    restore_watch::RestoreWatch,
    rich_text::RichText,
    store::{Lane, Leases, claim::Claimant, lease::Claimed},
    workspace::{Setting, SocketTroubles, Workspaces, apps::Apps},
};

/// How a kind of request is worked, with all parts.
pub(crate) type Route = request::Route<Parts>;

/// How a kind of request is answered, with all parts.
pub(crate) type Prompt = request::Prompt<Parts>;

/// What the parts of the bridge share.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: BridgeConfig,
    pub(crate) database: Database,
    /// What time it is for all that is written down.
    pub(crate) clock: Clock,
    pub(crate) queue: Queue,
    /// For response addresses, which need no token.
    pub(crate) http: Http,
    pub(crate) workspaces: Workspaces,
    /// The Slack apps of organisations.
    pub(crate) apps: Apps,
    /// How each connector is.
    pub(crate) connectors: Connectors,
    /// What further workspaces are made with.
    pub(crate) setting: Setting,
    /// Why nothing comes by Socket Mode, while that is so.
    pub(crate) socket_trouble: SocketTroubles,
    pub(crate) api: ApiClient,
    /// Who people are.
    pub(crate) identity: IdentityService,
    /// What people write.
    pub(crate) rich_text: RichText,
    /// Acting for people.
    pub(crate) acting: Acting,
    pub(crate) lane: Lane,
    pub(crate) leases: Leases,
    /// Whether the database was restored from a backup.
    pub(crate) restore: RestoreWatch,
    /// This process, in claims: another start is another worker.
    pub(crate) worker: String,
}

impl Parts {
    /// Makes, whenever it is called, the claimant of a claim that this process is about to make.
    pub(crate) fn claimant(&self, of: Claimed) -> impl Fn() -> Claimant + Send + Sync + 'static {
        let (worker, clock) = (self.worker.clone(), self.clock.clone());
        let lost_track = !self.leases.is_held(of);
        move || Claimant {
            worker: worker.clone(),
            now: clock.now(),
            lost_track,
        }
    }

    /// By which Slack knows an app in OAuth: the server's, or an organisation's own.
    pub(crate) fn client(&self, app: Option<SlackAppId>) -> Option<ClientConfig> {
        match app {
            None => self.config.slack.client.clone(),
            Some(id) => self.apps.get(id)?.client,
        }
    }
}
