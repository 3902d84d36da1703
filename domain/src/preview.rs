//! Which incident a link shows that somebody has pasted in Slack.
//!
//! Everybody in the channel sees it. Whoever pastes the link says by that who may, so it shows what they themselves may read: incidents of
//! organisations of which they are an active member, and of the one organisation that gives previews to everybody in a workspace of its own.
//! Numbers repeat from one organisation to the next: where several of theirs have such an incident, nobody can say which is meant, and none is shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_entity::{
    id::OrganizationId,
    incident,
    kinds::{PostmortemStatus, PreviewPolicy, Role},
    organization,
};

use crate::{
    error::RequestError,
    identity::{self, SlackPerson},
    loaders::{MemberKey, PostmortemOf},
    request::Request,
    tenant::everywhere,
};

/// Links in one message, and who has pasted them where.
pub struct PastedLinks {
    /// The numbers of the incidents that they lead to.
    pub numbers: Vec<i64>,
    /// Who has pasted them.
    pub person: SlackPerson,
    /// Whether the person may be matched with a member: some have asked not to be.
    pub is_matched: bool,
    /// The organisations of which people in the workspace may be members; all, where there are none.
    pub served: Option<Vec<OrganizationId>>,
    /// The organisations that have connected the workspace.
    pub owners: Vec<OrganizationId>,
    /// Whether it is the workspace of the server's configuration.
    pub is_servers: bool,
}

/// An incident that a link shows.
pub struct SharedIncident {
    /// The incident.
    pub incident: Arc<incident::Model>,
    /// Whether there is a post-mortem that the person may show as well.
    pub shows_postmortem: bool,
}

/// The incidents that pasted links show. For the bridge alone.
pub async fn shared(request: &Request<'_>, links: &PastedLinks) -> Result<Vec<SharedIncident>, RequestError> {
    let within = request.viewer.may_ask_for_all()?;
    let roles = roles(request, links).await?;
    let mut theirs: BTreeSet<OrganizationId> = roles.keys().copied().collect();
    theirs.extend(of_everybody(request, links).await?);
    if let Some(only) = within {
        theirs.retain(|id| *id == only);
    }
    if let Some(served) = &links.served {
        theirs.retain(|id| served.contains(id));
    }
    if theirs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = everywhere::<incident::Entity>("a link has no organisation: those of the person are named")
        .filter(incident::Column::OrganizationId.is_in(theirs))
        .filter(incident::Column::Number.is_in(links.numbers.iter().copied()))
        .all(request.read())
        .await?;
    let mut by_number: BTreeMap<i64, Vec<incident::Model>> = BTreeMap::new();
    for row in rows {
        by_number.entry(row.number).or_default().push(row);
    }
    let only = |mut found: Vec<incident::Model>| found.pop().filter(|_| found.is_empty());
    let incidents: Vec<_> = by_number.into_values().filter_map(only).collect();
    let keys = incidents.iter().map(|incident| PostmortemOf(incident.id));
    let postmortems = request.loaders().load_many(keys).await?;
    let shown = incidents.into_iter().map(|incident| {
        let role = roles.get(&incident.organization_id);
        let reads_drafts = role.is_some_and(|role| *role != Role::Stakeholder);
        let postmortem = postmortems.get(&PostmortemOf(incident.id));
        SharedIncident {
            shows_postmortem: postmortem
                .is_some_and(|found| reads_drafts || found.status == PostmortemStatus::Published),
            incident: Arc::new(incident),
        }
    });
    Ok(shown.collect())
}

/// The organisations of which the person is an active member, with what they may do there.
async fn roles(
    request: &Request<'_>,
    links: &PastedLinks,
) -> Result<BTreeMap<OrganizationId, Role>, RequestError> {
    if !links.is_matched {
        return Ok(BTreeMap::new());
    }
    let found = identity::find(request, &links.person).await?;
    let keys = found.iter().map(|(id, (user_id, _))| MemberKey(*id, *user_id));
    let members = request.loaders().load_many(keys).await?;
    let active = members
        .into_iter()
        .filter(|(_, member)| member.deactivated_at.is_none());
    Ok(active.map(|(key, member)| (key.0, member.role)).collect())
}

/// The organisation that gives previews to everybody in the workspace: where everybody there is a colleague, since nobody else has connected it. The
/// server's own workspace is an organisation's that is alone on the server.
async fn of_everybody(
    request: &Request<'_>,
    links: &PastedLinks,
) -> Result<Option<OrganizationId>, RequestError> {
    let mut owners = links.owners.clone();
    owners.sort_unstable();
    owners.dedup();
    let mut find = everywhere::<organization::Entity>("whose workspace it is, is asked here");
    if !links.is_servers {
        find = find.filter(organization::Column::Id.is_in(owners.iter().copied()));
    }
    let candidates = find
        .order_by_asc(organization::Column::Id)
        .limit(2)
        .all(request.read())
        .await?;
    let [only] = candidates.as_slice() else {
        return Ok(None);
    };
    let is_theirs = owners.iter().all(|owner| *owner == only.id);
    let gives = only.slack_preview_policy == PreviewPolicy::Workspace;
    Ok((is_theirs && gives).then_some(only.id))
}
