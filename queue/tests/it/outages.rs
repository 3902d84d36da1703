//! Redis may go, come back with nothing in it, or not be there yet.

use tocsin_queue::{Queue, Worker};

use crate::{
    crew::{Crew, Gate, Log, Look, flush, look, nothing_waits},
    delivery::record,
    place::RedisServer,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_come_later_than_its_users() {
    let mut server = RedisServer::down();
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    queue.ring(&look("early"));
    queue.health().await.unwrap_err();
    queue.push(&look("awaited")).await.unwrap_err();
    queue.depth().await.unwrap_err();

    server.bring_up().await;

    assert_eq!(runs.len_is(1).await, ["early"]);
    queue.health().await.unwrap();
    crew.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rings_arrive_after_redis_has_restarted_with_nothing_in_it() {
    let mut server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));
    for round in 0..3 {
        queue.ring(&look(format!("before {round}")));
        runs.becomes(|runs| runs.contains(&format!("before {round}")))
            .await;
        server.kill();
        queue.ring(&look(format!("meanwhile {round}")));
        server.bring_up().await;
        queue.ring(&look(format!("after {round}")));
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
    queue.ring(&look("a"));
    started.len_is(1).await;
    server.kill();
    gate.open(10);
    runs.len_is(1).await;
    server.bring_up().await;

    queue.ring(&look("a"));

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
            queue.ring(&look(format!("lost, perhaps {index}")));
        }
        if round % 2 == 0 {
            server.command(redis::cmd("SCRIPT").arg("FLUSH")).await;
        }
        server.command(&redis::cmd("FLUSHALL")).await;
        flush(&queue).await;
        queue.push(&look(format!("later {round}"))).await.unwrap();
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
        queue.ring(&look(index));
    }
    server.bring_up().await;
    flush(&queue).await;
    let stored = queue.depth().await.unwrap();
    assert!(
        (1..50_000).contains(&stored),
        "as many as there was room for, not {stored}"
    );
    queue.ring(&look("afterwards"));
    flush(&queue).await;
    assert_eq!(queue.depth().await.unwrap(), stored + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_has_broken_in_redis_is_dropped_and_blocks_nothing() {
    let server = RedisServer::start().await;
    let queue = Queue::connect(&server.config()).await.unwrap();
    queue.push(&look("without data")).await.unwrap();
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
        queue.push(&look(index)).await.unwrap();
    }

    let runs = Log::new();
    let crew = Crew::start(record(Worker::new(queue.clone()), &runs));

    runs.len_is(10).await;
    // What can't be read is dropped by a later look.
    nothing_waits(&queue).await;
    crew.stop().await;
}
