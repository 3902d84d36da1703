//! What comes from Slack: verified, stored under Slack's own id, answered, and worked after.
//!
//! A request that was answered is never lost, and one that Slack sends again is worked once: the inbox's row is both the
//! promise and the memory. Who does what is to be done is looked up in the
//! [registry](crate::request::Registry), and never named here.

mod delayed;
mod endpoints;
mod receive;
mod refusal;
pub(crate) mod sequence;
pub(crate) mod socket;
mod tend;
mod work;

pub(crate) use endpoints::router;
pub(crate) use tend::tend;
pub(crate) use work::{LONGEST_PAUSE, work};

use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_queue::Queue;
use tocsin_slack_client::Http;

use crate::{
    config::SlackConfig,
    reception::Receptions,
    request::Registry,
    store::GroupWriter,
    workspace::{SocketTroubles, Workspaces, apps::Apps},
};

/// What it takes to take requests in, and to have them worked.
#[derive(Debug)]
pub(crate) struct Inbound {
    /// The server's own Slack app.
    pub(crate) slack: SlackConfig,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) queue: Queue,
    /// For response addresses, which need no token.
    pub(crate) http: Http,
    pub(crate) workspaces: Workspaces,
    pub(crate) apps: Apps,
    pub(crate) receptions: Receptions,
    pub(crate) socket_trouble: SocketTroubles,
    pub(crate) writer: GroupWriter,
    /// The way in which the inbox is written, for which Slack waits.
    pub(crate) inbox_lane: GroupWriter,
    /// Who handles which request.
    pub(crate) registry: Registry,
}
