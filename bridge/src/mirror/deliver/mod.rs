//! Makes the calls that a diff asks for, and records what became of them.
//!
//! A post is recorded as intended before the call that makes it, and carries its record's id in its metadata: whatever happens in
//! between, it is looked up in Slack before it is made again. All other calls can be repeated without harm; whether one that has no
//! known answer has changed what Slack shows is not known either, and is not assumed.

mod abandoned;
mod blocks;
mod change;
mod deleted;
mod preview;
mod uncertain;

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::PostId,
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_slack::{
    error::SlackError,
    message::Message,
    refusal_scope::{RefusalScope, refusal_scope},
};
use tocsin_slack_app::channel::ChannelError;

use self::blocks::{MessageCall, MessageError};
use super::{
    desired::{Content, DesiredPost, PostSubject},
    diff::PostStep,
    outcome::{DeliveryOutcome, Wait, back_off},
    place,
    refusal::{self, FailureResponse},
};

use crate::{
    connector::Connectors,
    identity::{self, IdentityService},
    restore_watch::RestoreWatch,
    store::{GroupWriter, lease::Lease, record_many},
    workspace::{
        Bot, ReachableWorkspaces, Workspaces,
        lookup::{BEGINS_WITHIN, SEEN_WITHIN},
    },
};

/// What it takes to deliver. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryService {
    pub(crate) clock: Clock,
    pub(crate) connectors: Connectors,
    pub(crate) database: Database,
    pub(crate) identity: IdentityService,
    pub(crate) writer: GroupWriter,
    /// Whether the database was restored from a backup.
    pub(crate) restore: Arc<RestoreWatch>,
    pub(crate) workspaces: Workspaces,
}

/// The deliveries of one incident or digest, by whoever has claimed it.
pub(crate) struct DeliveryRun<'a> {
    pub(crate) service: &'a DeliveryService,
    pub(crate) reachable: &'a ReachableWorkspaces,
    pub(crate) subject: PostSubject,
    pub(crate) lease: &'a Lease,
    /// What is on record, as it is now.
    pub(crate) recorded: Vec<post::Model>,
    /// What of it is still to be written.
    pub(crate) changed: Vec<PostId>,
}

/// A call that failed, in words for the record and with what to do.
struct Failure {
    error: String,
    verdict: FailureResponse,
}

impl DeliveryRun<'_> {
    pub(super) fn now(&self) -> OffsetDateTime {
        self.service.clock.now()
    }

    /// Takes one step.
    pub(crate) async fn take(&mut self, step: PostStep<'_>) -> Result<DeliveryOutcome, DbErr> {
        let wanted = step.wanted();
        let bot = match self.reachable.bot(wanted.workspace) {
            Ok(bot) => bot,
            Err(trouble) => {
                let attempts = self.hold(wanted, trouble);
                let pause = back_off(attempts, Duration::from_secs(2));
                return Ok(DeliveryOutcome::Wait(Wait::error(self.now(), trouble, pause)));
            }
        };
        match (&wanted.content, step) {
            (Content::Preview(preview), _) => self.unfurl(bot, wanted, preview).await,
            (Content::Message(message), PostStep::Post(_)) => self.post(bot, wanted, message).await,
            (Content::Message(message), PostStep::LookUp(_)) => self.look_up(bot, wanted, message).await,
            (Content::Message(message), PostStep::Update(_)) => self.update(bot, wanted, message).await,
        }
    }

    /// Records that a post cannot be made yet, and says how often that was so.
    pub(crate) fn hold(&mut self, wanted: &DesiredPost, error: &str) -> i32 {
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

    /// Notes that Slack took a message: in the workspace, and through the connector where there is one. Who has lost the claim was away for a
    /// while, and says nothing of how things are now.
    fn delivered(&self, bot: &Bot, wanted: &DesiredPost) {
        if !self.lease.holds() {
            return;
        }
        bot.workspace.delivered();
        if let Some(to) = &wanted.to
            && let Some(lead) = to.lead(bot)
        {
            let organization = self.subject.organization_id;
            self.service.connectors.works(organization, to.connector_id, lead);
        }
    }

    /// Clears the failures of posts that show what they should after all.
    pub(crate) fn settle(&mut self, wanted: &[DesiredPost]) {
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

    /// Writes what has changed on record; whether the claim was this worker's still. If not, nothing is written.
    pub(crate) async fn flush(&mut self) -> Result<bool, DbErr> {
        let changed = self.take_changed();
        if changed.is_empty() {
            return Ok(true);
        }
        let ids: Vec<PostId> = changed.iter().map(|post| post.id).collect();
        let (writer, clock) = (&self.service.writer, &self.service.clock);
        let is_saved = record_many::save_under(writer, clock, &self.lease.fence(), changed).await?;
        if !is_saved {
            self.changed = ids;
        }
        Ok(is_saved)
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
    fn record(&self, wanted: &DesiredPost) -> post::Model {
        let found = self.recorded.iter().find(|post| post.key == wanted.key).cloned();
        let Some(mut record) = found else {
            return wanted.record(&self.subject, self.now());
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
    fn thread(&self, wanted: &DesiredPost) -> Result<Option<String>, ()> {
        let Some(root) = &wanted.thread_of else {
            return Ok(wanted.to.as_ref().and_then(|to| to.thread_ts.clone()));
        };
        let root = self.recorded.iter().find(|post| post.key == *root);
        let root = root.filter(|root| root.ts.is_some()).ok_or(())?;
        // A reply to a reply stands in the thread of the first message.
        Ok(root.thread_ts.clone().or_else(|| root.ts.clone()))
    }

    async fn post(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
    ) -> Result<DeliveryOutcome, DbErr> {
        self.post_or_find(bot, wanted, message, true).await
    }

    /// Posts it, where it is not to be found in Slack; that need not be looked for where it has been.
    async fn post_or_find(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
        may_be_there: bool,
    ) -> Result<DeliveryOutcome, DbErr> {
        let Ok(thread_ts) = self.thread(wanted) else {
            return Ok(DeliveryOutcome::Wait(Wait::error(
                self.now(),
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
        if may_be_there && let Some(outcome) = self.find_forgotten(bot, wanted, message, &record).await? {
            return Ok(outcome);
        }
        if let Err(outcome) = place::of_post(&bot.workspace.limits, &mut record).await {
            if matches!(outcome, DeliveryOutcome::Wait(_)) {
                self.keep(record);
            }
            return Ok(outcome);
        }
        let message = self.with_face(bot, wanted, message).await?.into_owned();
        let message = deleted::explained(&record, message);
        self.send(bot, wanted, &message, record).await
    }

    /// The message with its author's face, where it appears under their name.
    async fn with_face<'m>(
        &self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &'m Message,
    ) -> Result<Cow<'m, Message>, DbErr> {
        let Some(email) = &wanted.author_email else {
            return Ok(Cow::Borrowed(message));
        };
        let icon_url = identity::face(&self.service.identity, bot, email).await?;
        Ok(Cow::Owned(Message {
            icon_url,
            ..message.clone()
        }))
    }

    async fn send(
        &mut self,
        bot: &Bot,
        wanted: &DesiredPost,
        message: &Message,
        mut record: post::Model,
    ) -> Result<DeliveryOutcome, DbErr> {
        record.state = PostState::Sending;
        record.not_before = None;
        record.attempts += 1;
        record.content_hash = Some(wanted.hash.clone());
        if !self.announce(&mut record).await? {
            return Ok(DeliveryOutcome::Lost);
        }
        if let Some(blocked) = bot.workspace.limits.blocked_for(&record.channel_id) {
            // Slack refused another post while this one went on record: its place is void, and it has not been sent.
            record.state = PostState::Retrying;
            record.attempts -= 1;
            self.keep(record);
            return Ok(DeliveryOutcome::Wait(Wait::turn(self.now(), blocked)));
        }
        match self
            .with_blocks(bot, wanted, message, &mut record, MessageCall::Post)
            .await
        {
            Ok(ts) => {
                self.posted(bot, wanted, record, ts);
                Ok(DeliveryOutcome::Done)
            }
            Err(MessageError::Slack(error)) => self.not_posted(bot, wanted, record, &error).await,
            Err(MessageError::Lost) => Ok(DeliveryOutcome::Lost),
            Err(MessageError::Database(error)) => Err(error),
        }
    }

    /// Puts on record that a post is sent now; whether it may be. Who finds the record after a crash goes by its time, so the call has to follow
    /// at once.
    async fn announce(&mut self, record: &mut post::Model) -> Result<bool, DbErr> {
        loop {
            let began = Instant::now();
            record.sent_at = Some(self.now());
            self.keep(record.clone());
            if !self.flush().await? || !self.lease.holds() {
                return Ok(false);
            }
            if began.elapsed() < BEGINS_WITHIN {
                return Ok(true);
            }
            tracing::warn!(
                "the database took long to put {} on record, which is done again",
                record.key
            );
        }
    }

    fn posted(&mut self, bot: &Bot, wanted: &DesiredPost, mut record: post::Model, ts: String) {
        let now = self.now();
        bot.workspace.channels.works(&record.channel_name);
        self.delivered(bot, wanted);
        record.ts = Some(ts);
        record.state = PostState::Posted;
        record.posted_at = Some(now);
        self.shown(wanted, record, now);
    }

    fn shown(&mut self, wanted: &DesiredPost, mut record: post::Model, now: OffsetDateTime) {
        let lag = i64::try_from((now - wanted.since).whole_milliseconds().max(0)).unwrap_or(i64::MAX);
        record.lag_milliseconds = Some(lag);
        record.content_hash = Some(wanted.hash.clone());
        record.shown_version = self.subject.version;
        record.is_open = self.subject.is_open;
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
        wanted: &DesiredPost,
        mut record: post::Model,
        error: &SlackError,
    ) -> Result<DeliveryOutcome, DbErr> {
        if let SlackError::RateLimited { retry_after, .. } = error {
            let limits = &bot.workspace.limits;
            limits.block_posts(&record.channel_id, *retry_after).await;
        }
        if refusal::is_deleted(error) && self.forget_root(wanted) {
            record.state = PostState::Retrying;
            record.content_hash = None;
            record.last_error = Some(error.to_string());
            self.keep(record);
            let wait = Wait::error(self.now(), error.to_string(), Duration::ZERO);
            return Ok(DeliveryOutcome::Wait(wait));
        }
        let failure = self.failure(bot, error, wanted, &record).await?;
        record.last_error = Some(failure.error.clone());
        if matches!(failure.verdict, FailureResponse::Unknown) {
            // The call may be on its way still when it has been given up.
            record.not_before = Some(self.now() + SEEN_WITHIN);
        } else {
            record.state = PostState::Retrying;
        }
        let outcome = judge(failure, &mut record, self.now());
        self.keep(record);
        Ok(outcome)
    }

    /// Has the message posted again in whose thread a post was to stand and which is gone; whether there is such a one.
    fn forget_root(&mut self, wanted: &DesiredPost) -> bool {
        let is_root = |post: &&post::Model| Some(&post.key) == wanted.thread_of.as_ref();
        let root = self.recorded.iter().find(is_root).cloned();
        let Some(mut root) = root.filter(deleted::can_return) else {
            return false;
        };
        deleted::forget(&mut root);
        self.keep(root);
        true
    }

    async fn failure(
        &self,
        bot: &Bot,
        error: &SlackError,
        wanted: &DesiredPost,
        record: &post::Model,
    ) -> Result<Failure, DbErr> {
        // Of what is wanted now: a message may be old when it changes.
        let wanted_since = record.queued_at.max(wanted.since);
        let age = (self.now() - wanted_since)
            .max(time::Duration::ZERO)
            .unsigned_abs();
        let verdict = refusal::verdict(error, record.attempts, age);
        let trouble = ChannelError::of(error, &record.channel_name, &bot.installation);
        if let (FailureResponse::PersonNeeded, Some(to), SlackError::Refused { refusal, .. }) =
            (&verdict, &wanted.to, error)
            && refusal_scope(&refusal.code) != Some(RefusalScope::Thread)
        {
            let channels = &bot.workspace.channels;
            let lead = to.lead(bot);
            channels
                .distrust(&to.channel_name, &bot.installation.team_id, &trouble)
                .await?;
            channels
                .distrust(&to.channel_id, &bot.installation.team_id, &trouble)
                .await?;
            if let Some(lead) = lead
                && self.lease.holds()
            {
                let (organization, seen) = (self.subject.organization_id, &self.service.connectors);
                let (code, message) = (&trouble.code, &trouble.message);
                seen.fails(organization, to.connector_id, lead, code, message);
            }
        }
        let error = match &verdict {
            FailureResponse::Gone if record.kind == PostKind::Unfurl => {
                format!("the message with the link is gone ({error})")
            }
            FailureResponse::Gone => "deleted in Slack".to_owned(),
            FailureResponse::Later(_)
            | FailureResponse::Unknown
            | FailureResponse::Passing
            | FailureResponse::PersonNeeded
            | FailureResponse::Hopeless => trouble.message,
        };
        Ok(Failure { error, verdict })
    }
}

/// What a failure means for the record, and for what comes next.
fn judge(failure: Failure, record: &mut post::Model, now: OffsetDateTime) -> DeliveryOutcome {
    let Failure { error, verdict } = failure;
    let pause = match verdict {
        FailureResponse::Later(pause) => pause,
        FailureResponse::Unknown => Duration::from_secs(1),
        FailureResponse::Passing => back_off(record.attempts, Duration::from_secs(1)),
        FailureResponse::PersonNeeded => back_off(record.attempts, Duration::from_secs(5)),
        FailureResponse::Hopeless | FailureResponse::Gone => {
            tracing::error!(post.key = %record.key, "a post is given up: {error}");
            record.state = PostState::Failed;
            return DeliveryOutcome::Done;
        }
    };
    DeliveryOutcome::Wait(Wait::error(now, error, pause))
}
