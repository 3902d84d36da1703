//! A post that was sent and of which no answer is known: looked up in Slack before it is sent again.

use std::time::Duration;

use sea_orm::DbErr;
use tocsin_entity::kinds::PostState;

use super::{
    super::{
        desired::Wanted,
        lookup::{LookupError, SEEN_WITHIN, SETTLED},
        outcome::{Outcome, Wait, back_off},
        refusal::{self, Verdict},
    },
    Delivery,
};
use crate::{
    slack::{SlackError, web_api::Message},
    workspace::Bot,
};

impl Delivery<'_> {
    pub(super) async fn look_up(
        &mut self,
        bot: &Bot,
        wanted: &Wanted,
        message: &Message,
    ) -> Result<Outcome, DbErr> {
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
        let found = match bot
            .workspace
            .lookups
            .find(&record, settled, &bot.installation)
            .await
        {
            Ok(found) => found,
            Err(LookupError::Database(error)) => return Err(error),
            Err(LookupError::Slack(error)) => {
                match refusal::verdict(&error, record.attempts, Duration::ZERO) {
                    // It cannot be found out, now or ever; a doubled post is less harm than a lost one.
                    Verdict::PersonNeeded | Verdict::Hopeless | Verdict::Gone
                        if matches!(error, SlackError::Refused { .. }) =>
                    {
                        tracing::warn!("{} cannot be looked up and is posted again: {error}", record.key);
                        Vec::new()
                    }
                    Verdict::Later(pause) => {
                        return Ok(Outcome::Wait(Wait::error(now, error.to_string(), pause)));
                    }
                    Verdict::Unknown
                    | Verdict::Passing
                    | Verdict::PersonNeeded
                    | Verdict::Hopeless
                    | Verdict::Gone => {
                        record.last_error = Some(error.to_string());
                        record.attempts += 1;
                        let pause = back_off(record.attempts, Duration::from_secs(1));
                        self.keep(record);
                        return Ok(Outcome::Wait(Wait::error(now, error.to_string(), pause)));
                    }
                }
            }
        };
        let mut found = found.into_iter();
        let Some(ts) = found.next() else {
            if now < settled {
                return Ok(Outcome::Wait(Wait::until(settled)));
            }
            tracing::warn!("{} was sent and is not in Slack: it is sent again", record.key);
            record.state = PostState::Retrying;
            record.content_hash = None;
            record.not_before = None;
            self.keep(record);
            return self.post(bot, wanted, message).await;
        };
        for double in found {
            tracing::warn!("{} is twice in Slack: the younger is deleted", record.key);
            if let Err(error) = bot
                .workspace
                .slack
                .delete_message(&record.channel_id, &double)
                .await
            {
                tracing::error!("the younger of two messages could not be deleted: {error}");
            }
        }
        tracing::info!("{} is in Slack, though no answer said so", record.key);
        if record.content_hash.as_ref() == Some(&wanted.hash) {
            self.posted(bot, wanted, record, ts);
            return Ok(Outcome::Done);
        }
        // It shows what was sent then, and that is what is on record until the update has been made.
        record.ts = Some(ts);
        record.state = PostState::Posted;
        record.posted_at = Some(now);
        record.not_before = None;
        self.keep(record);
        self.update(bot, wanted, message).await
    }
}
