//! The channels of a Slack workspace, as the bridge has last read them.

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    connection::{Connection, EmptyFields},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LikeExpr},
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{OrganizationId, WorkspaceId},
    slack::{channel, directory},
};

use super::{default, team};
use crate::{
    connector::Reach,
    error::{Fault, Refusal, Trouble},
    loaders::{self, InstallationOf},
    node::domain,
    paging::{Page, bad_cursor},
    viewer::{Need, Viewer},
};

/// Longest text to search for: no channel's name is longer.
const SEARCH_MAX: usize = 80;

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
    #[graphql(complexity = "crate::paging::weight(first, None, child_complexity)")]
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
        need_reach(ctx).await?;
        let page = Page::new(first, after, None, None)?;
        let search = search.as_deref().map(searched).transpose()?.flatten();
        let workspace = default::of_query(ctx, organization_id, workspace_id.as_ref()).await?;
        let workspace_id = workspace.map(|workspace| workspace.id);
        let Some(team_id) = team::of_workspace(ctx, workspace_id).await? else {
            return Ok(page.connect(
                Vec::new(),
                DirectoryAge { refreshed_at: None },
                key,
                SlackChannel::from,
            ));
        };
        let mut find = channel::Entity::find()
            .filter(channel::Column::TeamId.eq(&team_id))
            .filter(visible(ctx, organization_id, workspace_id).await?);
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
        Ok(page.connect(rows, age, key, SlackChannel::from))
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

/// Refuses who manages no connectors.
async fn need_reach(ctx: &Context<'_>) -> Result<(), Refusal> {
    match Reach::of_viewer(ctx).await {
        Ok(_) => Ok(()),
        Err(Trouble::Told(refused)) => Err(Refusal::Forbidden(refused.message)),
        Err(Trouble::Refused(refusal)) => Err(refusal),
    }
}

/// Names are no keys: two teams' directories merged into one may have the same twice.
fn key(row: &channel::Model) -> String {
    format!("{}/{}", row.name, row.channel_id)
}

fn behind(after: &str) -> Result<Condition, Refusal> {
    let (name, id) = after.rsplit_once('/').ok_or_else(|| bad_cursor("after"))?;
    Ok(Condition::any().add(channel::Column::Name.gt(name)).add(
        Condition::all()
            .add(channel::Column::Name.eq(name))
            .add(channel::Column::ChannelId.gt(id)),
    ))
}

/// What is searched for, as a pattern's middle; nothing where nothing is.
fn searched(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    let text = text.strip_prefix('#').unwrap_or(text).to_lowercase();
    if text.chars().count() > SEARCH_MAX || text.contains('\0') {
        return Err(Refusal::BadInput(format!(
            "`search` has at most {SEARCH_MAX} characters, and no NUL."
        )));
    }
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Ok(Some(escaped).filter(|text| !text.is_empty()))
}

/// Which channels the organisation may see: of a workspace of its own, all that the bot sees; of the server's, no private one that others lead to.
async fn visible(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    workspace_id: Option<WorkspaceId>,
) -> Result<Condition, Fault> {
    let public = Condition::any().add(channel::Column::IsPrivate.eq(false));
    if let Some(id) = workspace_id {
        let found = loaders::of(ctx).load_one(InstallationOf(id)).await?;
        // Another app's bot in the team may be in private channels that are none of the organisation's business.
        let by_own = match found.and_then(|found| found.bot_user_id) {
            Some(bot) => channel::Column::SeenBy
                .eq(bot)
                .or(channel::Column::SeenBy.is_null()),
            None => channel::Column::SeenBy.is_null(),
        };
        let private = Condition::all()
            .add(channel::Column::IsMember.eq(true))
            .add(by_own);
        return Ok(public.add(private));
    }
    let led: Vec<String> = connector::Entity::find()
        .select_only()
        .column(connector::Column::Channel)
        .filter(connector::Column::OrganizationId.eq(organization_id))
        .filter(connector::Column::WorkspaceId.is_null())
        .into_tuple()
        .all(domain(ctx).database().read())
        .await?;
    let (names, ids): (Vec<_>, Vec<_>) = led.into_iter().partition(|channel| channel.starts_with('#'));
    let names = names.iter().map(|name| name.trim_start_matches('#').to_owned());
    let led_to = Condition::any()
        .add(channel::Column::Name.is_in(names))
        .add(channel::Column::ChannelId.is_in(ids));
    Ok(public.add(
        Condition::all()
            .add(channel::Column::IsMember.eq(true))
            .add(led_to),
    ))
}
