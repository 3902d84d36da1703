//! An incident is triggered, and noted as created where the person was.

use std::sync::Arc;

use tocsin_client::{
    As, Known, Member,
    documents::{TriggerFromSlack, trigger_from_slack},
};
use tocsin_entity::{
    id::{IncidentId, OrganizationId, ServiceId},
    kinds::{Role, Severity, Urgency},
};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::IncidentCreation;
use crate::{
    acting::{self, ActionRefusal},
    failure::of_api,
    installation::AppInstallation,
    notice::Notice,
    origin::Origin,
    request::InboundRequest,
    texts::create as texts,
    workspace::Bot,
};

/// An incident to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewIncidentRequest {
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) service: Option<ServiceId>,
    pub(super) urgency: Option<Urgency>,
    pub(super) severity: Option<Severity>,
}

/// In whose name.
#[derive(Clone, Debug)]
pub(super) struct Creator {
    pub(super) organization: OrganizationId,
    pub(super) member: Member,
}

/// What was created.
#[derive(Clone, Debug)]
pub(super) struct CreatedIncident {
    number: i64,
    title: String,
    url: String,
    /// Why it is not announced yet where the person was.
    trouble: Option<String>,
}

impl CreatedIncident {
    /// What the person is told.
    pub(super) fn told(&self) -> Mrkdwn {
        let link = Mrkdwn::link(&self.url, &format!("#{} {}", self.number, self.title)).cut(1_000);
        texts::created(&link, self.trouble.as_deref())
    }
}

/// Triggers it, once for each request of Slack's.
pub(super) async fn trigger(
    creation: &IncidentCreation,
    item: &InboundRequest,
    who: &Creator,
    draft: &NewIncidentRequest,
    origin: Option<Origin>,
) -> Result<Result<CreatedIncident, ActionRefusal>, JobError> {
    let request_id = item.request_id.as_deref();
    let member = As {
        on_behalf_of: Some(who.member.id),
        ..As::bridge(who.organization, request_id)
    };
    let variables = trigger_from_slack::Variables {
        title: draft.title.clone(),
        description: draft.description.clone(),
        service: draft.service.map(|id| id.to_string()),
        urgency: draft.urgency.map(Known::Value),
        severity: draft.severity.map(Known::Value),
        key: item.idempotency_key(),
    };
    let payload = creation
        .acting
        .api
        .execute::<TriggerFromSlack>(member, variables)
        .await
        .map_err(of_api)?
        .trigger_incident;
    if let Some(error) = payload.user_errors.into_iter().next() {
        let (code, message) = (error.code, error.message);
        return Ok(Err(match code.as_str() {
            "FORBIDDEN" if who.member.role == Role::Stakeholder => {
                let help = acting::help(&creation.acting, who.organization, request_id).await?;
                Notice::ReadOnly { help }.into()
            }
            _ => Notice::Refused { code, message }.into(),
        }));
    }
    let incident = payload
        .incident
        .ok_or_else(|| JobError::retry("the API answered neither an incident nor an error"))?;
    let id: IncidentId = incident.id.parse().map_err(JobError::fail)?;
    let mut trouble = None;
    if let Some(origin) = origin {
        creation
            .origins
            .note(who.organization, id, incident.version, &origin, request_id)
            .await?;
        trouble = not_announced(&item.installation, who.organization, &origin).await?;
    }
    Ok(Ok(CreatedIncident {
        number: incident.number,
        title: incident.title,
        url: incident.url,
        trouble,
    }))
}

/// Why an incident can't be announced in a channel, with what to do; it is announced as soon as that is done.
async fn not_announced(
    installation: &AppInstallation,
    organization: OrganizationId,
    origin: &Origin,
) -> Result<Option<String>, JobError> {
    let workspace = Arc::clone(installation.workspace_of(organization));
    let Some(installation) = workspace.installation() else {
        return Ok(None);
    };
    let bot = Bot {
        workspace,
        installation,
    };
    let resolved = bot
        .workspace
        .channels
        .resolve(&origin.channel_id, &bot)
        .await
        .map_err(JobError::retry)?;
    Ok(resolved.err().map(|trouble| trouble.message))
}
