//! Timers: what happens to an incident at a set time.
//!
//! A timer is a row, written in the transaction that needs it. Each replica reads the timers that are due, a batch at a time, and has
//! each kind's [`TimerHandler`] do what it stands for: it deletes the timer in the transaction of its change, and changes nothing where the
//! timer is gone or was put off. So a timer fires once, however many replicas read it, and however long one of them pauses.
//!
//! - *Late rather than lost.* A timer is due until it has fired: those of a replica that died are any other's.
//! - *On time.* A replica sleeps until the next timer is due. A nearer one that it writes itself wakes it; what other replicas write it finds
//!   by looking every second.
//! - *A timer that fails* is tried again after a pause that doubles, and holds up no other. The row, the log and a metric say why. A replica that
//!   can't write anything rests for a second, and puts nothing off: another may fire it.
//! - *One clock.* What is due is compared with the database's time ([`tocsin_clock`]), so that a replica with a wrong clock fires nothing
//!   early. A pause that reaches further ahead than any may is of a wrong clock, and is not believed.

mod alarm;
mod due;
mod run;
#[cfg(test)]
mod tests;

use futures::future::BoxFuture;
use time::OffsetDateTime;
use tocsin_entity::{kinds::TimerKind, timer};

pub(crate) use self::{alarm::TimerAlarm, due::TimerAttempt, run::run};
use crate::Domain;

/// What a kind of timer does. Whoever has such timers registers one with [`run`].
pub(crate) struct TimerHandler {
    /// The kind. Timers of a kind without a handler, as a newer version may write, are left alone.
    pub(crate) kind: TimerKind,
    /// Does what the timer stands for and deletes it, while it is as it was read; when that was written, where it changed something. What comes
    /// too late, because the incident changed since, must be no change.
    pub(crate) fire: for<'a> fn(&'a Domain, &'a timer::Model) -> TimerFiring<'a>,
}

/// A timer that fires: when its change was written, where it changed something.
pub(crate) type TimerFiring<'a> = BoxFuture<'a, Result<Option<OffsetDateTime>, TimerError>>;

/// Why a timer did not fire.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TimerError {
    /// Nothing can be written here just now. That says nothing of the timer, which another replica may fire.
    #[error("{0}")]
    Unavailable(String),
    /// It failed by itself, and is put off.
    #[error("{0}")]
    Failed(String),
}

/// The handlers of all kinds that this version knows.
pub(crate) type TimerHandlers = &'static [&'static TimerHandler];

/// The kinds of these handlers.
fn kinds(handlers: TimerHandlers) -> Vec<TimerKind> {
    handlers.iter().map(|handler| handler.kind).collect()
}
