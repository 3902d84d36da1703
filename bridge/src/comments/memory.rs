//! What must be remembered of threads: which messages are no comments for good, and who was told what.

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::OnConflict};
use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    database::Database,
    slack::{told, tombstone},
};

use super::message::Place;
use crate::identity::prompt;

/// How long it is remembered: Slack sends late events for a day, and no thread is muted for longer than people remember why.
const KEPT: Duration = Duration::days(30);

/// Notes that a message was deleted, or was refused: whatever comes of it later is no comment.
pub(super) async fn bury(database: &Database, place: &Place) -> Result<(), DbErr> {
    let row = tombstone::ActiveModel {
        channel_id: Set(place.channel.clone()),
        ts: Set(place.ts.clone()),
        created_at: Set(OffsetDateTime::now_utc()),
    };
    let key = [tombstone::Column::ChannelId, tombstone::Column::Ts];
    tombstone::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(database.write())
        .await
        .map(|_| ())
}

/// Whether a message was deleted or refused.
pub(super) async fn is_buried(database: &Database, place: &Place) -> Result<bool, DbErr> {
    let key = (place.channel.clone(), place.ts.clone());
    let found = tombstone::Entity::find_by_id(key).one(database.read()).await?;
    Ok(found.is_some())
}

/// Whether somebody has not been told this in this thread yet; by now they have.
pub(super) async fn is_news(database: &Database, place: &Place, code: &str) -> Result<bool, DbErr> {
    let row = told::ActiveModel {
        channel_id: Set(place.channel.clone()),
        thread_ts: Set(place.thread_ts.clone()),
        slack_user_id: Set(place.user.clone()),
        code: Set(code.to_owned()),
        created_at: Set(OffsetDateTime::now_utc()),
    };
    let key = [
        told::Column::ChannelId,
        told::Column::ThreadTs,
        told::Column::SlackUserId,
        told::Column::Code,
    ];
    let added = told::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(database.write())
        .await?;
    Ok(added > 0)
}

/// Forgets what is long past.
pub(super) async fn forget(database: &Database) -> Result<(), DbErr> {
    let past = OffsetDateTime::now_utc() - KEPT;
    tombstone::Entity::delete_many()
        .filter(tombstone::Column::CreatedAt.lt(past))
        .exec(database.write())
        .await?;
    told::Entity::delete_many()
        .filter(told::Column::CreatedAt.lt(past))
        .filter(told::Column::Code.ne(prompt::CODE))
        .exec(database.write())
        .await?;
    Ok(())
}
