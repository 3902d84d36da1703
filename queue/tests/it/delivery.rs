//! What is rung is run.

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, stream};
use tocsin_queue::{JobContext, Worker};

use crate::{
    crew::{Crew, Gate, Log, Look, Other, flush, look, nothing_waits, other, shared},
    on_both_backends,
    place::Place,
};

on_both_backends! {
    a_ring_is_run_with_what_it_carried,
    a_pushed_job_waits_for_a_worker,
    rings_of_one_key_that_wait_are_one,
    rings_of_a_waiting_job_are_one_across_processes,
    a_ring_during_the_run_runs_the_job_once_more_and_afterwards,
    a_delayed_job_is_not_run_before_it_is_due,
    a_delayed_job_does_not_swallow_a_ring_of_its_key,
    a_slow_handler_holds_up_no_other_name,
    no_more_jobs_run_at_a_time_than_allowed,
    two_workers_share_the_jobs_and_run_each_once,
    ten_thousand_jobs_due_at_once_are_all_run,
}

async fn a_ring_is_run_with_what_it_carried(place: Place) {
    let queue = place.queue().await;
    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |job: Look, context: JobContext| {
            runs.add((job, context));
            async { Ok(()) }
        }
    }));

    queue.enqueue(&Look {
        at: "inc_1".into(),
        version: 7,
        request_id: Some("req_9".into()),
    });

    let (job, context) = runs.len_is(1).await.remove(0);
    assert_eq!((job.at.as_str(), job.version), ("inc_1", 7));
    assert_eq!(
        (context.attempt, context.request_id.as_deref()),
        (1, Some("req_9"))
    );
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
    assert_eq!(runs.entries().len(), 1);
}

async fn a_pushed_job_waits_for_a_worker(place: Place) {
    let queue = place.queue().await;
    queue.enqueue_durably(&look("a")).await.unwrap();
    queue.enqueue_durably(&other("a")).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), 2);
    queue.health().await.unwrap();

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    assert_eq!(runs.len_is(1).await, ["a"]);
    crew.stop().await;
    assert_eq!(
        queue.depth().await.unwrap(),
        1,
        "the job of a name without handler still waits"
    );
}

async fn rings_of_one_key_that_wait_are_one(place: Place) {
    let queue = place.queue().await;
    for round in 0..50 {
        queue.enqueue(&look("same"));
        queue.enqueue(&look(format!("other {round}")));
        queue.enqueue_durably(&look("same")).await.unwrap();
    }
    flush(&queue).await;
    assert_eq!(queue.depth().await.unwrap(), 51);

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    runs.len_is(51).await;
    crew.stop().await;
    assert!(runs.counts().values().all(|count| *count == 1));
}

async fn rings_of_a_waiting_job_are_one_across_processes(place: Place) {
    let (here, there) = (place.queue().await, place.queue().await);
    here.enqueue_durably(&look("same")).await.unwrap();
    there.enqueue_durably(&look("same")).await.unwrap();
    assert_eq!(here.depth().await.unwrap(), 1);
}

async fn a_ring_during_the_run_runs_the_job_once_more_and_afterwards(place: Place) {
    let queue = place.queue().await;
    let (started, ended, gate) = (Log::new(), Log::new(), Gate::closed());
    let running = shared(0);
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let (started, ended, gate) = (started.clone(), ended.clone(), gate.clone());
        move |_: Look, _| {
            let (started, ended, gate, running) =
                (started.clone(), ended.clone(), gate.clone(), running.clone());
            async move {
                *running.lock().unwrap() += 1;
                started.add(());
                gate.pass().await;
                ended.add(*running.lock().unwrap());
                *running.lock().unwrap() -= 1;
                Ok(())
            }
        }
    }));
    queue.enqueue(&look("same"));
    started.len_is(1).await;

    for _ in 0..5 {
        queue.enqueue_durably(&look("same")).await.unwrap();
    }
    // One that is not taken yet when the run ends is another run.
    nothing_waits(&queue).await;
    gate.open(1);
    started.len_is(2).await;
    assert_eq!(
        ended.entries(),
        [1],
        "the second run began when the first had ended"
    );
    gate.open(10);
    ended.len_is(2).await;
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
    assert!(
        ended.entries().iter().all(|running| *running == 1),
        "runs of one key never overlap"
    );
}

async fn a_delayed_job_is_not_run_before_it_is_due(place: Place) {
    let queue = place.queue().await;
    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |job: Look, _| {
            runs.add((job.at, tocsin_clock::machine_now()));
            async { Ok(()) }
        }
    }));
    let now = tocsin_clock::machine_now();
    let dues: Vec<_> = [2_300, 1_150, 250]
        .map(|millis| now + Duration::from_millis(millis))
        .into();
    for (index, due) in dues.iter().enumerate() {
        queue.push_at(&look(index), *due).await.unwrap();
    }
    queue
        .push_at(&look("overdue"), now - Duration::from_secs(60))
        .await
        .unwrap();

    let runs = runs.len_is(4).await;
    let order: Vec<&str> = runs.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(order, ["overdue", "2", "1", "0"]);
    for (at, ran_at) in &runs[1..] {
        let due = dues[at.parse::<usize>().unwrap()];
        assert!(
            *ran_at >= due.replace_millisecond(due.millisecond()).unwrap(),
            "{at} ran at {ran_at}, due at {due}"
        );
    }
    crew.stop().await;
}

async fn a_delayed_job_does_not_swallow_a_ring_of_its_key(place: Place) {
    let queue = place.queue().await;
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    queue
        .push_at(
            &look("same"),
            tocsin_clock::machine_now() + Duration::from_secs(3_600),
        )
        .await
        .unwrap();

    queue.enqueue(&look("same"));

    runs.len_is(1).await;
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 1, "the delayed one still waits");
}

async fn a_slow_handler_holds_up_no_other_name(place: Place) {
    let queue = place.queue().await;
    let (stuck, runs, gate) = (Log::new(), Log::new(), Gate::closed());
    let worker = Worker::new(queue.clone()).concurrency(2).on({
        let (stuck, gate) = (stuck.clone(), gate.clone());
        move |_: Look, _| {
            let (stuck, gate) = (stuck.clone(), gate.clone());
            async move {
                stuck.add(());
                gate.pass().await;
                Ok(())
            }
        }
    });
    let crew = Crew::start(worker.on({
        let runs = runs.clone();
        move |job: Other, _| {
            runs.add(job.id);
            async { Ok(()) }
        }
    }));
    for index in 0..10 {
        queue.enqueue_durably(&look(index)).await.unwrap();
    }
    stuck.len_is(2).await;

    for index in 0..10 {
        queue.enqueue(&other(index));
    }

    runs.len_is(10).await;
    assert_eq!(stuck.entries().len(), 2);
    gate.open(10);
    stuck.len_is(10).await;
    crew.stop().await;
}

async fn no_more_jobs_run_at_a_time_than_allowed(place: Place) {
    let queue = place.queue().await;
    let (peaks, running) = (Log::new(), shared(0_usize));
    for index in 0..60 {
        queue.enqueue(&look(index));
    }
    flush(&queue).await;
    let crew = Crew::start(Worker::new(queue).concurrency(3).on({
        let peaks = peaks.clone();
        move |_: Look, _| {
            let (peaks, running) = (peaks.clone(), running.clone());
            async move {
                let peak = {
                    let mut running = running.lock().unwrap();
                    *running += 1;
                    *running
                };
                tokio::time::sleep(Duration::from_millis(5)).await;
                *running.lock().unwrap() -= 1;
                peaks.add(peak);
                Ok(())
            }
        }
    }));
    let peaks = peaks.len_is(60).await;
    assert_eq!(peaks.iter().max(), Some(&3));
    crew.stop().await;
}

async fn two_workers_share_the_jobs_and_run_each_once(place: Place) {
    let (here, there) = (place.queue().await, place.queue().await);
    let (runs, by_whom) = (Log::new(), Log::new());
    let crews = [("here", &here), ("there", &there)].map(|(who, queue)| {
        let (runs, by_whom) = (runs.clone(), by_whom.clone());
        Crew::start(Worker::new(queue.clone()).concurrency(4).on(move |job: Look, _| {
            let (runs, by_whom) = (runs.clone(), by_whom.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                by_whom.add(who);
                runs.add(job.at);
                Ok(())
            }
        }))
    });
    for index in 0..400 {
        here.enqueue(&look(index));
    }
    runs.len_is(400).await;
    for crew in crews {
        crew.stop().await;
    }
    assert!(runs.counts().values().all(|count| *count == 1));
    let workers: HashSet<&str> = by_whom.entries().into_iter().collect();
    assert_eq!(workers.len(), 2, "both had their share");
    assert_eq!(here.depth().await.unwrap(), 0);
}

async fn ten_thousand_jobs_due_at_once_are_all_run(place: Place) {
    let queue = place.queue().await;
    let due = tocsin_clock::machine_now() + Duration::from_secs(1);
    let pushes = (0..10_000).map(|index| {
        let queue = queue.clone();
        async move { queue.push_at(&look(index), due).await }
    });
    // A busy machine takes longer for all of them than one answer of Redis may.
    let mut pushes = stream::iter(pushes).buffer_unordered(200);
    while let Some(pushed) = pushes.next().await {
        pushed.unwrap();
    }
    assert_eq!(queue.depth().await.unwrap(), 10_000);

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()).concurrency(64), &runs));
    runs.len_is(10_000).await;
    crew.stop().await;
    assert_eq!(runs.counts().len(), 10_000);
    assert_eq!(queue.depth().await.unwrap(), 0);
}

/// A worker that records which looks it was asked for.
pub(crate) fn record(worker: Worker, runs: &Log<String>) -> Worker {
    let runs = runs.clone();
    worker.on(move |job: Look, _| {
        runs.add(job.at);
        async { Ok(()) }
    })
}
