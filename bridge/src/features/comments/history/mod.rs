//! What was said while nobody here could hear it: read from the threads themselves, and worked as if it had just come.
//!
//! Slack sends an event for a day at the most, and three times where the delayed ones are not switched on. So after a start, and now and
//! then, the threads of late are read. What is found goes into the inbox under names that it has there only once.

mod read;
mod recorded;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_client::{ApiClient, As};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::IncidentId,
    kinds::{PostKind, PostState, SlackFeature},
    slack::post,
};
use tocsin_queue::JobError;
use tokio_util::sync::CancellationToken;

use crate::{
    failure::{failure_text, of_api},
    restore_watch::RestoreWatch,
    sighting::SightingService,
    thread::ThreadMemory,
    workspace::Workspaces,
};
pub(crate) use read::ReplyInbox;

/// How often threads are read again.
const EVERY: Duration = Duration::from_secs(600);

/// How soon after trouble.
const AGAIN: Duration = Duration::from_secs(30);

/// How long the threads of an incident are read after it was resolved.
const LATE: time::Duration = time::Duration::days(3);

/// How old a message may be that is news. What was refused is remembered for a day longer, so that it stays refused.
const OLDEST: time::Duration = time::Duration::days(29);

/// Threads that are considered in a round, those of the messages that we sent last.
const THREADS_MAX: u64 = 2_000;

/// Threads that are read in a round, but for the first after a start, which reads all: Slack allows 50 calls a minute, for all that reads
/// threads.
const READ_MAX: usize = 40;

/// How long after the start: what was begun before it comes first.
const FIRST: Duration = Duration::from_secs(3);

/// Between two threads.
const PAUSE: Duration = Duration::from_millis(1_500);

/// Reads what was said while nobody here could hear it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct CommentHistory {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) inbox: ReplyInbox,
    pub(crate) memory: ThreadMemory,
    /// Rings when threads are to be read again.
    pub(crate) restore: Arc<RestoreWatch>,
    pub(crate) sightings: SightingService,
    pub(crate) workspaces: Workspaces,
}

impl CommentHistory {
    /// Reads threads after the start and then from time to time, until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let rounds = async {
            tokio::time::sleep(FIRST).await;
            let mut turns = Turns::default();
            loop {
                let pause = match self.round(&mut turns).await {
                    Ok(0) => EVERY,
                    Ok(found) => {
                        tracing::info!(
                            found,
                            "found {found} messages in threads that no event had told of"
                        );
                        EVERY
                    }
                    Err(error) => {
                        tracing::warn!("threads could not be read: {}", failure_text(&error));
                        AGAIN
                    }
                };
                if let Err(error) = self.memory.forget().await {
                    tracing::warn!("what is long past could not be forgotten: {error}");
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    // Messages were found that have threads: all are read again.
                    () = self.restore.threads() => turns = Turns::default(),
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = rounds => {}
        }
    }

    /// Reads threads, those first that have waited longest, and of these the newest; how many messages were news.
    async fn round(&self, turns: &mut Turns) -> Result<usize, JobError> {
        let is_first = turns.is_empty();
        let mut all = self.threads().await?;
        let known: BTreeSet<&Place> = all.iter().map(|threads| &threads.place).collect();
        turns.retain(|place, _| known.contains(place));
        // Stable: the newest stay first among those that have waited as long.
        all.sort_by_key(|threads| turns.get(&threads.place).copied().unwrap_or(0));
        let now = turns.values().max().copied().unwrap_or(0) + 1;
        let (mut found, mut read_so_far, mut trouble) = (0, 0, None);
        for threads in &all {
            if read_so_far >= READ_MAX && !is_first {
                break;
            }
            // Whatever comes of it: one that can't be read holds up no other.
            turns.insert(threads.place.clone(), now);
            match self.is_over(threads).await {
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
            read_so_far += threads.roots.len();
            match self.read(threads).await {
                Ok(change) => found += change,
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(found), Err)
    }

    /// The messages of ours that have threads: incidents, and what is told of them in the channel. The newest first.
    async fn threads(&self) -> Result<Vec<Threads>, JobError> {
        let roots = post::Entity::find()
            .filter(threaded())
            .filter(post::Column::IncidentId.is_not_null())
            .filter(post::Column::Ts.is_not_null())
            .filter(post::Column::State.is_in([PostState::Posted, PostState::Updated]))
            .filter(post::Column::SentAt.gt(self.clock.now() - OLDEST))
            .order_by_desc(post::Column::SentAt)
            .limit(THREADS_MAX)
            .all(self.database.read())
            .await
            .map_err(JobError::retry)?;
        let mut all: Vec<Threads> = Vec::new();
        let mut known: BTreeMap<Place, usize> = BTreeMap::new();
        for root in roots {
            let Some(incident) = root.incident_id else {
                continue;
            };
            // The app may read there, to look for its own messages; what people say is nobody's matter without two-way sync.
            if !self.workspaces.of_post(&root).wants(SlackFeature::TwoWaySync) {
                continue;
            }
            let place = (incident, root.channel_id.clone());
            let index = *known.entry(place.clone()).or_insert_with(|| {
                let roots = Vec::new();
                all.push(Threads { place, roots });
                all.len() - 1
            });
            all[index].roots.push(root);
        }
        Ok(all)
    }

    /// Whether the incident was resolved long ago. One that was told of late need not be asked about.
    async fn is_over(&self, threads: &Threads) -> Result<bool, JobError> {
        let late = self.clock.now() - LATE;
        let Some(root) = threads.roots.first() else {
            return Ok(true);
        };
        if root.sent_at.is_none_or(|sent| sent >= late) {
            return Ok(false);
        }
        let who = As::bridge(root.organization_id, None);
        let found = self
            .api
            .find_incident(who, threads.place.0)
            .await
            .map_err(of_api)?;
        Ok(found.is_none_or(|incident| incident.resolved_at.is_some_and(|resolved| resolved < late)))
    }
}

/// An incident in a channel.
type Place = (IncidentId, String);

/// All threads of an incident in a channel: one alone, but where changes are told in the channel, or it was created there.
#[derive(Debug)]
struct Threads {
    place: Place,
    /// The messages of ours that have threads, or stand in one.
    roots: Vec<post::Model>,
}

/// In which round each had its turn last, since the start.
type Turns = BTreeMap<Place, u64>;

/// What has a thread: an incident's message, and what is told of it as a message of its own.
fn threaded() -> Condition {
    let apart = Condition::all()
        .add(post::Column::Kind.eq(PostKind::Reply))
        .add(post::Column::ThreadTs.is_null());
    Condition::any()
        .add(post::Column::Kind.eq(PostKind::Root))
        .add(apart)
}
