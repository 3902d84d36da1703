//! Reading the threads of an incident in a channel, and putting what is news into the inbox.

use std::collections::BTreeSet;

use futures::FutureExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_entity::{id::InboxId, slack::post};
use tocsin_queue::{JobError, Queue, jobs::WorkInbox};
use tocsin_slack::{
    envelope::{Envelope, RequestKind},
    error::SlackError,
    timestamp::said_at,
};

use super::{
    super::reply_change, CommentHistory, OLDEST, PAUSE, Threads, recorded::RecordedTimeline, threaded,
};

use crate::{
    inbox::{self, StoreOutcome},
    installation::InstallationKey,
    rich_text::message::MessageEvent,
    store::GroupWriter,
};

/// Pages of a thread that are read, of 200 messages each: nobody reads a longer one.
const PAGES_MAX: usize = 100;

/// What is put into the inbox at a time, so that no write is long.
const STORED_TOGETHER: usize = 100;

/// A thread that was read.
struct Thread<'a> {
    root: &'a post::Model,
    /// Its first message.
    ts: &'a str,
    messages: Vec<Value>,
    /// Whether it was read to its end.
    is_whole: bool,
}

/// Puts what was found into the inbox. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ReplyInbox {
    pub(crate) clock: Clock,
    pub(crate) writer: GroupWriter,
    pub(crate) queue: Queue,
}

impl ReplyInbox {
    /// Puts what is news into the inbox, together, so that a thread is worked in order; how much was not there yet.
    async fn store(&self, key: &InstallationKey, change: &[Envelope]) -> Result<usize, JobError> {
        let change: Vec<_> = change
            .iter()
            .map(|envelope| {
                let place = reply_change::place(&envelope.payload);
                (envelope.clone(), place, InboxId::new().to_string())
            })
            .collect();
        let key = key.clone();
        let clock = self.clock.clone();
        let write = self.writer.write(move |tx| {
            let (change, key, clock) = (change.clone(), key.clone(), clock.clone());
            async move {
                let mut new = Vec::new();
                for (envelope, place, request_id) in change {
                    let now = clock.now();
                    let stored = inbox::store(tx, envelope, place.clone(), &key, &request_id, now).await?;
                    if let StoreOutcome::New(id) = stored {
                        new.push((id, place.map(|place| place.key)));
                    }
                }
                Ok(new)
            }
            .boxed()
        });
        let new = write.await.map_err(JobError::retry)?;
        let mut rung = BTreeSet::new();
        for (id, sequence) in &new {
            // Whoever is rung for one works all of its thread.
            if sequence.as_ref().is_none_or(|key| rung.insert(key)) {
                self.queue.enqueue(&WorkInbox {
                    inbox_id: id.to_string(),
                });
            }
        }
        Ok(new.len())
    }
}

impl CommentHistory {
    /// Reads all threads of an incident in a channel; how many messages were news.
    pub(super) async fn read(&self, threads: &Threads) -> Result<usize, JobError> {
        let Some(first) = threads.roots.first() else {
            return Ok(0);
        };
        // Before the threads are: what is said in between is not gone.
        let past = RecordedTimeline::read(&self.api, &self.clock, first).await?;
        let mut all = Vec::new();
        for (number, root) in threads.roots.iter().enumerate() {
            if number > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let thread = self.thread(root).await?;
            if let Some(thread) = &thread {
                self.sightings.settle_thread(root, &thread.messages).await?;
            }
            all.extend(thread);
        }
        let oldest = self.clock.now() - OLDEST;
        let said = all.iter().flat_map(|thread| thread.said(&past, oldest));
        let mut change: Vec<Envelope> = said.collect();
        if all.len() == threads.roots.len() && !self.has_others(threads).await? {
            change.extend(gone(&all, &past));
        }
        let key = InstallationKey::of_post(&self.workspaces, first);
        let mut found = 0;
        for some in change.chunks(STORED_TOGETHER) {
            found += self.inbox.store(&key, some).await?;
        }
        Ok(found)
    }

    /// A thread; none where Slack does not show it.
    async fn thread<'a>(&self, root: &'a post::Model) -> Result<Option<Thread<'a>>, JobError> {
        let Some(ts) = root.thread_ts.as_deref().or(root.ts.as_deref()) else {
            return Ok(None);
        };
        let workspace = self.workspaces.of_post(root);
        let mut thread = Thread {
            root,
            ts,
            messages: Vec::new(),
            is_whole: false,
        };
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = workspace
                .slack
                .thread(&root.channel_id, ts, cursor.as_deref())
                .await;
            let page = match page {
                Ok(page) => page,
                Err(error @ SlackError::Refused { .. }) => {
                    tracing::debug!(slack.channel = root.channel_id, "a thread is not shown: {error}");
                    return Ok(None);
                }
                Err(error) => return Err(workspace.failed(error)),
            };
            cursor = page.next().map(str::to_owned);
            thread.messages.extend(page.messages);
            if cursor.is_none() {
                thread.is_whole = true;
                break;
            }
        }
        Ok(Some(thread))
    }

    /// Whether there are threads of the incident in the channel that were not read: nothing tells which thread a comment comes from.
    async fn has_others(&self, threads: &Threads) -> Result<bool, JobError> {
        let (incident, channel) = &threads.place;
        let read = threads.roots.iter().map(|root| root.id);
        let other = post::Entity::find()
            .filter(threaded())
            .filter(post::Column::IncidentId.eq(*incident))
            .filter(post::Column::ChannelId.eq(channel))
            .filter(post::Column::Id.is_not_in(read))
            .one(self.database.read())
            .await
            .map_err(JobError::retry)?;
        Ok(other.is_some())
    }
}

/// What would have been sent of the comments whose messages are in no thread any more. Where a thread's first message is gone as well, Slack
/// has cleared away what is old; nobody took anything back.
fn gone(all: &[Thread<'_>], past: &RecordedTimeline) -> Vec<Envelope> {
    let names = |thread: &Thread<'_>| -> Vec<String> {
        let messages = thread.messages.iter();
        messages
            .filter_map(|message| message["ts"].as_str().map(str::to_owned))
            .collect()
    };
    let there: BTreeSet<String> = all.iter().flat_map(names).collect();
    let is_known = |thread: &Thread<'_>| thread.is_whole && there.contains(thread.ts);
    let Some(first) = all.first().filter(|_| all.iter().all(is_known)) else {
        return Vec::new();
    };
    let missed = past.comments.iter().filter(|comment| comment.may_be_missed);
    missed
        .filter(|comment| !there.contains(&comment.ts))
        .map(|comment| first.of_gone(&comment.ts))
        .collect()
}

impl Thread<'_> {
    /// What would have been sent of the messages that are no comments. What is a comment already is not asked for again: its author may have
    /// lost the right to comment since, and would be told of a refusal.
    fn said(&self, past: &RecordedTimeline, oldest: OffsetDateTime) -> Vec<Envelope> {
        let is_comment = |message: &Value| {
            message["edited"]["ts"].as_str().is_none()
                && message["ts"].as_str().is_some_and(|ts| past.is_comment(ts))
        };
        let messages = self.messages.iter().filter(|message| !is_comment(message));
        messages
            .filter_map(|message| self.of_message(message, past, oldest))
            .collect()
    }

    /// What would have been sent of a message.
    fn of_message(
        &self,
        message: &Value,
        past: &RecordedTimeline,
        oldest: OffsetDateTime,
    ) -> Option<Envelope> {
        let mut message = message.clone();
        message["channel"] = json!(self.root.channel_id);
        MessageEvent::of(&json!({"event": message})).reply()?;
        let ts = message["ts"].as_str()?.to_owned();
        let sent = said_at(&ts)?;
        let is_new = !past.is_comment(&ts);
        if sent < oldest || is_new && past.was_muted(sent) {
            return None;
        }
        Some(match message["edited"]["ts"].as_str().map(str::to_owned) {
            None => self.envelope(&ts, &message),
            Some(revision) => {
                let event = json!({"type": "message", "subtype": "message_changed", "channel": self.root.channel_id,
                    "message": message, "ts": revision});
                self.envelope(&format!("{ts}/{revision}"), &event)
            }
        })
    }

    /// What would have been sent of a message that is no longer there.
    fn of_gone(&self, ts: &str) -> Envelope {
        let before = json!({"type": "message", "user": "U", "ts": ts, "thread_ts": self.ts});
        let event = json!({"type": "message", "subtype": "message_deleted", "channel": self.root.channel_id,
            "deleted_ts": ts, "previous_message": before, "ts": ts});
        self.envelope(&format!("{ts}/gone"), &event)
    }

    fn envelope(&self, name: &str, event: &Value) -> Envelope {
        Envelope {
            kind: RequestKind::Event,
            name: "message".to_owned(),
            key: format!("history:{}/{}/{name}", self.root.team_id, self.root.channel_id),
            payload: json!({"type": "event_callback", "team_id": self.root.team_id, "event": event}),
        }
    }
}
