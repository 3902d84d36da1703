//! Modals and Home tabs.

use serde_json::{Value, json};

use crate::slack::Slack;

fn modal() -> Value {
    json!({
        "type": "modal",
        "title": {"type": "plain_text", "text": "Declare"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "What is wrong?"}}],
    })
}

async fn trigger(slack: &Slack) -> String {
    slack
        .sim
        .person("alice")
        .command("incidents", "/incident", "declare")
        .await
        .unwrap();
    let fields = slack
        .app
        .wait_for(1, |t| t.path == "commands")
        .await
        .pop()
        .unwrap()
        .body;
    fields["trigger_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trigger_opens_one_modal() {
    let slack = Slack::start().await;
    let trigger_id = trigger(&slack).await;
    let args = json!({"trigger_id": trigger_id, "view": modal()});
    let opened = slack.ok("views.open", args.clone()).await;
    assert_eq!(slack.refused("views.open", args).await, "exchanged_trigger_id");
    let forged = json!({"trigger_id": "1.2.3", "view": modal()});
    assert_eq!(slack.refused("views.open", forged).await, "invalid_trigger_id");
    let view = slack.sim.snapshot().views.remove(0);
    assert_eq!(view.user, "U00000ALICE");

    let (id, hash) = (&opened["view"]["id"], &opened["view"]["hash"]);
    slack
        .ok(
            "views.update",
            json!({"view_id": id, "hash": hash, "view": modal()}),
        )
        .await;
    let stale = json!({"view_id": id, "hash": hash, "view": modal()});
    assert_eq!(slack.refused("views.update", stale).await, "hash_conflict");
    assert_eq!(
        slack
            .refused("views.update", json!({"view_id": "V404", "view": modal()}))
            .await,
        "not_found"
    );
}

#[tokio::test]
async fn views_are_checked() {
    let slack = Slack::start().await;
    let mut long = modal();
    long["title"]["text"] = json!("x".repeat(25));
    let mut asking = modal();
    asking["blocks"] = json!([{"type": "input", "label": {"type": "plain_text", "text": "Title"},
        "element": {"type": "plain_text_input"}}]);
    for (view, reason) in [
        (long, "/view/title/text"),
        (asking, "missing required field: submit"),
    ] {
        let reply = slack
            .call("views.open", json!({"trigger_id": "x", "view": view}))
            .await;
        assert_eq!(reply["error"], "invalid_arguments");
        assert!(
            reply["response_metadata"]["messages"]
                .to_string()
                .contains(reason),
            "{reply}"
        );
    }
    let mut large = modal();
    large["blocks"] = (0..90)
        .map(|_| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3_000)}}))
        .collect();
    assert_eq!(
        slack
            .refused("views.open", json!({"trigger_id": "x", "view": large}))
            .await,
        "view_too_large"
    );
}

#[tokio::test]
async fn a_home_tab_is_published_again_in_its_place() {
    let slack = Slack::start().await;
    let home = |text: &str| json!({"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": text}}]});
    slack
        .ok(
            "views.publish",
            json!({"user_id": "U00000ALICE", "view": home("one")}),
        )
        .await;
    slack
        .ok(
            "views.publish",
            json!({"user_id": "U00000ALICE", "view": home("two")}),
        )
        .await;
    let views = slack.sim.snapshot().views;
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].content["blocks"][0]["text"]["text"], "two");
    assert_eq!(
        slack
            .refused(
                "views.publish",
                json!({"user_id": "U00000ALICE", "view": modal()})
            )
            .await,
        "invalid_arguments"
    );
}
