//! What is on record of channels.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::slack::{
    channel::{Column, Entity, Model},
    directory,
};
use tocsin_slack::{channel::Channel, installation::Installation};

/// Rows written or deleted in one statement.
const AT_ONCE: usize = 500;

/// Writes down a channel as Slack describes it to the bot now.
pub(crate) async fn record(
    database: &Database,
    bot: &Installation,
    channel: &Channel,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    record_all(database, bot, std::slice::from_ref(channel), now).await
}

/// Writes down many.
pub(crate) async fn record_all(
    database: &Database,
    bot: &Installation,
    channels: &[Channel],
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = |channel: &Channel| Model {
        team_id: bot.team_id.clone(),
        channel_id: channel.id.clone(),
        name: channel.name.clone(),
        is_private: channel.is_private,
        is_member: channel.is_member,
        is_archived: channel.is_archived,
        is_shared: channel.is_shared(),
        seen_by: Some(bot.bot_user_id.clone()),
        refreshed_at: now,
    };
    for some in channels.chunks(AT_ONCE) {
        let rows = some
            .iter()
            .map(|channel| row(channel).into_active_model().reset_all());
        let known = OnConflict::columns([Column::TeamId, Column::ChannelId])
            .update_columns([
                Column::Name,
                Column::IsPrivate,
                Column::IsMember,
                Column::IsArchived,
                Column::IsShared,
                Column::SeenBy,
                Column::RefreshedAt,
            ])
            .to_owned();
        Entity::insert_many(rows)
            .on_conflict(known)
            .exec_without_returning(database.write())
            .await?;
    }
    Ok(())
}

/// Forgets the channels that were not seen when all were read, unless something was heard of them meanwhile.
pub(crate) async fn forget_others(
    database: &Database,
    bot: &Installation,
    seen: &HashSet<String>,
    saw_private: bool,
    since: OffsetDateTime,
) -> Result<(), DbErr> {
    let known = Entity::find()
        .filter(Column::TeamId.eq(&bot.team_id))
        .all(database.read())
        .await?;
    let gone: Vec<String> = known
        .into_iter()
        .filter(|row| row.refreshed_at < since && (saw_private || !row.is_private))
        // Another app's bot may be in private channels that this one does not see; public ones are there for all.
        .filter(|row| {
            let seen_by = row.seen_by.as_ref();
            !row.is_private || seen_by.is_none_or(|seen_by| *seen_by == bot.bot_user_id)
        })
        .map(|row| row.channel_id)
        .filter(|id| !seen.contains(id))
        .collect();
    for some in gone.chunks(AT_ONCE) {
        Entity::delete_many()
            .filter(Column::TeamId.eq(&bot.team_id))
            .filter(Column::ChannelId.is_in(some))
            .exec(database.write())
            .await?;
    }
    Ok(())
}

/// When all of a workspace's channels were last read.
pub(crate) async fn refreshed_at(
    database: &Database,
    team_id: &str,
) -> Result<Option<OffsetDateTime>, DbErr> {
    let found = directory::Entity::find_by_id(team_id)
        .one(database.read())
        .await?;
    Ok(found.and_then(|found| found.refreshed_at))
}

/// All of a workspace's channels have been read.
pub(crate) async fn refreshed(database: &Database, team_id: &str, at: OffsetDateTime) -> Result<(), DbErr> {
    let row = directory::ActiveModel {
        team_id: Set(team_id.to_owned()),
        is_servers: Set(false),
        refreshed_at: Set(Some(at)),
    };
    let known = OnConflict::column(directory::Column::TeamId)
        .update_column(directory::Column::RefreshedAt)
        .to_owned();
    directory::Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(database.write())
        .await?;
    Ok(())
}

/// This workspace is the server's own, and no other.
pub(crate) async fn is_servers(database: &Database, team_id: &str) -> Result<(), DbErr> {
    let found = directory::Entity::find_by_id(team_id)
        .one(database.read())
        .await?;
    if found.is_some_and(|found| found.is_servers) {
        return Ok(());
    }
    directory::Entity::update_many()
        .col_expr(directory::Column::IsServers, Expr::value(false))
        .filter(directory::Column::IsServers.eq(true))
        .exec(database.write())
        .await?;
    let row = directory::ActiveModel {
        team_id: Set(team_id.to_owned()),
        is_servers: Set(true),
        refreshed_at: Set(None),
    };
    let known = OnConflict::column(directory::Column::TeamId)
        .update_column(directory::Column::IsServers)
        .to_owned();
    directory::Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(database.write())
        .await?;
    Ok(())
}
