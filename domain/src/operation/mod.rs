//! What administrators ask the bridge to do in Slack, and wait for: one mechanism for all of it.
//!
//! A mutation writes down what is asked and rings; the bridge does it and reports, once. Who asked sees the end by reading the operation again, or
//! by the subscription, which looks at the row, so that it does not matter which replica took the report. What is not done in time has failed:
//! that is seen when it is read, and no timer is needed for it.

mod ask;
mod report;
mod result;
mod state;

use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    kinds::{OperationKind, OperationState},
    slack_operation::Model,
};

pub use self::{
    ask::{
        CreateChannel, RefreshSlackChannels, SendSlackTestMessage, TestSlackConnection, TestSlackIdentity,
        create_channel, refresh_channels, send_test_message, test_connection, test_identity,
    },
    report::{FinishSlackOperation, finish},
    result::{
        ConnectionReport, CreatedChannel, IdentityFound, OperationParameters, OperationResult, TestMessage,
    },
    state::{Operation, find, finished, pending},
};

/// The code of an operation that was not done in time.
const EXPIRED: &str = "EXPIRED";

/// How long the bridge has for it.
fn patience(kind: OperationKind) -> Duration {
    match kind {
        OperationKind::TestConnection
        | OperationKind::TestMessage
        | OperationKind::TestIdentity
        | OperationKind::CreateChannel => Duration::seconds(60),
        // Slack gives a thousand channels at a time, twenty times a minute, and to everybody else as well.
        OperationKind::RefreshChannels => Duration::minutes(10),
    }
}

/// The operation as it is at this time: what was not done in time has failed.
fn seen_at(now: OffsetDateTime, row: Model) -> Model {
    if row.state != OperationState::Pending || now < row.expires_at {
        return row;
    }
    Model {
        state: OperationState::Failed,
        code: Some(EXPIRED.to_owned()),
        message: Some(
            "The Slack bridge did not do it in time: see whether it runs (`/readyz` of the role `bridge`) and reaches Slack, then ask again."
                .to_owned(),
        ),
        finished_at: Some(row.expires_at),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tocsin_entity::id::{OperationId, OrganizationId};

    use super::*;

    fn asked(now: OffsetDateTime) -> Model {
        Model {
            id: OperationId::new(),
            organization_id: OrganizationId::new(),
            kind: OperationKind::TestConnection,
            workspace_id: None,
            connector_id: None,
            user_id: None,
            input: json!({}),
            state: OperationState::Pending,
            code: None,
            message: None,
            result: None,
            requested_by: None,
            created_at: now,
            expires_at: now + patience(OperationKind::TestConnection),
            finished_at: None,
        }
    }

    #[test]
    fn what_is_not_done_in_time_has_failed_and_what_is_done_stays_so() {
        let now = tocsin_clock::machine_now();
        let row = asked(now);
        assert_eq!(seen_at(now, row.clone()), row);
        let late = seen_at(row.expires_at, row.clone());
        assert_eq!(
            (late.state, late.code.as_deref()),
            (OperationState::Failed, Some(EXPIRED))
        );
        assert_eq!(late.finished_at, Some(row.expires_at));
        let done = Model {
            state: OperationState::Succeeded,
            ..row
        };
        assert_eq!(seen_at(done.expires_at, done.clone()), done);
    }
}
