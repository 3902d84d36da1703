//! The addresses that Slack sends to.
//!
//! Before an answer there is one thing to do besides reading: storing the request. All work comes after.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::FutureExt;
use sea_orm::DbErr;
use serde_json::json;
use time::OffsetDateTime;
use tocsin_queue::jobs::WorkInbox;
use uuid::Uuid;

use super::{
    envelope::{self, Envelope, EventRequest},
    inbox::{self, Stored},
    refusal::Refusal,
    routes, signature,
};
use crate::{bridge::Parts, comments::mrkdwn};

/// Longest body taken, in bytes. Slack's are far below: a message has 40,000 characters at most.
const BODY_MAX: usize = 1024 * 1024;

/// How long storing may take. Slack waits 3 s for the whole answer and then sends again.
const STORE_TIMEOUT: Duration = Duration::from_millis(2_300);

/// The endpoints, below `/slack`.
pub(crate) fn router(parts: Arc<Parts>) -> Router {
    Router::new()
        .route("/slack/events", post(events))
        .route("/slack/interactions", post(interactions))
        .route("/slack/commands", post(commands))
        .route("/slack/options", post(options))
        .with_state(parts)
}

/// A request of which is known that Slack sent it.
struct Verified {
    endpoint: &'static str,
    body: Bytes,
    request_id: String,
    received_at: OffsetDateTime,
}

/// What an endpoint answers, and what it is counted as.
type Answer = Result<(&'static str, Response), Refusal>;

async fn events(State(parts): State<Arc<Parts>>, headers: HeaderMap, body: Body) -> Response {
    answer(
        &parts,
        "events",
        &headers,
        body,
        async |request| match envelope::event(&request.body)? {
            EventRequest::UrlVerification { challenge } => {
                Ok(("answered", Json(json!({"challenge": challenge})).into_response()))
            }
            EventRequest::RateLimited { team_id, minute } => {
                metrics::counter!("tocsin_slack_events_held_back_total").increment(1);
                tracing::warn!(
                    slack.team = team_id,
                    slack.minute = minute,
                    "Slack has held back this workspace's events for a minute: too many"
                );
                Ok(("answered", StatusCode::OK.into_response()))
            }
            EventRequest::Event(envelope) => Ok((
                take(&parts, &request, envelope).await?,
                StatusCode::OK.into_response(),
            )),
            EventRequest::Other { name } => {
                ignored(&request, &name);
                Ok(("ignored", StatusCode::OK.into_response()))
            }
        },
    )
    .await
}

async fn interactions(State(parts): State<Arc<Parts>>, headers: HeaderMap, body: Body) -> Response {
    answer(&parts, "interactions", &headers, body, async |request| {
        let envelope = envelope::interaction(&request.body)?;
        // The body stays empty: any text would close or change a dialog.
        Ok((
            take(&parts, &request, envelope).await?,
            StatusCode::OK.into_response(),
        ))
    })
    .await
}

async fn options(State(parts): State<Arc<Parts>>, headers: HeaderMap, body: Body) -> Response {
    answer(&parts, "options", &headers, body, async |request| {
        let envelope = envelope::interaction(&request.body)?;
        ignored(&request, &envelope.name);
        Ok(("ignored", Json(json!({"options": []})).into_response()))
    })
    .await
}

async fn commands(State(parts): State<Arc<Parts>>, headers: HeaderMap, body: Body) -> Response {
    answer(&parts, COMMANDS, &headers, body, async |request| {
        let fields = envelope::form(&request.body).ok_or(Refusal::NotAForm)?;
        let field = |name: &str| {
            fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str())
        };
        let command = field("command").ok_or(Refusal::NotAForm)?;
        ignored(&request, command);
        let text = format!("Tocsin does not know {command} (UNKNOWN_COMMAND).");
        let message = json!({"response_type": "ephemeral", "text": mrkdwn::escape(&text)});
        Ok(("ignored", Json(message).into_response()))
    })
    .await
}

const COMMANDS: &str = "commands";

/// Slack's look at the certificate asks for nothing but an answer, and Slack does not say that it is signed.
fn is_ssl_check(body: &[u8]) -> bool {
    envelope::form(body).is_some_and(|fields| {
        fields
            .iter()
            .any(|(name, value)| name == "ssl_check" && value == "1")
    })
}

/// Verifies a request, has it handled, and counts what came of it.
async fn answer(
    parts: &Parts,
    endpoint: &'static str,
    headers: &HeaderMap,
    body: Body,
    handle: impl AsyncFnOnce(Verified) -> Answer,
) -> Response {
    let began = Instant::now();
    let request_id = request_id(headers);
    let answered = async {
        let body = to_bytes(body, BODY_MAX)
            .await
            .map_err(|error| Refusal::of_body(&error))?;
        if endpoint == COMMANDS && is_ssl_check(&body) {
            return Ok(("answered", StatusCode::OK.into_response()));
        }
        verify(parts, headers, &body)?;
        handle(Verified {
            endpoint,
            body,
            request_id: request_id.clone(),
            received_at: OffsetDateTime::now_utc(),
        })
        .await
    }
    .await;
    let (outcome, response) = answered.unwrap_or_else(|refusal| {
        refusal.log(endpoint, &request_id, headers);
        (refusal.outcome(), refusal.into_response())
    });
    metrics::counter!("tocsin_slack_requests_total", "endpoint" => endpoint, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("tocsin_slack_answer_seconds", "endpoint" => endpoint)
        .record(began.elapsed().as_secs_f64());
    response
}

/// Whether Slack sent the body.
fn verify(parts: &Parts, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    signature::verify(
        &parts.config.slack.signing_secrets,
        header("x-slack-request-timestamp"),
        header("x-slack-signature"),
        body,
        OffsetDateTime::now_utc().unix_timestamp(),
    )?;
    Ok(())
}

/// Stores a request that somebody here works, and rings; what it is counted as.
async fn take(parts: &Parts, request: &Verified, envelope: Envelope) -> Result<&'static str, Refusal> {
    if !routes::wanted(&envelope) {
        ignored(request, &envelope.name);
        return Ok("ignored");
    }
    let (name, key) = (envelope.name.clone(), envelope.key.clone());
    let stored = tokio::time::timeout(STORE_TIMEOUT, store(parts, request, envelope)).await;
    let id = match stored {
        Ok(Ok(Stored::New(id))) => id,
        Ok(Ok(Stored::Again)) => {
            tracing::debug!(
                request.id = request.request_id,
                slack.key = key,
                "Slack sent {key} again"
            );
            return Ok("duplicate");
        }
        Ok(Err(error)) => return Err(Refusal::Unavailable(error.to_string())),
        Err(_) => {
            return Err(Refusal::Unavailable(
                "the database did not answer in time".to_owned(),
            ));
        }
    };
    tracing::info!(
        request.id = request.request_id,
        inbox.id = %id,
        slack.key = key,
        slack.r#type = name,
        "took {name} {key} from Slack as {id}"
    );
    parts.queue.ring(&WorkInbox {
        inbox_id: id.to_string(),
    });
    Ok("stored")
}

/// Stores a request together with those that came at the same moment. Slack may hang up meanwhile: those others may not.
async fn store(parts: &Parts, request: &Verified, envelope: Envelope) -> Result<Stored, DbErr> {
    let (lane, request_id, received_at) = (
        parts.lane.clone(),
        request.request_id.clone(),
        request.received_at,
    );
    let write = tokio::spawn(async move {
        let write = lane.write(move |tx| {
            let (envelope, request_id) = (envelope.clone(), request_id.clone());
            async move { inbox::store(tx, envelope, &request_id, received_at).await }.boxed()
        });
        write.await
    });
    write
        .await
        .unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
}

/// The caller's, where a proxy gave one that may stand in logs and headers, and else a new one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn ignored(request: &Verified, name: &str) {
    metrics::counter!("tocsin_slack_ignored_total", "endpoint" => request.endpoint, "type" => name.to_owned())
        .increment(1);
    tracing::debug!(
        request.id = request.request_id,
        slack.r#type = name,
        "ignored {name} from Slack"
    );
}
