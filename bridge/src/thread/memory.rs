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

/// Under what a message is on record that was edited until nothing of it was left. Slack's names for messages are numbers.
fn emptied(place: &ThreadReply) -> String {
    format!("{}/emptied", place.ts)
}

/// What is remembered of threads. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ThreadMemory {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
}

impl ThreadMemory {
    /// Notes that a message was deleted, or was refused: whatever comes of it later is no comment.
    pub(crate) async fn bury(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<(), DbErr> {
        self.note(installation, place, place.ts.clone()).await
    }

    /// Notes that a message says nothing any more: it is no comment until it says something again.
    pub(crate) async fn empty(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<(), DbErr> {
        self.note(installation, place, emptied(place)).await
    }

    /// Notes that a message says something again, if it was emptied.
    pub(crate) async fn fill(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<(), DbErr> {
        tombstone::Entity::delete_by_id((channel_of(installation, place), emptied(place)))
            .exec(self.database.write())
            .await
            .map(|_| ())
    }

    async fn note(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
        ts: String,
    ) -> Result<(), DbErr> {
        let row = tombstone::ActiveModel {
            channel_id: Set(channel_of(installation, place)),
            ts: Set(ts),
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
    pub(crate) async fn is_buried(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<bool, DbErr> {
        self.is_noted(installation, place, vec![place.ts.clone()]).await
    }

    /// Whether nothing is left of a message: it was deleted, refused, or emptied.
    pub(crate) async fn is_gone(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
    ) -> Result<bool, DbErr> {
        let names = vec![place.ts.clone(), emptied(place)];
        self.is_noted(installation, place, names).await
    }

    async fn is_noted(
        &self,
        installation: &AppInstallation,
        place: &ThreadReply,
        names: Vec<String>,
    ) -> Result<bool, DbErr> {
        let mut channels = vec![channel_of(installation, place)];
        if !installation.may_be_forged() {
            // As an earlier version wrote it down.
            channels.push(place.channel.clone());
        }
        let found = tombstone::Entity::find()
            .filter(tombstone::Column::ChannelId.is_in(channels))
            .filter(tombstone::Column::Ts.is_in(names))
            .one(self.database.read())
            .await?;
        Ok(found.is_some())
    }

    /// Whether somebody has not been told this in this thread yet; by now they have.
    pub(crate) async fn is_news(
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
    pub(crate) async fn forget(&self) -> Result<(), DbErr> {
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
