//! Previews of post-mortems: no event log tells of their changes, so they are looked at.

use std::{collections::HashMap, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use tocsin_client::As;
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_queue::JobError;
use tokio_util::sync::CancellationToken;

use super::{UnfurlService, wake::wake};
use crate::{failure::of_api, polling::ends_within, store::post_key::OF_POSTMORTEM};

/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How long a preview follows its post-mortem, from when it was pasted.
const FOLLOWED: time::Duration = time::Duration::days(30);

/// The most post-mortems that are followed: those pasted last.
const MOST: u64 = 50;

/// Looks until the shutdown.
pub(crate) async fn run(unfurl: &UnfurlService, shutdown: CancellationToken) {
    // Empty after a start: then each is woken once, and shows what it shows already.
    let mut seen = HashMap::new();
    while !ends_within(&shutdown, LOOK).await {
        if let Err(error) = look(unfurl, &mut seen).await {
            tracing::warn!("the post-mortems whose previews are in Slack cannot be looked at: {error}");
        }
    }
}

/// `seen` says when each was last changed, as of the last look.
async fn look(
    unfurl: &UnfurlService,
    seen: &mut HashMap<IncidentId, Option<OffsetDateTime>>,
) -> Result<(), JobError> {
    let followed = followed(unfurl).await?;
    seen.retain(|incident, _| followed.iter().any(|(_, followed)| followed == incident));
    for (organization, incident) in followed {
        let who = As::bridge(organization, None);
        let found = unfurl
            .links
            .api
            .find_postmortem(who, incident)
            .await
            .map_err(of_api)?;
        let now = found.map(|found| found.updated_at);
        if seen.get(&incident) == Some(&now) {
            continue;
        }
        if let Some(shown) = unfurl
            .links
            .api
            .find_incident(who, incident)
            .await
            .map_err(of_api)?
        {
            wake(unfurl, &shown, None).await?;
        }
        seen.insert(incident, now);
    }
    Ok(())
}

/// The incidents of whose post-mortems there are previews.
async fn followed(unfurl: &UnfurlService) -> Result<Vec<(OrganizationId, IncidentId)>, JobError> {
    let mut found: Vec<(OrganizationId, Option<IncidentId>)> = post::Entity::find()
        .select_only()
        .column(post::Column::OrganizationId)
        .column(post::Column::IncidentId)
        .filter(post::Column::Kind.eq(PostKind::Unfurl))
        .filter(post::Column::Key.starts_with(OF_POSTMORTEM))
        .filter(post::Column::State.ne(PostState::Failed))
        .filter(post::Column::QueuedAt.gt(unfurl.clock.now() - FOLLOWED))
        .order_by_desc(post::Column::Id)
        .limit(MOST)
        .into_tuple()
        .all(unfurl.database.read())
        .await
        .map_err(JobError::retry)?;
    found.sort_unstable();
    found.dedup();
    Ok(found
        .into_iter()
        .filter_map(|(organization, incident)| Some((organization, incident?)))
        .collect())
}
