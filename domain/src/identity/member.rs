//! Which member somebody in Slack is, as the bridge asks before they do anything.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::SlackMatch,
    membership, slack_link,
};

use crate::{error::RequestError, request::Request, tenant::everywhere};

/// Somebody in Slack, as the bridge knows them.
pub struct SlackPerson {
    /// The Slack workspace (`T…`).
    pub team_id: String,
    /// The person there.
    pub slack_user_id: String,
    /// Their e-mail address in Slack, in lowercase.
    pub email: Option<String>,
}

/// Which members somebody in Slack is: in the organisation that the request is about, or in all. For the bridge alone.
pub async fn find(
    request: &Request<'_>,
    person: &SlackPerson,
) -> Result<BTreeMap<OrganizationId, (UserId, SlackMatch)>, RequestError> {
    let within = request.viewer.may_ask_for_all()?;
    let database = request.domain.database();
    let everybodys = "the bridge asks in which organisations somebody is known";
    let mut linked = everywhere::<slack_link::Entity>(everybodys)
        .filter(slack_link::Column::TeamId.eq(&person.team_id))
        .filter(slack_link::Column::SlackUserId.eq(&person.slack_user_id));
    if let Some(id) = within {
        linked = linked.filter(slack_link::Column::OrganizationId.eq(id));
    }
    let linked = linked.all(database.read()).await?;
    let mut found: BTreeMap<_, _> = linked
        .into_iter()
        .map(|link| (link.organization_id, (link.user_id, link.kind)))
        .collect();
    let Some(email) = &person.email else {
        return Ok(found);
    };
    let mut memberships =
        everywhere::<membership::Entity>(everybodys).filter(membership::Column::Email.eq(email));
    if let Some(id) = within {
        memberships = memberships.filter(membership::Column::OrganizationId.eq(id));
    }
    let memberships = memberships.all(database.read()).await?;
    // A member who has said who they are in this workspace is nobody else there.
    let taken: BTreeSet<(OrganizationId, UserId)> = everywhere::<slack_link::Entity>(everybodys)
        .filter(slack_link::Column::TeamId.eq(&person.team_id))
        .filter(slack_link::Column::UserId.is_in(memberships.iter().map(|member| member.user_id)))
        .all(database.read())
        .await?
        .into_iter()
        .map(|link| (link.organization_id, link.user_id))
        .collect();
    for member in memberships {
        if !taken.contains(&(member.organization_id, member.user_id)) {
            found
                .entry(member.organization_id)
                .or_insert((member.user_id, SlackMatch::Email));
        }
    }
    Ok(found)
}
