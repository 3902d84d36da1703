//! Triggers the incident that a workflow asks for, in the name of the person whom it names as the reporter.

use serde_json::json;
use tocsin_client::{
    As, Known,
    documents::{ServicesToName, TriggerFromWorkflow, services_to_name, trigger_from_workflow},
};
use tocsin_entity::{
    id::{OrganizationId, ServiceId, UserId},
    kinds::{Severity, Urgency},
};
use tocsin_queue::JobError;

use super::{
    StepResult, WorkflowSteps,
    inputs::{FunctionInputs, slack_user},
};
use crate::{
    acting,
    failure::of_api,
    grammar::words::plain,
    identity::{self, MembershipStatus, SlackActor},
    notice::Notice,
    request::InboundRequest,
    rich_text::message_text,
    texts::workflow as texts,
};

/// Services read at once, and at most.
const PAGE: i64 = 100;
const PAGES_MAX: usize = 20;

/// The outcome of a part of the work: the inner error is for the workflow.
type Part<T> = Result<Result<T, String>, JobError>;

macro_rules! or_told {
    ($part:expr) => {
        match $part {
            Ok(found) => found,
            Err(why) => return Ok(StepResult::Failed(why)),
        }
    };
}

/// Triggers it, once for each request of Slack's.
pub(super) async fn trigger(
    steps: &WorkflowSteps,
    item: &InboundRequest,
    inputs: &FunctionInputs,
) -> Result<StepResult, JobError> {
    let Some(title) = &inputs.title else {
        return Ok(StepResult::Failed(texts::NO_TITLE.to_owned()));
    };
    let urgency = or_told!(value::<Urgency>(
        "Urgency",
        inputs.urgency.as_deref(),
        texts::URGENCIES
    ));
    let severity = or_told!(value::<Severity>(
        "Severity",
        inputs.severity.as_deref(),
        texts::SEVERITIES
    ));
    let reporters = or_told!(reporters(steps, item, inputs).await?);
    let (who, service) = or_told!(place(steps, &reporters, inputs.service.as_deref()).await?);
    let assignee = match &inputs.assignee {
        Some(assignee) => Some(or_told!(find_assignee(steps, item, who, assignee).await?)),
        None => None,
    };
    let description = match &inputs.description {
        Some(text) => {
            let message = json!({"text": text});
            let read = message_text(&steps.acting.rich_text, &item.installation, &message).await?;
            Some(read.markdown).filter(|text| !text.is_empty())
        }
        None => None,
    };
    let input = trigger_from_workflow::TriggerIncidentInput {
        title: plain(title),
        description_markdown: description,
        service_id: service.map(|id| id.to_string()),
        urgency: urgency.map(Known::Value),
        severity: severity.map(Known::Value),
        assignee_ids: assignee.map(|id| vec![id.to_string()]),
        dedup_key: None,
        tags: None,
        idempotency_key: Some(item.idempotency_key()),
    };
    let variables = trigger_from_workflow::Variables { input };
    let payload = steps
        .acting
        .api
        .execute::<TriggerFromWorkflow>(who, variables)
        .await
        .map_err(of_api)?
        .trigger_incident;
    if let Some(error) = payload.user_errors.into_iter().next() {
        let what_to_do = match (error.code.as_str(), who.on_behalf_of) {
            ("FORBIDDEN", None) => format!(" {}", texts::SAY_WHO),
            _ => String::new(),
        };
        return Ok(StepResult::Failed(format!(
            "{} ({}).{what_to_do}",
            error.message.trim_end_matches('.'),
            error.code
        )));
    }
    let incident = payload
        .incident
        .ok_or_else(|| JobError::retry("the API answered neither an incident nor an error"))?;
    Ok(StepResult::Triggered(json!({
        "incident_number": incident.number,
        "incident_title": incident.title,
        "incident_url": incident.url,
    })))
}

/// One of our values, in any case.
fn value<T: serde::de::DeserializeOwned>(
    what: &str,
    given: Option<&str>,
    known: &str,
) -> Result<Option<T>, String> {
    let Some(given) = given else { return Ok(None) };
    serde_json::from_value(json!(given.to_uppercase()))
        .map(Some)
        .map_err(|_| texts::unknown_value(what, given, known))
}

/// As whom it may be done: the reporter in each organisation of theirs, else the bridge itself where there is but one.
async fn reporters<'a>(
    steps: &WorkflowSteps,
    item: &'a InboundRequest,
    inputs: &FunctionInputs,
) -> Part<Vec<As<'a>>> {
    let request_id = item.request_id.as_deref();
    let Some(reporter) = inputs.reporter.as_deref() else {
        let organizations = steps.acting.api.organizations().await.map_err(of_api)?;
        return Ok(match organizations.as_slice() {
            [only] if item.installation.serves(only.id) => Ok(vec![As::bridge(only.id, request_id)]),
            _ => Err(texts::SAY_WHO.to_owned()),
        });
    };
    let Some(user) = slack_user(reporter) else {
        return Ok(Err(texts::no_person(reporter)));
    };
    let person = person(steps, item, user).await?;
    Ok(
        match acting::organizations_of(&steps.acting, &person, request_id).await? {
            Ok(theirs) => Ok(theirs
                .into_iter()
                .map(|(organization, member)| As {
                    on_behalf_of: Some(member.id),
                    ..As::bridge(organization, request_id)
                })
                .collect()),
            Err(Notice::Deactivated { .. }) => Err(texts::deactivated(&person.name)),
            Err(notice) => Err(texts::no_member(&person.name, notice.code())),
        },
    )
}

async fn person(steps: &WorkflowSteps, item: &InboundRequest, user: &str) -> Result<SlackActor, JobError> {
    let installation = &item.installation;
    let found = identity::person(&steps.acting.identity, installation, user).await?;
    Ok(found.unwrap_or_else(|| SlackActor::unknown(installation, user)))
}

/// The one organisation that is meant, and the service in it; no service is each organisation's default one.
async fn place<'a>(
    steps: &WorkflowSteps,
    reporters: &[As<'a>],
    service: Option<&str>,
) -> Part<(As<'a>, Option<ServiceId>)> {
    let Some(service) = service else {
        return Ok(match reporters {
            [only] => Ok((*only, None)),
            _ => Err(texts::AMBIGUOUS.to_owned()),
        });
    };
    let mut found = Vec::new();
    for who in reporters {
        if let Some(id) = find_service(steps, *who, service).await? {
            found.push((*who, Some(id)));
        }
    }
    Ok(match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(texts::no_service(service)),
        _ => Err(texts::several_services(service)),
    })
}

async fn find_service(
    steps: &WorkflowSteps,
    who: As<'_>,
    wanted: &str,
) -> Result<Option<ServiceId>, JobError> {
    let id = wanted.parse::<ServiceId>().ok();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let variables = services_to_name::Variables { first: PAGE, after };
        let page = steps
            .acting
            .api
            .execute::<ServicesToName>(who, variables)
            .await
            .map_err(of_api)?
            .services;
        for service in page.nodes {
            let is_meant = match id {
                Some(id) => service.id == id.to_string(),
                None => service.name.trim().to_lowercase() == wanted.to_lowercase(),
            };
            if is_meant {
                return service.id.parse().map(Some).map_err(JobError::fail);
            }
        }
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    Ok(None)
}

/// The member who is to work it.
async fn find_assignee(
    steps: &WorkflowSteps,
    item: &InboundRequest,
    who: As<'_>,
    assignee: &str,
) -> Part<UserId> {
    let organization: OrganizationId = who
        .organization
        .ok_or_else(|| JobError::fail("a request without an organisation"))?;
    let member = match slack_user(assignee) {
        Some(user) => {
            let person = person(steps, item, user).await?;
            match identity::membership_status(
                &steps.acting.identity,
                organization,
                &person,
                item.request_id.as_deref(),
            )
            .await?
            {
                MembershipStatus::Member(member) => Some(member),
                MembershipStatus::Deactivated | MembershipStatus::NotMember => None,
            }
        }
        None => steps
            .acting
            .api
            .find_member(who, &assignee.to_lowercase())
            .await
            .map_err(of_api)?
            .filter(|member| member.is_active),
    };
    Ok(member
        .map(|member| member.id)
        .ok_or_else(|| texts::no_assignee(assignee)))
}
