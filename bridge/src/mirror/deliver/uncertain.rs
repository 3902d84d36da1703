//! A post that was sent and of which no answer is known: looked up in Slack before it is sent again.

use std::time::Duration;

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_slack::{error::SlackError, message::Message};

use super::{
    super::{
        desired::DesiredPost,
        outcome::{DeliveryOutcome, Wait, back_off},
        refusal::{self, FailureResponse},
    },
    DeliveryRun,
};
use crate::workspace::{
    Bot,
    lookup::{LookupError, SEEN_WITHIN, SETTLED},
};

/// How long before it came to be a forgotten post is looked for: the look is good for others that are a little older.
const LOOK_BACK: time::Duration = time::Duration::hours(6);

impl DeliveryRun<'_> {
    pub(super) async fn look_up(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
    ) -> Result<DeliveryOutcome, DbErr> {
        let mut record = self.record(wanted);
        let now = self.now();
        let sent_at = record.sent_at.unwrap_or(record.queued_at);
        let settled = if sent_at > now {
            // A wrong clock put it on record: how long ago that was is not known, and counts from now on.
            let counted = record.not_before.filter(|ended| *ended <= now + SETTLED);
            let settled = counted.unwrap_or(now + SETTLED);
            record.not_before = Some(settled);
            self.keep(record.clone());
            settled
        } else {
            // Where its caller lived to see the call end, less time is enough.
            let ended = record.not_before.filter(|ended| *ended <= now + SEEN_WITHIN);
            ended.unwrap_or(sent_at + SETTLED)
        };
        let ts = match self.find(bot, &mut record, settled).await? {
            Ok(ts) => ts,
            Err(outcome) => return Ok(outcome),
        };
        let Some(ts) = ts else {
            if now < settled {
                return Ok(DeliveryOutcome::Wait(Wait::until(settled)));
            }
            tracing::warn!("{} was sent and is not in Slack: it is sent again", record.key);
            record.state = PostState::Retrying;
            record.content_hash = None;
            record.not_before = None;
            self.keep(record);
            return self.post_or_find(bot, wanted, message, false).await;
        };
        tracing::info!("{} is in Slack, though no answer said so", record.key);
        if record.content_hash.as_ref() == Some(&wanted.hash) {
            self.posted(bot, wanted, record, ts);
            return Ok(DeliveryOutcome::Done);
        }
        // It shows what was sent then, and that is what is on record until the update has been made.
        record.ts = Some(ts);
        record.state = PostState::Posted;
        record.posted_at = Some(now);
        record.not_before = None;
        self.keep(record);
        self.update(bot, wanted, message).await
    }

    /// A post that is not on record as sent, but older than this process: a restored database may have forgotten it. What came of it where it is
    /// in Slack, or can't be looked up now; none where it is not there.
    pub(super) async fn find_forgotten(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
        record: &post::Model,
    ) -> Result<Option<DeliveryOutcome>, DbErr> {
        let since = match record.kind {
            PostKind::Root => self.subject.began,
            PostKind::Reply | PostKind::Direct => wanted.since,
            PostKind::Digest | PostKind::Unfurl => return Ok(None),
        };
        if !self.service.restore.may_be_there(record, since) {
            return Ok(None);
        }
        let mut sought = post::Model {
            // One look answers for all that happened in these days.
            sent_at: Some(since - LOOK_BACK),
            ..record.clone()
        };
        let ts = match self
            .find(bot, &mut sought, self.service.restore.began_at())
            .await?
        {
            Ok(Some(ts)) => ts,
            Ok(None) => return Ok(None),
            Err(outcome) => return Ok(Some(outcome)),
        };
        tracing::warn!(
            "{} is in Slack and not on record: the database was restored from a backup",
            record.key
        );
        let found = post::Model {
            ts: Some(ts),
            state: PostState::Posted,
            sent_at: Some(since),
            posted_at: Some(since),
            content_hash: None,
            not_before: None,
            ..record.clone()
        };
        self.keep(found);
        self.update(bot, wanted, message).await.map(Some)
    }

    /// The message that is this post, if Slack has one. Younger ones are deleted. `Err` where Slack can't say now.
    async fn find(
        &mut self,
        bot: &Bot,
        record: &mut post::Model,
        settled: OffsetDateTime,
    ) -> Result<Result<Option<String>, DeliveryOutcome>, DbErr> {
        if record.kind == PostKind::Direct && !bot.installation.may("im:history") {
            // A direct message twice is less harm than one that nobody gets.
            return Ok(Ok(None));
        }
        let now = self.now();
        let lookups = &bot.workspace.lookups;
        let found = match lookups.find(record, settled, &bot.installation).await {
            Ok(found) => found,
            Err(LookupError::Database(error)) => return Err(error),
            Err(LookupError::Slack(error)) => {
                match refusal::verdict(&error, record.attempts, Duration::ZERO) {
                    // It cannot be found out, now or ever; a doubled post is less harm than a lost one.
                    FailureResponse::PersonNeeded | FailureResponse::Hopeless | FailureResponse::Gone
                        if matches!(error, SlackError::Refused { .. }) =>
                    {
                        tracing::warn!("{} cannot be looked up and is posted: {error}", record.key);
                        Vec::new()
                    }
                    FailureResponse::Later(pause) => {
                        return Ok(Err(DeliveryOutcome::Wait(Wait::error(
                            now,
                            error.to_string(),
                            pause,
                        ))));
                    }
                    FailureResponse::Unknown
                    | FailureResponse::Passing
                    | FailureResponse::PersonNeeded
                    | FailureResponse::Hopeless
                    | FailureResponse::Gone => {
                        record.last_error = Some(error.to_string());
                        record.attempts += 1;
                        let pause = back_off(record.attempts, Duration::from_secs(1));
                        self.keep(record.clone());
                        return Ok(Err(DeliveryOutcome::Wait(Wait::error(
                            now,
                            error.to_string(),
                            pause,
                        ))));
                    }
                }
            }
        };
        let mut found = found.into_iter();
        let first = found.next();
        for double in found {
            tracing::warn!("{} is twice in Slack: the younger is deleted", record.key);
            let slack = &bot.workspace.slack;
            if let Err(error) = slack.delete_message(&record.channel_id, &double).await {
                tracing::error!("the younger of two messages could not be deleted: {error}");
            }
        }
        Ok(Ok(first))
    }
}
