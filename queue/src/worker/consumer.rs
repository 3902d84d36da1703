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
    WorkerOptions,
    finisher::Finisher,
    handler::JobHandler,
    poll::{QueuePoll, QueuePollOutcome},
    run::{JobOutcome, ReadyJob},
};
use crate::{
    breaker::Breaker,
    local::LocalJobs,
    queue::Queue,
    store::{Store, WorkerRegistration},
    supervise::{Backoff, OwnedTask, outage_pause},
    task::{TakenTask, now_millis},
    wakeups::Wakeups,
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

/// How long a look usually takes at the most.
const USUAL_LOOK: Duration = Duration::from_millis(50);

/// How long before it is due a job is given out.
const EARLY_BY: Duration = Duration::from_secs(1);

/// How long jobs that are ended at shutdown may take to notice.
const ABORT_WITHIN: Duration = Duration::from_secs(1);

/// How long handing back may take at shutdown. Beyond it others take our jobs as those of the dead.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// The work on one job name: what is needed to start it, and start it again.
#[derive(Debug)]
pub(super) struct JobConsumer {
    store: Arc<Store>,
    breaker: Arc<Breaker>,
    local: Arc<LocalJobs>,
    wakeups: Arc<Wakeups>,
    handler: JobHandler,
    options: WorkerOptions,
    shutdown: CancellationToken,
}

impl JobConsumer {
    pub(super) fn new(
        queue: &Queue,
        handler: JobHandler,
        options: WorkerOptions,
        shutdown: CancellationToken,
    ) -> Self {
        let inner = &queue.inner;
        Self {
            store: inner.store.clone(),
            breaker: inner.breaker.clone(),
            local: inner.local.clone(),
            wakeups: inner.wakeups.clone(),
            handler,
            options,
            shutdown,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.handler.name
    }

    /// Carries out a verdict: on a job of the backend there, on one of this process here.
    fn settle(&self, verdict: JobOutcome, verdicts: &mpsc::UnboundedSender<JobOutcome>) {
        if verdict.id.is_some() {
            // Nobody listens any more only if the consumer has died, and then the job is handed to others.
            let _sent = verdicts.send(verdict);
        } else if let Some(again) = verdict.again {
            // Not kept only if the worker ends, and then others find it in the database.
            let _kept = self.local.put(*again);
        }
    }

    /// Works until shutdown.
    pub(super) async fn run(self: Arc<Self>) {
        let name = self.name();
        let registration = WorkerRegistration::new(name);
        let (verdicts, received) = mpsc::unbounded_channel();
        let finisher = Finisher {
            store: self.store.clone(),
            breaker: self.breaker.clone(),
            local: self.local.clone(),
            registration: registration.clone(),
        };
        let mut finisher = OwnedTask::spawn(finisher.carry(received));
        let heart = OwnedTask::spawn(beat(self.clone(), registration.clone()));
        let mut work = Work::new(self.clone(), registration.clone(), verdicts);
        tokio::select! {
            () = work.go_on() => {}
            _ended = finisher.ended() => return, // without it no job would ever end: begin anew
        }
        work.wind_up().await;
        drop(work);
        let leave = async {
            // Ends when the last verdict has arrived.
            let _ended = finisher.ended().await;
            self.store.leave(&registration).await
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
async fn beat(consumer: Arc<JobConsumer>, registration: WorkerRegistration) {
    let mut ticks = tokio::time::interval(BEAT_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        consumer.breaker.until_works().await;
        match consumer.store.beat(&registration).await {
            Ok(0) => {}
            Ok(orphans) => {
                metrics::counter!("tocsin_queue_orphans_total", "job" => registration.name)
                    .increment(orphans);
                warn!(
                    "took {orphans} {} jobs over from a worker that died",
                    registration.name
                );
                consumer.wakeups.ring(registration.name);
            }
            Err(error) => consumer.breaker.failed(&error),
        }
    }
}

/// A job that runs.
struct Running {
    id: Option<String>,
    key: String,
}

/// What one consumer is doing just now.
struct Work {
    consumer: Arc<JobConsumer>,
    registration: WorkerRegistration,
    verdicts: mpsc::UnboundedSender<JobOutcome>,
    /// Rings for jobs on the backend.
    rings: watch::Receiver<()>,
    /// Rings for jobs that wait in this process.
    local_rings: watch::Receiver<()>,
    /// Whether the backend works.
    works: watch::Receiver<bool>,
    running: JoinSet<()>,
    /// Which job each of them is.
    tasks: HashMap<task::Id, Running>,
    /// The keys of the jobs that run, and what waits for them to end.
    by_key: HashMap<String, Option<ReadyJob>>,
    /// Jobs that are due later in this second, by when, and in the order in which they came.
    early: BTreeMap<(Instant, u64), ReadyJob>,
    came: u64,
    /// A look into the backend that is under way: jobs of this process don't wait for it.
    looking: Option<QueuePoll>,
    /// When to look into the backend next.
    look_at: Instant,
    /// When to make sure next that the backend knows us, and believes nothing to be with us that is not.
    recover_at: Instant,
    /// When the next job that waits in this process is due.
    local_at: Option<Instant>,
    pause: Backoff,
}

impl Work {
    fn new(
        consumer: Arc<JobConsumer>,
        registration: WorkerRegistration,
        verdicts: mpsc::UnboundedSender<JobOutcome>,
    ) -> Self {
        let now = Instant::now();
        Self {
            rings: consumer.wakeups.hear(registration.name),
            local_rings: consumer.local.hear(registration.name),
            works: consumer.breaker.subscribe(),
            consumer,
            registration,
            verdicts,
            running: JoinSet::new(),
            tasks: HashMap::new(),
            by_key: HashMap::new(),
            early: BTreeMap::new(),
            came: 0,
            looking: None,
            look_at: now,
            // The backend must know us before we take anything.
            recover_at: now,
            local_at: Some(now),
            pause: outage_pause(),
        }
    }

    /// Takes and starts jobs until shutdown.
    async fn go_on(&mut self) {
        let shutdown = self.consumer.shutdown.clone();
        loop {
            while let Some(ended) = self.running.try_join_next_with_id() {
                self.ended(ended);
            }
            self.start_what_is_due();
            self.take_local();
            self.look();
            if let Some(looked) = self.soon().await {
                self.looking = None;
                self.looked(looked);
                continue;
            }
            let wake_at = self.wake_at();
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(ended) = self.running.join_next_with_id() => {
                    self.ended(ended);
                    // Quick jobs end together: making room for all of them saves looks.
                    tokio::task::yield_now().await;
                }
                looked = outcome(&mut self.looking) => {
                    self.looking = None;
                    self.looked(looked);
                }
                // What is rung while a look is under way is another look.
                Ok(()) = self.rings.changed(), if self.looking.is_none() => self.look_at = Instant::now(),
                Ok(()) = self.local_rings.changed() => self.local_at = Some(Instant::now()),
                // Back again: what waits there has waited long enough.
                Ok(()) = self.works.changed() => {
                    self.look_at = Instant::now();
                    self.recover_at = self.look_at;
                }
                () = async { sleep_until(wake_at.unwrap_or_else(Instant::now)).await }, if wake_at.is_some() => {}
            }
        }
    }

    /// What the look under way has brought, if it is as quick as usual: what it brings comes before whatever waits for a job to
    /// end, so that the last ring of a key stands for all.
    async fn soon(&mut self) -> Option<QueuePollOutcome> {
        let look = self.looking.as_mut()?;
        let (shutdown, usual) = (&self.consumer.shutdown, look.began() + USUAL_LOOK);
        tokio::select! {
            () = shutdown.cancelled() => None,
            looked = look.outcome() => Some(looked),
            () = sleep_until(usual) => None,
        }
    }

    /// When there is something to do next, if nobody rings and nothing ends.
    fn wake_at(&self) -> Option<Instant> {
        let has_room = self.room() > 0;
        let may_look = has_room && self.looking.is_none() && self.consumer.breaker.works();
        let may_start = self.running.len() < self.consumer.options.concurrency;
        let next_early = self.early.keys().next().map(|(due, _)| *due);
        let next = [
            Some(self.look_at).filter(|_| may_look),
            self.local_at.filter(|_| has_room),
            next_early.filter(|_| may_start),
        ];
        next.into_iter().flatten().min()
    }

    /// How many more jobs may be taken.
    fn room(&self) -> usize {
        if self.early.len() >= EARLY_MAX {
            return 0;
        }
        self.consumer
            .options
            .concurrency
            .saturating_sub(self.running.len())
            .min(TAKEN_AT_ONCE)
    }

    /// Starts jobs that wait in this process.
    fn take_local(&mut self) {
        let room = self.room();
        if room == 0 || self.local_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.local_rings.mark_unchanged();
        let (taken, next_due) = self.consumer.local.take(self.registration.name, room);
        self.local_at = next_due;
        for envelope in taken {
            self.start(ReadyJob::local(envelope));
        }
    }

    /// Begins a look into the backend, where it is time for one.
    fn look(&mut self) {
        let (room, now) = (self.room(), Instant::now());
        if self.looking.is_some() || room == 0 || self.look_at > now || !self.consumer.breaker.works() {
            return;
        }
        self.rings.mark_unchanged();
        let recovers = self.recover_at <= now;
        self.looking = Some(QueuePoll::begin(
            self.consumer.store.clone(),
            self.registration.clone(),
            room,
            recovers,
        ));
    }

    /// What a look into the backend has brought.
    fn looked(&mut self, looked: QueuePollOutcome) {
        match looked.outcome {
            Ok(taken) => {
                self.pause.reset();
                if looked.recovered {
                    self.recover_at = Instant::now() + RECONCILE_EVERY;
                }
                self.look_at = next_look(taken.tasks.len() >= looked.room, taken.next_due);
                self.registration
                    .held
                    .add(taken.tasks.iter().map(|task| task.id.as_str()));
                for task in taken.tasks {
                    self.accept(task);
                }
            }
            Err(error) => {
                self.consumer.breaker.failed(&error);
                let now = Instant::now();
                // A call whose answer was lost may have taken jobs all the same.
                (self.look_at, self.recover_at) = (now + self.pause.next(), now);
            }
        }
    }

    fn accept(&mut self, task: TakenTask) {
        let ready = match ReadyJob::read(self.registration.name, task, self.consumer.options.max_attempts) {
            Ok(ready) => ready,
            Err(verdict) => return self.settle(verdict),
        };
        // The backend gives out jobs up to a second early. More than that is the clock's fault, which is not waited for.
        let early = ready.envelope.early_by().map(|early| early.min(EARLY_BY));
        // Jobs of this process may have taken the room meanwhile.
        if early.is_none() && self.running.len() < self.consumer.options.concurrency {
            return self.start(ready);
        }
        self.came += 1;
        let due = Instant::now() + early.unwrap_or_default();
        self.early.insert((due, self.came), ready);
    }

    fn start_what_is_due(&mut self) {
        while self.running.len() < self.consumer.options.concurrency
            && let Some(first) = self.early.first_entry()
            && first.key().0 <= Instant::now()
        {
            let ready = first.remove();
            self.start(ready);
        }
    }

    /// Starts the job, or lets it wait for the one of its key that runs. Of several that wait, the last stands for all.
    fn start(&mut self, ready: ReadyJob) {
        if let Some(waiting) = self.by_key.get_mut(&ready.envelope.key) {
            if let Some(earlier) = waiting.replace(ready) {
                self.settle(JobOutcome {
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
        let consumer = self.consumer.clone();
        let verdicts = self.verdicts.clone();
        let task = self.running.spawn(async move {
            let verdict = ready
                .run(consumer.handler.clone(), consumer.options.clone())
                .await;
            consumer.settle(verdict, &verdicts);
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
                self.registration.name
            );
            self.settle(JobOutcome { id, again: None });
        }
        if let Some(Some(waiting)) = self.by_key.remove(&key) {
            self.start(waiting);
        }
    }

    fn settle(&self, verdict: JobOutcome) {
        self.consumer.settle(verdict, &self.verdicts);
    }

    fn measure(&self) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics::gauge!("tocsin_queue_running", "job" => self.registration.name)
            .set(self.running.len() as f64);
    }

    /// Lets what runs finish within the grace period, and ends the rest.
    async fn wind_up(&mut self) {
        let all_ended = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.consumer.options.grace, all_ended)
            .await
            .is_err()
        {
            let (name, grace) = (self.registration.name, self.consumer.options.grace);
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

/// What the look has brought, if one is under way.
async fn outcome(looking: &mut Option<QueuePoll>) -> QueuePollOutcome {
    match looking {
        Some(look) => look.outcome().await,
        None => std::future::pending().await,
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
