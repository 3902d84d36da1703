//! What the bridge has found in Slack, as it writes it down.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use time::OffsetDateTime;
use tocsin_entity::slack::{channel, directory};

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
        refreshed_at: Set(OffsetDateTime::now_utc()),
    };
    row.insert(world.database.write()).await.expect("a channel");
}
