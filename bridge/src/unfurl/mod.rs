//! Links to incidents, pasted anywhere in Slack, and the previews they get.
//!
//! A preview is a post like any other: recorded here as wanted, and made true by the mirror, now and whenever the incident
//! changes.

mod link;
mod shared;
mod wake;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use tocsin_entity::{id::OrganizationId, kinds::PostKind, slack::post};
use tocsin_queue::JobError;

use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::{As, Incident},
    identity::{self, Person, Standing},
};

pub(crate) use shared::ROUTE;

/// The preview of a link in a message.
pub(crate) async fn find(
    parts: &Parts,
    channel_id: &str,
    ts: &str,
    url: &str,
) -> Result<Option<post::Model>, JobError> {
    let end = format!(":{channel_id}:{ts}:{}", fingerprint(url));
    let found = post::Entity::find()
        .filter(post::Column::Kind.eq(PostKind::Unfurl))
        .filter(post::Column::ChannelId.eq(channel_id))
        .all(parts.database.read())
        .await
        .map_err(JobError::retry)?;
    Ok(found.into_iter().find(|post| post.key.ends_with(&end)))
}

/// What stands for a URL in a key.
fn fingerprint(url: &str) -> String {
    hex::encode(&Sha256::digest(url.as_bytes())[..8])
}

/// The incident that a link shows, if this person may be shown it: the only organisation's, or that of theirs which has it.
///
/// Numbers repeat from one organisation to the next; where a person belongs to several that have such an incident, nobody can
/// say which is meant, and none is shown.
pub(crate) async fn incident_of(
    parts: &Parts,
    url: &str,
    person: Option<&Person>,
    request_id: Option<&str>,
) -> Result<Option<Incident>, JobError> {
    let Some(number) = link::incident_number(&parts.config.public_url, url) else {
        return Ok(None);
    };
    let mut found = None;
    for organization in theirs(parts, person, request_id).await? {
        let who = As::bridge(organization, request_id);
        let incident = parts
            .api
            .find_incident_by_number(who, i64::from(number))
            .await
            .map_err(of_api)?;
        match (found.is_some(), incident) {
            (true, Some(_)) => return Ok(None),
            (false, Some(incident)) => found = Some(incident),
            (_, None) => {}
        }
    }
    Ok(found)
}

/// The organisations whose incidents a person may be shown.
async fn theirs(
    parts: &Parts,
    person: Option<&Person>,
    request_id: Option<&str>,
) -> Result<Vec<OrganizationId>, JobError> {
    let all = parts.api.organizations().await.map_err(of_api)?;
    if all.len() <= 1 {
        return Ok(all.into_iter().map(|organization| organization.id).collect());
    }
    let Some(person) = person else {
        return Ok(Vec::new());
    };
    let mut theirs = Vec::new();
    for organization in all {
        if let Standing::Member(_) = identity::standing(parts, organization.id, person, request_id).await? {
            theirs.push(organization.id);
        }
    }
    Ok(theirs)
}
