//! Previews of links, which are made and changed by one call.
//!
//! A call replaces all previews of its message, so that each brings those of the message's other links as well: of other incidents, which other
//! workers change meanwhile. What is sent goes on record first, and after the call the record is read once more: where it has changed, another call
//! follows. So whichever call reaches Slack last, somebody sends what is on record after it.

use sea_orm::DbErr;
use serde_json::{Map, Value};
use tocsin_entity::{
    id::PostId,
    kinds::PostState,
    slack::{post, preview},
};
use tocsin_slack::{error::SlackError, method::CHAT_UNFURL};
use tocsin_slack_client::web_api::UnfurlTarget;

use super::{
    super::{
        desired::DesiredPost,
        outcome::{DeliveryOutcome, Wait},
        place, refusal,
    },
    DeliveryRun,
};
use crate::{store::previews, workspace::Bot};

/// Calls that follow each other while others change the message's previews. It has ten at most.
const CALLS_MAX: usize = 10;

/// What came of showing a message's previews.
enum Shown {
    /// Slack shows what is on record.
    All,
    /// Others still change them.
    Changing,
}

impl DeliveryRun<'_> {
    pub(super) async fn unfurl(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        content: &Value,
    ) -> Result<DeliveryOutcome, DbErr> {
        let mut record = self.record(wanted);
        let Some((target, url)) = record.address.as_ref().and_then(address) else {
            record.state = PostState::Failed;
            record.last_error = Some("where the link was pasted is not on record".to_owned());
            record.content_hash = Some(wanted.hash.clone());
            self.keep(record);
            return Ok(DeliveryOutcome::Done);
        };
        if let Err(wait) = place::of_update(&bot.workspace.limits, &mut record, CHAT_UNFURL).await {
            self.keep(record);
            return Ok(DeliveryOutcome::Wait(wait));
        }
        if !self.lease.holds() {
            return Ok(DeliveryOutcome::Lost);
        }
        record.attempts += 1;
        let own = preview::Model {
            post_id: record.id,
            message: previews::message(bot.workspace.app, &record.key),
            url,
            content: content.clone(),
        };
        if !previews::keep(&self.service.writer, &self.lease.fence(), own.clone()).await? {
            return Ok(DeliveryOutcome::Lost);
        }
        match self.show(bot, &target, &own).await? {
            Ok(Shown::All) => Ok(self.updated(wanted, record)),
            Ok(Shown::Changing) => Ok(self.changing(record)),
            Err(error) => {
                let outcome = self.not_updated(bot, wanted, record, &error, CHAT_UNFURL).await?;
                if self.has_failed(own.post_id) {
                    previews::forget(&self.service.database, &own).await?;
                }
                Ok(outcome)
            }
        }
    }

    /// Shows all previews of the message, until Slack has been sent what is on record.
    async fn show(
        &self,
        bot: &Bot,
        target: &UnfurlTarget,
        own: &preview::Model,
    ) -> Result<Result<Shown, SlackError>, DbErr> {
        let database = &self.service.database;
        let mut all = previews::of_message(database, &own.message).await?;
        for _ in 0..CALLS_MAX {
            if let Err(error) = self.send_previews(bot, target, own, &all).await? {
                return Ok(Err(error));
            }
            let now = previews::of_message(database, &own.message).await?;
            if now == all {
                return Ok(Ok(Shown::All));
            }
            all = now;
        }
        Ok(Ok(Shown::Changing))
    }

    /// Sends all previews of the message. Those that Slack refuses, since their links are no longer there, are left out from now on.
    async fn send_previews(
        &self,
        bot: &Bot,
        target: &UnfurlTarget,
        own: &preview::Model,
        all: &[preview::Model],
    ) -> Result<Result<(), SlackError>, DbErr> {
        let slack = &bot.workspace.slack;
        let mut taken = Map::from_iter([(own.url.clone(), own.content.clone())]);
        let others = || all.iter().filter(|other| other.post_id != own.post_id);
        let mut whole = taken.clone();
        whole.extend(others().map(|other| (other.url.clone(), other.content.clone())));
        match slack.unfurl(target, &whole).await {
            Ok(_) => return Ok(Ok(())),
            Err(error) if whole.len() == 1 || !refusal::is_of_one_preview(&error) => return Ok(Err(error)),
            // Slack does not say which it refuses.
            Err(_) => {}
        }
        if let Err(error) = slack.unfurl(target, &taken).await {
            return Ok(Err(error));
        }
        for other in others() {
            let mut with = taken.clone();
            with.insert(other.url.clone(), other.content.clone());
            match slack.unfurl(target, &with).await {
                Ok(_) => taken = with,
                Err(error) if refusal::is_of_one_preview(&error) => {
                    tracing::warn!(
                        slack.message = other.message,
                        "a preview beside another is refused: {error}"
                    );
                    previews::forget(&self.service.database, other).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }

    fn has_failed(&self, id: PostId) -> bool {
        let mut recorded = self.recorded.iter();
        recorded.any(|post| post.id == id && post.state == PostState::Failed)
    }

    /// Comes back soon: what Slack was sent may be older than what is on record.
    fn changing(&mut self, mut record: post::Model) -> DeliveryOutcome {
        let why = "other previews of its message change at the same time";
        record.state = PostState::Retrying;
        record.content_hash = None;
        record.last_error = Some(why.to_owned());
        let pause = super::back_off(record.attempts, std::time::Duration::from_secs(1));
        self.keep(record);
        DeliveryOutcome::Wait(Wait::error(self.now(), why, pause))
    }
}

/// Where a link was pasted, and which.
fn address(address: &Value) -> Option<(UnfurlTarget, String)> {
    let field = |name: &str| address.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let url = field("url")?;
    let in_message = field("channel")
        .filter(|channel| channel != "COMPOSER")
        .zip(field("ts"));
    let composed = field("source").is_some_and(|source| source == "composer");
    let target = match in_message.filter(|_| !composed) {
        Some((channel, ts)) => UnfurlTarget::Message { channel, ts },
        None => UnfurlTarget::Source {
            unfurl_id: field("unfurl_id")?,
            source: field("source")?,
        },
    };
    Some((target, url))
}
