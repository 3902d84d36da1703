//! Whether a failure of the API is worth another try.

use tocsin_client::ApiError;
use tocsin_queue::JobError;

/// What failed, for a log.
pub(crate) fn failure_text(error: &JobError) -> String {
    match error {
        JobError::Retry(error) | JobError::RetryAfter(_, error) | JobError::Fail(error) => error.to_string(),
    }
}

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
        | ApiError::Unauthorized { .. }
        | ApiError::Refused { .. }
        | ApiError::Malformed(_)
        | ApiError::InvalidId(_) => JobError::retry(error),
    }
}
