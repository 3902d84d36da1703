//! What a person's tab is to tell of, as they themselves may read it.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tocsin_client::{
    ApiError, As, Incident, Member,
    documents::{HomeIncidents, home_incidents},
};
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::Role,
    slack::incident,
};
use tocsin_queue::JobError;

use super::HomeTabs;
use crate::{
    acting,
    failure::of_api,
    identity::{self, SlackActor},
    installation::AppInstallation,
};

/// Incidents of each list, where there is one organisation; with more there are fewer, since a view holds 100 blocks.
const LISTED: usize = 10;
const LISTED_AT_LEAST: usize = 2;

/// What a person is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HomeContent {
    /// No member has their e-mail address.
    NotLinked { email: Option<String> },
    /// They have asked not to be matched with a member.
    Unlinked,
    /// They are a member nowhere any more.
    Deactivated,
    /// What is theirs in each organisation.
    Organizations(Vec<MemberIncidents>),
}

/// A member's incidents in one organisation; each is in one list alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MemberIncidents {
    pub(super) organization: OrganizationId,
    pub(super) name: String,
    pub(super) may_act: bool,
    /// Open, and theirs to work.
    pub(super) assigned: IncidentList,
    /// Open, and they have had to do with it.
    pub(super) taken: IncidentList,
    /// The newest of the organisation.
    pub(super) recent: IncidentList,
    /// How often the menus of the incidents were used.
    pub(super) menu_uses: HashMap<IncidentId, i32>,
}

/// The newest incidents of a list, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct IncidentList {
    pub(super) incidents: Vec<Incident>,
    pub(super) more: i64,
}

impl HomeContent {
    pub(super) fn organizations(&self) -> Vec<OrganizationId> {
        match self {
            Self::NotLinked { .. } | Self::Unlinked | Self::Deactivated => Vec::new(),
            Self::Organizations(organizations) => organizations
                .iter()
                .map(|member_incidents| member_incidents.organization)
                .collect(),
        }
    }
}

/// Reads what a person is to be told now.
pub(super) async fn read(
    tabs: &HomeTabs,
    installation: &AppInstallation,
    user: &str,
) -> Result<HomeContent, JobError> {
    let person = identity::person(&tabs.acting.identity, installation, user).await?;
    let person = person.unwrap_or_else(|| SlackActor::unknown(installation, user));
    let memberships = acting::memberships(&tabs.acting, &person, None).await?;
    if memberships.is_empty() {
        let team = installation.team_id();
        let is_unlinked = identity::is_unlinked(&tabs.database, team, user).await;
        return Ok(if is_unlinked.map_err(JobError::retry)? {
            HomeContent::Unlinked
        } else {
            HomeContent::NotLinked { email: person.email }
        });
    }
    let active: Vec<_> = memberships
        .into_iter()
        .filter_map(|membership| Some((membership.organization, membership.member?)))
        .collect();
    if active.is_empty() {
        return Ok(HomeContent::Deactivated);
    }
    let listed = (LISTED / active.len()).max(LISTED_AT_LEAST);
    let mut organizations = Vec::new();
    for (organization, member) in active {
        organizations.push(member_incidents(tabs, organization, &member, listed).await?);
    }
    Ok(HomeContent::Organizations(organizations))
}

async fn member_incidents(
    tabs: &HomeTabs,
    organization: OrganizationId,
    member: &Member,
    listed: usize,
) -> Result<MemberIncidents, JobError> {
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(organization, None)
    };
    let variables = home_incidents::Variables {
        me: member.id.to_string(),
        // Those of the first list are in the others as well, and are left out there.
        first: i64::try_from(3 * listed).unwrap_or(30),
    };
    let found = tabs
        .acting
        .api
        .execute::<HomeIncidents>(who, variables)
        .await
        .map_err(of_api)?;
    let mut seen = HashSet::new();
    let assigned = list(
        found.assigned.nodes,
        found.assigned.total_count,
        &mut seen,
        listed,
    )?;
    let taken = list(found.taken.nodes, found.taken.total_count, &mut seen, listed)?;
    let recent = list(found.recent.nodes, 0, &mut seen, listed)?;
    let menu_uses = menu_uses(tabs, &seen).await?;
    Ok(MemberIncidents {
        organization,
        name: found.organization.name,
        may_act: member.role != Role::Stakeholder,
        assigned,
        taken,
        recent: IncidentList { more: 0, ..recent },
        menu_uses,
    })
}

/// The first of a list that no other list holds.
fn list<T>(
    nodes: Vec<T>,
    total: i64,
    seen: &mut HashSet<IncidentId>,
    listed: usize,
) -> Result<IncidentList, JobError>
where
    Incident: TryFrom<T, Error = tocsin_entity::id::InvalidId>,
{
    let read: Vec<Incident> = nodes
        .into_iter()
        .map(Incident::try_from)
        .collect::<Result<_, _>>()
        .map_err(|error| of_api(ApiError::from(error)))?;
    let elsewhere = read.iter().filter(|incident| seen.contains(&incident.id)).count();
    let mut incidents: Vec<Incident> = read
        .into_iter()
        .filter(|incident| !seen.contains(&incident.id))
        .collect();
    incidents.truncate(listed);
    seen.extend(incidents.iter().map(|incident| incident.id));
    let told = i64::try_from(incidents.len() + elsewhere).unwrap_or(i64::MAX);
    Ok(IncidentList {
        incidents,
        more: (total - told).max(0),
    })
}

async fn menu_uses(tabs: &HomeTabs, of: &HashSet<IncidentId>) -> Result<HashMap<IncidentId, i32>, JobError> {
    let rows: Vec<(IncidentId, i32)> = incident::Entity::find()
        .select_only()
        .column(incident::Column::IncidentId)
        .column(incident::Column::MenuUses)
        .filter(incident::Column::IncidentId.is_in(of.iter().copied()))
        .into_tuple()
        .all(tabs.database.read())
        .await
        .map_err(JobError::retry)?;
    Ok(rows.into_iter().collect())
}
