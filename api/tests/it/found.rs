//! What the bridge has found in Slack, as it writes it down.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, WorkspaceId},
    kinds::SlackWorkspaceStatus,
    slack::{channel, directory, installation},
};

use crate::world::World;

/// Its channels were read whole just now.
pub(crate) async fn directory_of(world: &World, team: &str, is_servers: bool) {
    let row = directory::ActiveModel {
        team_id: Set(team.to_owned()),
        is_servers: Set(is_servers),
        refreshed_at: Set(Some(OffsetDateTime::now_utc())),
    };
    row.insert(world.database.write()).await.expect("a directory");
}

/// A channel that it has: its id and name; whether it is private, has the bot in it, is archived.
pub(crate) async fn channel_of(
    world: &World,
    team: &str,
    [id, name]: [&str; 2],
    [private, member, archived]: [bool; 3],
) {
    let row = channel::ActiveModel {
        team_id: Set(team.to_owned()),
        channel_id: Set(id.to_owned()),
        name: Set(name.to_owned()),
        is_private: Set(private),
        is_member: Set(member),
        is_archived: Set(archived),
        seen_by: Set(None),
        refreshed_at: Set(OffsetDateTime::now_utc()),
    };
    row.insert(world.database.write()).await.expect("a channel");
}

/// A workspace whose token works; the bot there.
pub(crate) async fn installation_of(
    world: &World,
    organization_id: OrganizationId,
    workspace_id: WorkspaceId,
    [team, bot]: [&str; 2],
) {
    let now = OffsetDateTime::now_utc();
    let row = installation::Model {
        workspace_id,
        organization_id,
        team_id: Some(team.to_owned()),
        team_name: Some("Acme".to_owned()),
        app_id: None,
        bot_user_id: Some(bot.to_owned()),
        scopes: "chat:write".to_owned(),
        status: SlackWorkspaceStatus::Active,
        reason_code: None,
        reason: None,
        status_since: now,
        last_delivered_at: None,
        updated_at: now,
    };
    let row = row.into_active_model().insert(world.database.write()).await;
    row.expect("an installation");
}

/// A private channel that this bot is in.
pub(crate) async fn private_channel_of(world: &World, team: &str, [id, name]: [&str; 2], bot: &str) {
    let row = channel::Model {
        team_id: team.to_owned(),
        channel_id: id.to_owned(),
        name: name.to_owned(),
        is_private: true,
        is_member: true,
        is_archived: false,
        seen_by: Some(bot.to_owned()),
        refreshed_at: OffsetDateTime::now_utc(),
    };
    let row = row.into_active_model().insert(world.database.write()).await;
    row.expect("a channel");
}
