//! Links to incidents and post-mortems, pasted anywhere in Slack, and the previews they get.
//!
//! A preview is a post like any other: recorded here as wanted, and made true by the mirror, now and whenever the incident
//! changes. A post-mortem that changes is in no event log: [`tend`] looks for it.
//!
//! Everybody in the channel sees a preview. Whoever pastes the link says by that who may: it is made of what they themselves may
//! read ([`crate::links`]), and of nothing else. Where another company is in the channel there is none, and one that was there is hidden
//! ([`crate::sharing`]).

mod shared;
mod tend;
mod wake;

pub(crate) use shared::ROUTE;
pub(crate) use tend::run as tend;

use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_queue::Queue;

use crate::{identity::IdentityService, links::IncidentLinks};

/// What it takes to show previews of links. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct UnfurlService {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) identity: IdentityService,
    pub(crate) links: IncidentLinks,
    pub(crate) queue: Queue,
}
