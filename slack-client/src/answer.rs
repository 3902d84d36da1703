//! What came of a call: Slack's answer, told apart, or why there is none.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use tocsin_slack::{
    error::{LATER_UNSAID, SlackError, SlackRefusal},
    json::json_fault,
    lenient::lenient,
    method::AUTH_TEST,
    retry_after,
};

/// What every answer says about itself.
#[derive(Deserialize)]
struct AnswerHead {
    ok: bool,
    error: Option<String>,
    needed: Option<String>,
    provided: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    response_metadata: Option<ResponseMetadata>,
}

#[derive(Deserialize)]
struct ResponseMetadata {
    #[serde(default, deserialize_with = "lenient")]
    messages: Vec<String>,
}

pub(crate) async fn read<T: DeserializeOwned>(
    method: &'static str,
    response: Response,
) -> Result<T, SlackError> {
    let status = response.status();
    let retry_after = retry_after::read(response.headers(), tocsin_clock::machine_now());
    if status == StatusCode::TOO_MANY_REQUESTS {
        let retry_after = retry_after.unwrap_or(LATER_UNSAID);
        return Err(SlackError::RateLimited {
            method,
            retry_after,
            by_slack: true,
        });
    }
    let unknown = |cause: String| SlackError::Unknown { method, cause };
    if status.is_server_error() {
        return Err(unknown(format!("HTTP {status}")));
    }
    let body = response
        .bytes()
        .await
        .map_err(|error| unknown(describe(&error)))?;
    let verdict: AnswerHead = serde_json::from_slice(&body).map_err(|error| {
        unknown(format!(
            "HTTP {status} with a body that is not Slack's: {}",
            json_fault(&error)
        ))
    })?;
    if !verdict.ok {
        let refusal = SlackRefusal {
            code: verdict.error.unwrap_or_else(|| "no_error_code".to_owned()),
            needed: verdict.needed,
            provided: verdict.provided,
            messages: verdict
                .response_metadata
                .map(|metadata| metadata.messages)
                .unwrap_or_default(),
        };
        return Err(SlackError::of(method, refusal, retry_after));
    }
    serde_json::from_slice(&body)
        .map_err(|error| unknown(format!("an answer of an unknown shape: {}", json_fault(&error))))
}

/// Only a connection that was never made proves that Slack did nothing.
pub(crate) fn transport_error(method: &'static str, error: &reqwest::Error) -> SlackError {
    let cause = describe(error);
    if error.is_connect() || error.is_builder() {
        SlackError::NotSent { method, cause }
    } else {
        SlackError::Unknown { method, cause }
    }
}

/// An error and its causes in one line, without the address, which may hold secrets (a response URL does).
fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timed out"
    } else {
        "connection failed"
    };
    let mut text = kind.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Counts and logs a call.
pub(crate) fn observe(method: &'static str, took: Duration, error: Option<&SlackError>) {
    let outcome = error.map_or("ok", SlackError::class);
    metrics::counter!("tocsin_slack_calls_total", "method" => method, "outcome" => outcome).increment(1);
    metrics::histogram!("tocsin_slack_call_seconds", "method" => method).record(took.as_secs_f64());
    match error {
        None => tracing::debug!(slack.method = method, took = ?took, "called {method}"),
        // It is asked again and again, and whoever asks tells what changes.
        Some(error) if method == AUTH_TEST.name => {
            tracing::debug!(slack.method = method, slack.outcome = outcome, took = ?took, "Slack call failed: {error}");
        }
        Some(error) => {
            tracing::warn!(slack.method = method, slack.outcome = outcome, took = ?took, "Slack call failed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_whatever_is_null_in_it() {
        for body in [
            r#"{"ok": false, "error": "no_text", "needed": null, "provided": null, "response_metadata": null}"#,
            r#"{"ok": false, "error": "no_text", "response_metadata": {"messages": null}}"#,
            r#"{"ok": false, "error": "no_text", "response_metadata": {"messages": [null, 7]}}"#,
            r#"{"ok": false, "error": "no_text", "response_metadata": "none"}"#,
        ] {
            let verdict: Result<AnswerHead, _> = serde_json::from_str(body);
            let verdict = verdict.unwrap_or_else(|error| panic!("{error}: {body}"));
            assert_eq!(verdict.error.as_deref(), Some("no_text"));
        }
    }
}
