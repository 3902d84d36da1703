//! Workers may be killed at any moment.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use secrecy::ExposeSecret;
use tocsin_queue::{JobContext, Queue, QueueConfig, Worker};
use tokio_util::sync::CancellationToken;

use crate::{
    crew::{Crew, Gate, Log, Look, look, nothing_waits},
    on_both_backends,
    place::{Place, this_binary},
};

on_both_backends! {
    a_job_whose_worker_was_killed_is_run_by_another,
    a_long_job_is_left_to_its_worker,
}

async fn a_job_whose_worker_was_killed_is_run_by_another(place: Place) {
    let queue = place.queue().await;
    let mut doomed = start_doomed_worker(&place.config);
    for index in 0..3 {
        queue.enqueue_durably(&look(index)).await.unwrap();
    }
    nothing_waits(&queue).await; // the doomed worker has taken all
    doomed.kill().unwrap();
    doomed.wait().unwrap();

    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |job: Look, context: JobContext| {
            runs.add((job.at, context.attempt));
            async { Ok(()) }
        }
    }));
    let mut ran = runs.len_is(3).await;
    ran.sort();
    assert_eq!(
        ran,
        [("0".into(), 2), ("1".into(), 2), ("2".into(), 2)],
        "the attempt that died counts"
    );
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
}

async fn a_long_job_is_left_to_its_worker(place: Place) {
    let (here, there) = (place.queue().await, place.queue().await);
    let (started, gate, runs) = (Log::new(), Gate::closed(), Log::new());
    let busy = Crew::start(Worker::new(here.clone()).on({
        let (started, gate, runs) = (started.clone(), gate.clone(), runs.clone());
        move |job: Look, _| {
            let (started, gate, runs) = (started.clone(), gate.clone(), runs.clone());
            async move {
                started.add(());
                gate.pass().await;
                runs.add(job.at);
                Ok(())
            }
        }
    }));
    here.enqueue_durably(&look("long")).await.unwrap();
    started.len_is(1).await;
    let rival = Crew::start(crate::delivery::record(Worker::new(there), &runs));

    // Longer than a dead worker's jobs stay with it.
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(runs.entries().is_empty());
    gate.open(1);
    runs.len_is(1).await;
    busy.stop().await;
    rival.stop().await;
    assert_eq!((started.entries().len(), runs.entries().len()), (1, 1));
}

const DOOMED_REDIS: &str = "TOCSIN_TEST_DOOMED_REDIS";
const DOOMED_SQLITE: &str = "TOCSIN_TEST_DOOMED_SQLITE";
const DOOMED_NAMESPACE: &str = "TOCSIN_TEST_DOOMED_NAMESPACE";

/// Runs [`doomed_worker`] as a process of its own.
fn start_doomed_worker(config: &QueueConfig) -> Child {
    let url = config
        .redis_url
        .as_ref()
        .map(|url| url.expose_secret().to_owned());
    let path = config
        .sqlite_path
        .as_deref()
        .and_then(Path::to_str)
        .map(ToOwned::to_owned);
    Command::new(this_binary())
        .args(["--exact", "crashes::doomed_worker", "--nocapture"])
        .envs(url.map(|url| (DOOMED_REDIS, url)))
        .envs(path.map(|path| (DOOMED_SQLITE, path)))
        .env(DOOMED_NAMESPACE, &config.namespace)
        .stdout(Stdio::null())
        .spawn()
        .expect("this binary can be run again")
}

/// A worker whose jobs never end, to be killed: the body of the process that [`start_doomed_worker`] starts. In the process of the
/// tests themselves there is nothing for it to do.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the test that starts this process talks to it"
)]
async fn doomed_worker() {
    let Ok(namespace) = std::env::var(DOOMED_NAMESPACE) else {
        return;
    };
    let config = QueueConfig {
        redis_url: std::env::var(DOOMED_REDIS).ok().map(Into::into),
        sqlite_path: std::env::var(DOOMED_SQLITE).ok().map(Into::into),
        namespace,
    };
    let queue = Queue::connect(&config).await.expect("the queue opens");
    let worker = Worker::new(queue).on(|_: Look, _| std::future::pending());
    worker
        .run(CancellationToken::new())
        .await
        .expect("it is killed before it ends");
}
