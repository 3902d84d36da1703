//! What the bridge has found in Slack, as it writes it down.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::Value;
use tocsin_entity::{
    kinds::SlackWorkspaceStatus,
    slack::{channel, directory, installation},
};

use crate::world::{Caller, World, text};

/// Its channels were read whole just now.
pub(crate) async fn directory_of(world: &World, team: &str, is_servers: bool) {
    let row = directory::ActiveModel {
        team_id: Set(team.to_owned()),
        is_servers: Set(is_servers),
        refreshed_at: Set(Some(tocsin_clock::machine_now())),
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
        is_shared: Set(false),
        seen_by: Set(None),
        refreshed_at: Set(tocsin_clock::machine_now()),
    };
    row.insert(world.database.write()).await.expect("a channel");
}

/// How it found the caller's workspace: well, but for what is changed.
pub(crate) async fn found_workspace(
    world: &World,
    caller: &Caller,
    workspace: &Value,
    change: impl FnOnce(&mut installation::Model),
) {
    let organization = text(&caller.read("{ organization { id } }").await["organization"]["id"]);
    let now = tocsin_clock::machine_now();
    let mut row = installation::Model {
        workspace_id: text(workspace).parse().expect("an id"),
        organization_id: organization.parse().expect("an id"),
        team_id: None,
        team_name: None,
        app_id: None,
        bot_user_id: None,
        scopes: String::new(),
        token_version: 0,
        status: SlackWorkspaceStatus::Active,
        reason_code: None,
        reason: None,
        status_since: now,
        last_delivered_at: None,
        updated_at: now,
    };
    change(&mut row);
    installation::Entity::insert(row.into_active_model())
        .exec_without_returning(world.database.write())
        .await
        .expect("an installation");
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
        is_shared: false,
        seen_by: Some(bot.to_owned()),
        refreshed_at: tocsin_clock::machine_now(),
    };
    let row = row.into_active_model().insert(world.database.write()).await;
    row.expect("a channel");
}
