//! What the previews of a message's links were last sent as.

use futures::FutureExt;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict,
};
use tocsin_database::Database;
use tocsin_entity::{
    id::SlackAppId,
    slack::preview::{ActiveModel, Column, Entity, Model},
};

use super::{GroupWriter, fence::Fence, post_key::message_of_preview};

/// Under what the previews of a message are on record that one Slack app shows: Slack replaces those of an app by its next call, and leaves those of
/// others, which are other organisations'. None is the server's own app.
pub(crate) fn message(app: Option<SlackAppId>, key: &str) -> String {
    let message = message_of_preview(key);
    app.map_or_else(|| message.to_owned(), |app| format!("{app}:{message}"))
}

/// Notes what a preview is sent as now; whether the claim under which it is was this worker's still. If not, nothing is written.
pub(crate) async fn keep(writer: &GroupWriter, fence: &Fence, preview: Model) -> Result<bool, DbErr> {
    let fence = fence.clone();
    let write = writer.write(move |tx| {
        let (fence, preview) = (fence.clone(), preview.clone());
        async move {
            if !fence.stands(tx).await? {
                return Ok(false);
            }
            let row = ActiveModel {
                post_id: Set(preview.post_id),
                message: Set(preview.message),
                url: Set(preview.url),
                content: Set(preview.content),
            };
            let known = OnConflict::column(Column::PostId)
                .update_column(Column::Content)
                .to_owned();
            Entity::insert(row)
                .on_conflict(known)
                .exec_without_returning(tx)
                .await?;
            Ok(true)
        }
        .boxed()
    });
    write.await
}

/// The previews of a message, in the order in which they came to be.
pub(crate) async fn of_message(database: &Database, message: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Message.eq(message))
        .order_by_asc(Column::PostId)
        .all(database.read())
        .await
}

/// Forgets a preview that Slack does not take, unless it is sent as something else by now.
pub(crate) async fn forget(database: &Database, preview: &Model) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::PostId.eq(preview.post_id))
        .filter(Column::Content.eq(preview.content.clone()))
        .exec(database.write())
        .await
        .map(|_| ())
}
