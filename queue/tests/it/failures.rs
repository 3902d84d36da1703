//! Handlers may fail in any way, and harm only their own job.

use std::{fs::File, io::Write, path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use tocsin_queue::{Job, JobContext, JobError, Queue, QueueConfig, QueueError, Worker};
use tokio_util::sync::CancellationToken;

use crate::{
    crew::{Crew, Log, Look, look, nothing_waits},
    delivery::record,
    on_both_backends,
    place::{PATIENCE, Place},
};

on_both_backends! {
    a_failed_job_is_run_again_until_it_works,
    a_job_that_asks_for_a_pause_gets_it,
    a_job_that_failed_for_good_is_not_run_again,
    a_job_that_never_works_is_dropped_after_its_attempts,
    a_panic_is_a_failed_attempt,
    a_run_without_end_is_ended_and_tried_again,
    a_job_that_no_longer_decodes_is_dropped_and_blocks_nothing,
}

async fn a_failed_job_is_run_again_until_it_works(place: Place) {
    let queue = place.queue().await;
    let attempts = run_until_gone(&queue, |context| {
        if context.attempt < 4 {
            Err(JobError::retry("not yet"))
        } else {
            Ok(())
        }
    })
    .await;
    assert_eq!(attempts, [1, 2, 3, 4]);
}

async fn a_job_that_asks_for_a_pause_gets_it(place: Place) {
    let queue = place.queue().await;
    let pause = Duration::from_millis(700);
    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |_: Look, context: JobContext| {
            runs.add(tocsin_clock::machine_now());
            async move {
                if context.attempt == 1 {
                    Err(JobError::retry_after(pause, "Slack says later"))
                } else {
                    Ok(())
                }
            }
        }
    }));
    queue.enqueue(&look("a"));
    let runs = runs.len_is(2).await;
    assert!(runs[1] - runs[0] >= pause);
    crew.stop().await;
}

async fn a_job_that_failed_for_good_is_not_run_again(place: Place) {
    let queue = place.queue().await;
    assert_eq!(
        run_until_gone(&queue, |_| Err(JobError::fail("no such channel"))).await,
        [1]
    );
}

async fn a_job_that_never_works_is_dropped_after_its_attempts(place: Place) {
    let queue = place.queue().await;
    assert_eq!(
        run_until_gone(&queue, |_| Err(JobError::retry("never"))).await,
        [1, 2, 3, 4, 5]
    );
}

async fn a_panic_is_a_failed_attempt(place: Place) {
    let queue = place.queue().await;
    let attempts = run_until_gone(&queue, |context| {
        assert!(context.attempt > 2, "a panic that the test wants");
        Ok(())
    })
    .await;
    assert_eq!(attempts, [1, 2, 3]);
}

async fn a_run_without_end_is_ended_and_tried_again(place: Place) {
    let queue = place.queue().await;
    let runs = Log::new();
    let crew = Crew::start(
        Worker::new(queue.clone())
            .time_limit(Duration::from_millis(50))
            .on({
                let runs = runs.clone();
                move |_: Look, context: JobContext| {
                    runs.add(context.attempt);
                    async move {
                        if context.attempt == 1 {
                            std::future::pending::<()>().await;
                        }
                        Ok(())
                    }
                }
            }),
    );
    queue.enqueue(&look("a"));
    assert_eq!(runs.len_is(2).await, [1, 2]);
    crew.stop().await;
}

/// [`Look`] as it was written by a version that knew other fields.
#[derive(Deserialize, Serialize)]
struct OldLook {
    id: u32,
}

impl Job for OldLook {
    const NAME: &'static str = Look::NAME;

    fn key(&self) -> String {
        format!("old {}", self.id)
    }
}

async fn a_job_that_no_longer_decodes_is_dropped_and_blocks_nothing(place: Place) {
    let queue = place.queue().await;
    for id in 0..20 {
        queue.enqueue_durably(&OldLook { id }).await.unwrap();
    }
    queue.enqueue_durably(&look("sound")).await.unwrap();

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    runs.len_is(1).await;
    nothing_waits(&queue).await;
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
    assert_eq!(runs.entries(), ["sound"]);
}

/// Runs one job of at most five attempts until nothing is left of it, and says which attempts it had.
async fn run_until_gone(
    queue: &Queue,
    answer: impl Fn(&JobContext) -> Result<(), JobError> + Clone + Send + Sync + 'static,
) -> Vec<u32> {
    let attempts = Log::new();
    queue.enqueue_durably(&look("a")).await.unwrap();
    loop {
        let before = attempts.entries().len();
        let crew = Crew::start(Worker::new(queue.clone()).max_attempts(5).on({
            let (attempts, answer) = (attempts.clone(), answer.clone());
            move |_: Look, context: JobContext| {
                attempts.add(context.attempt);
                let answer = answer.clone();
                async move { answer(&context) }
            }
        }));
        attempts.len_is(before + 1).await;
        // A worker that has stopped has told the queue of every run.
        crew.stop().await;
        if queue.depth().await.unwrap() == 0 {
            return attempts.entries();
        }
    }
}

#[tokio::test]
async fn a_worker_without_handlers_or_with_two_for_one_name_is_refused() {
    let queue = Queue::connect(&QueueConfig::default()).await.unwrap();
    let none = Worker::new(queue.clone()).run(CancellationToken::new()).await;
    assert!(matches!(none, Err(QueueError::Handlers(_))));

    let nothing = |_: Look, _| async { Ok(()) };
    let twice = Worker::new(queue)
        .on(nothing)
        .on(nothing)
        .run(CancellationToken::new())
        .await;
    assert_eq!(twice.unwrap_err().to_string(), "two handlers for look jobs");
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    let wrong = [
        QueueConfig {
            redis_url: Some("http://localhost".into()),
            ..QueueConfig::default()
        },
        QueueConfig {
            namespace: String::new(),
            ..QueueConfig::default()
        },
        QueueConfig {
            sqlite_path: Some("/nowhere/at/all/queue.db".into()),
            ..QueueConfig::default()
        },
    ];
    for config in wrong {
        let refused = Queue::connect(&config).await;
        assert!(matches!(refused, Err(QueueError::Config(_))), "{config:?}");
    }
}

/// Whether a file beside this one has the name of one that was moved aside.
fn is_moved_aside(file: &Path) -> bool {
    let name = format!("{}.damaged-", file.file_name().unwrap().display());
    let mut beside = std::fs::read_dir(file.parent().unwrap()).unwrap();
    beside.any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(&name))
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_used_is_moved_aside_and_jobs_go_on() {
    let place = Place::sqlite();
    let file = place.config.sqlite_path.clone().unwrap();
    let queue = place.queue().await;
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    queue.enqueue_durably(&look("before")).await.unwrap();
    runs.len_is(1).await;
    // More than SQLite keeps in memory of a file: what it needs later it has to read again.
    let in_an_hour = tocsin_clock::machine_now() + time::Duration::HOUR;
    for number in 0..2_000 {
        let long = format!("{number:2000}");
        queue.push_at(&look(long), in_an_hour).await.unwrap();
    }

    for part in ["", "-wal"] {
        let mut path = file.clone().into_os_string();
        path.push(part);
        let length = std::fs::metadata(&path).unwrap().len();
        let mut damaged = File::options().write(true).open(&path).unwrap();
        damaged
            .write_all(&vec![0xff; usize::try_from(length).unwrap()])
            .unwrap();
    }
    let noticed = async {
        for number in 0.. {
            if is_moved_aside(&file) {
                return;
            }
            queue.enqueue(&look(format!("meanwhile {number}")));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, noticed)
        .await
        .unwrap_or_else(|_| panic!("the damaged file is still there: {:?}", queue.trouble()));

    queue.enqueue_durably(&look("after")).await.unwrap();
    runs.becomes(|runs| runs.contains(&"after".to_owned())).await;
    crew.stop().await;
}
