//! Keeps the workspaces as administrators want them: follows which are connected, renews their tokens, and writes down how each is.

mod follow;
mod forget;
mod record;
pub(crate) mod rotate;
mod run;
mod state;

pub(crate) use self::{record::HealthRecord, rotate::TokenRotator, run::WorkspaceKeeper};

use tocsin_client::ApiClient;
use tocsin_database::Database;
use tocsin_queue::Queue;
use tocsin_seal::Sealer;

use crate::workspace::{WorkspaceServices, Workspaces, apps::Apps};

/// Follows which workspaces are connected. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceSync {
    pub(crate) api: ApiClient,
    pub(crate) apps: Apps,
    pub(crate) database: Database,
    pub(crate) queue: Queue,
    /// Opens the tokens of workspaces.
    pub(crate) sealer: Option<Sealer>,
    /// What further workspaces are made with.
    pub(crate) setting: WorkspaceServices,
    pub(crate) workspaces: Workspaces,
}
