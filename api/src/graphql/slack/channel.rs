//! The channels of a Slack workspace, as the bridge has last read them.

use async_graphql::{
    Context, ID, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    paging::PageRequest,
    slack_channel::{self, ChannelCriteria},
};
use tocsin_entity::slack::channel;

use crate::graphql::{
    context::{request, text},
    failure::Result,
    paging::{TotalCount, connect},
};

/// A channel in Slack that the bot sees.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct SlackChannel {
    /// Slack's id (`C…`): what a connector takes for its channel.
    id: ID,
    /// Its name, without the hash.
    name: String,
    /// Whether it is private.
    is_private: bool,
    /// Whether the bot is in it; it joins a public channel with the first message.
    is_member: bool,
    /// Whether it is archived, and takes no messages.
    is_archived: bool,
}

/// Beside the page: how old it is.
#[derive(SimpleObject)]
pub(crate) struct DirectoryAge {
    #[graphql(flatten)]
    total: TotalCount,
    /// When all channels were last read; null where they never were, until then by `refreshSlackChannels`. Single changes are heard of meanwhile.
    refreshed_at: Option<OffsetDateTime>,
}

/// A page of channels.
pub(crate) type SlackChannels = Connection<String, SlackChannel, DirectoryAge, EmptyFields>;

/// The query for channels.
#[derive(Default)]
pub(crate) struct SlackChannelQuery;

#[Object]
impl SlackChannelQuery {
    /// The channels that the bot sees in a Slack workspace, by name: all public ones, and the private ones that it is in. In the workspace of the
    /// server's configuration private ones are shown to which a connector of the organisation leads. Needs the role ADMIN or OWNER, or to manage a service.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"slackChannels\", first, None, child_complexity)"
    )]
    async fn slack_channels(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The workspace; by default that of the server's configuration, or the only one that is connected where there is none."
        )]
        workspace_id: Option<ID>,
        #[graphql(desc = "Only channels whose name contains this, with or without a hash.")] search: Option<
            String,
        >,
        #[graphql(desc = "Whether archived ones are shown, too.", default = false)] include_archived: bool,
        #[graphql(desc = "How many; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<SlackChannels> {
        let criteria = ChannelCriteria {
            workspace_id: text(workspace_id),
            search,
            include_archived,
        };
        let page = PageRequest {
            first,
            after,
            ..PageRequest::default()
        };
        let found = slack_channel::list(&request(ctx), &criteria, page).await?;
        let age = DirectoryAge {
            total: TotalCount::of(criteria, |request, criteria| {
                async move { slack_channel::count(&request, &criteria).await }.boxed()
            }),
            refreshed_at: found.refreshed_at,
        };
        Ok(connect(found.page, age, slack_channel::key, SlackChannel::from))
    }
}

impl From<channel::Model> for SlackChannel {
    fn from(row: channel::Model) -> Self {
        Self {
            id: ID(row.channel_id),
            name: row.name,
            is_private: row.is_private,
            is_member: row.is_member,
            is_archived: row.is_archived,
        }
    }
}
