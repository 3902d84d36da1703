//! One signed request to the app.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::signing::sign;
use crate::clock;
use crate::socket;
use crate::state::delivery::{AcceptedDelivery, AppRequest, DeliveryAttempt, FailedDelivery};
use crate::state::host::{Host, lock};

/// Sends once: over HTTP, or in Socket Mode down a WebSocket. The app has [`SimulatorConfig::answer_timeout`](crate::SimulatorConfig) for the whole answer.
pub(crate) async fn send(
    host: &Host,
    outgoing: &AppRequest,
    attempt: u32,
    retry_reason: Option<&str>,
) -> Result<AcceptedDelivery, FailedDelivery> {
    let by_socket = lock(&host.app.sockets).is_enabled();
    let late = if by_socket { "timeout" } else { "http_timeout" };
    let sending = send_unrecorded(host, outgoing, attempt, retry_reason, by_socket);
    let result = tokio::select! {
        () = host.stop.cancelled() => Err(FailedDelivery { no_retry: true, ..FailedDelivery::new("unknown_error") }),
        result = tokio::time::timeout(host.config.answer_timeout, sending) => {
            result.unwrap_or_else(|_| Err(FailedDelivery::new(late)))
        }
    };
    let (status, failure) = match &result {
        Ok((status, _)) => (Some(*status), None),
        Err(failed) => (failed.status, Some(failed.reason.to_owned())),
    };
    host.log_delivery(DeliveryAttempt {
        at_micros: clock::now_micros(),
        kind: outgoing.kind.to_owned(),
        what: outgoing.what.clone(),
        id: outgoing.id.clone(),
        attempt,
        status: status.map(|s| s.as_u16()),
        failure,
    });
    result.map(|(_, accepted)| accepted)
}

async fn send_unrecorded(
    host: &Host,
    outgoing: &AppRequest,
    attempt: u32,
    retry_reason: Option<&str>,
    by_socket: bool,
) -> Result<(StatusCode, AcceptedDelivery), FailedDelivery> {
    if by_socket {
        let accepted = socket::send(host, outgoing, attempt, retry_reason).await?;
        return Ok((StatusCode::OK, accepted));
    }
    let timestamp = clock::now_seconds().to_string();
    let signature = sign(&host.app.signing_secret, &timestamp, &outgoing.body);
    let mut request = host
        .http
        .post(outgoing.url.clone())
        .header(CONTENT_TYPE, outgoing.content_type)
        .header("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("X-Slack-Request-Timestamp", timestamp)
        .header("X-Slack-Signature", signature)
        .body(outgoing.body.clone());
    if let Some(reason) = retry_reason {
        request = request
            .header("X-Slack-Retry-Num", attempt)
            .header("X-Slack-Retry-Reason", reason);
    }
    let response = request
        .send()
        .await
        .map_err(|error| FailedDelivery::new(reason(&error)))?;
    let status = response.status();
    if !status.is_success() {
        let no_retry = header(response.headers(), "x-slack-no-retry") == "1";
        return Err(FailedDelivery {
            reason: "http_error",
            status: Some(status),
            no_retry,
        });
    }
    let content_type = header(response.headers(), CONTENT_TYPE.as_str());
    let body = response
        .bytes()
        .await
        .map_err(|error| FailedDelivery::new(reason(&error)))?;
    Ok((status, AcceptedDelivery { content_type, body }))
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "http_timeout"
    } else if error.is_connect() {
        "connection_failed"
    } else if error.is_redirect() {
        "too_many_redirects"
    } else {
        "unknown_error"
    }
}
