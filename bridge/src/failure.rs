//! Whether a failure outside is worth another try.

use tocsin_queue::JobError;

use crate::{bridge::Parts, graphql::ApiError, slack::SlackError};

/// A failed request to the API. Only what the API understood and refused is final.
pub(crate) fn of_api(error: ApiError) -> JobError {
    match &error {
        ApiError::Unavailable {
            retry_after: Some(pause),
            ..
        } => JobError::retry_after(*pause, error),
        ApiError::Refused { code: Some(_), .. } if !error.is_passing() => JobError::fail(error),
        ApiError::Unreachable(_)
        | ApiError::Unavailable {
            retry_after: None, ..
        }
        | ApiError::Unauthorized(_)
        | ApiError::Refused { .. }
        | ApiError::Malformed(_)
        | ApiError::InvalidId(_) => JobError::retry(error),
    }
}

/// A failed call to Slack that may be repeated without harm.
pub(crate) fn of_slack(parts: &Parts, error: SlackError) -> JobError {
    parts.watcher.report(&error);
    match error {
        SlackError::RateLimited { retry_after, .. } => JobError::retry_after(retry_after, error),
        SlackError::Refused { .. } => JobError::fail(error),
        SlackError::Broken { .. } | SlackError::NotSent { .. } | SlackError::Unknown { .. } => {
            JobError::retry(error)
        }
    }
}
