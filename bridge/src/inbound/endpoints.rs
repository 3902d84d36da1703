//! The addresses that Slack sends to.
//!
//! What is read and verified here goes to [`receive`], as what Socket Mode brings does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_entity::id::SlackAppId;
use tocsin_slack::{
    envelope::{self, Envelope},
    signature::{self, SignatureError},
};
use uuid::Uuid;

use super::{
    receive::{ReceivedRequest, receive, receive_event},
    refusal::InboundError,
};
use crate::{
    inbound::Inbound,
    installation::ClaimedOrigin,
    reception::claimed_app,
    request::{SlackAnswer, paths},
    workspace::apps::OrganizationApp,
};

/// Longest body taken, in bytes. Slack's are below: a message has 40,000 characters at most, of which each may take twelve bytes, and an edit
/// tells four times what it says, which is 1,920,000.
const BODY_MAX: usize = 5 * 512 * 1024;

/// Longest time for a body. Slack sends its bodies at once, and waits 3 s for the whole answer; nobody has shown yet that they are Slack.
const BODY_WITHIN: Duration = Duration::from_secs(2);

/// The endpoints, below `/slack`.
pub(crate) fn router(inbound: Arc<Inbound>) -> Router {
    Router::new()
        .route(paths::EVENTS, post(events))
        .route(paths::INTERACTIONS, post(interactions))
        .route(paths::COMMANDS, post(commands))
        .route(paths::OPTIONS, post(options))
        .with_state(inbound)
}

/// A request of which is known that Slack sent it.
struct Verified {
    /// The organisation's own Slack app that has signed it; none for the server's.
    app: Option<SlackAppId>,
    endpoint: &'static str,
    body: Bytes,
    request_id: String,
    received_at: OffsetDateTime,
}

/// What an endpoint answers, and what it is counted as.
type Answer = Result<(&'static str, Response), InboundError>;

async fn events(State(inbound): State<Arc<Inbound>>, headers: HeaderMap, body: Body) -> Response {
    answer(&inbound, "events", &headers, body, async |request| {
        let event = envelope::event(&request.body)?;
        let (outcome, reply) = receive_event(&inbound, event, |envelope| request.received(envelope)).await?;
        Ok((outcome, reply.into_response()))
    })
    .await
}

async fn interactions(State(inbound): State<Arc<Inbound>>, headers: HeaderMap, body: Body) -> Response {
    answer(&inbound, "interactions", &headers, body, async |request| {
        let envelope = envelope::interaction(&request.body)?;
        taken(&inbound, request, envelope).await
    })
    .await
}

async fn options(State(inbound): State<Arc<Inbound>>, headers: HeaderMap, body: Body) -> Response {
    answer(&inbound, "options", &headers, body, async |request| {
        let envelope = envelope::interaction(&request.body)?;
        taken(&inbound, request, envelope).await
    })
    .await
}

async fn commands(State(inbound): State<Arc<Inbound>>, headers: HeaderMap, body: Body) -> Response {
    answer(&inbound, COMMANDS, &headers, body, async |request| {
        let envelope = envelope::command(&request.body)?;
        taken(&inbound, request, envelope).await
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
    inbound: &Inbound,
    endpoint: &'static str,
    headers: &HeaderMap,
    body: Body,
    handle: impl AsyncFnOnce(Verified) -> Answer,
) -> Response {
    let began = Instant::now();
    let request_id = request_id(headers);
    let mut claimed = None;
    let answered = async {
        // What is announced as too large is not waited for.
        if body.size_hint().lower() > BODY_MAX as u64 {
            return Err(InboundError::TooLarge);
        }
        let body = tokio::time::timeout(BODY_WITHIN, to_bytes(body, BODY_MAX))
            .await
            .map_err(|_| InboundError::TooSlow)?
            .map_err(|error| InboundError::of_body(&error))?;
        if endpoint == COMMANDS && is_ssl_check(&body) {
            return Ok(("answered", StatusCode::OK.into_response()));
        }
        claimed = claimed_app(&body);
        let app = verify(inbound, headers, &body)?;
        inbound.receptions.taken(claimed.as_deref());
        handle(Verified {
            app,
            endpoint,
            body,
            request_id: request_id.clone(),
            received_at: inbound.clock.now(),
        })
        .await
    }
    .await;
    let foreign = InboundError::Foreign;
    if answered
        .as_ref()
        .is_ok_and(|(outcome, _)| *outcome == foreign.outcome())
    {
        // A person was told in words; the operator is told as of any other.
        inbound.receptions.refused(foreign.code(), claimed.as_deref());
    }
    let (outcome, response) = answered.unwrap_or_else(|refusal| {
        refusal.log(endpoint, &request_id, headers);
        inbound.receptions.refused(refusal.code(), claimed.as_deref());
        (refusal.outcome(), refusal.into_response())
    });
    metrics::counter!("tocsin_slack_requests_total", "endpoint" => endpoint, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("tocsin_slack_answer_seconds", "endpoint" => endpoint)
        .record(began.elapsed().as_secs_f64());
    response
}

/// Whether Slack sent the body, and for which app: the server's, or one of the organisations'.
fn verify(inbound: &Inbound, headers: &HeaderMap, body: &[u8]) -> Result<Option<SlackAppId>, InboundError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (timestamp, given) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    // Slack's own time is what it signs by. Until Slack has answered a call, the database's must do.
    let now = inbound.http.skew.now().unwrap_or_else(|| inbound.clock.now());
    let now = now.unix_timestamp();
    let signed_with = |secrets: &[SecretString]| signature::verify(secrets, timestamp, given, body, now);
    let refused = match signed_with(&inbound.slack.signing_secrets) {
        Ok(()) => return Ok(None),
        Err(refused @ SignatureError::Mismatch) => refused,
        Err(refused @ (SignatureError::Missing | SignatureError::Stale)) => return Err(refused.into()),
    };
    // The body may say which app it is of; nothing else that it says is looked at before it is verified.
    let claimed = ClaimedOrigin::of(body);
    let mut signers = signers(inbound, &claimed, body.len()).into_iter().filter(|app| {
        app.signing_secret
            .as_slice()
            .iter()
            .any(|secret| signed_with(std::slice::from_ref(secret)).is_ok())
    });
    let app = signers.next().ok_or(refused)?;
    Ok(Some(app.id))
}

/// Longest body for which the secret of every app is tried: that of Slack's question whether the address is ours, which does not say of which app it is.
/// Of a longer one that does not say it, such as a shortcut on a long message, those of the apps in its team are.
const TRIED_WITH_ALL_MAX: usize = 4 * 1024;

/// Longest body for which the secrets of those apps are tried of which it is not known yet what Slack calls them: they are installed nowhere yet.
const TRIED_WITH_NEW_MAX: usize = 64 * 1024;

/// The organisations' apps that may have signed a body: so that one body does not cost a hash for each of them.
fn signers(inbound: &Inbound, claimed: &ClaimedOrigin, length: usize) -> Vec<OrganizationApp> {
    let mut named: BTreeMap<SlackAppId, String> = BTreeMap::new();
    let mut in_team: BTreeSet<SlackAppId> = BTreeSet::new();
    for workspace in inbound.workspaces.all() {
        let Some(bot) = workspace.installation() else {
            continue;
        };
        named.extend(workspace.app.zip(bot.app_id.clone()));
        in_team.extend(workspace.app.filter(|_| claimed.is_in(&bot.team_id)));
    }
    let may_be = |app: &OrganizationApp| match (named.get(&app.id), claimed.api_app_id.as_deref()) {
        (Some(name), Some(claimed)) => name == claimed,
        (None, Some(_)) => length <= TRIED_WITH_NEW_MAX,
        (_, None) => length <= TRIED_WITH_ALL_MAX || in_team.contains(&app.id),
    };
    let mut all = inbound.apps.all();
    all.retain(may_be);
    all
}

impl Verified {
    fn received(&self, envelope: Envelope) -> ReceivedRequest {
        ReceivedRequest {
            app: self.app,
            source: self.endpoint,
            envelope,
            request_id: self.request_id.clone(),
            at: self.received_at,
        }
    }
}

/// Hands a request on, and puts its reply into an answer.
async fn taken(inbound: &Arc<Inbound>, request: Verified, envelope: Envelope) -> Answer {
    let (outcome, reply) = receive(inbound, request.received(envelope)).await?;
    Ok((outcome, reply.into_response()))
}

impl IntoResponse for SlackAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Empty => StatusCode::OK.into_response(),
            Self::Json(body) => Json(body).into_response(),
        }
    }
}

/// The caller's, where a proxy gave one that may stand in logs and headers, and else a new one.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}
