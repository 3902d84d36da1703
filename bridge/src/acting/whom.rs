//! Whom a person in Slack acts for, where nothing that they act on says so.

use tocsin_client::{As, Incident, Member};
use tocsin_entity::id::OrganizationId;
use tocsin_queue::JobError;

use super::ActionService;
use crate::{
    failure::of_api,
    identity::{self, SlackActor},
    notice::{Help, Notice},
};

/// What a person is to an organisation that knows them.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) organization: OrganizationId,
    /// None for a deactivated one.
    pub(crate) member: Option<Member>,
}

/// Every organisation that knows the person as a member, deactivated ones included.
pub(crate) async fn memberships(
    acting: &ActionService,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Vec<Membership>, JobError> {
    let found = identity::members(&acting.identity, None, person, request_id).await?;
    let of = |(organization, member): (OrganizationId, Member)| Membership {
        organization,
        member: Some(member).filter(|member| member.is_active),
    };
    Ok(found.into_iter().map(of).collect())
}

/// The organisations in which a person may act, or why there is none.
pub(crate) async fn organizations_of(
    acting: &ActionService,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Result<Vec<(OrganizationId, Member)>, Notice>, JobError> {
    let memberships = memberships(acting, person, request_id).await?;
    if memberships.is_empty() && person.is_external {
        return Ok(Err(Notice::External));
    }
    if memberships.is_empty() {
        let how = identity::prompt(&acting.identity, person).await?;
        let help = Help::default();
        return Ok(Err(Notice::NotLinked { how, help }));
    }
    let first = memberships.first().map(|membership| membership.organization);
    let active: Vec<_> = memberships
        .into_iter()
        .filter_map(|membership| Some((membership.organization, membership.member?)))
        .collect();
    match first {
        Some(organization) if active.is_empty() => Ok(Err(Notice::Deactivated {
            help: super::help(acting, organization, request_id).await?,
        })),
        Some(_) | None => Ok(Ok(active)),
    }
}

/// The incident that a person means by a number, and as whom they see it.
pub(crate) async fn incident_by_number(
    acting: &ActionService,
    person: &SlackActor,
    number: i64,
    request_id: Option<&str>,
) -> Result<Result<(OrganizationId, Member, Incident), Notice>, JobError> {
    let organizations = match organizations_of(acting, person, request_id).await? {
        Ok(organizations) => organizations,
        Err(notice) => return Ok(Err(notice)),
    };
    let mut found = Vec::new();
    for (organization, member) in organizations {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, request_id)
        };
        let incident = acting.api.find_incident_by_number(who, number).await;
        if let Some(incident) = incident.map_err(of_api)? {
            found.push((organization, member, incident));
        }
    }
    Ok(match found.pop() {
        None => Err(Notice::NotFound),
        Some(_) if !found.is_empty() => Err(Notice::AmbiguousOrganization),
        Some(found) => Ok(found),
    })
}
