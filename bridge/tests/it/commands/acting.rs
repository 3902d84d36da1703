use serde_json::Value;

use crate::roundtrip::Scene;
use crate::transport::{Transport, over_each_transport};

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect()
}

over_each_transport!(
    an_incident_is_worked_by_commands_from_beginning_to_end,
    a_note_of_which_nothing_is_left_is_not_said_to_be_there,
    a_button_of_a_list_acts_with_the_persons_rights_and_says_so,
    who_may_not_is_told_why_and_nothing_is_done,
    a_command_that_slack_sends_again_is_done_once,
    who_unlinks_themselves_is_nobody_until_they_link_again,
    a_member_is_given_a_link_to_sign_in_that_nobody_else_sees,
    what_is_asked_for_while_the_api_is_away_is_kept_and_done_later,
);

async fn an_incident_is_worked_by_commands_from_beginning_to_end(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "ack #1").await;
    scene.until_said("You acknowledged #1 Payments are failing").await;
    scene.types("alice", "note 1 “restarted *the* gateway”").await;
    scene.until_said("You added a note to #1").await;
    scene.types("alice", "assign 1 @carol").await;
    scene.until_said("(NOT_FOUND)").await;
    let bob = scene.id_of("bob");
    scene.types("alice", &format!("assign 1 <@{bob}|bob>, me")).await;
    scene
        .until_said("has read-only access and can't work incidents (READ_ONLY)")
        .await;
    scene.types("alice", "assign 1 me").await;
    scene
        .until_said("You assigned #1 Payments are failing to Alice Archer")
        .await;
    scene.types("alice", "snooze 1 2h").await;
    scene.until_said("You snoozed #1").await;
    scene.types("alice", "resolve 1 Rolled back.").await;
    scene
        .until_said("You resolved #1 Payments are failing with your note")
        .await;
    scene.types("alice", "resolve 1 late note").await;
    scene.until_said("so your note was not saved").await;
    let entries = scene.stage.tracker.entries(scene.incident);
    assert_eq!(
        kinds(&entries),
        [
            "TRIGGERED",
            "ACKNOWLEDGED",
            "COMMENT",
            "REASSIGNED",
            "SNOOZED",
            "RESOLVED"
        ]
    );
    scene.types("alice", "reopen 1 still broken").await;
    scene.until_said("You reopened #1").await;
    scene.types("alice", "reopen 1").await;
    scene
        .until_said("there is nothing to reopen (NOT_RESOLVED)")
        .await;
    assert_eq!(entries[2]["bodyMarkdown"], "restarted **the** gateway");
    assert_eq!(entries[5]["bodyMarkdown"], "Rolled back.");
    assert!(
        entries
            .iter()
            .all(|entry| entry["author"]["name"] == "Alice Archer")
    );
}

async fn a_button_of_a_list_acts_with_the_persons_rights_and_says_so(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "list").await;
    scene.until_said("incidents 1–1 of 1").await;
    let channel = scene.slack().channel("general").expect("a channel");
    let list = channel.ephemeral.last().expect("the list").ts.clone();
    let alice = scene.slack().person("alice");
    alice
        .click("general", &list, "Acknowledge")
        .await
        .expect("a press");
    scene.until_said("You acknowledged #1 Payments are failing").await;
    scene.stage.until_version(scene.incident, 2).await;
    scene.types("bob", "list").await;
    scene
        .stage
        .until(|snapshot| {
            let channel = snapshot.channel("general").expect("a channel");
            channel.ephemeral.len() == 3
        })
        .await;
    let channel = scene.slack().channel("general").expect("a channel");
    let read_only = format!("{:?}", channel.ephemeral.last());
    assert!(read_only.contains("Payments are failing"), "{read_only}");
    assert!(
        !read_only.contains("\"acknowledge\"") && !read_only.contains("\"resolve\""),
        "a stakeholder has no buttons: {read_only}"
    );
}

async fn who_may_not_is_told_why_and_nothing_is_done(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("bob", "ack 1").await;
    scene.until_said("(READ_ONLY)").await;
    scene.types("guest", "ack 1").await;
    scene.until_said("(NOT_LINKED)").await;
    scene.types("alice", "ack 7").await;
    scene.until_said("(NOT_FOUND)").await;
    assert_eq!(kinds(&scene.stage.tracker.entries(scene.incident)), ["TRIGGERED"]);
    scene.types("alice", "ack 1").await;
    scene.until_said("You acknowledged #1").await;
    scene.stage.tracker.member("Carol Chen", "RESPONDER");
    scene.types("carol", "ack 1").await;
    scene
        .until_said("already acknowledged by Alice Archer (ALREADY_ACKNOWLEDGED)")
        .await;
}

async fn a_command_that_slack_sends_again_is_done_once(transport: Transport) {
    let scene = Scene::set(transport).await;
    let fields = [
        ("command", super::COMMAND.to_owned()),
        ("text", "note 1 once".to_owned()),
        ("user_id", scene.id_of("alice")),
        ("team_id", scene.stage.slack.id()),
        ("channel_id", scene.id_of_channel("general")),
        ("trigger_id", "1.2.3".to_owned()),
    ];
    let body = serde_urlencoded::to_string(fields).expect("a form");
    for _ in 0..3 {
        let answer = scene.stage.world.post("/slack/commands", body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
    }
    scene.until_comments(1).await;
    // What comes after is worked after: by then a second one would be there.
    scene.types("alice", "note 1 last").await;
    let comments = scene.until_comments(2).await;
    let texts: Vec<_> = comments.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["once", "last"]);
    assert_eq!(scene.stage.world.inbox().await.len(), 2);
}

async fn what_is_asked_for_while_the_api_is_away_is_kept_and_done_later(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.stage.tracker.set_down(true);
    scene.types("alice", "ack 1").await;
    scene.until_said("(KEPT)").await;
    scene.stage.tracker.set_down(false);
    scene.until_said("You acknowledged #1").await;
    let told = scene.told("general");
    let kept = told.iter().filter(|text| text.contains("(KEPT)")).count();
    assert_eq!(kept, 1, "once: {told:#?}");
}

async fn who_unlinks_themselves_is_nobody_until_they_link_again(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "unlink").await;
    scene.until_said("You are no longer linked").await;
    scene.types("alice", "ack 1").await;
    scene.until_said("(NOT_LINKED)").await;
    let alice = scene.slack().person("alice");
    alice
        .reply("incidents", &scene.root, "still here")
        .expect("a reply");
    scene.until_comments(1).await;
    scene.types("alice", "link").await;
    scene.until_said("You are linked. You are Alice Archer").await;
    scene.types("alice", "ack 1").await;
    scene.until_said("You acknowledged #1").await;
    let entries = scene.stage.tracker.entries(scene.incident);
    assert_eq!(
        entries[1]["author"]["email"],
        Value::Null,
        "by a name in Slack alone"
    );
    assert_eq!(entries[2]["author"]["email"], "alice@example.com");
    scene.types("guest", "link").await;
    scene
        .until_said("Slack doesn't share your email address with Tocsin")
        .await;
}

async fn a_member_is_given_a_link_to_sign_in_that_nobody_else_sees(transport: Transport) {
    let scene = Scene::set(transport).await;
    let alice = scene.stage.tracker.member_id("alice@example.com");
    let before = scene
        .slack()
        .channel("general")
        .expect("a channel")
        .messages
        .len();
    scene.types("alice", "login").await;
    scene.until_said("Sign in to Tocsin").await;
    scene.until_said("The link works once, for five minutes").await;
    let told = scene.told("general").concat();
    let link = format!("https://tocsin.example.com/ops/sign-in#token=of-{alice}|Sign in to Tocsin");
    assert!(told.contains(&link) && told.contains("Alice Archer"), "{told}");
    // Who is linked to no member is told how to link themselves; a guest, whose address Slack does not share, and a member who is gone are given none.
    scene.types("carol", "login").await;
    scene
        .until_said("link yourself: type /störung link here and follow the steps")
        .await;
    scene.types("guest", "login").await;
    scene
        .until_said("ask an administrator of your organisation whether you are a member")
        .await;
    scene.stage.tracker.deactivate("alice@example.com");
    scene.types("alice", "login").await;
    scene.until_said("(DEACTIVATED)").await;
    let told = scene.told("general").concat();
    assert_eq!(told.matches("(NOT_LINKED)").count(), 2, "{told}");
    assert_eq!(told.matches("#token=").count(), 1, "{told}");
    let channel = scene.slack().channel("general").expect("a channel");
    assert_eq!(channel.messages.len(), before, "nobody else sees it");
}

async fn a_note_of_which_nothing_is_left_is_not_said_to_be_there(transport: Transport) {
    let scene = Scene::set(transport).await;
    scene.types("alice", "resolve 1 >").await;
    scene.until_said("You resolved #1 Payments are failing").await;
    let told = scene.told("general");
    assert!(
        told.iter().all(|told| !told.contains("with your note")),
        "{told:?}"
    );
    let entries = scene.stage.tracker.entries(scene.incident);
    let resolved = entries.last().expect("an entry");
    assert_eq!(
        (&resolved["kind"], &resolved["bodyMarkdown"]),
        (&Value::from("RESOLVED"), &Value::Null)
    );
}
