//! A worker that is told to stop finishes what it can, and hands back the rest.

use std::time::Duration;

use tocsin_queue::{JobContext, Worker};

use crate::{
    crew::{Crew, Gate, Log, Look, look},
    delivery::record,
    on_both_backends,
    place::{PATIENCE, Place},
};

on_both_backends! {
    running_jobs_finish_and_waiting_ones_are_left_to_others,
    a_job_that_outlasts_the_grace_period_is_run_by_another,
    rings_are_stored_although_the_queue_is_dropped_at_once,
}

async fn running_jobs_finish_and_waiting_ones_are_left_to_others(place: Place) {
    let queue = place.queue().await;
    let (started, ended, gate) = (Log::new(), Log::new(), Gate::closed());
    let crew = Crew::start(Worker::new(queue.clone()).concurrency(2).on({
        let (started, ended, gate) = (started.clone(), ended.clone(), gate.clone());
        move |job: Look, _| {
            let (started, ended, gate) = (started.clone(), ended.clone(), gate.clone());
            async move {
                started.add(());
                gate.pass().await;
                ended.add(job.at);
                Ok(())
            }
        }
    }));
    for index in 0..5 {
        queue.enqueue_durably(&look(index)).await.unwrap();
    }
    started.len_is(2).await;

    crew.tell_to_stop();
    gate.open(5);
    crew.stop().await;
    let finished = ended.entries();
    assert_eq!(finished.len(), 2);
    assert_eq!(queue.depth().await.unwrap(), 3);

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    let rest = runs.len_is(3).await;
    crew.stop().await;
    assert!(rest.iter().all(|at| !finished.contains(at)));
}

async fn a_job_that_outlasts_the_grace_period_is_run_by_another(place: Place) {
    let queue = place.queue().await;
    let started = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).grace(Duration::from_millis(50)).on({
        let started = started.clone();
        move |_: Look, _| {
            started.add(());
            std::future::pending()
        }
    }));
    queue.enqueue(&look("endless"));
    started.len_is(1).await;
    // This one waits for the other of its key to end.
    queue.enqueue_durably(&look("endless")).await.unwrap();

    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 2);

    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |job: Look, context: JobContext| {
            runs.add((job.at, context.attempt));
            async { Ok(()) }
        }
    }));
    for run in runs.len_is(2).await {
        assert_eq!(
            run,
            ("endless".to_owned(), 1),
            "to be handed back is no failed attempt"
        );
    }
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
}

async fn rings_are_stored_although_the_queue_is_dropped_at_once(place: Place) {
    let (queue, other) = (place.queue().await, place.queue().await);
    for index in 0..2_000 {
        queue.enqueue(&look(index));
    }
    drop(queue);

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(other), &runs));
    runs.len_is(2_000).await;
    crew.stop().await;
}

#[tokio::test]
async fn a_file_that_is_closed_is_whole_and_has_nothing_beside_it() {
    let place = Place::sqlite();
    let queue = place.queue().await;
    queue.enqueue(&look(0));
    assert!(queue.close(PATIENCE).await, "what was rung is stored");
    // What comes too late does not open it again.
    assert!(queue.enqueue_durably(&look(1)).await.is_err());
    let path = place.config.sqlite_path.as_ref().expect("a file");
    let beside = std::fs::read_dir(path.parent().expect("a directory")).expect("readable");
    let names: Vec<_> = beside.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["queue.db"]);
    assert_eq!(place.queue().await.depth().await.expect("readable"), 1);
}
