//! The channels of a Slack workspace, as the bridge has last read them.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::ExprTrait};
use tocsin_entity::{
    connector,
    id::{OrganizationId, WorkspaceId},
    slack::channel,
};

use crate::{
    connector::Reach,
    error::{Fault, Refusal, Trouble},
    loaders::InstallationOf,
    paging::bad_cursor,
    request::Request,
};

/// Longest text to search for: no channel's name is longer.
const SEARCH_MAX: usize = 80;

/// Refuses who manages no connectors.
pub async fn need_reach(request: &Request<'_>) -> Result<(), Refusal> {
    match Reach::of_viewer(request).await {
        Ok(_) => Ok(()),
        Err(Trouble::Told(refused)) => Err(Refusal::Forbidden(refused.message)),
        Err(Trouble::Refused(refusal)) => Err(refusal),
    }
}

/// What comes after a cursor.
pub fn behind(after: &str) -> Result<Condition, Refusal> {
    let (name, id) = after.rsplit_once('/').ok_or_else(|| bad_cursor("after"))?;
    Ok(Condition::any().add(channel::Column::Name.gt(name)).add(
        Condition::all()
            .add(channel::Column::Name.eq(name))
            .add(channel::Column::ChannelId.gt(id)),
    ))
}

/// What is searched for, as a pattern's middle; nothing where nothing is.
pub fn searched(text: &str) -> Result<Option<String>, Refusal> {
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
pub async fn visible(
    request: &Request<'_>,
    organization_id: OrganizationId,
    workspace_id: Option<WorkspaceId>,
) -> Result<Condition, Fault> {
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
    let led: Vec<String> = connector::Entity::find()
        .select_only()
        .column(connector::Column::Channel)
        .filter(connector::Column::OrganizationId.eq(organization_id))
        .filter(connector::Column::WorkspaceId.is_null())
        .into_tuple()
        .all(request.domain.database().read())
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
