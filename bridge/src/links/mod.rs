//! Links to pages of ours: which incident one leads to, whom it may be shown to, and the preview on record of it.

mod page;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{PostKind, PreviewPolicy},
    slack::post,
};
use tocsin_queue::JobError;

use crate::{
    failure::of_api,
    graphql::{As, Incident, Known, PreviewPolicyOf, preview_policy_of},
    identity::{self, Person, Standing},
    installation::AppInstallation,
    parts::Parts,
};

pub(crate) use page::Page;

/// The preview of a link in a message.
pub(crate) async fn preview_of_link(
    parts: &Parts,
    installation: &AppInstallation,
    channel_id: &str,
    ts: &str,
    url: &str,
) -> Result<Option<post::Model>, JobError> {
    let end = format!(":{channel_id}:{ts}:{}", fingerprint(url));
    let found = post::Entity::find()
        .filter(post::Column::Kind.eq(PostKind::Unfurl))
        .filter(post::Column::TeamId.eq(installation.team_id()))
        .filter(post::Column::ChannelId.eq(channel_id))
        .all(parts.database.read())
        .await
        .map_err(JobError::retry)?;
    let mut theirs = found
        .into_iter()
        .filter(|post| installation.serves(post.organization_id));
    Ok(theirs.find(|post| post.key.ends_with(&end)))
}

/// What stands for a URL in a key.
pub(crate) fn fingerprint(url: &str) -> String {
    hex::encode(&Sha256::digest(url.as_bytes())[..8])
}

/// The incident that a link is about, if this person may be shown it: the only organisation's, or that of theirs which has it.
///
/// Numbers repeat from one organisation to the next; where a person belongs to several that have such an incident, nobody can
/// say which is meant, and none is shown.
pub(crate) async fn incident_of(
    parts: &Parts,
    url: &str,
    person: Option<&Person>,
    request_id: Option<&str>,
) -> Result<Option<Incident>, JobError> {
    match Page::of(&parts.config.public_url, url) {
        Some(page) => {
            let theirs = theirs(parts, person, request_id).await?;
            incident_among(parts, page.number(), &theirs, request_id).await
        }
        None => Ok(None),
    }
}

/// The one incident with this number in these organisations.
pub(crate) async fn incident_among(
    parts: &Parts,
    number: i32,
    organizations: &[OrganizationId],
    request_id: Option<&str>,
) -> Result<Option<Incident>, JobError> {
    let mut found = None;
    for organization in organizations {
        let who = As::bridge(*organization, request_id);
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

/// The organisations whose incidents a person may show to a channel by pasting a link: those that they are a member of, and those that allow it to
/// everybody in a workspace of their own. People of other companies, guests, bots and deactivated accounts show nothing.
pub(crate) async fn theirs(
    parts: &Parts,
    person: Option<&Person>,
    request_id: Option<&str>,
) -> Result<Vec<OrganizationId>, JobError> {
    let Some(person) = person else {
        return Ok(Vec::new());
    };
    if person.is_external || person.is_guest || person.is_bot || person.is_deactivated {
        return Ok(Vec::new());
    }
    let mut theirs = Vec::new();
    let all = parts.api.organizations().await.map_err(of_api)?;
    let is_alone = all.len() == 1;
    for organization in all {
        let id = organization.id;
        if !person.installation.serves(id) {
            continue;
        }
        let is_theirs = person.installation.is_only_of(id, is_alone)
            && allows_everybody(parts, id, request_id).await?
            || matches!(
                identity::standing(parts, id, person, request_id).await?,
                Standing::Member(_)
            );
        if is_theirs {
            theirs.push(id);
        }
    }
    Ok(theirs)
}

/// Whether an organisation gives previews to everybody in a workspace of its own. A policy that is not known here is the strictest.
async fn allows_everybody(
    parts: &Parts,
    organization: OrganizationId,
    request_id: Option<&str>,
) -> Result<bool, JobError> {
    let who = As::bridge(organization, request_id);
    let read = parts
        .api
        .execute::<PreviewPolicyOf>(who, preview_policy_of::Variables {})
        .await
        .map_err(of_api)?;
    let policy = read.organization.slack_settings.preview_policy;
    Ok(policy == Known::Value(PreviewPolicy::Workspace))
}
