//! Workers that die, and workers side by side: nothing is lost, and nothing is doubled.

use std::sync::mpsc;

use tocsin_bridge::Bridge;
use tocsin_database::Database;
use tocsin_entity::id::IncidentId;
use tocsin_queue::{Queue, QueueConfig};
use tocsin_simulator::{Fault, FaultKind};
use tokio::{runtime::Runtime, sync::oneshot};
use tokio_util::sync::CancellationToken;

use super::stage::Stage;

/// A bridge in a runtime of its own, as in a process of its own: it can be killed at any await.
pub(super) struct Process {
    runtime: Runtime,
    queue: Queue,
}

impl Process {
    pub(super) async fn start(stage: &Stage) -> Self {
        Self::start_in(Runtime::new().expect("a runtime"), stage).await
    }

    /// One that can be paused.
    pub(super) async fn start_on_one_thread(stage: &Stage) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build();
        Self::start_in(runtime.expect("a runtime"), stage).await
    }

    async fn start_in(runtime: Runtime, stage: &Stage) -> Self {
        let (started, queue) = oneshot::channel();
        let (url, config) = (stage.world.database_url.clone(), stage.world.config.clone());
        runtime.spawn(async move {
            let database = Database::open(&url, 4).await.expect("the database");
            let queue = Queue::connect(&QueueConfig::default()).await.expect("a queue");
            let bridge = Bridge::new(config, database, queue.clone())
                .await
                .expect("a bridge");
            started.send(queue).expect("a test that waits");
            bridge.run(CancellationToken::new()).await;
        });
        let queue = queue.await.expect("a start");
        Self { runtime, queue }
    }

    /// Stops everything that it does until what is returned is dropped, as SIGSTOP does.
    pub(super) async fn pause(&self) -> mpsc::Sender<()> {
        let (resume, resumed) = mpsc::channel::<()>();
        let (stopped, has_stopped) = oneshot::channel();
        self.runtime.spawn(async move {
            stopped.send(()).expect("a test that waits");
            // Its only thread waits here.
            let _dropped = resumed.recv();
        });
        has_stopped.await.expect("a stop");
        resume
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(super) fn kill(self) {
        self.runtime.shutdown_background();
    }
}

/// Each incident has one message, and each of its changes one reply in the thread.
async fn each_is_there_once(stage: &Stage, ids: &[IncidentId], replies: usize) {
    for id in ids {
        stage.until_shown(*id).await;
    }
    let messages = stage.messages("incidents");
    assert_eq!(messages.len(), ids.len(), "{messages:#?}");
    for message in messages {
        assert_eq!(message.visible_replies().len(), replies, "{message:#?}");
        assert!(message.words().contains("Resolved by"), "{}", message.words());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_at_any_moment_loses_and_doubles_nothing() {
    let stage = Stage::empty().await;
    let mut ids = Vec::new();
    for posts in [1, 5, 12] {
        let process = Process::start(&stage).await;
        for number in 0..10 {
            let id = stage.tracker.trigger(&format!("failure {number}"));
            stage.tracker.acknowledge(id);
            stage.tracker.resolve(id, "done");
            process.queue.enqueue(&stage.job(id));
            ids.push(id);
        }
        let before = stage.calls("chat.postMessage");
        stage
            .until(|_| stage.calls("chat.postMessage") >= before + posts)
            .await;
        process.kill();
    }
    let last = Process::start(&stage).await;
    each_is_there_once(&stage, &ids, 2).await;
    last.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_changed_just_before_it_died_is_taken_back() {
    let stage = Stage::empty().await;
    let process = Process::start(&stage).await;
    let id = stage.tracker.trigger("Payments are failing");
    process.queue.enqueue(&stage.job(id));
    stage.until_shown(id).await;
    let late = Fault::on("chat.update", FaultKind::Slow { seconds: 600.0 });
    stage.slack.add_fault(late.after());
    stage.tracker.acknowledge(id);
    process.queue.enqueue(&stage.job(id));
    stage
        .until(|_| stage.message().text.contains("Acknowledged"))
        .await;
    process.kill();
    // What is wanted now is what the last record says.
    stage.tracker.reopen(id);
    let next = Process::start(&stage).await;
    stage.until_shown(id).await;
    let text = stage.message().text;
    assert!(text.contains("Triggered"), "{text}");
    next.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_over_one_database_make_each_post_once() {
    let stage = Stage::empty().await;
    let workers = [Process::start(&stage).await, Process::start(&stage).await];
    let ids: Vec<_> = (0..20)
        .map(|number| stage.tracker.trigger(&format!("failure {number}")))
        .collect();
    for change in 0..3 {
        for id in &ids {
            match change {
                0 => {}
                1 => stage.tracker.acknowledge(*id),
                _ => stage.tracker.resolve(*id, "done"),
            }
            for worker in &workers {
                worker.queue.enqueue(&stage.job(*id));
            }
        }
    }
    each_is_there_once(&stage, &ids, 2).await;
    workers.into_iter().for_each(Process::kill);
}
