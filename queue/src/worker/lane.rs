//! The work on one job name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::{self, JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{
    Manner,
    finisher::carry,
    handler::Handler,
    run::{Ready, Verdict},
};
use crate::{
    bells::Bells,
    queue::Queue,
    store::{Seat, Store},
    supervise::{Outage, Owned, Pause, outage_pause},
    task::now_millis,
};

/// How often to look when nobody rings: for rings of processes that can't be heard, and for what came back from the dead.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// How often to say that we live.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// How often to look for tasks that the backend believes to be with us, and are not.
const RECONCILE_EVERY: Duration = Duration::from_secs(30);

/// How many jobs are taken at once.
const TAKEN_AT_ONCE: usize = 100;

/// How many jobs may wait in memory for the rest of the second in which they are due.
const EARLY_MAX: usize = 1_000;

/// How long jobs that are ended at shutdown may take to notice.
const ABORT_WITHIN: Duration = Duration::from_secs(1);

/// How long handing back may take at shutdown. Beyond it others take our jobs as those of the dead.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// The work on one job name: what is needed to start it, and start it again.
#[derive(Debug)]
pub(super) struct Lane {
    store: Arc<Store>,
    bells: Arc<Bells>,
    handler: Handler,
    manner: Manner,
    shutdown: CancellationToken,
}

impl Lane {
    pub(super) fn new(queue: &Queue, handler: Handler, manner: Manner, shutdown: CancellationToken) -> Self {
        let (store, bells) = (queue.inner.store.clone(), queue.inner.bells.clone());
        Self {
            store,
            bells,
            handler,
            manner,
            shutdown,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.handler.name
    }

    /// Works until shutdown.
    pub(super) async fn run(self: Arc<Self>) {
        let name = self.name();
        let seat = Seat::new(name);
        let (verdicts, received) = mpsc::unbounded_channel();
        let mut finisher = Owned::spawn(carry(self.store.clone(), seat.clone(), received));
        let heart = Owned::spawn(beat(self.store.clone(), self.bells.clone(), seat.clone()));
        let rings = self.bells.hear(name);
        let mut work = Work::new(self.clone(), seat.clone(), verdicts, rings);
        tokio::select! {
            () = work.go_on() => {}
            _ended = finisher.ended() => return, // without it no job would ever end: begin anew
        }
        work.wind_up().await;
        drop(work);
        let leave = async {
            // Ends when the last verdict has arrived.
            let _ended = finisher.ended().await;
            self.store.leave(&seat).await
        };
        match tokio::time::timeout(LEAVE_WITHIN, leave).await {
            Ok(Ok(0)) => debug!("the lane of {name} jobs has ended"),
            Ok(Ok(count)) => info!("handed back {count} {name} jobs"),
            Ok(Err(error)) => warn!("could not hand back {name} jobs, others will find them: {error}"),
            Err(_) => warn!("could not hand back {name} jobs in {LEAVE_WITHIN:?}, others will find them"),
        }
        drop(heart);
    }
}

/// Says that the worker lives, whatever its jobs do meanwhile, and takes over from the dead.
async fn beat(store: Arc<Store>, bells: Arc<Bells>, seat: Seat) {
    let mut ticks = tokio::time::interval(BEAT_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let outage = Outage::of(format!("the heartbeat for {} jobs", seat.name));
    loop {
        ticks.tick().await;
        match store.beat(&seat).await {
            Ok(orphans) => {
                outage.worked();
                if orphans > 0 {
                    metrics::counter!("tocsin_queue_orphans_total", "job" => seat.name).increment(orphans);
                    warn!("took {orphans} {} jobs over from a worker that died", seat.name);
                    bells.ring(seat.name);
                }
            }
            Err(error) => outage.failed(&error),
        }
    }
}

/// A job that runs.
struct Running {
    id: String,
    key: String,
}

/// What one lane is doing just now.
struct Work {
    lane: Arc<Lane>,
    seat: Seat,
    verdicts: mpsc::UnboundedSender<Verdict>,
    rings: watch::Receiver<()>,
    running: JoinSet<()>,
    /// Which job each of them is.
    tasks: HashMap<task::Id, Running>,
    /// The keys of the jobs that run, and what waits for them to end.
    by_key: HashMap<String, Option<Ready>>,
    /// Jobs that are due later in this second, by when.
    early: BTreeMap<(Instant, String), Ready>,
    /// When to look into the backend next.
    look_at: Instant,
    reconcile_at: Instant,
    outage: Outage,
    pause: Pause,
}

impl Work {
    fn new(
        lane: Arc<Lane>,
        seat: Seat,
        verdicts: mpsc::UnboundedSender<Verdict>,
        rings: watch::Receiver<()>,
    ) -> Self {
        let now = Instant::now();
        Self {
            outage: Outage::of(format!("taking {} jobs", seat.name)),
            lane,
            seat,
            verdicts,
            rings,
            running: JoinSet::new(),
            tasks: HashMap::new(),
            by_key: HashMap::new(),
            early: BTreeMap::new(),
            look_at: now,
            reconcile_at: now + RECONCILE_EVERY,
            pause: outage_pause(),
        }
    }

    /// Takes and starts jobs until shutdown.
    async fn go_on(&mut self) {
        let shutdown = self.lane.shutdown.clone();
        // The backend must know us before we take anything.
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = self.recover() => {}
        }
        loop {
            while let Some(ended) = self.running.try_join_next_with_id() {
                self.ended(ended);
            }
            self.start_what_is_due();
            let room = self.room();
            if room > 0 && self.look_at <= Instant::now() {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = self.look(room) => continue,
                }
            }
            let next_look = if room > 0 { Some(self.look_at) } else { None };
            let next_early = if self.running.len() < self.lane.manner.concurrency {
                self.early.keys().next().map(|(due, _)| *due)
            } else {
                None
            };
            let wake_at = next_look.into_iter().chain(next_early).min();
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(ended) = self.running.join_next_with_id() => {
                    self.ended(ended);
                    // Quick jobs end together: making room for all of them saves looks.
                    tokio::task::yield_now().await;
                }
                Ok(()) = self.rings.changed() => self.look_at = Instant::now(),
                () = async { sleep_until(wake_at.unwrap_or_else(Instant::now)).await }, if wake_at.is_some() => {}
            }
        }
    }

    /// How many more jobs may be taken.
    fn room(&self) -> usize {
        if self.early.len() >= EARLY_MAX {
            return 0;
        }
        self.lane
            .manner
            .concurrency
            .saturating_sub(self.running.len())
            .min(TAKEN_AT_ONCE)
    }

    /// Looks into the backend once.
    async fn look(&mut self, room: usize) {
        if self.reconcile_at <= Instant::now() {
            self.recover().await;
        }
        // What is rung from here on is another look.
        self.rings.mark_unchanged();
        match self.lane.store.take(&self.seat, room).await {
            Ok(taken) => {
                self.outage.worked();
                self.pause.reset();
                self.look_at = next_look(taken.tasks.len() >= room, taken.next_due);
                self.seat
                    .held
                    .add(taken.tasks.iter().map(|task| task.id.as_str()));
                for task in taken.tasks {
                    match Ready::read(self.seat.name, task, self.lane.manner.max_attempts) {
                        Ok(ready) => self.accept(ready),
                        Err(verdict) => self.settle(verdict),
                    }
                }
            }
            Err(error) => {
                self.outage.failed(&error);
                tokio::time::sleep(self.pause.next()).await;
                self.recover().await;
            }
        }
    }

    /// Makes sure that the backend knows us, and that it believes nothing to be with us that is not: a call whose answer was
    /// lost may have taken jobs all the same.
    async fn recover(&mut self) {
        loop {
            let recovered = async {
                self.lane.store.beat(&self.seat).await?;
                self.lane.store.hand_back(&self.seat).await
            };
            match recovered.await {
                Ok(0) => break,
                Ok(count) => {
                    info!(
                        "handed back {count} {} jobs that were taken but never arrived",
                        self.seat.name
                    );
                    break;
                }
                Err(error) => {
                    self.outage.failed(&error);
                    tokio::time::sleep(self.pause.next()).await;
                }
            }
        }
        self.look_at = Instant::now();
        self.reconcile_at = self.look_at + RECONCILE_EVERY;
    }

    fn accept(&mut self, ready: Ready) {
        match ready.early_by() {
            Some(early) => {
                self.early
                    .insert((Instant::now() + early, ready.id.clone()), ready);
            }
            None => self.start(ready),
        }
    }

    fn start_what_is_due(&mut self) {
        while self.running.len() < self.lane.manner.concurrency
            && let Some(first) = self.early.first_entry()
            && first.key().0 <= Instant::now()
        {
            let ready = first.remove();
            self.start(ready);
        }
    }

    /// Starts the job, or lets it wait for the one of its key that runs. Of several that wait, the last stands for all.
    fn start(&mut self, ready: Ready) {
        if let Some(waiting) = self.by_key.get_mut(&ready.envelope.key) {
            if let Some(earlier) = waiting.replace(ready) {
                self.settle(Verdict {
                    id: earlier.id,
                    again: None,
                });
            }
            return;
        }
        self.by_key.insert(ready.envelope.key.clone(), None);
        let running = Running {
            id: ready.id.clone(),
            key: ready.envelope.key.clone(),
        };
        let (handler, manner) = (self.lane.handler.clone(), self.lane.manner.clone());
        let verdicts = self.verdicts.clone();
        let task = self.running.spawn(async move {
            let verdict = ready.run(handler, manner).await;
            // Nobody listens any more only if the lane has died, and then the job is handed to others.
            let _sent = verdicts.send(verdict);
        });
        self.tasks.insert(task.id(), running);
        self.measure();
    }

    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        self.measure();
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let Some(Running { id, key }) = self.tasks.remove(&id) else {
            return;
        };
        if let Err(died) = ended {
            // Its own panics are caught, but what it leaves behind may panic when it is dropped.
            error!(
                "{} {key} ended without a verdict and is dropped: {died}",
                self.seat.name
            );
            self.settle(Verdict { id, again: None });
        }
        if let Some(Some(waiting)) = self.by_key.remove(&key) {
            self.start(waiting);
        }
    }

    fn settle(&self, verdict: Verdict) {
        let _sent = self.verdicts.send(verdict);
    }

    fn measure(&self) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics::gauge!("tocsin_queue_running", "job" => self.seat.name).set(self.running.len() as f64);
    }

    /// Lets what runs finish within the grace period, and ends the rest.
    async fn wind_up(&mut self) {
        let all_ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.lane.manner.grace, all_ended)
            .await
            .is_err()
        {
            let (name, grace) = (self.seat.name, self.lane.manner.grace);
            warn!(
                "{} {name} jobs did not finish in {grace:?} and are handed back",
                self.running.len()
            );
            // One that never awaits can't be ended, and is not waited for.
            let _ended = tokio::time::timeout(ABORT_WITHIN, self.running.shutdown()).await;
        }
        self.measure();
    }
}

/// At once while there is more; when the next delayed job is due; and now and then.
fn next_look(more: bool, next_due: Option<u64>) -> Instant {
    let now = Instant::now();
    if more {
        return now;
    }
    let until_due = next_due
        .and_then(|second| i64::try_from(second).ok())
        .map(|second| u64::try_from(second.saturating_mul(1_000).saturating_sub(now_millis())).unwrap_or(0))
        // Should the backend's idea of what is due differ from ours, this must not become a busy loop.
        .map(|millis| Duration::from_millis(millis.max(5)));
    now + until_due.map_or(POLL_EVERY, |until| until.min(POLL_EVERY))
}
