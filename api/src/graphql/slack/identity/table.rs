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

/// Which people are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "IdentityFilter")]
pub(crate) enum SlackIdentityFilter {
    /// Members of whom it is known who they are in Slack.
    Matched,
    /// Members and people in Slack of whom it is not.
    Unmatched,
}

/// Somebody in Slack, as the bridge has last seen them.
#[derive(Clone, SimpleObject)]
pub(crate) struct SlackPerson {
    /// The Slack workspace (`T…`).
    team_id: String,
    /// Slack's id for them (`U…` or `W…`).
    id: String,
    /// The name people see in Slack; null where the bridge has not seen them yet.
    name: Option<String>,
    /// Their e-mail address there, where Slack gives it.
    email: Option<String>,
    /// Whether Slack says that their account is deactivated.
    is_deactivated: bool,
    /// When that was read from Slack.
    refreshed_at: Option<OffsetDateTime>,
}

/// A member and who they are in Slack, or one of the two.
#[derive(Clone, SimpleObject)]
pub(crate) struct SlackIdentity {
    /// The member.
    user: Option<User>,
    /// The person in Slack.
    slack_user: Option<SlackPerson>,
    /// How it is known that the two are one.
    matched_by: Option<SlackMatch>,
    /// Since when they have said so; null where their e-mail address says it, which it does for as long as both have it.
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
    /// Who is who in a Slack workspace, and who is not known: the members, and after them people in Slack who are none. Those are told only of
    /// workspaces that are the organisation's alone. Somebody is matched by their e-mail address when they first act. Needs the role ADMIN or OWNER.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"slackIdentities\", first, None, child_complexity)"
    )]
    async fn slack_identities(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The workspace; by default that of the server's configuration, or the only one that is connected where there is none."
        )]
        workspace_id: Option<ID>,
        #[graphql(desc = "Only these.")] filter: Option<SlackIdentityFilter>,
        #[graphql(desc = "Only those whose name or e-mail address contains this, in any case.")]
        search: Option<String>,
        #[graphql(desc = "How many; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
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
