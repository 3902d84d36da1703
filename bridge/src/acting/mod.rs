//! What a person in Slack does to an incident, with their own rights: from a button, a dialog, a command, a mention or the Home tab.
//!
//! One place decides who they are to the incident's organisation, makes the change in their name, and tells apart what the
//! refusals mean to them.

pub(crate) mod answers;
pub(crate) mod asker;
mod mutation;
mod refusal;
pub(crate) mod services;
pub(crate) mod slash_command;
pub(crate) mod subcommand;

pub(crate) mod typed_action;
mod whom;

use tocsin_client::{ApiClient, As, Member};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{IncidentStatus, Role},
};
use tocsin_queue::JobError;
use tocsin_slack_client::Http;

pub(crate) use mutation::{ActionMutation, ActionOutcome, MutationAnswer, done_before, mutation};
pub(crate) use refusal::ActionRefusal;
pub(crate) use whom::{incident_by_number, memberships, organizations_of};

use crate::{
    failure::of_api,
    identity::{self, IdentityService, MembershipStatus, SlackActor},
    notice::{Help, Notice},
    rich_text::RichText,
};

/// What it takes to act for people. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ActionService {
    pub(crate) api: ApiClient,
    /// For response addresses, which need no token.
    pub(crate) http: Http,
    pub(crate) identity: IdentityService,
    pub(crate) rich_text: RichText,
}

/// Who asks for a change, of what, and how it is told from others.
#[derive(Clone, Debug)]
pub(crate) struct ActionRequest<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) incident: IncidentId,
    pub(crate) person: &'a SlackActor,
    pub(crate) request_id: Option<&'a str>,
    /// What makes it the same change when it is repeated: an inbox row's id.
    pub(crate) key: String,
}

impl<'a> ActionRequest<'a> {
    /// In the member's name.
    fn as_member(&self, member: &Member) -> As<'a> {
        As {
            on_behalf_of: Some(member.id),
            ..As::bridge(self.organization, self.request_id)
        }
    }
}

/// Makes a change in a person's name. What they are to be told if it had no effect comes as the inner error.
///
/// # Errors
/// When the API could not be asked; the job may be tried again.
pub(crate) async fn act(
    acting: &ActionService,
    asked: &ActionRequest<'_>,
    mutation: &dyn ActionMutation,
) -> Result<Result<ActionOutcome, Notice>, JobError> {
    let member = match member(acting, asked.organization, asked.person, asked.request_id).await? {
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice)),
    };
    if let Some(notice) = mutation.refusal(&member) {
        if let Notice::ReadOnly { .. } = notice {
            let help = help(acting, asked.organization, asked.request_id).await?;
            return Ok(Err(Notice::ReadOnly { help }));
        }
        return Ok(Err(notice));
    }
    let who = asked.as_member(&member);
    let answer = mutation
        .make(&acting.api, who, asked.incident, asked.key.clone())
        .await?;
    let (code, message) = match answer {
        MutationAnswer::Done(outcome) => {
            return Ok(match mutation.overtaken(&member, &outcome) {
                Some(notice) => Err(notice),
                None => Ok(outcome),
            });
        }
        MutationAnswer::Refused { code, message } => (code, message),
    };
    refused(acting, asked, &member, code, message).await.map(Err)
}

/// The member that a person is in an organisation, or why they may do nothing there.
pub(crate) async fn member(
    acting: &ActionService,
    organization: OrganizationId,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Result<Member, Notice>, JobError> {
    Ok(
        match identity::membership_status(&acting.identity, organization, person, request_id).await? {
            MembershipStatus::Member(member) => Ok(member),
            MembershipStatus::Deactivated => Err(Notice::Deactivated {
                help: help(acting, organization, request_id).await?,
            }),
            MembershipStatus::NotMember => Err(stranger(acting, organization, person, request_id).await?),
        },
    )
}

/// What somebody is told whom nothing matches with a member of an incident's organisation.
pub(crate) async fn stranger(
    acting: &ActionService,
    organization: OrganizationId,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Notice, JobError> {
    if memberships(acting, person, request_id).await?.is_empty() {
        if person.is_external {
            return Ok(Notice::External);
        }
        let how = identity::prompt(&acting.identity, person).await?;
        let help = help(acting, organization, request_id).await?;
        return Ok(Notice::NotLinked { how, help });
    }
    Ok(Notice::OtherOrganization)
}

/// Who can give a person the right that they lack in an organisation.
pub(crate) async fn help(
    acting: &ActionService,
    organization: OrganizationId,
    request_id: Option<&str>,
) -> Result<Help, JobError> {
    let who = As::bridge(organization, request_id);
    let found = acting.api.administrators(who).await.map_err(of_api)?;
    Ok(Help {
        organization: Some(found.organization),
        admins: found.names,
    })
}

/// What a refusal of the API means to the person.
async fn refused(
    acting: &ActionService,
    asked: &ActionRequest<'_>,
    member: &Member,
    code: String,
    message: String,
) -> Result<Notice, JobError> {
    Ok(match code.as_str() {
        "FORBIDDEN" if member.role == Role::Stakeholder => {
            let help = help(acting, asked.organization, asked.request_id).await?;
            Notice::ReadOnly { help }
        }
        "NOT_FOUND" => Notice::NotFound,
        "WRONG_STATUS" => match acting
            .api
            .find_incident(asked.as_member(member), asked.incident)
            .await
            .map_err(of_api)?
        {
            Some(incident) if incident.status == IncidentStatus::Resolved => Notice::AlreadyResolved {
                by: incident.resolved_by,
            },
            Some(_) | None => Notice::Refused { code, message },
        },
        _ => Notice::Refused { code, message },
    })
}
