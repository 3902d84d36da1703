//! What becomes of a request of which is known that Slack sent it, whichever way it came: over HTTP or by Socket Mode.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use sea_orm::DbErr;
use serde_json::json;
use time::OffsetDateTime;
use tocsin_entity::id::SlackAppId;
use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_queue::{JobError, jobs::WorkInbox};
use tocsin_slack::{
    envelope::{Envelope, EventRequest, RequestKind},
    view::View,
};
use tokio::{task::JoinHandle, time::Instant};
use tracing::Instrument;
use url::Url;

use super::{delayed, refusal::InboundError};
use crate::{
    inbound::Inbound,
    inbox::{self, StoreOutcome},
    installation::{self, AppInstallation, InstallationKey, Lookup, Rejection},
    request::{InteractiveOutcome, InteractiveRequest, Responder, SlackAnswer},
    texts::{NOTHING_DONE, requests},
};

/// How long all may take. Slack waits 3 s for the whole answer, the way included, and then sends again or shows an error.
const TIMEOUT: Duration = Duration::from_millis(2_300);

/// How long a prompt may think, so that there is time left to store.
const PROMPT_TIMEOUT: Duration = Duration::from_millis(1_800);

/// How long a prompt waits until it is known where the app is installed, and how often it looks.
const FIRST_ANSWER: Duration = Duration::from_millis(800);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long an answer that is late may take at all; Slack takes replies to a command for 30 minutes.
const LATE_TIMEOUT: Duration = Duration::from_secs(30);

/// A request from Slack.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    /// The endpoint or transport it came by, as it is counted.
    pub(crate) source: &'static str,
    /// The organisation's own Slack app that has sent it; none for the server's.
    pub(crate) app: Option<SlackAppId>,
    pub(crate) envelope: Envelope,
    pub(crate) request_id: String,
    /// When it came.
    pub(crate) at: OffsetDateTime,
}

/// Takes what came to the place for events; `received` puts an event's envelope into a request.
///
/// # Errors
/// As [`receive`].
pub(crate) async fn receive_event(
    inbound: &Arc<Inbound>,
    event: EventRequest,
    received: impl FnOnce(Envelope) -> ReceivedRequest,
) -> Result<(&'static str, SlackAnswer), InboundError> {
    match event {
        EventRequest::UrlVerification { challenge } => {
            Ok(("answered", SlackAnswer::Json(json!({"challenge": challenge}))))
        }
        EventRequest::RateLimited { team_id, minute } => {
            metrics::counter!("tocsin_slack_events_held_back_total").increment(1);
            tracing::warn!(
                slack.team = team_id,
                slack.minute = minute,
                "Slack has held back this workspace's events for a minute: too many"
            );
            Ok(("answered", SlackAnswer::Empty))
        }
        EventRequest::Event(envelope) => receive(inbound, received(envelope)).await,
        EventRequest::Other { name } => {
            metrics::counter!("tocsin_slack_ignored_total", "endpoint" => "events", "type" => "other")
                .increment(1);
            tracing::warn!(
                slack.r#type = name,
                "ignored {name:?} from Slack, which is no event"
            );
            Ok(("ignored", SlackAnswer::Empty))
        }
    }
}

/// Takes a request; what it is counted as, and what Slack is answered.
///
/// # Errors
/// When it could not be stored: then Slack must not be told that it was taken.
pub(crate) async fn receive(
    inbound: &Arc<Inbound>,
    request: ReceivedRequest,
) -> Result<(&'static str, SlackAnswer), InboundError> {
    let began = Instant::now();
    let deadline = began + TIMEOUT;
    let (app, envelope) = (request.app, &request.envelope);
    let decided = installation::decide(
        &inbound.apps,
        &inbound.workspaces,
        app,
        envelope.kind,
        &envelope.payload,
    );
    let key = match decided {
        Ok(key) => key,
        Err(rejection) => return foreign(inbound, &request, rejection),
    };
    if let Some(responder) = inbound.registry.responder(&request.envelope) {
        // What is stored is looked at again; a prompt would act now.
        let found = match find_soon(inbound, &key).await {
            Lookup::Connected(found) => found,
            Lookup::NotYet => return not_yet(responder.as_ref(), &request.envelope),
            Lookup::Rejected(rejection) => return foreign(inbound, &request, rejection),
        };
        let reply = match interaction(inbound, responder, found, &request, began + PROMPT_TIMEOUT).await {
            Asked::Done(outcome, reply) => return Ok((outcome, reply)),
            Asked::Store(reply) => reply,
        };
        let (kind, payload) = (request.envelope.kind, request.envelope.payload.clone());
        return match store(inbound, request, key, deadline).await {
            Ok(outcome) => Ok((outcome, reply)),
            // People read what a command is answered; of a failure Slack would only say that there was one.
            Err(refusal @ InboundError::Unavailable(_)) if kind == RequestKind::Command => {
                tracing::warn!("a command was not taken: {refusal}");
                Ok(("unavailable", responder.otherwise(&payload)))
            }
            Err(refusal) => Err(refusal),
        };
    }
    let Envelope {
        kind, name, payload, ..
    } = &request.envelope;
    if inbound.registry.handler(*kind, name, payload).is_some() {
        return Ok((store(inbound, request, key, deadline).await?, SlackAnswer::Empty));
    }
    ignored(inbound, &request);
    if *kind == RequestKind::Interaction && is_odd(&request.envelope) {
        return Ok(("ignored", unread(inbound, &request.envelope)));
    }
    Ok(("ignored", for_nobody(&request.envelope)))
}

/// What is connected for a key. Just after the start it takes a moment until Slack has said where each workspace is.
async fn find_soon(inbound: &Inbound, key: &InstallationKey) -> Lookup {
    let until = Instant::now() + FIRST_ANSWER;
    loop {
        let found = installation::find(&inbound.apps, &inbound.workspaces, key);
        if !matches!(found, Lookup::NotYet) || Instant::now() > until {
            return found;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// What becomes of a request that is for no installation here. Nothing is read or written; whoever has done something in Slack is told how to connect
/// their workspace, at an address of Slack's that needs no token.
fn foreign(
    inbound: &Arc<Inbound>,
    request: &ReceivedRequest,
    rejection: Rejection,
) -> Result<(&'static str, SlackAnswer), InboundError> {
    let Envelope {
        kind, name, payload, ..
    } = &request.envelope;
    let is_wanted = inbound.registry.responder(&request.envelope).is_some()
        || inbound.registry.handler(*kind, name, payload).is_some();
    if request.app.is_none() && !is_wanted {
        ignored(inbound, request);
        return Ok(("ignored", for_nobody(&request.envelope)));
    }
    rejection.report(request.app, &format!("a request ({name})"));
    if request.app.is_none() && rejection == Rejection::NoTeam {
        // Slack itself has signed it, and would send the same again: a field is missing, or of another shape.
        return Ok(("dropped", unread(inbound, &request.envelope)));
    }
    let text = match rejection {
        Rejection::NotConnected => requests::NOT_CONNECTED,
        Rejection::NotAlone => requests::NOT_ALONE,
        // Slack names one workspace, of an app that is there.
        Rejection::NoTeam | Rejection::SeveralTeams | Rejection::NoApp => return Err(InboundError::Foreign),
    };
    match kind {
        RequestKind::Event => Err(InboundError::Foreign),
        // Of another answer Slack would say that something failed, and not what to do.
        RequestKind::Command | RequestKind::Interaction => Ok((
            InboundError::Foreign.outcome(),
            said(inbound, &request.envelope, text),
        )),
    }
}

/// Slack has not said yet where the app is: people read what a command is answered, and what else there is comes again.
fn not_yet(
    responder: &dyn Responder,
    envelope: &Envelope,
) -> Result<(&'static str, SlackAnswer), InboundError> {
    if envelope.kind == RequestKind::Command {
        return Ok(("unavailable", responder.otherwise(&envelope.payload)));
    }
    let why = "Slack has not said yet in which workspace the app is installed";
    Err(InboundError::Unavailable(why.to_owned()))
}

/// What is answered to a request that can't be read.
fn unread(inbound: &Arc<Inbound>, envelope: &Envelope) -> SlackAnswer {
    said(inbound, envelope, requests::UNREAD)
}

/// The answer with which whoever waits is told a text: in itself, or at the address that Slack gave for that.
fn said(inbound: &Arc<Inbound>, envelope: &Envelope, text: &'static str) -> SlackAnswer {
    match (envelope.kind, envelope.name.as_str()) {
        (RequestKind::Command, _) => SlackAnswer::ephemeral(text),
        (RequestKind::Interaction, "block_suggestion") => SlackAnswer::no_options(),
        (RequestKind::Interaction, "view_submission") => {
            // An empty answer would close the dialog, as if it had been taken.
            let told = blocks::section(Mrkdwn::own(text));
            let view = View::modal("unread", NOTHING_DONE).block(told);
            SlackAnswer::Json(json!({"response_action": "update", "view": view.json()}))
        }
        (RequestKind::Interaction, _) => {
            let (inbound, payload) = (Arc::clone(inbound), envelope.payload.clone());
            tokio::spawn(async move { delayed::tell(&inbound, &payload, text).await });
            SlackAnswer::Empty
        }
        (RequestKind::Event, _) => SlackAnswer::Empty,
    }
}

/// What is answered where nobody here works the request. Every command is worked of which it can be read who has given it.
fn for_nobody(envelope: &Envelope) -> SlackAnswer {
    match envelope.kind {
        RequestKind::Command => SlackAnswer::ephemeral(requests::UNREAD),
        RequestKind::Interaction if envelope.name == "block_suggestion" => SlackAnswer::no_options(),
        RequestKind::Interaction | RequestKind::Event => SlackAnswer::Empty,
    }
}

/// What a prompt has said in time, or else.
enum Asked {
    Done(&'static str, SlackAnswer),
    Store(SlackAnswer),
}

async fn interaction(
    inbound: &Arc<Inbound>,
    responder: &Arc<dyn Responder>,
    installation: AppInstallation,
    request: &ReceivedRequest,
    deadline: Instant,
) -> Asked {
    let interaction = InteractiveRequest {
        payload: request.envelope.payload.clone(),
        installation,
        request_id: request.request_id.clone(),
        received_at: request.at,
    };
    let span = tracing::info_span!(
        "prompt",
        slack.r#type = request.envelope.name,
        request.id = request.request_id
    );
    let asked = Arc::clone(responder);
    // On its own: what it has begun, such as filling an open dialog, goes on when Slack can wait no longer.
    let mut answer = tokio::spawn(async move { asked.answer(&interaction).await }.instrument(span));
    let name = request.envelope.name.as_str();
    match tokio::time::timeout_at(deadline, &mut answer).await {
        Ok(Ok(Ok(InteractiveOutcome::Done(outcome, reply)))) => Asked::Done(outcome, reply),
        Ok(Ok(Ok(InteractiveOutcome::Store(reply)))) => Asked::Store(reply),
        Ok(Ok(Err(error))) => {
            tracing::warn!(
                request.id = request.request_id,
                "{name} was not answered: {}",
                cause(&error)
            );
            Asked::Done("failed", responder.otherwise(&request.envelope.payload))
        }
        Ok(Err(panic)) => {
            tracing::error!(
                request.id = request.request_id,
                "{name} was not answered: {panic}"
            );
            Asked::Done("failed", responder.otherwise(&request.envelope.payload))
        }
        Err(_) => {
            tracing::warn!(
                request.id = request.request_id,
                "the answer to {name} takes too long for Slack"
            );
            Asked::Done("late", late(inbound, answer, responder.as_ref(), request))
        }
    }
}

/// An answer that comes too late for the request: to a command it is brought after; to all else it is not.
fn late(
    inbound: &Arc<Inbound>,
    answer: JoinHandle<Result<InteractiveOutcome, JobError>>,
    responder: &dyn Responder,
    request: &ReceivedRequest,
) -> SlackAnswer {
    let payload = &request.envelope.payload;
    let address = payload["response_url"]
        .as_str()
        .and_then(|url| Url::parse(url).ok());
    let (RequestKind::Command, Some(address)) = (request.envelope.kind, address) else {
        return responder.otherwise(payload);
    };
    let (inbound, otherwise) = (Arc::clone(inbound), responder.otherwise(payload));
    tokio::spawn(async move {
        let answered = tokio::time::timeout(LATE_TIMEOUT, answer).await;
        let reply = match answered {
            Ok(Ok(Ok(InteractiveOutcome::Done(_, reply)))) => reply,
            // Not done: nothing was stored.
            Ok(_) | Err(_) => otherwise,
        };
        if let SlackAnswer::Json(message) = reply {
            inbound.http.respond_in_time(&address, message).await;
        }
    });
    SlackAnswer::ephemeral(requests::SLOW)
}

fn cause(error: &JobError) -> String {
    match error {
        JobError::Retry(error) | JobError::RetryAfter(_, error) | JobError::Fail(error) => error.to_string(),
    }
}

/// Stores a request that somebody here works, and rings; what it is counted as.
async fn store(
    inbound: &Arc<Inbound>,
    request: ReceivedRequest,
    installation: InstallationKey,
    deadline: Instant,
) -> Result<&'static str, InboundError> {
    let ReceivedRequest {
        envelope,
        request_id,
        at: received_at,
        ..
    } = request;
    let (name, key) = (envelope.name.clone(), envelope.key.clone());
    let write = insert(inbound, envelope, installation, request_id.clone(), received_at);
    let id = match tokio::time::timeout_at(deadline, write).await {
        Ok(Ok(StoreOutcome::New(id))) => id,
        Ok(Ok(StoreOutcome::Again)) => {
            tracing::debug!(request.id = request_id, slack.key = key, "Slack sent {key} again");
            return Ok("duplicate");
        }
        Ok(Err(error)) => return Err(InboundError::Unavailable(error.to_string())),
        Err(_) => {
            return Err(InboundError::Unavailable(
                "the database did not answer in time".to_owned(),
            ));
        }
    };
    tracing::info!(
        request.id = request_id,
        inbox.id = %id,
        slack.key = key,
        slack.r#type = name,
        "took {name} {key} from Slack as {id}"
    );
    inbound.queue.enqueue(&WorkInbox {
        inbox_id: id.to_string(),
    });
    Ok("stored")
}

/// Writes a request together with those that came at the same moment. Slack may hang up meanwhile: those others may not.
async fn insert(
    inbound: &Inbound,
    envelope: Envelope,
    installation: InstallationKey,
    request_id: String,
    received_at: OffsetDateTime,
) -> Result<StoreOutcome, DbErr> {
    let writer = inbound.inbox_lane.clone();
    let place = inbound.registry.place(&envelope);
    let write = tokio::spawn(async move {
        let write = writer.write(move |tx| {
            let (envelope, place) = (envelope.clone(), place.clone());
            let (installation, request_id) = (installation.clone(), request_id.clone());
            async move { inbox::store(tx, envelope, place, &installation, &request_id, received_at).await }
                .boxed()
        });
        write.await
    });
    write
        .await
        .unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
}

fn ignored(inbound: &Inbound, request: &ReceivedRequest) {
    let name = &request.envelope.name;
    metrics::counter!("tocsin_slack_ignored_total", "endpoint" => request.source, "type" => inbound.registry.label(name))
        .increment(1);
    if is_odd(&request.envelope) {
        tracing::warn!(
            request.id = request.request_id,
            slack.r#type = name,
            "ignored {name:?} from Slack: what it is about can't be read"
        );
    } else {
        tracing::debug!(
            request.id = request.request_id,
            slack.r#type = name,
            "ignored {name} from Slack"
        );
    }
}

/// Whether a field that says what a request is about has a shape that Slack never gives it.
fn is_odd(envelope: &Envelope) -> bool {
    let fields: &[&str] = match envelope.kind {
        RequestKind::Event => &[
            "/event/channel",
            "/event/user",
            "/event/ts",
            "/event/message_ts",
            "/event/links",
        ],
        RequestKind::Interaction if envelope.name == "view_submission" => return true,
        RequestKind::Interaction => &["/user", "/user/id", "/actions", "/actions/0", "/callback_id"],
        RequestKind::Command => return true,
    };
    let mut found = fields.iter().filter_map(|field| envelope.payload.pointer(field));
    envelope.name.is_empty() || found.any(|value| value.is_null() || value.is_number() || value.is_boolean())
}
