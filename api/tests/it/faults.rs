//! What callers meet when the database fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    wire::{Fate, gate, tap},
    world::{World, text},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_commit_was_never_confirmed_is_made_once_at_the_most() {
    let breaking = Arc::new(AtomicBool::new(false));
    let breaks = Arc::clone(&breaking);
    let judge = move |kind: u8, body: &[u8]| {
        if kind == b'Q' && body.starts_with(b"COMMIT") && breaks.load(Ordering::SeqCst) {
            Fate::Unanswered
        } else {
            Fate::Carried
        }
    };
    let Some(world) = World::on_postgresql_behind(async |url| tap(url, judge).await).await else {
        return;
    };
    let admin = world.admin();
    admin.trigger("before").await;
    let keyed: Vec<Value> = (0..20)
        .map(|n| json!({ "title": format!("incident {n}"), "idempotencyKey": format!("key {n}") }))
        .collect();
    let unkeyed = (0..20).map(|n| json!({ "title": format!("other {n}") }));

    breaking.store(true, Ordering::SeqCst);
    let answers = join_all(
        keyed
            .iter()
            .cloned()
            .chain(unkeyed)
            .map(|input| admin.attempt("triggerIncident", input)),
    )
    .await;
    breaking.store(false, Ordering::SeqCst);
    for answer in answers {
        assert_eq!(answer.error_code(), "UNAVAILABLE");
        let message = text(&answer.0["errors"][0]["message"]);
        assert!(!message.contains("Nothing was changed"), "{message}");
    }
    assert_eq!(admin.log().await.len(), 41);

    for input in &keyed {
        let made = admin.change("triggerIncident", input.clone()).await.done();
        assert_eq!(made["incident"]["title"], input["title"]);
    }
    assert_eq!(admin.log().await.len(), 41);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_made_is_not_denied_where_its_answer_can_not_be_read() {
    const TITLE: &str = "made, and then not read";
    const MADE: u8 = 1;
    const COMMITTED: u8 = 2;
    let progress = Arc::new(AtomicU8::new(0));
    let judge = {
        let progress = Arc::clone(&progress);
        move |kind: u8, body: &[u8]| {
            let holds = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
            match progress.load(Ordering::SeqCst) {
                COMMITTED => return Fate::Unanswered,
                MADE if kind == b'Q' && body.starts_with(b"COMMIT") => {
                    progress.store(COMMITTED, Ordering::SeqCst);
                }
                0 if holds(TITLE) => progress.store(MADE, Ordering::SeqCst),
                _ => {}
            }
            Fate::Carried
        }
    };
    let Some(world) = World::on_postgresql_behind(async |url| tap(url, judge.clone()).await).await else {
        return;
    };
    let admin = world.admin();
    let answer = admin
        .ask(
            "mutation($title: String!) { triggerIncident(input: { title: $title }) { incident { title timeline(first: 1) { nodes { id } } } } }",
            json!({ "title": TITLE }),
        )
        .await;
    assert_eq!(answer.0["data"], json!({"triggerIncident": {"incident": null}}));
    assert_eq!(answer.error_code(), "UNAVAILABLE");
    let message = text(&answer.0["errors"][0]["message"]);
    assert!(!message.contains("Nothing was changed"), "{message}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_write_while_the_database_is_away_are_told_so_together() {
    let (open, is_open) = watch::channel(true);
    let Some(world) = World::on_postgresql_behind(async |url| gate(url, is_open.clone()).await).await else {
        return;
    };
    let admin = world.admin();
    admin.trigger("before").await;
    open.send_replace(false);
    // More than one transaction takes, and each waiting for a connection by itself would be here for an hour.
    let answers = join_all((0..400).map(|n| {
        let admin = admin.clone();
        async move {
            admin
                .attempt("triggerIncident", json!({ "title": n.to_string() }))
                .await
        }
    }));
    let answers = tokio::time::timeout(Duration::from_secs(120), answers)
        .await
        .expect("answers");
    for answer in answers {
        assert_eq!(answer.error_code(), "UNAVAILABLE");
        let message = text(&answer.0["errors"][0]["message"]);
        assert!(message.contains("Nothing was changed"), "{message}");
    }
    open.send_replace(true);
    admin.trigger("after").await;
    assert_eq!(admin.log().await.len(), 2);
    world.end().await;
}
