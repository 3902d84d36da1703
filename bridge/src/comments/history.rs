//! What was said while nobody here could hear it: read from the threads themselves, and worked as if it had just come.
//!
//! Slack sends an event for a day at the most, and three times where the delayed ones are not switched on. So after a start, and now and
//! then, the threads of late are read. What is found goes into the inbox under names that it has there only once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::FutureExt;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{InboxId, PostId},
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_queue::{JobError, jobs::WorkInbox};
use tokio_util::sync::CancellationToken;

use super::{memory, message::Message};
use crate::{
    bridge::Parts,
    failure::of_api,
    graphql::As,
    inbound::{
        Kind,
        envelope::Envelope,
        inbox::{self, Stored},
    },
};

/// How often threads are read again.
const EVERY: Duration = Duration::from_secs(600);

/// How soon after trouble.
const AGAIN: Duration = Duration::from_secs(30);

/// How long the threads of an incident are read after it was resolved.
const LATE: time::Duration = time::Duration::days(3);

/// How old a message may be that is news. What was refused is remembered for a day longer, so that it stays refused.
const OLDEST: time::Duration = time::Duration::days(29);

/// Threads that are considered in a round, those of the messages that we changed last.
const THREADS_MAX: u64 = 400;

/// Threads that are read in a round: Slack allows 50 calls a minute, for all that reads threads.
const READ_MAX: usize = 40;

/// Pages of a thread, of 200 messages each.
const PAGES_MAX: usize = 5;

/// How long a comment must have been one before its message is missed.
const SETTLED: time::Duration = time::Duration::minutes(1);

/// How long after the start: what was begun before it comes first.
const FIRST: Duration = Duration::from_secs(3);

/// Between two threads.
const PAUSE: Duration = Duration::from_millis(1_500);

/// Reads threads after the start and then from time to time, until the shutdown.
pub(crate) async fn run(parts: &Arc<Parts>, shutdown: CancellationToken) {
    let rounds = async {
        tokio::time::sleep(FIRST).await;
        let mut turns = Turns::default();
        loop {
            let pause = match round(parts, &mut turns).await {
                Ok(0) => EVERY,
                Ok(found) => {
                    tracing::info!(
                        found,
                        "found {found} messages in threads that no event had told of"
                    );
                    EVERY
                }
                Err(error) => {
                    tracing::warn!("threads could not be read: {}", told(&error));
                    AGAIN
                }
            };
            if let Err(error) = memory::forget(&parts.database).await {
                tracing::warn!("what is long past could not be forgotten: {error}");
            }
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = rounds => {}
    }
}

fn told(error: &JobError) -> String {
    match error {
        JobError::Retry(error) | JobError::RetryAfter(_, error) | JobError::Fail(error) => error.to_string(),
    }
}

/// In which round each thread had its turn last, since the start.
type Turns = HashMap<PostId, u64>;

/// Reads threads, those first that have waited longest, and of these the newest; how many messages were news.
async fn round(parts: &Arc<Parts>, turns: &mut Turns) -> Result<usize, JobError> {
    let mut threads = threads(parts).await?;
    let known: BTreeSet<PostId> = threads.iter().map(|root| root.id).collect();
    turns.retain(|id, _| known.contains(id));
    let last = |id: &PostId, turns: &Turns| turns.get(id).copied().unwrap_or(0);
    // Stable: the newest stay first among those that have waited as long.
    threads.sort_by_key(|root| last(&root.id, turns));
    let now = turns.values().max().copied().unwrap_or(0) + 1;
    let (mut found, mut read_so_far, mut trouble) = (0, 0, None);
    for root in &threads {
        if read_so_far == READ_MAX {
            break;
        }
        // Whatever comes of it: a thread that can't be read holds up no other.
        turns.insert(root.id, now);
        match is_over(parts, root).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                trouble = Some(error);
                continue;
            }
        }
        if read_so_far > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        read_so_far += 1;
        match read(parts, root).await {
            Ok(news) => found += news,
            Err(error) => trouble = Some(error),
        }
    }
    trouble.map_or(Ok(found), Err)
}

/// The messages of ours that have threads: incidents, and what is told of them in the channel.
async fn threads(parts: &Parts) -> Result<Vec<post::Model>, JobError> {
    let apart = Condition::all()
        .add(post::Column::Kind.eq(PostKind::Reply))
        .add(post::Column::ThreadTs.is_null());
    let threaded = Condition::any()
        .add(post::Column::Kind.eq(PostKind::Root))
        .add(apart);
    post::Entity::find()
        .filter(threaded)
        .filter(post::Column::Ts.is_not_null())
        .filter(post::Column::State.is_in([PostState::Posted, PostState::Updated]))
        .filter(post::Column::SentAt.gt(OffsetDateTime::now_utc() - OLDEST))
        .order_by_desc(post::Column::SentAt)
        .limit(THREADS_MAX)
        .all(parts.database.read())
        .await
        .map_err(JobError::retry)
}

/// Whether the incident was resolved long ago. A message that was changed of late need not be asked about.
async fn is_over(parts: &Parts, root: &post::Model) -> Result<bool, JobError> {
    let late = OffsetDateTime::now_utc() - LATE;
    let Some(incident) = root
        .incident_id
        .filter(|_| root.sent_at.is_none_or(|sent| sent < late))
    else {
        return Ok(false);
    };
    let who = As::bridge(root.organization_id, None);
    let found = parts.api.find_incident(who, incident).await.map_err(of_api)?;
    Ok(found.is_none_or(|incident| incident.resolved_at.is_some_and(|resolved| resolved < late)))
}

/// Reads one thread.
async fn read(parts: &Arc<Parts>, root: &post::Model) -> Result<usize, JobError> {
    let Some(thread_ts) = root.thread_ts.as_deref().or(root.ts.as_deref()) else {
        return Ok(0);
    };
    let place = Read { root, thread_ts };
    // Before the thread is: what is said in between is not gone.
    let comments = place.comments(parts).await?;
    let known = place.known(parts, &comments).await?;
    let Some(messages) = messages(parts, root, thread_ts).await? else {
        return Ok(0);
    };
    let there: BTreeSet<&str> = messages
        .iter()
        .filter_map(|message| message["ts"].as_str())
        .collect();
    // What is a comment already is not asked for again: its author may have lost the right to comment since, and would be told of a refusal.
    let is_comment = |message: &Value| {
        message["edited"]["ts"].as_str().is_none()
            && message["ts"]
                .as_str()
                .is_some_and(|ts| comments.iter().any(|comment| comment.ts == ts))
    };
    let said = messages
        .iter()
        .filter(|message| !is_comment(message))
        .filter_map(|message| place.of_message(message));
    let gone = known
        .iter()
        // Where the thread's first message is gone as well, Slack has cleared away what is old; nobody took anything back.
        .filter(|ts| there.contains(thread_ts) && !there.contains(ts.as_str()))
        .map(|ts| place.of_gone(ts));
    let mut found = 0;
    for envelope in said.chain(gone) {
        found += usize::from(store(parts, envelope).await?);
    }
    Ok(found)
}

/// All of a thread; none where there is more than is looked at, or Slack does not show it.
async fn messages(
    parts: &Parts,
    root: &post::Model,
    thread_ts: &str,
) -> Result<Option<Vec<Value>>, JobError> {
    let (workspace, channel) = (parts.workspaces.of_post(root), &root.channel_id);
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let page = match workspace
            .slack
            .thread(channel, thread_ts, cursor.as_deref())
            .await
        {
            Ok(page) => page,
            Err(error @ crate::slack::SlackError::Refused { .. }) => {
                tracing::debug!(slack.channel = channel, "a thread is not shown: {error}");
                return Ok(None);
            }
            Err(error) => return Err(workspace.failed(error)),
        };
        cursor = page.next().map(str::to_owned);
        all.extend(page.messages);
        if cursor.is_none() {
            return Ok(Some(all));
        }
    }
    Ok(None)
}

/// A comment that was a message.
struct Comment {
    ts: String,
    may_be_missed: bool,
}

/// A thread that was read.
struct Read<'a> {
    root: &'a post::Model,
    thread_ts: &'a str,
}

impl Read<'_> {
    /// What would have been sent of a message.
    fn of_message(&self, message: &Value) -> Option<Envelope> {
        let mut message = message.clone();
        message["channel"] = json!(self.root.channel_id);
        Message::of(&json!({"event": message})).reply()?;
        let ts = message["ts"].as_str()?.to_owned();
        let second = ts.split('.').next()?.parse().ok()?;
        let sent = OffsetDateTime::from_unix_timestamp(second).ok()?;
        if sent < OffsetDateTime::now_utc() - OLDEST {
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

    /// The comments that were messages in this channel.
    async fn comments(&self, parts: &Parts) -> Result<Vec<Comment>, JobError> {
        let Some(incident) = self.root.incident_id else {
            return Ok(Vec::new());
        };
        let who = As::bridge(self.root.organization_id, None);
        let Some(mut read) = parts.api.find_mirrored(who, incident).await.map_err(of_api)? else {
            return Ok(Vec::new());
        };
        parts.api.complete(who, &mut read, 0).await.map_err(of_api)?;
        let here = format!("slack:{}/{}/", self.root.team_id, self.root.channel_id);
        let settled = OffsetDateTime::now_utc() - SETTLED;
        let comments = read.entries.iter().filter_map(|entry| {
            Some(Comment {
                ts: entry.external_ref.as_deref()?.strip_prefix(&here)?.to_owned(),
                may_be_missed: !entry.is_retracted && entry.created_at < settled,
            })
        });
        Ok(comments.collect())
    }

    /// The messages of this thread that are comments, and have been for a while: Slack may show a thread a moment late. None where
    /// comments may come from other threads of the channel as well, since nothing tells these from those.
    async fn known(&self, parts: &Parts, comments: &[Comment]) -> Result<Vec<String>, JobError> {
        if self.root.thread_ts.is_some() || self.has_other_threads(parts).await? {
            return Ok(Vec::new());
        }
        let missed = comments.iter().filter(|comment| comment.may_be_missed);
        Ok(missed.map(|comment| comment.ts.clone()).collect())
    }

    /// Whether the incident was told in this channel by messages of their own, which have threads too, or was made of a message there.
    async fn has_other_threads(&self, parts: &Parts) -> Result<bool, JobError> {
        let apart = post::Entity::find()
            .filter(post::Column::IncidentId.eq(self.root.incident_id))
            .filter(post::Column::ChannelId.eq(&self.root.channel_id))
            .filter(post::Column::Id.ne(self.root.id))
            .filter(post::Column::Kind.is_in([PostKind::Root, PostKind::Reply]))
            .filter(
                post::Column::ThreadTs
                    .is_null()
                    .or(post::Column::Kind.eq(PostKind::Root)),
            )
            .one(parts.database.read())
            .await
            .map_err(JobError::retry)?;
        Ok(apart.is_some())
    }

    /// What would have been sent of a message that is no longer there.
    fn of_gone(&self, ts: &str) -> Envelope {
        let before = json!({"type": "message", "user": "U", "ts": ts, "thread_ts": self.thread_ts});
        let event = json!({"type": "message", "subtype": "message_deleted", "channel": self.root.channel_id,
            "deleted_ts": ts, "previous_message": before, "ts": ts});
        self.envelope(&format!("{ts}/gone"), &event)
    }

    fn envelope(&self, name: &str, event: &Value) -> Envelope {
        Envelope {
            kind: Kind::Event,
            name: "message".to_owned(),
            key: format!("history:{}/{}/{name}", self.root.team_id, self.root.channel_id),
            payload: json!({"type": "event_callback", "team_id": self.root.team_id, "event": event}),
        }
    }
}

/// Puts it into the inbox; whether it was not there yet.
async fn store(parts: &Arc<Parts>, envelope: Envelope) -> Result<bool, JobError> {
    let request_id = InboxId::new().to_string();
    let write = parts.lane.write(move |tx| {
        let (envelope, request_id) = (envelope.clone(), request_id.clone());
        async move { inbox::store(tx, envelope, &request_id, OffsetDateTime::now_utc()).await }.boxed()
    });
    match write.await.map_err(JobError::retry)? {
        Stored::New(id) => {
            parts.queue.ring(&WorkInbox {
                inbox_id: id.to_string(),
            });
            Ok(true)
        }
        Stored::Again => Ok(false),
    }
}
