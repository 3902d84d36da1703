//! Who people in a Slack workspace are, as administrators see it.
//!
//! First come the members, in the order of their ids, with who they are in Slack where that is known; then those in Slack who are no members. Of
//! these only people of a workspace that is the organisation's alone are told: the server's own serves every organisation, and who is not ours there
//! is somebody else's.

use async_graphql::{
    Context, Enum, ID, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    identity::{self, Identity, IdentityActivity, IdentityCriteria, IdentityFilter},
    paging::PageRequest,
};
use tocsin_entity::kinds::SlackMatch;

use crate::graphql::{
    context::{request, text},
    failure::Result,
    paging::{TotalCount, connect},
    user::User,
};

/// The people to return: matched or unmatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "IdentityFilter")]
pub(crate) enum SlackIdentityFilter {
    /// Members who are matched with a person in Slack.
    Matched,
    /// Members without a match in Slack, and people in Slack without a matching member.
    Unmatched,
}

/// A person in Slack, as the bridge last saw the account.
#[derive(Clone, SimpleObject)]
pub(crate) struct SlackPerson {
    /// The Slack id of the workspace (`T…`).
    team_id: String,
    /// The person's Slack id (`U…` or `W…`).
    id: String,
    /// The person's name in Slack; null if the bridge hasn't seen the person yet.
    name: Option<String>,
    /// The person's e-mail address in Slack; null if Slack doesn't give the address.
    email: Option<String>,
    /// Whether Slack says that the person's account is deactivated.
    is_deactivated: bool,
    /// The time when the bridge read this data from Slack; null if the bridge hasn't seen the person yet.
    refreshed_at: Option<OffsetDateTime>,
}

/// A member and the matching person in Slack, or a member or a person without a match.
#[derive(Clone, SimpleObject)]
pub(crate) struct SlackIdentity {
    /// The member; null if the person in Slack matches no member.
    user: Option<User>,
    /// The person in Slack; null if the member matches no person in Slack.
    slack_user: Option<SlackPerson>,
    /// The way in which the member and the person were matched; null if there is no match.
    matched_by: Option<SlackMatch>,
    /// The time when the member and the person were linked; null if there is no match, or for a match by e-mail address, which holds as long as both
    /// have the address.
    since: Option<OffsetDateTime>,
}

impl From<IdentityActivity> for SlackPerson {
    fn from(seen: IdentityActivity) -> Self {
        Self {
            team_id: seen.team_id,
            id: seen.id,
            name: seen.name,
            email: seen.email,
            is_deactivated: seen.is_deactivated,
            refreshed_at: seen.refreshed_at,
        }
    }
}

impl From<Identity> for SlackIdentity {
    fn from(row: Identity) -> Self {
        Self {
            user: row.user.map(User),
            slack_user: row.slack_user.map(SlackPerson::from),
            matched_by: row.matched_by,
            since: row.since,
        }
    }
}

/// The query of the table.
#[derive(Default)]
pub(crate) struct SlackIdentityQuery;

#[Object]
impl SlackIdentityQuery {
    /// The members of the organisation with the matching people in a Slack workspace, and after the members the people in Slack without a matching
    /// member. Those people are returned only for workspaces that no other organisation uses. Tocsin matches a person by e-mail address when the
    /// person first acts. Needs the role ADMIN or OWNER.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"slackIdentities\", first, None, child_complexity)"
    )]
    async fn slack_identities(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The id of the Slack workspace; by default the workspace of the server's configuration, or, if the server has none, the only connected workspace."
        )]
        workspace_id: Option<ID>,
        #[graphql(desc = "Which people to return; all by default.")] filter: Option<SlackIdentityFilter>,
        #[graphql(
            desc = "The text that the name or the e-mail address must contain, in upper or lower case; at most 200 characters; everybody by default."
        )]
        search: Option<String>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<String, SlackIdentity, TotalCount, EmptyFields>> {
        let criteria = IdentityCriteria {
            workspace_id: text(workspace_id),
            filter: filter.map(Into::into),
            search: search.unwrap_or_default(),
        };
        let page = PageRequest {
            first,
            after,
            ..PageRequest::default()
        };
        let page = identity::list(&request(ctx), &criteria, page).await?;
        let total = TotalCount::of(criteria, |request, criteria| {
            async move { identity::count(&request, &criteria).await }.boxed()
        });
        Ok(connect(page, total, |row| row.key.clone(), SlackIdentity::from))
    }
}
