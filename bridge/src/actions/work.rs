//! What a press does.

use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{IncidentStatus, Role},
    slack::post,
};
use tocsin_queue::JobError;

use super::press::{Action, Press};
use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{
        AcknowledgeIncident, As, Member, ReopenIncident, ResolveIncident, acknowledge_incident,
        reopen_incident, resolve_incident,
    },
    identity::{self, Person, Standing},
    inbound::{
        Kind,
        routes::{Item, Outcome, Route, Worked},
    },
    notice::{self, Notice},
    thread, unfurl,
};

/// `block_actions`, for the buttons that are ours.
pub(crate) const ROUTE: Route = Route {
    kind: Kind::Interaction,
    name: "block_actions",
    wanted: |payload| Press::of(payload).is_some(),
    work: |parts, item| pressed(parts, item).boxed(),
};

/// The incident that a press is about, in its organisation.
struct Target {
    organization: OrganizationId,
    incident: IncidentId,
}

async fn pressed(parts: &Parts, item: &Item) -> Worked {
    let Some(press) = Press::of(&item.payload) else {
        return Ok(Outcome::NotOurs("ignored"));
    };
    let team = press.team.clone().unwrap_or_default();
    let person = identity::person(parts, &team, &press.user)
        .await?
        .unwrap_or_else(|| Person::unknown(&team, &press.user));
    let notice = match target(parts, item, &press, &person).await? {
        Some(target) => act(parts, item, &press, &person, &target).await?,
        None => Some(Notice::NotFound),
    };
    let Some(notice) = notice else {
        return Ok(Outcome::Done(press.action.name()));
    };
    let text = notice::press(&notice, press.action.name());
    notice::answer(
        parts,
        press.response_url.as_ref(),
        press.channel.as_deref(),
        &press.user,
        &text,
    )
    .await?;
    Ok(Outcome::Done(notice.outcome()))
}

/// The incident of the post on which a button was pressed.
async fn target(
    parts: &Parts,
    item: &Item,
    press: &Press,
    person: &Person,
) -> Result<Option<Target>, JobError> {
    let (Some(channel), Some(ts)) = (&press.channel, &press.message_ts) else {
        return Ok(None);
    };
    let post = match &press.unfurled_url {
        Some(url) => match unfurl::find(parts, channel, ts, url).await? {
            Some(post) => Some(post),
            // A preview that was made while the message was still being written: who pressed it says whose it is.
            None => return by_link(parts, item, url, person).await,
        },
        None => post_at(parts, channel, ts).await?,
    };
    let carried = press.value.parse().ok();
    let Some(post) = post else {
        // Perhaps it is one of ours whose place in Slack is not on record yet: then the button says which.
        let Some(incident) = carried else { return Ok(None) };
        let organization = thread::organization_of_coming(parts, channel, ts, incident).await?;
        return Ok(organization.map(|organization| Target {
            organization,
            incident,
        }));
    };
    let incident = match (post.incident_id, carried) {
        (Some(shown), Some(carried)) if shown != carried => None,
        (Some(shown), _) => Some(shown),
        (None, carried) => carried,
    };
    Ok(incident.map(|incident| Target {
        organization: post.organization_id,
        incident,
    }))
}

async fn post_at(parts: &Parts, channel: &str, ts: &str) -> Result<Option<post::Model>, JobError> {
    post::Entity::find()
        .filter(post::Column::ChannelId.eq(channel))
        .filter(post::Column::Ts.eq(ts))
        .one(parts.database.read())
        .await
        .map_err(JobError::retry)
}

async fn by_link(parts: &Parts, item: &Item, url: &str, person: &Person) -> Result<Option<Target>, JobError> {
    let incident = unfurl::incident_of(parts, url, Some(person), item.request_id.as_deref()).await?;
    Ok(incident.map(|incident| Target {
        organization: incident.organization_id,
        incident: incident.id,
    }))
}

/// Does it, in the person's name; what they are to be told if it had no effect.
async fn act(
    parts: &Parts,
    item: &Item,
    press: &Press,
    person: &Person,
    target: &Target,
) -> Result<Option<Notice>, JobError> {
    let request_id = item.request_id.as_deref();
    let member = match identity::standing(parts, target.organization, person, request_id).await? {
        Standing::Member(member) => member,
        Standing::Deactivated => return Ok(Some(Notice::Deactivated)),
        Standing::Stranger => return Ok(Some(Notice::NotLinked)),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(target.organization, request_id)
    };
    let done = mutate(parts, who, press.action, target.incident, item.idempotency_key()).await?;
    match done {
        Done::By(Some((id, _))) if id == member.id.to_string() => Ok(None),
        // Somebody was faster: it was a no-op.
        Done::By(by) => Ok(match press.action {
            Action::Acknowledge => Some(Notice::AlreadyAcknowledged {
                by: by.map(|(_, name)| name),
            }),
            Action::Resolve => Some(Notice::AlreadyResolved {
                by: by.map(|(_, name)| name),
            }),
            Action::Reopen => None,
        }),
        Done::Refused { code, message } => refused(parts, who, &member, target, code, message)
            .await
            .map(Some),
    }
}

/// What a mutation answered: who has acknowledged or resolved the incident now, by id and name; or why not.
enum Done {
    By(Option<(String, String)>),
    Refused { code: String, message: String },
}

macro_rules! done {
    ($payload:expr, $by:ident) => {{
        let payload = $payload;
        match payload.user_errors.into_iter().next() {
            Some(error) => Done::Refused {
                code: error.code,
                message: error.message,
            },
            None => Done::By(
                payload
                    .incident
                    .and_then(|incident| incident.$by)
                    .map(|user| (user.id, user.name)),
            ),
        }
    }};
}

async fn mutate(
    parts: &Parts,
    who: As<'_>,
    action: Action,
    incident: IncidentId,
    key: String,
) -> Result<Done, JobError> {
    let (id, idempotency_key) = (incident.to_string(), Some(key));
    let done = match action {
        Action::Acknowledge => {
            let input = acknowledge_incident::AcknowledgeIncidentInput { id, idempotency_key };
            let variables = acknowledge_incident::Variables { input };
            let answer = parts.api.execute::<AcknowledgeIncident>(who, variables).await;
            done!(answer.map_err(of_api)?.acknowledge_incident, acknowledged_by)
        }
        Action::Resolve => {
            let input = resolve_incident::ResolveIncidentInput {
                id,
                note_markdown: None,
                idempotency_key,
            };
            let variables = resolve_incident::Variables { input };
            let answer = parts.api.execute::<ResolveIncident>(who, variables).await;
            done!(answer.map_err(of_api)?.resolve_incident, resolved_by)
        }
        Action::Reopen => {
            let input = reopen_incident::ReopenIncidentInput {
                id,
                reason_markdown: None,
                idempotency_key,
            };
            let variables = reopen_incident::Variables { input };
            let answer = parts.api.execute::<ReopenIncident>(who, variables).await;
            done!(answer.map_err(of_api)?.reopen_incident, acknowledged_by)
        }
    };
    Ok(done)
}

/// What a refusal of the API means to the person.
async fn refused(
    parts: &Parts,
    who: As<'_>,
    member: &Member,
    target: &Target,
    code: String,
    message: String,
) -> Result<Notice, JobError> {
    Ok(match code.as_str() {
        "FORBIDDEN" if member.role == Role::Stakeholder => Notice::ReadOnly,
        "NOT_FOUND" => Notice::NotFound,
        "WRONG_STATUS" => match parts
            .api
            .find_incident(who, target.incident)
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
