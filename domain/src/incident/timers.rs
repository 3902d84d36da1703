//! What timers do to incidents.

use tocsin_database::DatabaseFault;
use tocsin_entity::{
    kinds::{Source, TimerKind},
    timer,
};

use super::{
    apply::CommandRequest,
    command::{ChangeCommand, IncidentCommand},
    error::IncidentError,
};
use crate::{
    Domain,
    actor::Actor,
    error::InternalError,
    timer::{TimerAttempt, TimerError, TimerHandler},
};

/// Ends the rest that a timer was set for.
pub(crate) const END_SNOOZE: TimerHandler = TimerHandler {
    kind: TimerKind::SnoozeEnd,
    fire: |domain, timer| {
        Box::pin(fire(
            domain,
            timer,
            ChangeCommand::EndSnooze { due_at: timer.due_at },
        ))
    },
};

/// Asks the writer for a timer's change; when it was written, where something changed.
async fn fire(
    domain: &Domain,
    timer: &timer::Model,
    change: ChangeCommand,
) -> Result<Option<time::OffsetDateTime>, TimerError> {
    let actor = Actor {
        organization_id: timer.organization_id,
        user_id: None,
        key_id: None,
        slack_name: None,
        source: Source::Timer,
        request_id: Some(timer.id.to_string()),
    };
    let order = CommandRequest {
        actor,
        command: IncidentCommand::Fire(TimerAttempt::from(timer), timer.incident_id, change),
        idempotency: None,
    };
    let applied = domain
        .incident_writer()
        .apply(order)
        .await
        .map_err(|error| of_writer(&error))?;
    Ok(applied.changed.then_some(applied.incident.updated_at))
}

/// What the writer's error says of the timer.
fn of_writer(error: &IncidentError) -> TimerError {
    let is_unavailable = if let IncidentError::Fault(fault) = error {
        match fault {
            InternalError::Unavailable(_) => true,
            InternalError::Database(error) | InternalError::Unsure(error) => {
                DatabaseFault::of(error).concerns_all()
            }
            InternalError::Broken(_) => false,
        }
    } else {
        false
    };
    let text = error.to_string();
    if is_unavailable {
        TimerError::Unavailable(text)
    } else {
        TimerError::Failed(text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::{ConnAcquireErr, DbErr};

    use super::*;

    #[test]
    fn only_what_lies_in_the_timer_itself_is_its_failure() {
        let of = |fault: InternalError| of_writer(&fault.into());
        let busy = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        let other = DbErr::Custom("a trigger refused it".to_owned());
        for (error, is_unavailable) in [
            (of(InternalError::Unavailable("too many changes wait")), true),
            (of(InternalError::Database(Arc::new(busy))), true),
            (of(InternalError::Database(Arc::new(other))), false),
            (of_writer(&IncidentError::NotFound("incident")), false),
        ] {
            assert_eq!(
                matches!(error, TimerError::Unavailable(_)),
                is_unavailable,
                "{error}"
            );
        }
    }
}
