//! The channels of a workspace: all that the bot sees, for administrators to choose from.
//!
//! They are read whole when a workspace becomes usable and nothing is known of it, once a day, and when somebody asks; single changes are heard of by
//! events. What a lost event would have said is seen the next time.

mod fill;
mod read;
mod renumber;

pub(crate) use read::ReadError;
pub(crate) use renumber::FollowError;

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;

use crate::{sharing::ChannelSharing, workspace::Workspaces};

/// Keeps the channels of workspaces known. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) sharing: ChannelSharing,
    pub(crate) workspaces: Workspaces,
}
