//! What Slack refuses in menus, dialogs and shortcuts.

use serde_json::{Map, Value, json};

use crate::app::Reply;
use crate::slack::Slack;

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn option(text: &str, value: &str) -> Value {
    json!({"text": plain(text), "value": value})
}

fn dialog(title: &str) -> Value {
    json!({
        "type": "modal", "callback_id": "note", "title": plain(title), "submit": plain("Save"),
        "notify_on_close": true,
        "blocks": [
            {"type": "input", "block_id": "note", "label": plain("Note"),
             "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3, "max_length": 8}},
            {"type": "input", "block_id": "urgency", "label": plain("Urgency"), "optional": true,
             "element": {"type": "static_select", "action_id": "level", "initial_option": option("Low", "low"),
                         "options": [option("Low", "low"), option("High", "high")]}},
            {"type": "input", "block_id": "who", "label": plain("Who"), "optional": true,
             "element": {"type": "multi_external_select", "action_id": "assignees", "min_query_length": 2}},
        ],
    })
}

fn inputs(values: &Value) -> Map<String, Value> {
    values.as_object().unwrap().clone()
}

/// Opens a dialog for alice; its id.
async fn opened(slack: &Slack) -> String {
    let alice = slack.sim.person("alice");
    alice.shortcut("create_incident").await.unwrap();
    let shortcut = slack.app.wait_for(1, |t| t.body["type"] == "shortcut").await;
    let trigger_id = &shortcut.last().unwrap().body["trigger_id"];
    let reply = slack
        .ok(
            "views.open",
            json!({"trigger_id": trigger_id, "view": dialog("Note")}),
        )
        .await;
    reply["view"]["id"].as_str().unwrap().to_owned()
}

async fn submitted(slack: &Slack) -> Value {
    let found = slack
        .app
        .wait_for(1, |t| t.body["type"] == "view_submission")
        .await;
    found.last().unwrap().body.clone()
}

fn titles(slack: &Slack) -> Vec<String> {
    let views = slack.sim.person("alice").views().unwrap();
    let title = |view: &Value| view["title"]["text"].as_str().unwrap().to_owned();
    views.iter().map(title).collect()
}

#[tokio::test]
async fn a_dialog_is_submitted_with_what_was_put_in_and_what_stood_there() {
    let slack = Slack::start().await;
    let id = opened(&slack).await;
    let alice = slack.sim.person("alice");
    assert!(
        alice
            .submit(inputs(&json!({"note": "Fixed."})))
            .await
            .unwrap()
            .is_ok()
    );
    let payload = submitted(&slack).await;
    assert_eq!(payload["view"]["id"], id.as_str());
    assert_eq!(payload["view"]["callback_id"], "note");
    let values = &payload["view"]["state"]["values"];
    assert_eq!(
        values["note"]["text"],
        json!({"type": "plain_text_input", "value": "Fixed."})
    );
    assert_eq!(values["urgency"]["level"]["selected_option"]["value"], "low");
    assert_eq!(values["who"]["assignees"]["selected_options"], json!([]));
    assert!(titles(&slack).is_empty(), "an empty answer closes it");
}

#[tokio::test]
async fn what_the_client_would_not_send_never_reaches_the_app() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let alice = slack.sim.person("alice");
    for values in [
        json!({}),
        json!({"note": ""}),
        json!({"note": "ab"}),
        json!({"note": "far too long"}),
        json!({"note": 12}),
        json!({"note": "Fixed.", "urgency": "extreme"}),
        json!({"note": "Fixed.", "elsewhere": "x"}),
        json!({"note": "Fixed.", "who": [option("Nobody", "never-offered")]}),
    ] {
        let refused = alice.submit(inputs(&values)).await;
        assert!(refused.is_err(), "{values}: {refused:?}");
    }
    assert!(
        slack
            .app
            .taken()
            .iter()
            .all(|t| t.body["type"] != "view_submission")
    );
    assert_eq!(titles(&slack), ["Note"]);
}

#[tokio::test]
async fn errors_are_shown_at_inputs_of_the_dialog_alone() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let alice = slack.sim.person("alice");
    for (answer, shown) in [
        (
            json!({"response_action": "errors", "errors": {"note": "Say more."}}),
            "Say more.",
        ),
        (
            json!({"response_action": "errors", "errors": {"text": "Say more."}}),
            "trouble",
        ),
        (json!({"response_action": "errors", "errors": {}}), "trouble"),
        (json!({"ok": true}), "trouble"),
        (
            json!({"response_action": "update", "view": {"type": "home", "blocks": []}}),
            "trouble",
        ),
    ] {
        slack
            .app
            .answer_next("interactions", &[Reply::Json(answer.clone())]);
        let told = alice.submit(inputs(&json!({"note": "Fixed."}))).await.unwrap();
        assert!(
            told.error.as_deref().unwrap_or_default().contains(shown),
            "{answer}: {told:?}"
        );
        assert_eq!(titles(&slack), ["Note"], "{answer}");
    }
    slack.app.answer_next("interactions", &[Reply::Status(500)]);
    let told = alice.submit(inputs(&json!({"note": "Fixed."}))).await.unwrap();
    assert_eq!((told.status, told.is_ok()), (Some(500), false));
}

#[tokio::test]
async fn an_answer_updates_pushes_and_clears() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let alice = slack.sim.person("alice");
    let answer = |action: &str, title: &str| {
        let json = json!({"response_action": action, "view": dialog(title)});
        slack.app.answer_next("interactions", &[Reply::Json(json)]);
    };
    let note = json!({"note": "Fixed."});
    for (action, title, open) in [
        ("update", "One", vec!["One"]),
        ("push", "Two", vec!["One", "Two"]),
        ("push", "Three", vec!["One", "Two", "Three"]),
    ] {
        answer(action, title);
        assert!(alice.submit(inputs(&note)).await.unwrap().is_ok());
        assert_eq!(titles(&slack), open);
    }
    answer("push", "Four");
    let told = alice.submit(inputs(&note)).await.unwrap();
    assert!(
        !told.is_ok(),
        "a fourth dialog is the app's error, shown to the person"
    );
    assert_eq!(titles(&slack).len(), 3);
    slack.app.answer_next(
        "interactions",
        &[Reply::Json(json!({"response_action": "clear"}))],
    );
    alice.submit(inputs(&note)).await.unwrap();
    assert!(titles(&slack).is_empty());
}

#[tokio::test]
async fn the_app_hears_of_a_closed_dialog_that_it_asked_about() {
    let slack = Slack::start().await;
    let id = opened(&slack).await;
    let alice = slack.sim.person("alice");
    assert!(alice.close().await.unwrap().is_ok());
    let closed = slack.app.wait_for(1, |t| t.body["type"] == "view_closed").await;
    assert_eq!(closed[0].body["view"]["id"], id.as_str());
    assert_eq!(closed[0].body["is_cleared"], false);
    assert!(
        closed[0].body.get("trigger_id").is_none(),
        "closing triggers nothing"
    );
    assert!(alice.close().await.is_err(), "none is open any more");
}

#[tokio::test]
async fn typing_brings_the_apps_options_and_these_can_be_chosen() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let alice = slack.sim.person("alice");
    assert!(alice.suggestions("assignees", "b").await.unwrap().is_empty());
    assert!(
        slack.app.taken().iter().all(|t| t.path != "options"),
        "too short to ask"
    );
    let bob = option("Bob", "user-bob");
    slack
        .app
        .answer_next("options", &[Reply::Json(json!({"options": [bob]}))]);
    assert_eq!(
        alice.suggestions("assignees", "bo").await.unwrap(),
        vec![bob.clone()]
    );
    let asked = slack
        .app
        .wait_for(1, |t| t.path == "options")
        .await
        .remove(0)
        .body;
    assert_eq!(
        (&asked["type"], &asked["value"]),
        (&json!("block_suggestion"), &json!("bo"))
    );
    assert_eq!(
        (&asked["action_id"], &asked["block_id"]),
        (&json!("assignees"), &json!("who"))
    );
    let values = json!({"note": "Fixed.", "who": [bob]});
    assert!(alice.submit(inputs(&values)).await.unwrap().is_ok());
    let chosen = &submitted(&slack).await["view"]["state"]["values"]["who"]["assignees"];
    assert_eq!(chosen["selected_options"], json!([bob]));
}

#[tokio::test]
async fn options_beyond_slacks_limits_are_no_options() {
    let slack = Slack::start().await;
    opened(&slack).await;
    let many: Vec<Value> = (0..101).map(|n| option("x", &n.to_string())).collect();
    for options in [
        json!({"options": many}),
        json!({"options": [option(&"x".repeat(76), "a")]}),
        json!({"options": [option("x", &"a".repeat(151))]}),
        json!({"options": [{"text": {"type": "mrkdwn", "text": "x"}, "value": "a"}]}),
        json!({}),
    ] {
        slack.app.answer_next("options", &[Reply::Json(options.clone())]);
        let told = slack.sim.person("alice").suggestions("assignees", "bo").await;
        assert!(
            told.is_err(),
            "{}",
            options.to_string().chars().take(90).collect::<String>()
        );
    }
}

#[tokio::test]
async fn a_message_shortcut_carries_the_message_and_a_response_address() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let ts = alice.post("incidents", "disk is full").unwrap();
    alice
        .message_shortcut("from_message", "incidents", &ts)
        .await
        .unwrap();
    let used = slack
        .app
        .wait_for(1, |t| t.body["type"] == "message_action")
        .await
        .remove(0)
        .body;
    assert_eq!(used["callback_id"], "from_message");
    assert_eq!(used["message"]["text"], "disk is full");
    assert_eq!(used["message_ts"], ts.as_str());
    assert_eq!(used["channel"]["id"], slack.id("incidents"));
    assert!(
        used["response_url"]
            .as_str()
            .is_some_and(|url| url.starts_with("http")),
        "{used}"
    );
    assert!(
        alice
            .message_shortcut("from_message", "incidents", "1.000001")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_option_is_chosen_in_a_menu_and_stands_in_the_state() {
    let slack = Slack::start().await;
    let blocks = json!([{"type": "actions", "block_id": "acts", "elements": [
        {"type": "static_select", "action_id": "more", "placeholder": plain("More"),
         "options": [option("Mute", "mute"), option("Snooze", "snooze:15m")]},
    ]}]);
    let args = json!({"channel": slack.id("incidents"), "text": "#1", "blocks": blocks});
    let posted = slack.ok("chat.postMessage", args).await;
    let ts = posted["ts"].as_str().unwrap();
    let bob = slack.sim.person("bob");
    assert!(bob.choose("incidents", ts, "more", "explode").await.is_err());
    bob.choose("incidents", ts, "more", "mute").await.unwrap();
    let used = slack
        .app
        .wait_for(1, |t| t.body["type"] == "block_actions")
        .await
        .remove(0)
        .body;
    assert_eq!(used["actions"][0]["selected_option"]["value"], "mute");
    assert_eq!(
        used["state"]["values"]["acts"]["more"]["selected_option"]["value"],
        "mute"
    );
}
