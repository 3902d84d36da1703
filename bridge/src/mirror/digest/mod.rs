//! Storms: when incidents come faster than Slack takes messages, those that would wait too long share one message.
//!
//! A connector has one open digest at the most. Each incident in it has a line, which follows the incident as its own message
//! would; the message is written again as often as the pace allows, whatever number of lines has changed.

pub(crate) mod admission;
pub(crate) mod content;
pub(crate) mod lines;
pub(crate) mod refresh;

use tocsin_queue::Queue;

use super::deliver::DeliveryService;
use crate::store::Leases;

/// Makes Slack show digests as they are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct DigestMirror {
    pub(crate) delivery: DeliveryService,
    pub(crate) leases: Leases,
    pub(crate) queue: Queue,
}
