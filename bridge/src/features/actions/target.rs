//! The incident that a press is about.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_client::As;
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    slack::post,
};
use tocsin_queue::JobError;

use super::{Actions, press::ButtonPress};
use crate::{
    acting, failure::of_api, identity::SlackActor, installation::AppInstallation, notice::Notice, thread,
};

/// The incident that a press is about, in its organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PressTarget {
    pub(super) organization: OrganizationId,
    pub(super) incident: IncidentId,
}

/// The incident of the post on which a button was pressed.
pub(super) async fn find(
    actions: &Actions,
    press: &ButtonPress,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Result<PressTarget, Notice>, JobError> {
    if press.is_personal {
        return match press.carried {
            Some(incident) => theirs(actions, incident, person, request_id).await,
            None => Ok(Err(Notice::NotFound)),
        };
    }
    let found = on_message(actions, press, person, request_id).await?;
    Ok(found.ok_or(Notice::NotFound))
}

async fn on_message(
    actions: &Actions,
    press: &ButtonPress,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Option<PressTarget>, JobError> {
    let (Some(channel), Some(ts)) = (&press.channel, &press.message_ts) else {
        return Ok(None);
    };
    let installation = &person.installation;
    let post = match &press.unfurled_url {
        Some(url) => match actions
            .links
            .preview_of_link(installation, channel, ts, url)
            .await?
        {
            Some(post) => Some(post),
            // A preview that was made while the message was still being written: who pressed it says whose it is.
            None => return by_link(actions, url, person, request_id).await,
        },
        None => post_at(actions, installation, channel, ts).await?,
    };
    let Some(post) = post else {
        // Perhaps it is one of ours whose place in Slack is not on record yet: then the button says which.
        let Some(incident) = press.carried else {
            actions.restore.meet();
            return Ok(None);
        };
        let organization =
            thread::organization_of_coming(&actions.database, installation, channel, ts, incident).await?;
        return Ok(organization.map(|organization| PressTarget {
            organization,
            incident,
        }));
    };
    let incident = match (post.incident_id, press.carried) {
        (Some(shown), Some(carried)) if shown != carried => None,
        (Some(shown), _) => Some(shown),
        (None, carried) => carried,
    };
    Ok(incident.map(|incident| PressTarget {
        organization: post.organization_id,
        incident,
    }))
}

async fn post_at(
    actions: &Actions,
    installation: &AppInstallation,
    channel: &str,
    ts: &str,
) -> Result<Option<post::Model>, JobError> {
    let found = post::Entity::find()
        .filter(post::Column::TeamId.eq(installation.team_id()))
        .filter(post::Column::ChannelId.eq(channel))
        .filter(post::Column::Ts.eq(ts))
        .one(actions.database.read())
        .await
        .map_err(JobError::retry)?;
    Ok(found.filter(|post| installation.serves(post.organization_id)))
}

async fn by_link(
    actions: &Actions,
    url: &str,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Option<PressTarget>, JobError> {
    let incident = actions.links.incident_of(url, Some(person), request_id).await?;
    Ok(incident.map(|incident| PressTarget {
        organization: incident.organization_id,
        incident: incident.id,
    }))
}

/// What a person sees in a view of their own belongs to one of their own organisations.
async fn theirs(
    actions: &Actions,
    incident: IncidentId,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Result<PressTarget, Notice>, JobError> {
    let organizations = match acting::organizations_of(&actions.acting, person, request_id).await? {
        Ok(organizations) => organizations,
        Err(notice) => return Ok(Err(notice)),
    };
    for (organization, member) in organizations {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, request_id)
        };
        if actions
            .acting
            .api
            .find_incident(who, incident)
            .await
            .map_err(of_api)?
            .is_some()
        {
            return Ok(Ok(PressTarget {
                organization,
                incident,
            }));
        }
    }
    Ok(Err(Notice::NotFound))
}
