//! Reads incidents by GraphQL: those of one organisation that are asked for at the same moment, in one request.
//!
//! Nothing is kept: each is read by a request that begins after it was asked for. Without company an incident is read at once; while requests are on
//! their way, those that are asked for meanwhile gather, and go together as soon as one is answered. A request is about one organisation, in whose
//! name alone it is made.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tocsin_client::{ApiClient, ApiError, As, MIRRORED_MAX, MirroredIncident};
use tocsin_entity::id::{IncidentId, OrganizationId};
use tokio::sync::{Semaphore, oneshot};

/// Requests of one organisation that are on their way at the same time: while one is answered, the next is made.
const AT_ONCE: usize = 2;

/// What an incident was read as; none when the organisation has no such incident.
type LoadOutcome = Result<Option<MirroredIncident>, Arc<ApiError>>;

/// What whoever waits for an incident is told.
#[derive(Debug)]
enum LoadAnswer {
    Read(Box<LoadOutcome>),
    /// It is to be asked for alone: it was not among what was read together.
    Alone,
}

/// An incident that somebody waits for.
#[derive(Debug)]
struct LoadRequest {
    id: IncidentId,
    /// The request that led to this one.
    request_id: Option<String>,
    answer: oneshot::Sender<LoadAnswer>,
}

/// What is asked for of one organisation.
#[derive(Debug)]
struct LoadQueue {
    waiting: Vec<LoadRequest>,
    /// Held by whoever makes a request for all who wait.
    turns: Arc<Semaphore>,
}

impl Default for LoadQueue {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

/// Reads incidents. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct IncidentLoader {
    api: ApiClient,
    queues: Arc<Mutex<HashMap<OrganizationId, LoadQueue>>>,
}

impl IncidentLoader {
    pub(crate) fn new(api: ApiClient) -> Self {
        Self {
            api,
            queues: Arc::default(),
        }
    }

    /// Whether an incident that is asked for now has to wait for others.
    pub(crate) fn is_busy(&self, organization: OrganizationId) -> bool {
        let queues = self.lock();
        let turns = queues
            .get(&organization)
            .map(|queue| queue.turns.available_permits());
        turns == Some(0)
    }

    /// An incident of an organisation; `request_id` is of the request that led to this one.
    pub(crate) async fn find(
        &self,
        organization: OrganizationId,
        request_id: Option<&str>,
        id: IncidentId,
    ) -> LoadOutcome {
        loop {
            let (answer, answered) = oneshot::channel();
            let request = LoadRequest {
                id,
                request_id: request_id.map(str::to_owned),
                answer,
            };
            let turns = self.join(organization, request);
            match self.answered(organization, &turns, answered).await {
                Some(LoadAnswer::Read(read)) => return *read,
                Some(LoadAnswer::Alone) => {
                    let who = As::bridge(organization, request_id);
                    return self.api.find_mirrored(who, id).await.map_err(Arc::new);
                }
                // Whoever asked for it was stopped before there was an answer.
                None => {}
            }
        }
    }

    fn join(&self, organization: OrganizationId, asked: LoadRequest) -> Arc<Semaphore> {
        let mut queues = self.lock();
        let queue = queues.entry(organization).or_default();
        queue.waiting.push(asked);
        Arc::clone(&queue.turns)
    }

    /// Makes requests for all who wait, until this one is answered; none where nobody will answer.
    async fn answered(
        &self,
        organization: OrganizationId,
        turns: &Semaphore,
        mut answered: oneshot::Receiver<LoadAnswer>,
    ) -> Option<LoadAnswer> {
        let turn = tokio::select! {
            biased;
            answer = &mut answered => return answer.ok(),
            // It is never closed.
            turn = turns.acquire() => turn.ok(),
        };
        loop {
            let batch = self.next_batch(organization);
            if batch.is_empty() {
                break;
            }
            self.read(organization, batch).await;
            match answered.try_recv() {
                Ok(answer) => return Some(answer),
                Err(oneshot::error::TryRecvError::Closed) => return None,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
        }
        drop(turn);
        answered.await.ok()
    }

    fn next_batch(&self, organization: OrganizationId) -> Vec<LoadRequest> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&organization) else {
            return Vec::new();
        };
        let size = queue.waiting.len().min(MIRRORED_MAX);
        queue.waiting.drain(..size).collect()
    }

    /// Answers all of these.
    async fn read(&self, organization: OrganizationId, batch: Vec<LoadRequest>) {
        let batch = match <[LoadRequest; 1]>::try_from(batch) {
            Ok([one]) => {
                let who = As::bridge(organization, one.request_id.as_deref());
                let read = self.api.find_mirrored(who, one.id).await;
                return tell(one, LoadAnswer::Read(Box::new(read.map_err(Arc::new))));
            }
            Err(many) => many,
        };
        let ids: Vec<IncidentId> = batch.iter().map(|asked| asked.id).collect();
        let read = self.api.mirrored_together(As::bridge(organization, None), &ids);
        let mut found = match read.await {
            Ok(found) => found,
            Err(error) if error.concerns_all() => {
                let error = Arc::new(error);
                for asked in batch {
                    tell(asked, LoadAnswer::Read(Box::new(Err(Arc::clone(&error)))));
                }
                return;
            }
            // One of them may be what the API can't answer, or it does not know this question yet.
            Err(error) => {
                tracing::warn!("{} incidents are read one by one: {error}", ids.len());
                HashMap::new()
            }
        };
        for asked in batch {
            let answer = found.remove(&asked.id);
            tell(
                asked,
                answer.map_or(LoadAnswer::Alone, |found| {
                    LoadAnswer::Read(Box::new(Ok(Some(found))))
                }),
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrganizationId, LoadQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(asked: LoadRequest, answer: LoadAnswer) {
    // Who has gone meanwhile needs no answer.
    drop(asked.answer.send(answer));
}
