//! What people do to one incident in words: by the slash command and the incident's number, or by a mention in its thread.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_entity::id::{IncidentId, OrganizationId};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::ActionService;
use super::{ActionMutation, ActionRefusal, ActionRequest, slash_command::SlashCommand};
use crate::texts::actions as texts;
use crate::{acting, grammar::usage::Usage, identity::SlackActor, request::InboundRequest, rich_text};

/// An action on one incident that people can type.
pub(crate) struct TypedAction {
    pub(crate) usage: Usage,
    /// Whether what follows is a comment: that of the message which asks for it.
    pub(crate) is_comment: bool,
    /// What is wrong with what follows the incident's number, or the action's name where there is no number to give.
    pub(crate) check: fn(&str) -> Result<(), &'static str>,
    /// What it means, once it is in order.
    pub(crate) read: for<'a> fn(&'a ActionService, &'a Requester<'a>, &'a str) -> BoxFuture<'a, TypedResult>,
    /// How the person sees in the incident's thread that it is done.
    pub(crate) confirmation: Confirmation,
}

/// How a person who asked in an incident's thread sees that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The thread shows the change.
    Thread,
    /// The bot reacts to their message with this emoji.
    Reaction(&'static str),
    /// They are answered, and nobody else sees it.
    Answer,
}

/// What was typed: a mutation, or the answer to a question; or why it can't be done.
pub(crate) type TypedResult = Result<Result<TypedEffect, ActionRefusal>, JobError>;

/// What was typed.
#[derive(Debug)]
pub(crate) enum TypedEffect {
    /// It changes the incident.
    Change(TypedMutation),
    /// It asks something, which is answered.
    Answer(Mrkdwn),
}

/// A mutation, and what is said when it is made.
#[derive(Debug)]
pub(crate) struct TypedMutation {
    pub(crate) mutation: Box<dyn ActionMutation>,
    /// Before the link to the incident.
    pub(crate) before: &'static str,
    /// After it.
    pub(crate) after: Mrkdwn,
}

/// What is said when it is done, or why it is not.
pub(crate) type TypedOutcome = Result<Result<Mrkdwn, ActionRefusal>, JobError>;

/// Who does it, to what.
pub(crate) struct Requester<'a> {
    pub(crate) person: &'a SlackActor,
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    pub(crate) request_id: Option<&'a str>,
    /// When it was asked for.
    pub(crate) at: OffsetDateTime,
    pub(crate) key: String,
    /// The message that asked for it, as comments name it.
    pub(crate) external_ref: Option<String>,
    /// The message itself: it may have more than its words.
    pub(crate) message: Option<&'a Value>,
}

/// Does it to the incident that a person means by its number.
pub(crate) async fn by_number(
    acting: &ActionService,
    item: &InboundRequest,
    typed: &SlashCommand,
    number: i64,
    action: &TypedAction,
    rest: &str,
) -> TypedOutcome {
    let request_id = item.request_id.as_deref();
    let person = match typed.person(acting, &item.installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let (organization, _, incident) =
        match acting::incident_by_number(acting, &person, number, request_id).await? {
            Ok(found) => found,
            Err(notice) => return Ok(Err(notice.into())),
        };
    let requester = Requester {
        person: &person,
        organization,
        incident: incident.id,
        request_id,
        at: item.received_at,
        key: item.idempotency_key(),
        external_ref: None,
        message: None,
    };
    act_typed(acting, &requester, action, rest).await
}

/// Does it.
pub(crate) async fn act_typed(
    acting: &ActionService,
    requester: &Requester<'_>,
    action: &TypedAction,
    rest: &str,
) -> TypedOutcome {
    let typed = match (action.read)(acting, requester, rest).await? {
        Ok(typed) => typed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let typed = match typed {
        TypedEffect::Change(mutation) => mutation,
        TypedEffect::Answer(answer) => return Ok(Ok(answer)),
    };
    let asked = ActionRequest {
        organization: requester.organization,
        incident: requester.incident,
        person: requester.person,
        request_id: requester.request_id,
        key: requester.key.clone(),
    };
    Ok(
        match acting::act(acting, &asked, typed.mutation.as_ref()).await? {
            Ok(done) => Ok(texts::done(typed.before, &done.link(), &typed.after)),
            Err(notice) => Err(notice.into()),
        },
    )
}

/// What was typed, as Markdown; with what its message has beside its words.
pub(crate) async fn markdown(
    acting: &ActionService,
    requester: &Requester<'_>,
    text: &str,
) -> Result<String, JobError> {
    let installation = &requester.person.installation;
    if let Some(message) = requester.message {
        return rich_text::command_text(&acting.rich_text, installation, message, text).await;
    }
    let message = json!({"text": text});
    let spoken = rich_text::message_text(&acting.rich_text, installation, &message).await?;
    Ok(spoken.markdown)
}
