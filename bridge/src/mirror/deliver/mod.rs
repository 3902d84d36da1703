//! Makes the calls that a diff asks for, and records what became of them.
//!
//! A post is recorded as intended before the call that makes it, and carries its record's id in its metadata: whatever happens in
//! between, it is looked up in Slack before it is made again. All other calls can be repeated without harm; whether one that has no
//! known answer has changed what Slack shows is not known either, and is not assumed.

mod blocks;
mod change;

use std::{borrow::Cow, sync::Arc, time::Duration};

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_entity::{
    id::PostId,
    kinds::{PostKind, PostState},
    slack::{
        post,
        shut::{Shut, shut},
    },
};

use self::blocks::{Call, Way};
use super::{
    channels,
    desired::{Content, Subject, Wanted},
    diff::Step,
    lookup::{LookupError, SETTLED},
    outcome::{Outcome, Wait, back_off},
    place,
    refusal::{self, Verdict},
};
use crate::{
    bridge::Parts,
    identity,
    slack::{
        SlackError,
        web_api::{Message, Metadata},
    },
    store::{lease::Lease, posts},
    workspace::{Bot, Reach},
};

/// The deliveries of one incident or digest, by whoever has claimed it.
pub(crate) struct Delivery<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) reach: &'a Reach,
    pub(crate) subject: Subject,
    pub(crate) lease: &'a Lease,
    /// What is on record, as it is now.
    pub(crate) recorded: Vec<post::Model>,
    /// What of it is still to be written.
    pub(crate) changed: Vec<PostId>,
}

/// A call that failed, in words for the record and with what to do.
struct Failure {
    error: String,
    verdict: Verdict,
}

impl Delivery<'_> {
    /// Takes one step.
    pub(crate) async fn take(&mut self, step: Step<'_>) -> Result<Outcome, DbErr> {
        let wanted = step.wanted();
        let bot = match self.reach.bot(wanted.workspace) {
            Ok(bot) => bot,
            Err(trouble) => {
                let attempts = self.hold(wanted, trouble);
                let pause = back_off(attempts, Duration::from_secs(2));
                return Ok(Outcome::Wait(Wait::error(trouble, pause)));
            }
        };
        match (&wanted.content, step) {
            (Content::Preview(preview), _) => self.unfurl(bot, wanted, preview).await,
            (Content::Message(message), Step::Post(_)) => self.post(bot, wanted, message).await,
            (Content::Message(message), Step::LookUp(_)) => self.look_up(bot, wanted, message).await,
            (Content::Message(message), Step::Update(_)) => self.update(bot, wanted, message).await,
        }
    }

    /// Records that a post cannot be made yet, and says how often that was so.
    pub(crate) fn hold(&mut self, wanted: &Wanted, error: &str) -> i32 {
        let mut record = self.record(wanted);
        record.last_error = Some(error.to_owned());
        record.attempts += 1;
        if record.state != PostState::Sending {
            record.state = PostState::Retrying;
        }
        let attempts = record.attempts;
        self.keep(record);
        attempts
    }

    /// Records that a post will not be made: another stands in for it.
    pub(crate) fn give_up(&mut self, key: &str, reason: &str) {
        let found = self.recorded.iter().find(|post| post.key == key);
        let waits = |post: &&post::Model| post.ts.is_none() && post.state == PostState::Retrying;
        if let Some(mut record) = found.filter(waits).cloned() {
            record.state = PostState::Failed;
            record.last_error = Some(reason.to_owned());
            // It was not refused for what it says: where nothing stands in for it any more, it is worth another try.
            record.content_hash = None;
            record.not_before = None;
            self.keep(record);
        }
    }

    /// Notes that Slack took a message: in the workspace, and through the connector where there is one.
    fn delivered(&self, bot: &Bot, wanted: &Wanted) {
        bot.workspace.delivered();
        if let Some(to) = &wanted.to
            && to.lead(bot).is_some()
        {
            let organization = self.subject.organization_id;
            self.parts.connectors.works(organization, to.connector_id);
        }
    }

    /// Clears the failures of posts that show what they should after all.
    pub(crate) fn settle(&mut self, wanted: &[Wanted]) {
        for wanted in wanted {
            let found = self.recorded.iter().find(|post| post.key == wanted.key);
            let shows_it = |post: &&post::Model| {
                post.state == PostState::Retrying
                    && post.ts.is_some()
                    && post.content_hash.as_ref() == Some(&wanted.hash)
            };
            if let Some(mut record) = found.filter(shows_it).cloned() {
                record.state = if record.updated_at.is_some() {
                    PostState::Updated
                } else {
                    PostState::Posted
                };
                record.last_error = None;
                record.not_before = None;
                self.keep(record);
            }
        }
    }

    /// Writes what has changed on record.
    pub(crate) async fn flush(&mut self) -> Result<(), DbErr> {
        let changed = self.take_changed();
        if changed.is_empty() {
            return Ok(());
        }
        save_all(&self.parts.lane, changed).await
    }

    /// The records that have changed since they were last written.
    pub(crate) fn take_changed(&mut self) -> Arc<[post::Model]> {
        let changed = std::mem::take(&mut self.changed);
        self.recorded
            .iter()
            .filter(|post| changed.contains(&post.id))
            .cloned()
            .collect()
    }

    /// The post's record. Other content than was tried before is counted from the beginning.
    fn record(&self, wanted: &Wanted) -> post::Model {
        let found = self.recorded.iter().find(|post| post.key == wanted.key).cloned();
        let Some(mut record) = found else {
            return wanted.record(&self.subject, OffsetDateTime::now_utc());
        };
        if matches!(record.state, PostState::Posted | PostState::Updated) {
            record.attempts = 0;
        }
        record
    }

    fn keep(&mut self, record: post::Model) {
        if !self.changed.contains(&record.id) {
            self.changed.push(record.id);
        }
        match self.recorded.iter_mut().find(|post| post.id == record.id) {
            Some(post) => *post = record,
            None => self.recorded.push(record),
        }
    }

    /// The place in Slack of the message in whose thread a post stands: `Err` while there is none.
    fn thread(&self, wanted: &Wanted) -> Result<Option<String>, ()> {
        let Some(root) = &wanted.thread_of else {
            return Ok(wanted.to.as_ref().and_then(|to| to.thread_ts.clone()));
        };
        let root = self.recorded.iter().find(|post| post.key == *root);
        let root = root.filter(|root| root.ts.is_some()).ok_or(())?;
        // A reply to a reply stands in the thread of the first message.
        Ok(root.thread_ts.clone().or_else(|| root.ts.clone()))
    }

    async fn post(&mut self, bot: &Bot, wanted: &Wanted, message: &Message) -> Result<Outcome, DbErr> {
        let Ok(thread_ts) = self.thread(wanted) else {
            return Ok(Outcome::Wait(Wait::error(
                "its message is not in Slack yet",
                Duration::from_secs(1),
            )));
        };
        let mut record = self.record(wanted);
        if let Some(to) = &wanted.to {
            record.channel_id.clone_from(&to.channel_id);
            record.channel_name.clone_from(&to.channel_name);
        }
        record.workspace_id = bot.workspace.id;
        record.team_id.clone_from(&bot.installation.team_id);
        record.thread_ts = thread_ts;
        if let Err(outcome) = place::of_post(bot.workspace.slack.limits(), &mut record).await {
            if matches!(outcome, Outcome::Wait(_)) {
                self.keep(record);
            }
            return Ok(outcome);
        }
        let message = self.with_face(bot, wanted, message).await?;
        self.send(bot, wanted, &message, record).await
    }

    /// The message with its author's face, where it appears under their name.
    async fn with_face<'m>(
        &self,
        bot: &Bot,
        wanted: &Wanted,
        message: &'m Message,
    ) -> Result<Cow<'m, Message>, DbErr> {
        let Some(email) = &wanted.author_email else {
            return Ok(Cow::Borrowed(message));
        };
        let icon_url = identity::face(&self.parts.database, bot, email).await?;
        Ok(Cow::Owned(Message {
            icon_url,
            ..message.clone()
        }))
    }

    async fn send(
        &mut self,
        bot: &Bot,
        wanted: &Wanted,
        message: &Message,
        mut record: post::Model,
    ) -> Result<Outcome, DbErr> {
        record.state = PostState::Sending;
        record.sent_at = Some(OffsetDateTime::now_utc());
        record.not_before = None;
        record.attempts += 1;
        record.content_hash = Some(wanted.hash.clone());
        self.keep(record.clone());
        self.flush().await?;
        if !self.lease.holds() {
            return Ok(Outcome::Lost);
        }
        let (channel, thread_ts) = (record.channel_id.clone(), record.thread_ts.clone());
        let metadata = Metadata::of_post(&record.id.to_string());
        let slack = &bot.workspace.slack;
        if let Some(blocked) = slack.limits().blocked_for(&channel) {
            // Slack refused another post while this one went on record: its place is void, and it has not been sent.
            record.state = PostState::Retrying;
            record.attempts -= 1;
            self.keep(record);
            return Ok(Outcome::Wait(Wait::turn(blocked)));
        }
        let call = Call {
            bot,
            channel: &channel,
            way: Way::Post {
                thread_ts: thread_ts.as_deref(),
                metadata,
            },
        };
        let sent = self.with_blocks(wanted, message, &call).await;
        match sent {
            Ok(ts) => {
                self.posted(bot, wanted, record, ts);
                Ok(Outcome::Done)
            }
            Err(error) => self.not_posted(bot, wanted, record, &error).await,
        }
    }

    fn posted(&mut self, bot: &Bot, wanted: &Wanted, mut record: post::Model, ts: String) {
        let now = OffsetDateTime::now_utc();
        bot.workspace.channels.works(&record.channel_name);
        self.delivered(bot, wanted);
        record.ts = Some(ts);
        record.state = PostState::Posted;
        record.posted_at = Some(now);
        self.shown(wanted, record, now);
    }

    fn shown(&mut self, wanted: &Wanted, mut record: post::Model, now: OffsetDateTime) {
        let lag = i64::try_from((now - wanted.since).whole_milliseconds().max(0)).unwrap_or(i64::MAX);
        record.lag_milliseconds = Some(lag);
        record.content_hash = Some(wanted.hash.clone());
        record.shown_version = self.subject.version;
        record.last_error = None;
        record.not_before = None;
        #[expect(clippy::cast_precision_loss, reason = "a histogram is no clock")]
        metrics::histogram!("tocsin_slack_delivery_lag_seconds", "kind" => record.kind.as_str())
            .record(lag as f64 / 1e3);
        tracing::info!(
            post.key = %record.key, slack.channel = %record.channel_id, lag_milliseconds = lag,
            "Slack shows {} as of version {}", self.subject.name, self.subject.version
        );
        self.keep(record);
    }

    async fn not_posted(
        &mut self,
        bot: &Bot,
        wanted: &Wanted,
        mut record: post::Model,
        error: &SlackError,
    ) -> Result<Outcome, DbErr> {
        if let SlackError::RateLimited { retry_after, .. } = error {
            let limits = bot.workspace.slack.limits();
            limits.block_posts(&record.channel_id, *retry_after).await;
        }
        let failure = self.failure(bot, error, wanted, &record).await?;
        record.last_error = Some(failure.error.clone());
        if matches!(failure.verdict, Verdict::Unknown) {
            // The call may be on its way still when it has been given up.
            record.not_before = Some(OffsetDateTime::now_utc() + SETTLED);
        } else {
            record.state = PostState::Retrying;
        }
        let outcome = judge(failure, &mut record);
        self.keep(record);
        Ok(outcome)
    }

    async fn failure(
        &self,
        bot: &Bot,
        error: &SlackError,
        wanted: &Wanted,
        record: &post::Model,
    ) -> Result<Failure, DbErr> {
        let verdict = refusal::verdict(error, record.attempts);
        let trouble = channels::trouble(error, &record.channel_name, &bot.installation);
        if let (Verdict::PersonNeeded, Some(to), SlackError::Refused { refusal, .. }) =
            (&verdict, &wanted.to, error)
            && shut(&refusal.code) != Some(Shut::Thread)
        {
            let channels = &bot.workspace.channels;
            let lead = to.lead(bot);
            channels
                .distrust(&to.channel_name, &bot.installation.team_id, &trouble)
                .await?;
            channels
                .distrust(&to.channel_id, &bot.installation.team_id, &trouble)
                .await?;
            if let Some(lead) = lead {
                let (organization, seen) = (self.subject.organization_id, &self.parts.connectors);
                let (code, message) = (&trouble.code, &trouble.message);
                seen.fails(organization, to.connector_id, lead, code, message);
            }
        }
        let error = match &verdict {
            Verdict::Gone if record.kind == PostKind::Unfurl => {
                format!("the message with the link is gone ({error})")
            }
            Verdict::Gone => "deleted in Slack".to_owned(),
            Verdict::Later(_)
            | Verdict::Unknown
            | Verdict::Passing
            | Verdict::PersonNeeded
            | Verdict::Hopeless => trouble.message,
        };
        Ok(Failure { error, verdict })
    }

    async fn look_up(&mut self, bot: &Bot, wanted: &Wanted, message: &Message) -> Result<Outcome, DbErr> {
        let mut record = self.record(wanted);
        let now = OffsetDateTime::now_utc();
        let settled = record.sent_at.unwrap_or(record.queued_at) + SETTLED;
        let settled = record.not_before.map_or(settled, |ended| settled.max(ended));
        let found = match bot
            .workspace
            .lookups
            .find(&record, settled, &bot.installation)
            .await
        {
            Ok(found) => found,
            Err(LookupError::Database(error)) => return Err(error),
            Err(LookupError::Slack(error)) => {
                match refusal::verdict(&error, record.attempts) {
                    // It cannot be found out, now or ever; a doubled post is less harm than a lost one.
                    Verdict::PersonNeeded | Verdict::Hopeless | Verdict::Gone
                        if matches!(error, SlackError::Refused { .. }) =>
                    {
                        tracing::warn!("{} cannot be looked up and is posted again: {error}", record.key);
                        Vec::new()
                    }
                    Verdict::Later(pause) => return Ok(Outcome::Wait(Wait::error(error.to_string(), pause))),
                    Verdict::Unknown
                    | Verdict::Passing
                    | Verdict::PersonNeeded
                    | Verdict::Hopeless
                    | Verdict::Gone => {
                        record.last_error = Some(error.to_string());
                        record.attempts += 1;
                        let pause = back_off(record.attempts, Duration::from_secs(1));
                        self.keep(record);
                        return Ok(Outcome::Wait(Wait::error(error.to_string(), pause)));
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

/// What a failure means for the record, and for what comes next.
fn judge(failure: Failure, record: &mut post::Model) -> Outcome {
    let Failure { error, verdict } = failure;
    let pause = match verdict {
        Verdict::Later(pause) => pause,
        Verdict::Unknown => Duration::from_secs(1),
        Verdict::Passing => back_off(record.attempts, Duration::from_secs(1)),
        Verdict::PersonNeeded => back_off(record.attempts, Duration::from_secs(5)),
        Verdict::Hopeless | Verdict::Gone => {
            tracing::error!(post.key = %record.key, "a post is given up: {error}");
            record.state = PostState::Failed;
            return Outcome::Done;
        }
    };
    Outcome::Wait(Wait::error(error, pause))
}

pub(crate) async fn save_all(lane: &crate::store::Lane, changed: Arc<[post::Model]>) -> Result<(), DbErr> {
    lane.write(move |tx| {
        let changed = Arc::clone(&changed);
        Box::pin(async move {
            for post in changed.iter() {
                posts::save(tx, post).await?;
            }
            Ok(())
        })
    })
    .await
}
