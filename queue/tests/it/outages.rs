//! Redis may go, come back with nothing in it, not be there yet, or be there and not work.

use std::time::Duration;

use tocsin_queue::{JobContext, JobError, Queue, Worker};

use crate::{
    crew::{Crew, Gate, Log, Look, flush, look, nothing_waits},
    delivery::record,
    place::{Failure, PATIENCE, RedisServer},
};

/// Waits until the queue says of itself that it works, or that it does not.
async fn becomes(queue: &Queue, works: bool) {
    let told = async {
        while queue.works() != works || queue.trouble().is_none() != works {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until works is {works}: {:?}", queue.trouble()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_redis_does_instead_of_its_work_jobs_run_in_the_process_that_rang_for_them() {
    for failure in Failure::ALL {
        let mut server = RedisServer::start().await;
        let queue = Queue::connect(&server.config()).await.unwrap();
        let runs = Log::new();
        let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
        queue.enqueue_durably(&look("before")).await.unwrap();
        runs.len_is(1).await;

        server.fail(failure).await;
        queue.enqueue(&look("rung"));
        runs.becomes(|runs| runs.contains(&"rung".to_owned())).await;
        becomes(&queue, false).await;
        queue.health().await.unwrap_err();
        let trouble = queue.trouble().unwrap();
        let remedy = match failure {
            Failure::Down | Failure::Hung => "start Redis",
            Failure::Full => "raise its maxmemory",
            Failure::ReadOnly => "set TOCSIN_REDIS_URL to the primary",
            Failure::Locked => "refuses the user or the password: correct them",
        };
        assert!(trouble.contains(remedy), "{failure:?} is told as {trouble}");
        // Known by now: nobody waits for Redis any more.
        queue.enqueue_durably(&look("pushed")).await.unwrap();
        let soon = tocsin_clock::machine_now() + Duration::from_millis(30);
        queue.push_at(&look("later"), soon).await.unwrap();
        runs.becomes(|runs| runs.len() == 4).await;

        server.mend(failure).await;
        becomes(&queue, true).await;
        queue.health().await.unwrap();
        // By way of Redis again: from a process that has no worker of its own.
        let other = Queue::connect(&server.config()).await.unwrap();
        other.enqueue_durably(&look("after")).await.unwrap();
        runs.becomes(|runs| runs.contains(&"after".to_owned())).await;
        crew.stop().await;
        let mut counts = runs.counts();
        // Whoever is told of nothing does it: a Redis that hung may do what it was asked for all the same.
        assert!(counts.remove("rung").is_some_and(|count| count <= 2));
        assert!(
            counts.len() == 4 && counts.values().all(|count| *count == 1),
            "{failure:?}: {counts:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_without_redis_is_tried_again_without_it() {
    let server = RedisServer::down();
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let runs = runs.clone();
        move |_: Look, context: JobContext| {
            runs.add(context.attempt);
            async move {
                if context.attempt < 3 {
                    Err(JobError::retry("not yet"))
                } else {
                    Ok(())
                }
            }
        }
    }));
    queue.enqueue(&look("a"));
    assert_eq!(runs.len_is(3).await, [1, 2, 3]);
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_runs_here_is_not_run_beside_itself() {
    let server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    let (started, ended, gate) = (Log::new(), Log::new(), Gate::closed());
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let (started, ended, gate) = (started.clone(), ended.clone(), gate.clone());
        move |job: Look, _| {
            let (started, ended, gate) = (started.clone(), ended.clone(), gate.clone());
            async move {
                started.add(job.version);
                gate.pass().await;
                ended.add(job.version);
                Ok(())
            }
        }
    }));
    queue.enqueue_durably(&look("a")).await.unwrap();
    started.len_is(1).await;
    for _ in 0..10 {
        queue.run_here(&look("a"));
    }
    // Whatever has room runs: had one of the ten begun beside the first, this would come after it.
    queue.run_here(&look("b"));
    started.len_is(2).await;
    gate.open(2);
    // All ten are one, and come after the first.
    started.len_is(3).await;
    assert_eq!(ended.len_is(2).await.len(), 2);
    gate.open(1);
    ended.len_is(3).await;
    crew.stop().await;
    assert_eq!(started.entries().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_file_that_takes_no_writes_holds_up_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.db");
    let config = tocsin_queue::QueueConfig {
        sqlite_path: Some(path.clone()),
        ..tocsin_queue::QueueConfig::default()
    };
    let queue = Queue::connect(&config).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    queue.enqueue_durably(&look("before")).await.unwrap();
    runs.len_is(1).await;
    // Somebody holds the file, as a process does that is paused in a transaction.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut holder = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut holder)
        .await
        .unwrap();

    queue.enqueue(&look("meanwhile"));
    runs.becomes(|runs| runs.contains(&"meanwhile".to_owned())).await;
    becomes(&queue, false).await;

    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    becomes(&queue, true).await;
    queue.enqueue_durably(&look("after")).await.unwrap();
    runs.becomes(|runs| runs.contains(&"after".to_owned())).await;
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_come_later_than_its_users() {
    let mut server = RedisServer::down();
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    queue.enqueue(&look("early"));
    assert_eq!(runs.len_is(1).await, ["early"]);
    queue.health().await.unwrap_err();
    queue.depth().await.unwrap_err();
    let elsewhere = Queue::connect(&server.config()).await.unwrap();
    elsewhere
        .enqueue_durably(&look("awaited, and nobody here works on it"))
        .await
        .unwrap_err();

    server.bring_up().await;

    becomes(&queue, true).await;
    queue.health().await.unwrap();
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_starts_during_an_outage_runs_what_was_rung_before_it() {
    let server = RedisServer::down();
    let queue = Queue::connect(&server.config()).await.unwrap();
    queue.enqueue(&look("early"));
    becomes(&queue, false).await;
    queue.enqueue(&look("known to fail"));
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    runs.becomes(|runs| runs.contains(&"early".to_owned()) && runs.contains(&"known to fail".to_owned()))
        .await;
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rings_arrive_after_redis_has_restarted_with_nothing_in_it() {
    let mut server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    for round in 0..3 {
        queue.enqueue(&look(format!("before {round}")));
        runs.becomes(|runs| runs.contains(&format!("before {round}")))
            .await;
        server.kill();
        queue.enqueue(&look(format!("meanwhile {round}")));
        server.bring_up().await;
        queue.enqueue(&look(format!("after {round}")));
        runs.becomes(|runs| {
            runs.contains(&format!("meanwhile {round}")) && runs.contains(&format!("after {round}"))
        })
        .await;
    }
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_outlives_redis_ends_in_order() {
    let mut server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    let (started, runs, gate) = (Log::new(), Log::new(), Gate::closed());
    let crew = Crew::start(Worker::new(queue.clone()).on({
        let (started, runs, gate) = (started.clone(), runs.clone(), gate.clone());
        move |job: Look, _| {
            let (started, runs, gate) = (started.clone(), runs.clone(), gate.clone());
            async move {
                started.add(());
                gate.pass().await;
                runs.add(job.at);
                Ok(())
            }
        }
    }));
    queue.enqueue(&look("a"));
    started.len_is(1).await;
    server.kill();
    gate.open(10);
    runs.len_is(1).await;
    server.bring_up().await;

    queue.enqueue(&look("a"));

    runs.len_is(2).await;
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rings_arrive_after_everything_in_redis_was_flushed() {
    let server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    for round in 0..20 {
        for index in 0..100 {
            queue.enqueue(&look(format!("lost, perhaps {index}")));
        }
        if round % 2 == 0 {
            server.command(redis::cmd("SCRIPT").arg("FLUSH")).await;
        }
        server.command(&redis::cmd("FLUSHALL")).await;
        flush(&queue).await;
        queue
            .enqueue_durably(&look(format!("later {round}")))
            .await
            .unwrap();
        runs.becomes(|runs| runs.contains(&format!("later {round}")))
            .await;
    }
    crew.stop().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ringing_never_waits_and_a_full_buffer_recovers() {
    let mut server = RedisServer::down();
    let queue = Queue::connect(&server.config()).await.unwrap();
    // Not a single await: were ringing to wait, this could not go on.
    for index in 0..50_000 {
        queue.enqueue(&look(index));
    }
    server.bring_up().await;
    flush(&queue).await;
    let stored = queue.depth().await.unwrap();
    assert!(
        (1..50_000).contains(&stored),
        "as many as there was room for, not {stored}"
    );
    queue.enqueue(&look("afterwards"));
    flush(&queue).await;
    assert_eq!(queue.depth().await.unwrap(), stored + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_broken_in_redis_is_dropped_and_blocks_nothing() {
    let server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    queue.enqueue_durably(&look("without data")).await.unwrap();
    server.command(redis::cmd("DEL").arg("tocsin:look:data")).await;
    // A task whose status apalis can't read, and one that is nothing but an id.
    server
        .command(
            redis::cmd("RPUSH")
                .arg("tocsin:look:active")
                .arg("odd")
                .arg("ghost"),
        )
        .await;
    server
        .command(redis::cmd("HSET").arg("tocsin:look:data").arg("odd").arg("{}"))
        .await;
    let odd = ["attempts", "0", "max_attempts", "1", "status", "Dancing"];
    server
        .command(redis::cmd("HSET").arg("tocsin:look:meta:odd").arg(&odd))
        .await;
    for index in 0..10 {
        queue.enqueue_durably(&look(index)).await.unwrap();
    }

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));

    runs.len_is(10).await;
    // What can't be read is dropped by a later look.
    nothing_waits(&queue).await;
    crew.stop().await;
}
