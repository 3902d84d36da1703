//! What people do to one incident in words: by the slash command and the incident's number, or by a mention in its thread.

use futures::future::BoxFuture;
use serde_json::json;
use time::OffsetDateTime;
use tocsin_entity::id::{IncidentId, OrganizationId};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::ActionService;
use super::{ActionMutation, ActionRefusal, ActionRequest, slash_command::SlashCommand};
use crate::{
    acting, grammar::usage::Usage, identity::SlackActor, installation::AppInstallation,
    request::InboundRequest, rich_text,
};

/// An action on one incident that people can type.
pub(crate) struct TypedAction {
    pub(crate) usage: Usage,
    /// Whether what follows is a comment: that of the message which asks for it.
    pub(crate) is_comment: bool,
    /// What is wrong with what follows the incident's number, or the action's name where there is no number to give.
    pub(crate) check: fn(&str) -> Result<(), &'static str>,
    /// What it means, once it is in order.
    pub(crate) read: for<'a> fn(&'a ActionService, &'a Requester<'a>, &'a str) -> BoxFuture<'a, TypedResult>,
}

/// What was typed, as a mutation; or why it can't be done.
pub(crate) type TypedResult = Result<Result<TypedMutation, ActionRefusal>, JobError>;

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
    let asked = ActionRequest {
        organization: requester.organization,
        incident: requester.incident,
        person: requester.person,
        request_id: requester.request_id,
        key: requester.key.clone(),
    };
    Ok(
        match acting::act(acting, &asked, typed.mutation.as_ref()).await? {
            Ok(done) => {
                let link = Mrkdwn::link(&done.url, &format!("#{} {}", done.number, done.title)).cut(1_000);
                Ok(Mrkdwn::own(typed.before).and(&link).and(&typed.after).plus("."))
            }
            Err(notice) => Err(notice.into()),
        },
    )
}

/// What was typed, as Markdown.
pub(crate) async fn markdown(
    acting: &ActionService,
    installation: &AppInstallation,
    text: &str,
) -> Result<String, JobError> {
    let spoken = rich_text::message_text(&acting.rich_text, installation, &json!({"text": text})).await?;
    Ok(spoken.markdown)
}
