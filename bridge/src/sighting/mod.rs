//! Messages of ours that are met in Slack, compared with what is on record, and what differs put right.
//!
//! Each message says in its metadata which post it is, of which incident in which version ([`crate::mirror::mark`]):
//!
//! - a message that shows a later version than is on record is written anew;
//! - one of an incident that exists, of which nothing is on record, is put on record, and so not posted a second time;
//! - one of what exists no longer says so ([`lost`]).
//!
//! Whoever reads a channel or a thread hands in what it has read.

mod lost;
mod seen;
mod settle;

use std::sync::Arc;

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;

pub(crate) use self::{seen::Sighting, settle::SettleOutcome};

use crate::{
    restore_watch::RestoreWatch,
    store::GroupWriter,
    workspace::{Workspace, Workspaces},
};

/// Compares messages of ours with what is on record. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SightingService {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) writer: GroupWriter,
    pub(crate) restore: Arc<RestoreWatch>,
    pub(crate) workspaces: Workspaces,
}

/// A channel in which messages of ours may be.
#[derive(Clone, Debug)]
pub(crate) struct SightingChannel {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) team_id: String,
    pub(crate) channel_id: String,
    pub(crate) channel_name: String,
}
