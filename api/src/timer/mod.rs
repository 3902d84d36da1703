//! Timers: what happens to an incident at a set time.
//!
//! A timer is a row, written in the transaction that needs it. A replica claims the timers that are due, a batch at a time, and asks the
//! incident's writer for the change that each kind stands for ([`TimerHandler`]). The writer deletes the timer in the same transaction, and
//! only under the claim it was taken under, so that a replica that paused and lost its claim changes nothing: a timer fires once.
//!
//! - *Late rather than lost.* A claim ends after [`claim::LEASE`]: the timers of a replica that died fire then.
//! - *On time.* A replica sleeps until the next timer is due. A nearer one that it writes itself wakes it; what other replicas write it finds
//!   by looking every second.
//! - *A timer that fails* is tried again after a pause that doubles, and holds up no other. The row, the log and a metric say why.
//! - *One clock.* What is due is compared with the database's time ([`tocsin_clock`]), so that a replica with a wrong clock fires nothing
//!   early. A claim or a pause that reaches further ahead than any may is of a wrong clock, and is not believed.

mod alarm;
mod claim;
mod run;
#[cfg(test)]
mod tests;

use tocsin_entity::{kinds::TimerKind, timer};

pub(crate) use self::{alarm::TimerAlarm, claim::TimerClaim, run::run};
use crate::incident::{self, Change};

/// What a kind of timer does.
pub(crate) struct TimerHandler {
    /// The kind. Timers of a kind without a handler, as a newer version may write, are left alone.
    pub(crate) kind: TimerKind,
    /// The change of its incident that a timer asks for. One that comes too late, because the incident changed since, must be no change.
    pub(crate) change: fn(&timer::Model) -> Change,
}

/// Every handler.
const HANDLERS: &[&TimerHandler] = &[&incident::END_SNOOZE];

/// What becomes of this timer's incident.
fn change_of(timer: &timer::Model) -> Option<Change> {
    let handler = HANDLERS.iter().find(|handler| handler.kind == timer.kind)?;
    Some((handler.change)(timer))
}
