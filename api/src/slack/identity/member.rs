//! Which member somebody in Slack is, as the bridge asks before they do anything.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_entity::{
    database::Database,
    id::{OrganizationId, UserId},
    kinds::SlackMatch,
    membership, slack_link,
};

use crate::{
    error::Fault,
    loaders::{self, MemberKey},
    node::domain,
    user::User,
    viewer::Viewer,
};

/// Which member somebody in Slack is in an organisation.
#[derive(SimpleObject)]
pub(crate) struct SlackMember {
    /// The organisation's id.
    organization_id: ID,
    /// The member, deactivated or not.
    user: User,
    /// How that is known.
    matched_by: SlackMatch,
}

/// The query of the bridge.
#[derive(Default)]
pub(crate) struct SlackMemberQuery;

#[Object]
impl SlackMemberQuery {
    /// Which members somebody in Slack is: in the organisation that the request is about, or in all. For the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn slack_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Slack workspace (`T…`).")] team_id: String,
        #[graphql(desc = "The person there (`U…` or `W…`).")] slack_user_id: String,
        #[graphql(desc = "Their e-mail address in Slack, where Slack gives it.")] email: Option<String>,
    ) -> Result<Vec<SlackMember>> {
        let within = ctx.data_unchecked::<Viewer>().may_ask_for_all()?;
        let person = Person {
            team_id,
            slack_user_id,
            email: email.map(|email| email.trim().to_lowercase()),
        };
        let found = find(domain(ctx).database(), within, &person).await?;
        let keys = found.iter().map(|(id, (user_id, _))| MemberKey(*id, *user_id));
        let mut members = loaders::of(ctx).load_many(keys).await?;
        let of = |(id, (user_id, matched_by)): (OrganizationId, (UserId, SlackMatch))| {
            Some(SlackMember {
                organization_id: ID(id.to_string()),
                user: User(members.remove(&MemberKey(id, user_id))?),
                matched_by,
            })
        };
        Ok(found.into_iter().filter_map(of).collect())
    }
}

/// Somebody in Slack, as the bridge knows them.
struct Person {
    team_id: String,
    slack_user_id: String,
    email: Option<String>,
}

async fn find(
    database: &Database,
    within: Option<OrganizationId>,
    person: &Person,
) -> Result<BTreeMap<OrganizationId, (UserId, SlackMatch)>, Fault> {
    let mut linked = slack_link::Entity::find()
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
    let mut memberships = membership::Entity::find().filter(membership::Column::Email.eq(email));
    if let Some(id) = within {
        memberships = memberships.filter(membership::Column::OrganizationId.eq(id));
    }
    let memberships = memberships.all(database.read()).await?;
    // A member who has said who they are in this workspace is nobody else there.
    let taken: BTreeSet<(OrganizationId, UserId)> = slack_link::Entity::find()
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
