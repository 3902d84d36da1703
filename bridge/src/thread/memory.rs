//! What must be remembered of threads: which messages are no comments for good, and who was told what.

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::OnConflict};
use time::Duration;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::{sent_notice, tombstone};

use crate::{identity::prompt, installation::AppInstallation, rich_text::message::ThreadReply};

/// How long it is remembered: Slack sends late events for a day, and no thread is muted for longer than people remember why.
const KEPT: Duration = Duration::days(30);

/// A channel as a part of keys: of the installation through which it was heard of, and no other.
fn channel_of(installation: &AppInstallation, place: &ThreadReply) -> String {
    format!("{}/{}", installation.scope(), place.channel)
}

/// What is remembered of threads. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ThreadMemory {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
}

impl ThreadMemory {
    /// Notes that a message was deleted, or was refused: whatever comes of it later is no comment.
    pub(super) async fn bury(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<(), DbErr> {
        let row = tombstone::ActiveModel {
            channel_id: Set(channel_of(installation, place)),
            ts: Set(place.ts.clone()),
            created_at: Set(self.clock.now()),
        };
        let key = [tombstone::Column::ChannelId, tombstone::Column::Ts];
        tombstone::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(self.database.write())
            .await
            .map(|_| ())
    }

    /// Whether a message was deleted or refused.
    pub(super) async fn is_buried(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<bool, DbErr> {
        let mut channels = vec![channel_of(installation, place)];
        if !installation.may_be_forged() {
            // As an earlier version wrote it down.
            channels.push(place.channel.clone());
        }
        let found = tombstone::Entity::find()
            .filter(tombstone::Column::ChannelId.is_in(channels))
            .filter(tombstone::Column::Ts.eq(&place.ts))
            .one(self.database.read())
            .await?;
        Ok(found.is_some())
    }

    /// Whether somebody has not been told this in this thread yet; by now they have.
    pub(super) async fn is_news(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
        code: &str,
    ) -> Result<bool, DbErr> {
        let row = sent_notice::ActiveModel {
            channel_id: Set(channel_of(installation, place)),
            thread_ts: Set(place.thread_ts.clone()),
            slack_user_id: Set(place.user.clone()),
            code: Set(code.to_owned()),
            created_at: Set(self.clock.now()),
        };
        let key = [
            sent_notice::Column::ChannelId,
            sent_notice::Column::ThreadTs,
            sent_notice::Column::SlackUserId,
            sent_notice::Column::Code,
        ];
        let added = sent_notice::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(self.database.write())
            .await?;
        Ok(added > 0)
    }

    /// Forgets what is long past.
    pub(super) async fn forget(&self) -> Result<(), DbErr> {
        let (database, past) = (&self.database, self.clock.now() - KEPT);
        tombstone::Entity::delete_many()
            .filter(tombstone::Column::CreatedAt.lt(past))
            .exec(database.write())
            .await?;
        sent_notice::Entity::delete_many()
            .filter(sent_notice::Column::CreatedAt.lt(past))
            .filter(sent_notice::Column::Code.ne(prompt::CODE))
            .exec(database.write())
            .await?;
        Ok(())
    }
}
