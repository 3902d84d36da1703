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
    /// The channel's Slack id (`C…`), which you can give a connector as the channel.
    id: ID,
    /// The channel's name, without the hash.
    name: String,
    /// Whether the channel is private.
    is_private: bool,
    /// Whether the bot is in the channel. The bot joins a public channel with the first message.
    is_member: bool,
    /// Whether the channel is archived, and accepts no messages.
    is_archived: bool,
}

/// The age of the data on a page of channels.
#[derive(SimpleObject)]
pub(crate) struct DirectoryAge {
    #[graphql(flatten)]
    total: TotalCount,
    /// The time when all channels were last read; null if the channels were never read, in which case call `refreshSlackChannels`. Tocsin hears of
    /// changes to single channels in the meantime.
    refreshed_at: Option<OffsetDateTime>,
}

/// A page of channels.
pub(crate) type SlackChannels = Connection<String, SlackChannel, DirectoryAge, EmptyFields>;

/// The query for channels.
#[derive(Default)]
pub(crate) struct SlackChannelQuery;

#[Object]
impl SlackChannelQuery {
    /// The channels that the bot sees in a Slack workspace, sorted by name: all public channels, and the private channels that the bot is in. In the
    /// workspace of the server's configuration, a private channel is returned only if a connector of the organisation leads there. Needs the role
    /// ADMIN or OWNER, or to manage a service.
    #[graphql(
        complexity = "crate::graphql::paging::weight(\"slackChannels\", first, None, child_complexity)"
    )]
    async fn slack_channels(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The id of the Slack workspace; by default the workspace of the server's configuration, or, if the server has none, the only connected workspace."
        )]
        workspace_id: Option<ID>,
        #[graphql(
            desc = "The text that a channel's name must contain, with or without the hash; at most 80 characters; all channels by default."
        )]
        search: Option<String>,
        #[graphql(
            desc = "Whether to return archived channels as well; false by default.",
            default = false
        )]
        include_archived: bool,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
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
