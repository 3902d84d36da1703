//! Live events: one follower for each organisation that somebody listens to, however many listen.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use tocsin_database::Database;
use tocsin_entity::id::OrganizationId;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::{
    log::{self, EventDetails},
    notifier::EventNotifier,
};
use crate::viewer::Keyring;

/// How often a follower looks without being rung: a lost ring costs no more than this.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events kept for listeners that are slow; one that is slower reads from the log.
const KEPT: usize = 1_024;
/// Most events read at a time.
const READ_MAX: u64 = 500;

/// Those who follow one organisation.
#[derive(Debug)]
struct OrganizationSubscribers {
    wake: Notify,
    speaker: broadcast::Sender<Arc<EventDetails>>,
}

/// Those who follow, by organisation; none is kept whom nobody follows.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<HashMap<OrganizationId, Arc<OrganizationSubscribers>>>);

impl Subscribers {
    /// Something has happened in the organisation.
    pub(super) fn wake(&self, organization_id: OrganizationId) {
        if let Some(room) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&organization_id)
        {
            room.wake.notify_one();
        }
    }
}

/// The live side of the event log.
#[derive(Debug)]
pub(crate) struct EventHub {
    database: Database,
    subscribers: Arc<Subscribers>,
    notifier: EventNotifier,
}

impl EventHub {
    pub(crate) fn new(database: Database, redis_url: Option<&str>) -> Result<Self, redis::RedisError> {
        let subscribers = Arc::new(Subscribers::default());
        let notifier = EventNotifier::new(Arc::clone(&subscribers), redis_url)?;
        Ok(Self {
            database,
            subscribers,
            notifier,
        })
    }

    /// What to ring when something has happened.
    pub(crate) fn notifier(&self) -> EventNotifier {
        self.notifier.clone()
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Carries rings between replicas, until `shutdown`.
    pub(crate) async fn run(&self, keyring: &Keyring, shutdown: CancellationToken) {
        self.notifier.run(keyring, shutdown).await;
    }

    /// Listens to an organisation: everything after the newest event at the time of this call will be heard.
    pub(super) async fn listen(
        &self,
        organization_id: OrganizationId,
    ) -> Result<broadcast::Receiver<Arc<EventDetails>>, DbErr> {
        if let Some(room) = self
            .subscribers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&organization_id)
        {
            return Ok(room.speaker.subscribe());
        }
        let newest = log::newest(&self.database, organization_id).await?;
        let mut subscribers = self.subscribers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = subscribers.get(&organization_id) {
            return Ok(room.speaker.subscribe());
        }
        let (speaker, listener) = broadcast::channel(KEPT);
        let room = Arc::new(OrganizationSubscribers {
            wake: Notify::new(),
            speaker,
        });
        subscribers.insert(organization_id, Arc::clone(&room));
        tokio::spawn(follow(
            self.database.clone(),
            Arc::clone(&self.subscribers),
            room,
            organization_id,
            newest,
        ));
        Ok(listener)
    }
}

/// Reads what is new and tells it, until nobody listens.
async fn follow(
    database: Database,
    subscribers: Arc<Subscribers>,
    room: Arc<OrganizationSubscribers>,
    organization_id: OrganizationId,
    mut position: i64,
) {
    let mut failing = false;
    loop {
        // A ring or the interval: which of the two does not matter.
        let _interval = tokio::time::timeout(LOOK_EVERY, room.wake.notified()).await;
        {
            let mut subscribers = subscribers.0.lock().unwrap_or_else(PoisonError::into_inner);
            if room.speaker.receiver_count() == 0 {
                subscribers.remove(&organization_id);
                return;
            }
        }
        loop {
            match log::read_after(&database, organization_id, position, READ_MAX).await {
                Ok(events) if events.is_empty() => {
                    // The database was restored under a running server: each listener comes back with its cursor, and hears of it.
                    if matches!(log::newest(&database, organization_id).await, Ok(newest) if newest < position)
                    {
                        tracing::warn!(
                            "the event log of {organization_id} ends before an event that was told: its listeners begin again"
                        );
                        let mut subscribers = subscribers.0.lock().unwrap_or_else(PoisonError::into_inner);
                        subscribers.remove(&organization_id);
                        return;
                    }
                    break;
                }
                Ok(events) => {
                    failing = false;
                    for told in events {
                        position = told.event.seq;
                        // Nobody listens any more: noticed above, the next time round.
                        let _listeners = room.speaker.send(told);
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(
                            "the event log of {organization_id} can't be read, and is tried every second: {error}"
                        );
                    }
                    failing = true;
                    break;
                }
            }
        }
    }
}
