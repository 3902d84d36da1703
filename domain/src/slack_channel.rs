//! The channels of a Slack workspace, as the bridge has last read them.

use sea_orm::{
    ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LikeExpr},
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{OrganizationId, WorkspaceId},
    slack::{channel, directory, installation::SERVERS},
};

use crate::{
    connector::ConnectorScope,
    error::{InternalError, MutationError, RequestError},
    loaders::InstallationOf,
    paging::{PageBounds, PageRequest, RowPage, bad_cursor},
    request::Request,
    tenant::{Tenant, everywhere},
    viewer::Permission,
    workspace,
};

/// Longest text to search for: no channel's name is longer.
const SEARCH_MAX: usize = 80;

/// Which channels of which Slack workspace are wanted.
#[derive(Debug, Clone, Default)]
pub struct ChannelCriteria {
    /// The workspace; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Only channels whose name contains this, with or without a hash.
    pub search: Option<String>,
    /// Whether archived ones are wanted, too.
    pub include_archived: bool,
}

/// A page of channels, by name, and how old it is.
#[derive(Debug)]
pub struct ChannelPage {
    /// The channels.
    pub page: RowPage<channel::Model>,
    /// When all channels were last read; none where they never were.
    pub refreshed_at: Option<OffsetDateTime>,
}

/// What a cursor says of a channel. Names are no keys: two teams' directories merged into one may have the same twice.
pub fn key(row: &channel::Model) -> String {
    format!("{}/{}", row.name, row.channel_id)
}

/// The channels that are wanted; none where it is not known which workspace that is.
struct WantedChannels {
    team_id: String,
    find: Select<channel::Entity>,
}

async fn wanted(
    request: &Request<'_>,
    criteria: &ChannelCriteria,
) -> Result<Option<WantedChannels>, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    need_reach(request).await?;
    let search = criteria.search.as_deref().map(searched).transpose()?.flatten();
    let workspace = workspace::of_query(request, organization_id, criteria.workspace_id.as_deref()).await?;
    let workspace_id = workspace.map(|workspace| workspace.id);
    let Some(team_id) = workspace::team_id(request, workspace_id).await? else {
        return Ok(None);
    };
    let mut find = everywhere::<channel::Entity>(
        "a team's channels are many organisations'; those that this one may see follow",
    )
    .filter(channel::Column::TeamId.eq(&team_id))
    .filter(visible(request, organization_id, workspace_id).await?);
    if !criteria.include_archived {
        find = find.filter(channel::Column::IsArchived.eq(false));
    }
    if let Some(search) = search {
        let like = LikeExpr::new(format!("%{search}%")).escape('!');
        find = find.filter(Expr::col(channel::Column::Name).like(like));
    }
    Ok(Some(WantedChannels { team_id, find }))
}

/// How many channels are wanted, for whoever manages connectors.
pub async fn count(request: &Request<'_>, criteria: &ChannelCriteria) -> Result<u64, RequestError> {
    match wanted(request, criteria).await? {
        None => Ok(0),
        Some(wanted) => Ok(wanted.find.count(request.read()).await?),
    }
}

/// A page of the channels that the bot sees in a Slack workspace, by name, for whoever manages connectors.
pub async fn list(
    request: &Request<'_>,
    criteria: &ChannelCriteria,
    page: PageRequest,
) -> Result<ChannelPage, RequestError> {
    let wanted = wanted(request, criteria).await?;
    let page = PageBounds::new(page)?;
    let Some(WantedChannels { team_id, mut find }) = wanted else {
        return Ok(ChannelPage {
            page: page.of(Vec::new()),
            refreshed_at: None,
        });
    };
    if let Some(after) = &page.after {
        find = find.filter(behind(after)?);
    }
    let rows = find
        .order_by_asc(channel::Column::Name)
        .order_by_asc(channel::Column::ChannelId)
        .limit(page.limit + 1)
        .all(request.read())
        .await?;
    let directory = everywhere::<directory::Entity>("a team's, which may be several organisations'")
        .filter(directory::Column::TeamId.eq(team_id))
        .one(request.read())
        .await?;
    Ok(ChannelPage {
        page: page.of(rows),
        refreshed_at: directory.and_then(|directory| directory.refreshed_at),
    })
}

/// What is to be done about a channel, so that it takes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelHint {
    /// Why it takes none: Slack's code.
    pub code: &'static str,
    /// The same for people, with what to do.
    pub message: String,
}

/// What is to be done about the channel to which a connector leads, as the bridge has last read the workspace's channels. None where nothing is, or
/// where they were not read yet: the connector's status tells in a moment.
pub async fn hint(
    request: &Request<'_>,
    connector: &connector::Model,
) -> Result<Option<ChannelHint>, RequestError> {
    let (wanted, workspace_id) = (&connector.channel, connector.workspace_id);
    let Some(team_id) = workspace::team_id(request, workspace_id).await? else {
        return Ok(None);
    };
    let directory = everywhere::<directory::Entity>("a team's, which may be several organisations'")
        .filter(directory::Column::TeamId.eq(&team_id))
        .one(request.read())
        .await?;
    if directory.and_then(|directory| directory.refreshed_at).is_none() {
        return Ok(None);
    }
    let named = match wanted.strip_prefix('#') {
        Some(name) => channel::Column::Name.eq(name),
        None => channel::Column::ChannelId.eq(wanted),
    };
    let found = everywhere::<channel::Entity>("of a team's channels, what this organisation may see")
        .filter(channel::Column::TeamId.eq(&team_id))
        .filter(visible(request, connector.organization_id, workspace_id).await?)
        .filter(named)
        .one(request.read())
        .await?;
    let installed = request
        .loaders()
        .load_one(InstallationOf(workspace_id.unwrap_or(SERVERS)))
        .await?;
    let scopes = installed.map(|installed| installed.scopes).unwrap_or_default();
    let may = |scope: &str| scopes.split(',').any(|granted| granted == scope);
    Ok(match found {
        None => Some(unseen(wanted)),
        Some(found) if found.is_archived => Some(ChannelHint {
            code: "is_archived",
            message: format!("{wanted} is archived. Unarchive it in Slack, or name another channel."),
        }),
        Some(found) if !found.is_member && !may("channels:join") && !may("chat:write.public") => {
            Some(ChannelHint {
                code: "not_in_channel",
                message: format!(
                    "The bot is not in {wanted}, and may not join it. Invite it there: write /invite and the bot's name."
                ),
            })
        }
        Some(_) => None,
    })
}

fn unseen(wanted: &str) -> ChannelHint {
    let create = match wanted.strip_prefix('#') {
        Some(name) => format!("Create it with createSlackChannel(input: {{name: \"{name}\"}}). "),
        None => String::new(),
    };
    ChannelHint {
        code: "channel_not_found",
        message: format!(
            "The bot sees no channel {wanted}. {create}If it is private, invite the bot there: write /invite and the bot's name."
        ),
    }
}

/// Refuses who manages no connectors.
async fn need_reach(request: &Request<'_>) -> Result<(), RequestError> {
    match ConnectorScope::of_viewer(request).await {
        Ok(_) => Ok(()),
        Err(MutationError::Told(refused)) => Err(RequestError::Forbidden(refused.first().message.clone())),
        Err(MutationError::Refused(refusal)) => Err(refusal),
    }
}

/// What comes after a cursor.
fn behind(after: &str) -> Result<Condition, RequestError> {
    let (name, id) = after.rsplit_once('/').ok_or_else(|| bad_cursor("after"))?;
    Ok(Condition::any().add(channel::Column::Name.gt(name)).add(
        Condition::all()
            .add(channel::Column::Name.eq(name))
            .add(channel::Column::ChannelId.gt(id)),
    ))
}

/// What is searched for, as a pattern's middle; nothing where nothing is.
fn searched(text: &str) -> Result<Option<String>, RequestError> {
    let text = text.trim();
    let text = text.strip_prefix('#').unwrap_or(text).to_lowercase();
    if text.chars().count() > SEARCH_MAX || text.contains('\0') {
        return Err(RequestError::BadInput(format!(
            "`search` has at most {SEARCH_MAX} characters, and no NUL."
        )));
    }
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Ok(Some(escaped).filter(|text| !text.is_empty()))
}

/// Which channels the organisation may see: of a workspace of its own, all that the bot sees; of the server's, no private one that others lead to.
async fn visible(
    request: &Request<'_>,
    organization_id: OrganizationId,
    workspace_id: Option<WorkspaceId>,
) -> Result<Condition, InternalError> {
    let public = Condition::any().add(channel::Column::IsPrivate.eq(false));
    if let Some(id) = workspace_id {
        let found = request.loaders().load_one(InstallationOf(id)).await?;
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
    let led: Vec<String> = Tenant::of(organization_id)
        .find::<connector::Entity>()
        .select_only()
        .column(connector::Column::Channel)
        .filter(connector::Column::WorkspaceId.is_null())
        .into_tuple()
        .all(request.read())
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
