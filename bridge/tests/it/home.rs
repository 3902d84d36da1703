//! Home tabs.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::json;
use tocsin_bridge::Pace;
use tocsin_entity::{
    kinds::InboxState,
    slack::{home, inbox},
};
use tocsin_simulator::{CallLimits, Fault, FaultKind, Snapshot};

use crate::outbound::stage::{PATIENCE, Stage};
use crate::transport::{Transport, over_each_transport};

async fn stage(transport: Transport) -> Stage {
    let stage = Stage::over(transport, CallLimits::none(), Pace::Unlimited, |config| {
        crate::world::SECRET.clone_into(&mut config.signing_secret);
    })
    .await;
    if transport == Transport::Http {
        stage.serve().await;
    }
    stage.tracker.member("Alice Archer", "RESPONDER");
    stage.tracker.member("Bob Baker", "STAKEHOLDER");
    stage
}

fn id(stage: &Stage, name: &str) -> String {
    let people = stage.slack.snapshot().people;
    let person = people.into_iter().find(|person| person.name == name);
    person.expect("a person").id
}

/// Somebody opens their Home tab.
fn open(stage: &Stage, name: &str) {
    stage.slack.person(name).open_home().expect("a person");
}

fn tab(snapshot: &Snapshot, user: &str) -> String {
    let view = snapshot
        .views
        .iter()
        .find(|view| view.kind == "home" && view.user == user);
    view.map(|view| view.content.to_string()).unwrap_or_default()
}

async fn until(stage: &Stage, name: &str, so: impl Fn(&str) -> bool) -> String {
    let user = id(stage, name);
    stage.until(|snapshot| so(&tab(snapshot, &user))).await;
    tab(&stage.slack.snapshot(), &user)
}

/// Waits until the tabs were published so often.
async fn until_published(stage: &Stage, times: usize) {
    let published = async {
        while stage.calls("views.publish") < times {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, published)
        .await
        .expect("published in time");
}

over_each_transport!(
    a_member_sees_what_is_theirs_first_and_everything_once,
    an_open_tab_follows_the_incidents_and_what_is_the_same_is_not_published_again,
    a_tab_that_slack_has_lost_is_published_again_though_nothing_changed,
    who_is_not_linked_or_may_only_read_is_told_so,
    a_tab_is_published_when_the_api_answers_again,
    what_is_done_on_the_tab_is_seen_there,
);

async fn a_member_sees_what_is_theirs_first_and_everything_once(transport: Transport) {
    let stage = stage(transport).await;
    let recent = stage.tracker.trigger("Search is slow");
    let taken = stage.tracker.trigger("Disks are full");
    stage.tracker.acknowledge(taken);
    let assigned = stage.tracker.trigger("Payments are failing");
    let alice = json!([{"name": "Alice Archer"}]);
    stage
        .tracker
        .change(assigned, "REASSIGNED", json!({"assignees": alice}), json!({}));
    open(&stage, "alice");
    let tab = until(&stage, "alice", |tab| tab.contains("Search is slow")).await;
    let at = |text: &str| tab.find(text).unwrap_or_else(|| panic!("{text}: {tab}"));
    assert!(at("Assigned to you") < at("Payments are failing"));
    assert!(at("Payments are failing") < at("Your open incidents"));
    assert!(at("Your open incidents") < at("Disks are full"));
    assert!(at("Disks are full") < at("Recent incidents"));
    assert!(at("Recent incidents") < at("Search is slow"));
    for title in ["Payments are failing", "Disks are full", "Search is slow"] {
        // Each button names it as well.
        assert_eq!(tab.matches(&format!(" {title}>")).count(), 1, "{title}: {tab}");
    }
    for incident in [recent, taken, assigned] {
        assert!(
            tab.contains(&format!("\"block_id\":\"incident:{incident}:0\"")),
            "{tab}"
        );
    }
    for action in ["create_incident", "acknowledge", "resolve", "more"] {
        assert!(
            tab.contains(&format!("\"action_id\":\"{action}\"")),
            "{action}: {tab}"
        );
    }
}

async fn an_open_tab_follows_the_incidents_and_what_is_the_same_is_not_published_again(transport: Transport) {
    let stage = stage(transport).await;
    let incident = stage.tracker.trigger("Payments are failing");
    open(&stage, "alice");
    until(&stage, "alice", |tab| tab.contains("Triggered")).await;
    stage.tracker.acknowledge(incident);
    until(&stage, "alice", |tab| tab.contains("Acknowledged by")).await;
    open(&stage, "alice");
    let opened = stage.world.inbox().await.pop().expect("a request");
    while inbox::Entity::find_by_id(opened.id)
        .filter(inbox::Column::State.eq(InboxState::Done))
        .one(stage.world.database.read())
        .await
        .expect("the inbox")
        .is_none()
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stage.tracker.trigger("Disks are full");
    until(&stage, "alice", |tab| tab.contains("Disks are full")).await;
    until_published(&stage, 3).await;
    assert_eq!(
        stage.calls("views.publish"),
        3,
        "triggered, acknowledged, another"
    );
}

async fn a_tab_that_slack_has_lost_is_published_again_though_nothing_changed(transport: Transport) {
    let stage = stage(transport).await;
    stage.tracker.trigger("Payments are failing");
    open(&stage, "alice");
    until(&stage, "alice", |tab| tab.contains("Payments")).await;
    let event = json!({"type": "app_home_opened", "user": id(&stage, "alice"), "channel": "D1", "tab": "home", "view": null});
    let request =
        json!({"type": "event_callback", "team_id": stage.slack.id(), "event_id": "EvLost", "event": event});
    let answer = stage.world.post("/slack/events", request.to_string()).await;
    assert_eq!(answer.status, axum::http::StatusCode::OK);
    until_published(&stage, 2).await;
}

async fn who_is_not_linked_or_may_only_read_is_told_so(transport: Transport) {
    let stage = stage(transport).await;
    stage.tracker.trigger("Payments are failing");
    open(&stage, "guest");
    let told = until(&stage, "guest", |tab| !tab.is_empty()).await;
    assert!(
        told.contains("(NOT_LINKED)") && !told.contains("Payments"),
        "{told}"
    );
    open(&stage, "bob");
    let told = until(&stage, "bob", |tab| tab.contains("Payments")).await;
    assert!(told.contains("(READ_ONLY)"), "{told}");
    assert!(!told.contains("\"action_id\""), "{told}");
}

async fn a_tab_is_published_when_the_api_answers_again(transport: Transport) {
    let stage = stage(transport).await;
    stage.tracker.trigger("Payments are failing");
    stage.tracker.set_down(true);
    open(&stage, "alice");
    stage.tracker.set_down(false);
    until(&stage, "alice", |tab| tab.contains("Payments")).await;
}

async fn what_is_done_on_the_tab_is_seen_there(transport: Transport) {
    let stage = stage(transport).await;
    stage.tracker.trigger("Payments are failing");
    open(&stage, "alice");
    until(&stage, "alice", |tab| tab.contains("Payments")).await;
    let answer = stage.slack.person("alice").click_in_view("acknowledge").await;
    assert!(answer.expect("a button").is_ok());
    until(&stage, "alice", |tab| tab.contains("Acknowledged by")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_another_worker_took_over_meanwhile_is_published_once_more() {
    let stage = stage(Transport::Http).await;
    stage.tracker.trigger("Search is slow");
    let slow = FaultKind::Slow { seconds: 2.0 };
    stage.slack.add_fault(Fault::on("views.publish", slow));
    open(&stage, "alice");
    until_met(&stage).await;
    // Another has claimed it, since this one was away for longer than its claim holds, and has published what it found.
    home::Entity::update_many()
        .col_expr(home::Column::Claim, Expr::col(home::Column::Claim).add(1))
        .col_expr(home::Column::ContentHash, Expr::value(Some("of the other")))
        .exec(stage.world.database.write())
        .await
        .expect("a tab");
    until_published(&stage, 2).await;
    let settled = async {
        loop {
            let read = stage.world.database.read();
            let row = home::Entity::find()
                .one(read)
                .await
                .expect("tabs")
                .expect("a tab");
            if row.shown_version == row.wanted_version && !row.in_doubt && row.claimed_until.is_none() {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let row = tokio::time::timeout(PATIENCE, settled)
        .await
        .expect("it is settled");
    assert_ne!(
        row.content_hash.as_deref(),
        Some("of the other"),
        "nobody knows whose call was the last"
    );
    assert!(tab(&stage.slack.snapshot(), &id(&stage, "alice")).contains("Search is slow"));
}

/// Waits until Slack has the call that a fault spoils.
async fn until_met(stage: &Stage) {
    let met = async {
        while stage.slack.faults_left() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.expect("a call");
}
