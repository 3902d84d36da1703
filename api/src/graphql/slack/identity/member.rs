//! Which member somebody in Slack is, as the bridge asks before they do anything.

use async_graphql::{Context, ID, Object, SimpleObject};
use tocsin_domain::{
    identity::{SlackPerson, find},
    loaders::MemberKey,
};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::SlackMatch,
};

use crate::graphql::{
    context::{loaders, request},
    failure::Result,
    user::User,
};

/// The member of an organisation that a person in Slack is.
#[derive(SimpleObject)]
pub(crate) struct SlackMember {
    /// The id of the organisation that the user is a member of.
    organization_id: ID,
    /// The user in that organisation, deactivated or not.
    user: User,
    /// The way in which the person in Slack was matched with the user.
    matched_by: SlackMatch,
}

/// The query of the bridge.
#[derive(Default)]
pub(crate) struct SlackMemberQuery;

#[Object]
impl SlackMemberQuery {
    /// The members that a person in Slack is: in the organisation of the request, or in all organisations. For the Slack bridge alone.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn slack_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Slack id of the workspace (`T…`).")] team_id: String,
        #[graphql(desc = "The person's id in that workspace (`U…` or `W…`).")] slack_user_id: String,
        #[graphql(desc = "The person's e-mail address in Slack; null if Slack doesn't give the address.")]
        email: Option<String>,
    ) -> Result<Vec<SlackMember>> {
        let person = SlackPerson {
            team_id,
            slack_user_id,
            email: email.map(|email| email.trim().to_lowercase()),
        };
        let found = find(&request(ctx), &person).await?;
        let keys = found.iter().map(|(id, (user_id, _))| MemberKey(*id, *user_id));
        let mut members = loaders(ctx).load_many(keys).await?;
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
