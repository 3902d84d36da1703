//! Previews of links, in a simulated workspace: wherever people paste them, and as their incidents change.

use serde_json::json;
use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};
use tocsin_simulator::{Fault, FaultKind, MessageSnapshot, Snapshot};

use crate::transport::{Transport, over_each_transport};
use crate::{outbound::stage::PATIENCE, roundtrip::Scene};

const INCIDENTS: &str = "https://tocsin.example.com/ops/incidents";

fn find(snapshot: &Snapshot, channel: &str, ts: &str) -> Option<MessageSnapshot> {
    let channel = snapshot.channel(channel).expect("a channel");
    let replies = channel.messages.iter().flat_map(|message| &message.replies);
    let mut all = channel.messages.iter().chain(replies);
    all.find(|message| message.ts == ts).cloned()
}

/// Waits until a message has so many previews, and they say all of this.
async fn until_previewed(
    scene: &Scene,
    channel: &str,
    ts: &str,
    count: usize,
    words: &[&str],
) -> MessageSnapshot {
    let shows = |snapshot: &Snapshot| {
        find(snapshot, channel, ts).is_some_and(|message| {
            let said = message.words();
            message.previews().len() == count && words.iter().all(|word| said.contains(word))
        })
    };
    scene.stage.until(shows).await;
    find(&scene.slack().snapshot(), channel, ts).expect("the message")
}

async fn preview(scene: &Scene) -> post::Model {
    let mut posts = scene.stage.posts(scene.incident).await;
    posts.retain(|post| post.kind == PostKind::Unfurl);
    assert_eq!(posts.len(), 1, "{posts:#?}");
    posts.remove(0)
}

over_each_transport!(
    a_preview_tells_what_is_asked_about_an_incident_and_follows_it,
    several_links_in_one_message_of_a_thread_have_a_preview_each,
    a_preview_that_slack_takes_no_longer_does_not_take_the_others_with_it,
    incidents_that_change_together_all_keep_their_previews_in_one_message,
    the_preview_of_a_postmortem_follows_it_though_no_event_tells_of_it,
    a_preview_whose_message_is_gone_ends_with_the_reason_on_record,
    a_preview_that_slack_refuses_for_good_ends_with_the_reason_on_record,
);

async fn a_preview_tells_what_is_asked_about_an_incident_and_follows_it(transport: Transport) {
    let scene = Scene::set(transport).await;
    let assignees = json!([{"name": "Carol Chen"}, {"name": "Alice Archer"}]);
    let fields = json!({"assignees": assignees});
    scene
        .stage
        .tracker
        .change(scene.incident, "REASSIGNED", fields, json!({}));
    let alice = scene.slack().person("alice");
    let ts = alice
        .post(
            "general",
            &format!("see {INCIDENTS}/1?tab=timeline#latest please"),
        )
        .expect("a message");
    let told = [
        "Triggered",
        "High",
        "SEV2",
        "payments",
        "Carol Chen, Alice Archer",
        "Age",
        "Cards are declined.",
    ];
    let message = until_previewed(&scene, "general", &ts, 1, &told).await;
    assert_eq!(
        message.previews()[0]["app_unfurl_url"],
        format!("{INCIDENTS}/1?tab=timeline#latest")
    );
    scene.stage.tracker.resolve(scene.incident, "Rolled back.");
    scene.stage.ring(scene.incident);
    until_previewed(&scene, "general", &ts, 1, &["Resolved by", "less than a minute"]).await;
}

async fn several_links_in_one_message_of_a_thread_have_a_preview_each(transport: Transport) {
    let scene = Scene::set(transport).await;
    let other = scene.stage.tracker.trigger("Disks are full");
    scene.stage.ring(other);
    let alice = scene.slack().person("alice");
    let root = alice.post("general", "what is this?").expect("a message");
    let text = format!(
        "{INCIDENTS}/1 and <{INCIDENTS}/2/?a=b|that>, not {INCIDENTS}/3 nor https://other.example.com/incidents/1"
    );
    let ts = alice.reply("general", &root, &text).expect("a reply");
    until_previewed(
        &scene,
        "general",
        &ts,
        2,
        &["Payments are failing", "Disks are full"],
    )
    .await;
    scene.stage.tracker.acknowledge(other);
    scene.stage.ring(other);
    until_previewed(
        &scene,
        "general",
        &ts,
        2,
        &["Acknowledged by", "Payments are failing"],
    )
    .await;
}

async fn a_preview_that_slack_takes_no_longer_does_not_take_the_others_with_it(transport: Transport) {
    let scene = Scene::set(transport).await;
    let other = scene.stage.tracker.trigger("Disks are full");
    scene.stage.ring(other);
    let alice = scene.slack().person("alice");
    let text = format!("{INCIDENTS}/1 and {INCIDENTS}/2");
    let ts = alice.post("general", &text).expect("a message");
    until_previewed(
        &scene,
        "general",
        &ts,
        2,
        &["Payments are failing", "Disks are full"],
    )
    .await;
    // Slack does not say which link it knows no longer.
    let error = "cannot_unfurl_url".to_owned();
    let refused = Fault::on("chat.unfurl", FaultKind::Error { error }).times(Some(1));
    scene.slack().add_fault(refused);
    scene.stage.tracker.acknowledge(other);
    scene.stage.ring(other);
    let told = ["Acknowledged by", "Payments are failing"];
    until_previewed(&scene, "general", &ts, 2, &told).await;
    scene.stage.until_shown(other).await;
    let posts = scene.stage.posts(other).await;
    let preview = posts.iter().find(|post| post.kind == PostKind::Unfurl);
    assert_eq!(
        preview.map(|post| (post.state, post.attempts)),
        Some((PostState::Updated, 1)),
        "it was not tried again"
    );
}

async fn incidents_that_change_together_all_keep_their_previews_in_one_message(transport: Transport) {
    let scene = Scene::set(transport).await;
    let mut all = vec![scene.incident];
    for title in ["Disks are full", "Mail is late", "Logins fail", "Queues grow"] {
        all.push(scene.stage.tracker.trigger(title));
    }
    let links: Vec<String> = (1..=all.len()).map(|n| format!("{INCIDENTS}/{n}")).collect();
    let alice = scene.slack().person("alice");
    let ts = alice.post("general", &links.join(" ")).expect("a message");
    until_previewed(&scene, "general", &ts, all.len(), &[]).await;
    for incident in &all {
        scene.stage.tracker.acknowledge(*incident);
        scene.stage.ring(*incident);
    }
    for incident in &all {
        scene.stage.until_shown(*incident).await;
    }
    let message = find(&scene.slack().snapshot(), "general", &ts).expect("the message");
    assert_eq!(message.previews().len(), all.len());
    let shown = message.words().matches("Acknowledged by").count();
    assert_eq!(shown, all.len(), "{}", message.words());
}

async fn the_preview_of_a_postmortem_follows_it_though_no_event_tells_of_it(transport: Transport) {
    let scene = Scene::set(transport).await;
    let tracker = &scene.stage.tracker;
    tracker.postmortem(
        scene.incident,
        "DRAFT",
        "## Summary\n\nCards were declined.\n\n## Impact\n\nMany.",
    );
    let link = format!("{INCIDENTS}/1/postmortem");
    // Bob is a stakeholder: a draft is not for him.
    let hidden = scene
        .slack()
        .person("bob")
        .post("general", &link)
        .expect("a message");
    let ts = scene
        .slack()
        .person("alice")
        .post("general", &link)
        .expect("a message");
    let told = [
        "Post-mortem: Payments failed",
        "Draft",
        "Alice Archer",
        "Cards were declined.",
    ];
    until_previewed(&scene, "general", &ts, 1, &told).await;
    scene.until_worked("link_shared", 2).await;
    tracker.postmortem(scene.incident, "PUBLISHED", "## Summary\n\nA bad release.");
    until_previewed(&scene, "general", &ts, 1, &["Published", "A bad release."]).await;
    let hidden = find(&scene.slack().snapshot(), "general", &hidden).expect("a message");
    assert!(hidden.previews().is_empty(), "{hidden:#?}");
}

async fn a_preview_whose_message_is_gone_ends_with_the_reason_on_record(transport: Transport) {
    let scene = Scene::set(transport).await;
    let alice = scene.slack().person("alice");
    let ts = alice
        .post("general", &format!("{INCIDENTS}/1"))
        .expect("a message");
    until_previewed(&scene, "general", &ts, 1, &[]).await;
    alice.delete("general", &ts).expect("deleted");
    scene.stage.tracker.acknowledge(scene.incident);
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    let ended = preview(&scene).await;
    assert_eq!(ended.state, PostState::Failed);
    let reason = ended.last_error.expect("a reason");
    assert!(reason.contains("cannot_find_message"), "{reason}");
    let calls = scene.stage.calls("chat.unfurl");
    scene.stage.tracker.resolve(scene.incident, "Done.");
    scene.stage.ring(scene.incident);
    tokio::time::timeout(PATIENCE, scene.stage.until_shown(scene.incident))
        .await
        .expect("shown");
    assert_eq!(scene.stage.calls("chat.unfurl"), calls, "it is not tried again");
}

async fn a_preview_that_slack_refuses_for_good_ends_with_the_reason_on_record(transport: Transport) {
    let scene = Scene::set(transport).await;
    let kind = FaultKind::Error {
        error: "cannot_unfurl_message".to_owned(),
    };
    scene
        .slack()
        .add_fault(Fault::on("chat.unfurl", kind).times(None));
    let alice = scene.slack().person("alice");
    alice
        .post("general", &format!("{INCIDENTS}/1"))
        .expect("a message");
    let ended = async {
        loop {
            let posts = scene.stage.posts(scene.incident).await;
            let ended = posts
                .into_iter()
                .find(|post| post.kind == PostKind::Unfurl && post.state == PostState::Failed);
            match ended {
                Some(ended) => return ended,
                None => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ended).await.expect("an end");
    let reason = ended.last_error.expect("a reason");
    assert!(reason.contains("cannot_unfurl_message"), "{reason}");
    let calls = scene.stage.calls("chat.unfurl");
    scene.stage.tracker.resolve(scene.incident, "Done.");
    scene.stage.ring(scene.incident);
    scene.stage.until_shown(scene.incident).await;
    assert_eq!(scene.stage.calls("chat.unfurl"), calls, "it is not tried again");
}
