//! People of other companies, in channels that are shared by Slack Connect, and guests.

use axum::http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tocsin_entity::{
    kinds::{InboxState, PostKind},
    slack::{inbox, post},
};

use super::stage::{Stage, user};

const URL: &str = "https://tocsin.example.com/ops/incidents/42";

/// Another company has this person, and says that their address is that of a member here.
fn partner() -> Value {
    let mut partner = user("Ada", Some("ada@example.com"));
    partner["team_id"] = json!("T9");
    partner
}

/// An event in a shared channel, as Slack sends it: it happened in the other company's workspace.
async fn shared_event(stage: &Stage, id: &str, event: Value) -> inbox::Model {
    let request = json!({"type": "event_callback", "team_id": "T9", "context_team_id": "T1", "event_id": id, "event": event,
        "authorizations": [{"team_id": "T1", "enterprise_id": null, "user_id": "UBOT", "is_bot": true, "is_enterprise_install": false}],
        "is_ext_shared_channel": true});
    let answer = stage.world.post("/slack/events", request.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    stage.worked(&stage.last().await).await
}

async fn stage_with(person: &Value) -> Stage {
    let stage = Stage::set().await;
    stage
        .acted
        .answer("users.info", json!({"ok": true, "user": person}));
    stage.is_member("OWNER", None);
    stage
}

fn reply() -> Value {
    json!({"type": "message", "user": "U1", "user_team": "T9", "source_team": "T9", "channel": "C1", "ts": "2.0", "thread_ts": "1.0",
        "text": "We see it too"})
}

#[tokio::test]
async fn a_partner_s_reply_is_a_comment_under_their_own_name_and_never_a_member_s() {
    let stage = stage_with(&partner()).await;
    stage.comments_are_taken();
    let row = shared_event(&stage, "Ev1", reply()).await;
    assert_eq!(
        (row.state, row.team_id.as_deref()),
        (InboxState::Done, Some("T1"))
    );
    let added = stage.acted.call("AddComment");
    assert_eq!(
        added.on_behalf_of, None,
        "their administrators say what their address is"
    );
    assert_eq!(added.arguments["input"]["slackAuthor"]["name"], "Ada (external)");
}

#[tokio::test]
async fn a_partner_of_whom_slack_says_nothing_has_the_name_that_the_message_brings() {
    let stage = Stage::set().await;
    stage
        .acted
        .answer("users.info", json!({"ok": false, "error": "user_not_visible"}));
    stage.comments_are_taken();
    let mut said = reply();
    said["user_profile"] = json!({"display_name": "", "real_name": "Zoe of the partner"});
    shared_event(&stage, "Ev1", said).await;
    let added = stage.acted.call("AddComment");
    assert_eq!(
        added.arguments["input"]["slackAuthor"]["name"],
        "Zoe of the partner (external)"
    );
}

#[tokio::test]
async fn a_partner_s_press_is_answered_in_words_that_fit_them() {
    let stage = stage_with(&partner()).await;
    stage.acted.answer("respond", json!({}));
    let press = json!({"type": "block_actions", "team": {"id": "T9", "domain": "partner"}, "user": {"id": "U1", "team_id": "T9"},
        "trigger_id": "1.2.3", "container": {"type": "message", "message_ts": stage.today, "channel_id": "C1"},
        "channel": {"id": "C1"}, "message": {"bot_id": "BBOT", "team": "T1", "ts": stage.today},
        "response_url": stage.acted.response_url(),
        "actions": [{"type": "button", "action_id": "acknowledge", "value": stage.incident, "action_ts": "5.0"}]});
    assert_eq!(stage.world.interact(&press).await.status, StatusCode::OK);
    stage.worked(&stage.last().await).await;
    let told = stage.acted.call("respond").arguments;
    let text = told["text"].as_str().expect("text");
    assert!(text.ends_with("(EXTERNAL)."), "{text}");
    assert!(!text.contains("link yourself"), "they can't: {text}");
    assert!(stage.acted.calls("AcknowledgeIncident").is_empty());
}

async fn previews(stage: &Stage) -> Vec<post::Model> {
    let all = post::Entity::find().filter(post::Column::Kind.eq(PostKind::Unfurl));
    all.all(stage.world.database.read()).await.expect("posts")
}

fn link(ts: &str) -> Value {
    json!({"type": "link_shared", "channel": "C2", "user": "U1", "message_ts": ts, "links": [{"url": URL}]})
}

fn incident_is_there(stage: &Stage) {
    stage.links_show(&[stage.incident_fields(42)], false);
}

#[tokio::test]
async fn outsiders_paste_links_without_a_preview() {
    for (what, value) in [
        ("is_restricted", json!(true)),
        ("is_ultra_restricted", json!(true)),
        ("is_stranger", json!(true)),
        ("is_bot", json!(true)),
        ("deleted", json!(true)),
        ("team_id", json!("T9")),
    ] {
        let mut outsider = user("Ada", Some("ada@example.com"));
        outsider[what] = value;
        let stage = stage_with(&outsider).await;
        incident_is_there(&stage);
        let row = stage.event("Ev1", link("3.3")).await;
        stage.worked(&row).await;
        assert!(previews(&stage).await.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_shared_channel_has_no_preview_whoever_pastes_the_link() {
    let stage = stage_with(&user("Ada", Some("ada@example.com"))).await;
    incident_is_there(&stage);
    shared_event(&stage, "Ev1", link("3.3")).await;
    assert!(previews(&stage).await.is_empty());
    let row = stage.event("Ev2", link("3.4")).await;
    stage.worked(&row).await;
    assert_eq!(
        previews(&stage).await.len(),
        1,
        "in a channel of their own there is one"
    );
}

#[tokio::test]
async fn a_preview_is_hidden_when_another_company_comes_into_the_channel_and_shown_when_it_is_gone() {
    let stage = stage_with(&user("Ada", Some("ada@example.com"))).await;
    incident_is_there(&stage);
    let row = stage.event("Ev1", link("3.3")).await;
    stage.worked(&row).await;
    let is_hidden = async || {
        let found = previews(&stage).await.pop().expect("a preview");
        found.address.expect("an address")["is_hidden"] == true
    };
    assert!(!is_hidden().await);
    for (number, (event, is_shared)) in [("channel_shared", true), ("channel_unshared", false)]
        .into_iter()
        .enumerate()
    {
        let channel = json!({"id": "C2", "name": "partners", "is_ext_shared": is_shared});
        stage
            .acted
            .answer("conversations.info", json!({"ok": true, "channel": channel}));
        let told = json!({"type": event, "channel": "C2", "connected_team_id": "T9"});
        let row = stage.event(&format!("EvShared{number}"), told).await;
        stage.worked(&row).await;
        assert_eq!(is_hidden().await, is_shared, "{event}");
    }
}

#[tokio::test]
async fn a_person_who_becomes_a_guest_is_one_at_once() {
    let stage = stage_with(&user("Ada", Some("ada@example.com"))).await;
    incident_is_there(&stage);
    let row = stage.event("Ev1", link("3.3")).await;
    stage.worked(&row).await;
    let mut guest = user("Ada", Some("ada@example.com"));
    guest["is_restricted"] = json!(true);
    let row = stage
        .event("Ev2", json!({"type": "user_change", "user": guest}))
        .await;
    stage.worked(&row).await;
    let row = stage.event("Ev3", link("3.4")).await;
    stage.worked(&row).await;
    assert_eq!(previews(&stage).await.len(), 1, "the first alone");
}
