//! Dialogs as people fill them in, menus, and shortcuts.

use serde_json::{Map, Value, json};
use tocsin_simulator::SimulatorConfig;

use crate::app::Reply;
use crate::slack::{PATIENCE, Slack, config};

/// A dialog with a text that must be given, a choice that is made already, and a menu that the app fills.
fn dialog() -> Value {
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    json!({
        "type": "modal", "callback_id": "resolve", "private_metadata": "inc_1", "title": text("Resolve"), "submit": text("Resolve"),
        "blocks": [
            {"type": "input", "block_id": "note", "label": text("Note"),
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 10}},
            {"type": "input", "block_id": "urgency", "label": text("Urgency"), "optional": true, "element": {
                "type": "static_select", "action_id": "chosen", "options": [
                    {"text": text("High"), "value": "HIGH"}, {"text": text("Low"), "value": "LOW"}],
                "initial_option": {"text": text("High"), "value": "HIGH"}}},
            {"type": "input", "block_id": "who", "label": text("Who"), "optional": true, "element": {
                "type": "multi_external_select", "action_id": "people", "min_query_length": 2}},
        ],
    })
}

/// Has the app open a dialog for bob, who has used a shortcut.
async fn opened(slack: &Slack) {
    let answer = slack.sim.person("bob").shortcut("create_incident").await.unwrap();
    assert!(answer.is_ok(), "{answer:?}");
    let used = slack
        .app
        .wait_for(1, |t| t.path == "interactions")
        .await
        .pop()
        .unwrap();
    assert_eq!(used.body["type"], "shortcut");
    assert_eq!(used.body["callback_id"], "create_incident");
    assert!(used.body["channel"].is_null() && used.body["response_url"].is_null());
    let trigger = used.body["trigger_id"].clone();
    slack
        .ok("views.open", json!({"trigger_id": trigger, "view": dialog()}))
        .await;
    slack
        .refused("views.open", json!({"trigger_id": trigger, "view": dialog()}))
        .await;
}

fn values(given: &[(&str, Value)]) -> Map<String, Value> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

#[tokio::test]
async fn a_submitted_dialog_carries_what_was_put_in_and_closes_where_the_app_says_nothing() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let bob = slack.sim.person("bob");
    let answer = bob.submit(values(&[("note", json!("Rolled back"))])).await;
    assert!(answer.unwrap_err().to_string().contains("too long"));
    let answer = bob.submit(Map::new()).await;
    assert!(answer.unwrap_err().to_string().contains("\"note\" is required"));
    let answer = bob
        .submit(values(&[("note", json!("Fixed")), ("urgency", json!("MEDIUM"))]))
        .await;
    assert!(answer.unwrap_err().to_string().contains("not among the options"));

    let answer = bob.submit(values(&[("note", json!("Fixed"))])).await.unwrap();
    assert!(answer.is_ok(), "{answer:?}");
    let sent = slack
        .app
        .wait_for(2, |t| t.path == "interactions")
        .await
        .pop()
        .unwrap()
        .body;
    assert_eq!(sent["type"], "view_submission");
    assert_eq!(sent["view"]["private_metadata"], "inc_1");
    let state = &sent["view"]["state"]["values"];
    assert_eq!(
        state["note"]["text"],
        json!({"type": "plain_text_input", "value": "Fixed"})
    );
    assert_eq!(state["urgency"]["chosen"]["selected_option"]["value"], "HIGH");
    assert_eq!(state["who"]["people"]["selected_options"], json!([]));
    assert!(bob.views().unwrap().is_empty(), "it is closed");
}

#[tokio::test]
async fn what_the_app_says_of_the_inputs_keeps_the_dialog_open() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let bob = slack.sim.person("bob");
    let good = || values(&[("note", json!("Fixed"))]);
    slack.app.answer_next(
        "interactions",
        &[Reply::Json(
            json!({"response_action": "errors", "errors": {"note": "Say more."}}),
        )],
    );
    let answer = bob.submit(good()).await.unwrap();
    assert_eq!(answer.error.as_deref(), Some("note: Say more."));
    // Slack knows the blocks by their names, not their elements; and nothing but its own words.
    for wrong in [
        json!({"response_action": "errors", "errors": {"text": "Say more."}}),
        json!({"response_action": "errors", "errors": {}}),
        json!({}),
        json!({"text": "done"}),
    ] {
        slack
            .app
            .answer_next("interactions", &[Reply::Json(wrong.clone())]);
        let answer = bob.submit(good()).await.unwrap();
        assert!(
            answer
                .error
                .is_some_and(|told| told.contains("trouble connecting")),
            "{wrong}"
        );
        assert_eq!(bob.views().unwrap().len(), 1, "{wrong}");
    }
    slack.app.answer_next("interactions", &[Reply::Status(500)]);
    assert!(!bob.submit(good()).await.unwrap().is_ok());

    slack.app.answer_next(
        "interactions",
        &[Reply::Json(json!({"response_action": "push", "view": dialog()}))],
    );
    assert!(bob.submit(good()).await.unwrap().is_ok());
    assert_eq!(bob.views().unwrap().len(), 2);
    slack.app.answer_next(
        "interactions",
        &[Reply::Json(json!({"response_action": "clear"}))],
    );
    assert!(bob.submit(good()).await.unwrap().is_ok());
    assert!(bob.views().unwrap().is_empty());
    let answer = tokio::time::timeout(PATIENCE, bob.close()).await.unwrap();
    assert!(answer.unwrap_err().to_string().contains("no dialog is open"));
}

#[tokio::test]
async fn a_choice_in_a_menu_reaches_the_app_and_others_are_not_offered() {
    let slack = Slack::start().await;
    let option =
        |text: &str, value: &str| json!({"text": {"type": "plain_text", "text": text}, "value": value});
    let blocks = json!([{"type": "actions", "block_id": "incident:inc_1:0", "elements": [{"type": "static_select",
        "action_id": "more", "placeholder": {"type": "plain_text", "text": "More"},
        "options": [option("Mute sync", "mute"), option("Snooze", "snooze:1h")]}]}]);
    let args = json!({"channel": slack.id("incidents"), "text": "#1", "blocks": blocks});
    let ts = slack.ok("chat.postMessage", args).await["ts"]
        .as_str()
        .unwrap()
        .to_owned();
    let bob = slack.sim.person("bob");
    let wrong = bob.choose("incidents", &ts, "more", "escalate").await;
    assert!(wrong.unwrap_err().to_string().contains("not among the options"));
    assert!(
        bob.choose("incidents", &ts, "more", "Snooze")
            .await
            .unwrap()
            .is_ok()
    );
    let sent = slack
        .app
        .wait_for(1, |t| t.path == "interactions")
        .await
        .pop()
        .unwrap()
        .body;
    let action = &sent["actions"][0];
    assert_eq!(
        (&action["type"], &action["block_id"]),
        (&json!("static_select"), &json!("incident:inc_1:0"))
    );
    assert_eq!(action["selected_option"], option("Snooze", "snooze:1h"));
}

#[tokio::test]
async fn what_opens_a_dialog_does_so_for_a_few_seconds_alone() {
    let slack = Slack::with(SimulatorConfig {
        trigger_lives: std::time::Duration::ZERO,
        ..config()
    })
    .await;
    slack.sim.person("bob").shortcut("create_incident").await.unwrap();
    let used = slack
        .app
        .wait_for(1, |t| t.path == "interactions")
        .await
        .pop()
        .unwrap();
    let late = json!({"trigger_id": used.body["trigger_id"], "view": dialog()});
    assert_eq!(slack.refused("views.open", late).await, "expired_trigger_id");
}
