//! Changes messages that are in Slack.

use std::time::Duration;

use sea_orm::DbErr;
use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_slack::{
    error::SlackError,
    message::Message,
    method::{CHAT_UPDATE, Method},
};

use super::{
    super::{
        desired::DesiredPost,
        outcome::{DeliveryOutcome, Wait},
        place,
        refusal::{self, FailureResponse, is_deleted},
    },
    DeliveryRun,
    blocks::{MessageCall, MessageError},
    deleted, judge,
};
use crate::workspace::Bot;

impl DeliveryRun<'_> {
    pub(super) async fn update(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
    ) -> Result<DeliveryOutcome, DbErr> {
        let mut record = self.record(wanted);
        if let Err(wait) = place::of_update(&bot.workspace.limits, &mut record, CHAT_UPDATE).await {
            self.keep(record);
            return Ok(DeliveryOutcome::Wait(wait));
        }
        if !self.lease.holds() {
            return Ok(DeliveryOutcome::Lost);
        }
        record.attempts += 1;
        match self
            .with_blocks(bot, wanted, message, &mut record, MessageCall::Update)
            .await
        {
            Ok(_) => {
                self.delivered(bot, wanted);
                Ok(self.updated(wanted, record))
            }
            Err(MessageError::Slack(error)) if deleted::can_return(&record) && is_deleted(&error) => {
                deleted::forget(&mut record);
                self.keep(record);
                let wait = Wait::error(self.now(), error.to_string(), Duration::ZERO);
                Ok(DeliveryOutcome::Wait(wait))
            }
            Err(MessageError::Slack(error)) => {
                self.not_updated(bot, wanted, record, &error, CHAT_UPDATE).await
            }
            Err(MessageError::Lost) => Ok(DeliveryOutcome::Lost),
            Err(MessageError::Database(error)) => Err(error),
        }
    }

    pub(super) fn updated(&mut self, wanted: &DesiredPost, mut record: post::Model) -> DeliveryOutcome {
        let now = self.now();
        record.state = if record.posted_at.is_some() {
            PostState::Updated
        } else {
            PostState::Posted
        };
        if record.posted_at.is_some() {
            record.updated_at = Some(now);
        }
        record.posted_at.get_or_insert(now);
        self.shown(wanted, record, now);
        DeliveryOutcome::Done
    }

    pub(super) async fn not_updated(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        mut record: post::Model,
        error: &SlackError,
        method: Method,
    ) -> Result<DeliveryOutcome, DbErr> {
        if let SlackError::RateLimited { retry_after, .. } = error {
            let limits = &bot.workspace.limits;
            limits.block_method(method, *retry_after).await;
        }
        let failure = self.failure(bot, error, wanted, &record).await?;
        record.last_error = Some(failure.error.clone());
        if matches!(failure.verdict, FailureResponse::Hopeless) && record.kind != PostKind::Unfurl {
            // It stays as it is, and so do its thread and its buttons.
            tracing::error!("{} cannot be changed: {}", record.key, failure.error);
            record.content_hash = Some(wanted.hash.clone());
            self.keep(record);
            return Ok(DeliveryOutcome::Done);
        }
        record.state = PostState::Retrying;
        if matches!(failure.verdict, FailureResponse::Hopeless | FailureResponse::Gone) {
            record.content_hash = Some(wanted.hash.clone());
        }
        if matches!(failure.verdict, FailureResponse::Unknown) {
            // It may show either; should the old be wanted again, it must be written again.
            record.content_hash = None;
        }
        let is_over = matches!(failure.verdict, FailureResponse::Gone)
            || matches!(failure.verdict, FailureResponse::Hopeless) && !refusal::is_of_content(error);
        if is_over && record.ts.is_none() {
            // A preview has no place of its own; that of the message it stood in says that it will not come back.
            record.ts = record
                .address
                .as_ref()
                .and_then(|address| address["ts"].as_str().or(address["unfurl_id"].as_str()))
                .map(ToOwned::to_owned);
        }
        let outcome = judge(failure, &mut record, self.now());
        self.keep(record);
        Ok(outcome)
    }
}
