//! What the features of the bridge share: the services that they are handed by [`crate::bridge`].

use std::sync::Arc;

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_queue::Queue;
use tocsin_slack_client::Http;

use crate::{
    acting::Acting,
    config::BridgeConfig,
    connector::Connectors,
    directory::Directory,
    identity::IdentityService,
    links::IncidentLinks,
    mirror::deliver::DeliveryService,
    origin::Origins,
    request,
    restore_watch::RestoreWatch,
    rich_text::RichText,
    sharing::ChannelSharing,
    sighting::SightingService,
    store::Lane,
    workspace::{
        Workspaces,
        apps::{AppClients, Apps},
    },
    workspace_sync::WorkspaceSync,
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
    pub(crate) api: ApiClient,
    /// Who people are.
    pub(crate) identity: IdentityService,
    /// What people write.
    pub(crate) rich_text: RichText,
    /// Acting for people.
    pub(crate) acting: Acting,
    pub(crate) lane: Lane,
    /// Whether the database was restored from a backup.
    pub(crate) restore: Arc<RestoreWatch>,
    pub(crate) clients: AppClients,
    pub(crate) delivery: DeliveryService,
    pub(crate) directory: Directory,
    pub(crate) links: IncidentLinks,
    pub(crate) origins: Origins,
    pub(crate) sharing: ChannelSharing,
    pub(crate) sightings: SightingService,
    pub(crate) workspace_sync: WorkspaceSync,
}
