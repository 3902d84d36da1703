//! Workers that are away for longer than their claim holds, answers that come late or never, and clocks that are wrong.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use tocsin_entity::{
    kinds::PostState,
    slack::{incident, post},
};
use tocsin_simulator::{Fault, FaultKind};

use super::{
    crashes::Process,
    stage::{PATIENCE, Stage},
};

/// Waits until Slack has a call that its fault spoils.
async fn until_met(stage: &Stage) {
    let met = async {
        while stage.slack.faults_left() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.expect("a call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_paused_during_a_limit_doubles_nothing() {
    let stage = Stage::empty().await;
    let paused = Process::start_on_one_thread(&stage).await;
    let id = stage.tracker.trigger("Payments are failing");
    let kind = FaultKind::LateLimit {
        seconds: 1.0,
        retry_after: 1,
    };
    stage.slack.add_fault(Fault::on("chat.postMessage", kind));
    paused.queue().enqueue(&stage.job(id));
    until_met(&stage).await;
    let resume = paused.pause().await;
    let other = Process::start(&stage).await;
    stage.until_shown(id).await;
    let posted = stage.message();

    // It reads that it is to come back later, and would write that over what the other has done.
    drop(resume);
    stage.until(|_| stage.calls("chat.update") > 0).await;
    stage.until_shown(id).await;
    let root = stage.root(id).await;
    assert_eq!(root.ts.as_ref(), Some(&posted.ts), "{root:#?}");

    stage.tracker.acknowledge(id);
    paused.queue().enqueue(&stage.job(id));
    stage.until_shown(id).await;
    let message = stage.message();
    assert_eq!(message.ts, posted.ts);
    assert!(message.text.contains("Acknowledged"), "{}", message.text);
    paused.kill();
    other.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_slack_takes_eleven_seconds_after_its_worker_died_is_not_sent_again() {
    let stage = Stage::empty().await;
    let process = Process::start(&stage).await;
    let id = stage.tracker.trigger("Payments are failing");
    let late = FaultKind::Slow { seconds: 11.0 };
    stage.slack.add_fault(Fault::on("chat.postMessage", late));
    process.queue().enqueue(&stage.job(id));
    until_met(&stage).await;
    process.kill();
    let next = Process::start(&stage).await;
    stage.until_shown(id).await;
    assert_eq!(stage.message().ts, stage.root(id).await.ts.expect("its place"));
    assert_eq!(stage.calls("chat.postMessage"), 1);
    next.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_beyond_all_bounds_stops_one_channel_and_no_worker() {
    let stage = Stage::set().await;
    let channel = stage.slack.channel("incidents").expect("a channel").id;
    let limit = FaultKind::RateLimited {
        retry_after: u64::MAX,
    };
    stage.slack.add_fault(Fault {
        channel: Some(channel),
        ..Fault::on("chat.postMessage", limit)
    });
    stage.tracker.connector("second", "#second");
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    let row = stage.until_row(id, |row| row.attempts > 0).await;
    assert!(
        row.due_at < tocsin_clock::machine_now() + Duration::from_secs(3_600),
        "{row:#?}"
    );
    stage.until_messages("second", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_off_for_an_hour_by_a_wrong_clock_is_shown_when_the_clock_is_right() {
    let mut stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    stage.stop().await;
    stage.tracker.acknowledge(id);
    let hour = tocsin_clock::machine_now() + Duration::from_secs(3_600);
    incident::Entity::update_many()
        .col_expr(
            incident::Column::WantedVersion,
            Expr::value(stage.tracker.version(id)),
        )
        .col_expr(incident::Column::DueAt, Expr::value(hour))
        .col_expr(incident::Column::ClaimedBy, Expr::value(Some("gone")))
        .col_expr(incident::Column::ClaimedUntil, Expr::value(Some(hour)))
        .filter(incident::Column::IncidentId.eq(id))
        .exec(stage.world.database.write())
        .await
        .expect("a row that a wrong clock has written");
    stage.start();
    stage.until_shown(id).await;
    assert!(stage.message().text.contains("Acknowledged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_a_wrong_clock_put_on_record_is_looked_up_and_not_sent_again() {
    let mut stage = Stage::set().await;
    let id = stage.tracker.trigger("Payments are failing");
    stage.ring(id);
    stage.until_shown(id).await;
    let before = stage.message().ts;
    stage.stop().await;
    stage.tracker.acknowledge(id);
    let hour = tocsin_clock::machine_now() + Duration::from_secs(3_600);
    post::Entity::update_many()
        .col_expr(post::Column::State, Expr::value(PostState::Sending))
        .col_expr(post::Column::Ts, Expr::value(None::<String>))
        .col_expr(post::Column::SentAt, Expr::value(Some(hour)))
        .filter(post::Column::IncidentId.eq(id))
        .exec(stage.world.database.write())
        .await
        .expect("a record that a wrong clock has written");
    stage.start();
    stage.ring(id);
    stage.until_shown(id).await;
    let message = stage.message();
    assert_eq!(message.ts, before);
    assert!(message.text.contains("Acknowledged"), "{}", message.text);
}
