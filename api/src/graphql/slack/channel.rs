//! The channels of a Slack workspace, as the bridge has last read them.

use async_graphql::{
    Context, ID, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LikeExpr},
};
use time::OffsetDateTime;
use tocsin_domain::{
    error::Fault,
    paging::Page,
    slack_channel::{behind, need_reach, searched, visible},
    viewer::{Need, Viewer},
};
use tocsin_entity::slack::{channel, directory};

use crate::graphql::{
    context::{domain, request},
    failure::Result,
    paging::connect,
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
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct DirectoryAge {
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
    #[graphql(complexity = "crate::graphql::paging::weight(first, None, child_complexity)")]
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
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        need_reach(&request(ctx)).await?;
        let page = Page::new(first, after, None, None)?;
        let search = search.as_deref().map(searched).transpose()?.flatten();
        let workspace = tocsin_domain::workspace::of_query(
            &request(ctx),
            organization_id,
            workspace_id.as_deref().map(String::as_str),
        )
        .await?;
        let workspace_id = workspace.map(|workspace| workspace.id);
        let Some(team_id) = tocsin_domain::workspace::team_id(&request(ctx), workspace_id).await? else {
            return Ok(connect(
                &page,
                Vec::new(),
                DirectoryAge { refreshed_at: None },
                key,
                SlackChannel::from,
            ));
        };
        let mut find = channel::Entity::find()
            .filter(channel::Column::TeamId.eq(&team_id))
            .filter(visible(&request(ctx), organization_id, workspace_id).await?);
        if !include_archived {
            find = find.filter(channel::Column::IsArchived.eq(false));
        }
        if let Some(search) = search {
            let like = LikeExpr::new(format!("%{search}%")).escape('!');
            find = find.filter(Expr::col(channel::Column::Name).like(like));
        }
        if let Some(after) = &page.after {
            find = find.filter(behind(after)?);
        }
        let rows = find
            .order_by_asc(channel::Column::Name)
            .order_by_asc(channel::Column::ChannelId)
            .limit(page.limit + 1)
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        let directory = directory::Entity::find_by_id(team_id)
            .one(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        let age = DirectoryAge {
            refreshed_at: directory.and_then(|directory| directory.refreshed_at),
        };
        Ok(connect(&page, rows, age, key, SlackChannel::from))
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

/// Names are no keys: two teams' directories merged into one may have the same twice.
fn key(row: &channel::Model) -> String {
    format!("{}/{}", row.name, row.channel_id)
}
