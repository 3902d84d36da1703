//! What a worker clears up that finds, after calls to Slack, that it has lost its claim: it was paused for longer than the claim holds, and
//! another has done the work meanwhile.
//!
//! The record is the other's, and nothing is written to it. But Slack may have taken a call of ours after theirs: so what Slack shows is put in
//! doubt, which has it written once more, and a message of ours beside theirs is deleted.

use std::time::Duration;

use sea_orm::{DbErr, EntityTrait};
use tocsin_entity::{kinds::PostKind, slack::post};

use super::DeliveryService;
use crate::store::{claim, fence::Fence};

/// How often is looked whether the other has come to know of its message, and how long between.
const LOOKS: u32 = 30;
const BETWEEN: Duration = Duration::from_secs(1);

impl DeliveryService {
    /// Clears up after the calls that `unsaved` tells of.
    pub(crate) async fn abandon(&self, fence: &Fence, unsaved: &[post::Model]) -> Result<(), DbErr> {
        tracing::warn!(
            "this worker was away for longer than its claim holds, and another has the work by now"
        );
        metrics::counter!("tocsin_bridge_claims_lost_total").increment(1);
        if unsaved.is_empty() {
            return Ok(());
        }
        let (claimed, clock) = (fence.claimed(), self.clock.clone());
        let doubted = self.writer.write(move |tx| {
            let now = clock.now();
            Box::pin(async move { claim::doubt(tx, claimed, now).await })
        });
        doubted.await?;
        let made = |post: &&post::Model| post.kind != PostKind::Unfurl && post.posted_at.is_some();
        for post in unsaved.iter().filter(made) {
            if let Some(ts) = &post.ts {
                self.delete_if_double(post, ts).await?;
            }
        }
        Ok(())
    }

    /// Deletes the message at `ts`, where another is on record in its place.
    pub(crate) async fn delete_if_double(&self, post: &post::Model, ts: &str) -> Result<(), DbErr> {
        for _ in 0..LOOKS {
            let record = post::Entity::find_by_id(post.id)
                .one(self.database.read())
                .await?;
            match record.map(|record| record.ts) {
                Some(Some(known)) if known == ts => return Ok(()),
                // The other has not posted yet. It looks in Slack first, and finds this message.
                Some(None) => tokio::time::sleep(BETWEEN).await,
                Some(Some(_)) | None => break,
            }
        }
        let record = post::Entity::find_by_id(post.id)
            .one(self.database.read())
            .await?;
        if record.is_some_and(|record| record.ts.as_deref().is_none_or(|known| known == ts)) {
            return Ok(());
        }
        tracing::warn!(
            "{} is twice in Slack: the one that is not on record is deleted",
            post.key
        );
        let workspace = self.workspaces.get(post.workspace_id);
        if let Err(error) = workspace.slack.delete_message(&post.channel_id, ts).await {
            tracing::error!(post.key = %post.key, "a message that is twice in Slack could not be deleted: {error}");
        }
        Ok(())
    }
}
