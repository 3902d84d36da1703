//! Links and their previews.

use serde_json::{Value, json};
use url::Url;

use crate::app::Reply;
use crate::slack::{PATIENCE, Slack};

const URL: &str = "https://incidents.example.com/incidents/1";

fn preview(text: &str) -> Value {
    json!({ URL: {"color": "danger", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]} })
}

#[tokio::test]
async fn a_link_is_told_of_even_where_the_app_is_no_member() {
    let slack = Slack::start().await;
    let ts = slack
        .sim
        .person("alice")
        .post("general", &format!("see {URL} and https://other.example.com/1"))
        .unwrap();
    let event = slack.app.event("link_shared").await;
    assert_eq!(event["channel"], slack.id("general"));
    assert_eq!(event["message_ts"], ts.as_str());
    assert_eq!(
        event["links"],
        json!([{"domain": "incidents.example.com", "url": URL}])
    );
    assert_eq!(event["source"], "conversations_history");
    assert_eq!(event["is_bot_user_member"], false);
    assert!(!event["unfurl_id"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn links_elsewhere_and_links_of_the_app_are_not_told_of() {
    let slack = Slack::start().await;
    slack
        .sim
        .person("alice")
        .post(
            "incidents",
            "https://example.com/1 https://xincidents.example.com/2",
        )
        .unwrap();
    slack
        .ok(
            "chat.postMessage",
            json!({"channel": slack.id("incidents"), "text": format!("<{URL}>")}),
        )
        .await;
    slack.sim.person("alice").post("incidents", "last").unwrap();
    slack.app.wait_for(1, |t| t.body["event"]["text"] == "last").await;
    assert!(
        slack
            .app
            .taken()
            .iter()
            .all(|t| t.body["event"]["type"] == "message")
    );
}

#[tokio::test]
async fn a_preview_appears_under_the_message_and_a_second_one_replaces_it() {
    let slack = Slack::start().await;
    let ts = slack
        .sim
        .person("alice")
        .paste_link("incidents", &Url::parse(URL).unwrap())
        .unwrap();
    slack.app.event("link_shared").await;
    let channel = slack.id("incidents");
    slack
        .until_ok(
            "chat.unfurl",
            json!({"channel": channel, "ts": ts, "unfurls": preview("Triggered")}),
        )
        .await;
    slack
        .ok(
            "chat.unfurl",
            json!({"channel": channel, "ts": ts, "unfurls": preview("Resolved")}),
        )
        .await;
    let seen = slack.sim.channel("incidents").unwrap().messages.remove(0);
    assert_eq!(seen.previews().len(), 1);
    assert!(seen.words().contains("Resolved") && !seen.words().contains("Triggered"));
    assert!(!seen.edited);
    let changed = slack
        .app
        .wait_for(2, |t| t.body["event"]["subtype"] == "message_changed")
        .await;
    assert_eq!(
        changed[1].body["event"]["message"]["attachments"][0]["app_unfurl_url"],
        URL
    );
}

#[tokio::test]
async fn a_second_call_replaces_the_previews_of_all_links_of_the_message() {
    let slack = Slack::start().await;
    let other = URL.replace("/incidents/1", "/incidents/2");
    assert_ne!(other, URL);
    let ts = slack
        .sim
        .person("alice")
        .post("incidents", &format!("{URL} {other}"))
        .unwrap();
    slack.app.event("link_shared").await;
    let channel = slack.id("incidents");
    let of = |url: &str| json!({"channel": channel, "ts": ts, "unfurls": {url: preview("Triggered")[URL]}});
    slack.until_ok("chat.unfurl", of(URL)).await;
    slack.ok("chat.unfurl", of(&other)).await;
    let seen = slack.sim.channel("incidents").unwrap().messages.remove(0);
    let shown: Vec<_> = seen
        .previews()
        .iter()
        .map(|preview| preview["app_unfurl_url"].clone())
        .collect();
    assert_eq!(shown, [json!(other)]);
}

#[tokio::test]
async fn a_preview_must_wait_until_the_event_is_answered() {
    let slack = Slack::start().await;
    slack.app.answer_next(
        "events",
        &[
            Reply::Status(500),
            Reply::Status(500),
            Reply::Status(500),
            Reply::Status(500),
        ],
    );
    let ts = slack.sim.person("alice").post("general", URL).unwrap();
    slack
        .sim
        .wait_for_delivery(|d| d.attempt == 3, PATIENCE)
        .await
        .unwrap();
    let args = json!({"channel": slack.id("general"), "ts": ts, "unfurls": preview("x")});
    assert_eq!(slack.refused("chat.unfurl", args).await, "cannot_unfurl_url");
}

#[tokio::test]
async fn previews_are_refused_as_slack_refuses_them() {
    let slack = Slack::start().await;
    let ts = slack.sim.person("alice").post("incidents", URL).unwrap();
    let event = slack.app.event("link_shared").await;
    let channel = slack.id("incidents");
    slack
        .until_ok(
            "chat.unfurl",
            json!({"channel": channel, "ts": ts, "unfurls": preview("x")}),
        )
        .await;
    let own = slack
        .ok("chat.postMessage", json!({"channel": channel, "text": "x"}))
        .await;
    let rich = json!({URL: {"blocks": [{"type": "rich_text", "elements": []}]}});
    let other = json!({"https://incidents.example.com/incidents/2": {"text": "x"}});
    for (args, error) in [
        (
            json!({"channel": channel, "ts": ts, "unfurls": rich}),
            "invalid_blocks",
        ),
        (
            json!({"channel": channel, "ts": ts, "unfurls": other}),
            "cannot_unfurl_url",
        ),
        (
            json!({"channel": channel, "ts": ts, "unfurls": {}}),
            "invalid_unfurls_format",
        ),
        (
            json!({"channel": channel, "ts": ts, "unfurls": {URL: {}}}),
            "cannot_parse_attachment",
        ),
        (json!({"channel": channel, "ts": ts}), "missing_unfurls"),
        (json!({"channel": channel, "unfurls": preview("x")}), "missing_ts"),
        (json!({"ts": ts, "unfurls": preview("x")}), "missing_channel"),
        (
            json!({"channel": "C404", "ts": ts, "unfurls": preview("x")}),
            "cannot_find_channel",
        ),
        (
            json!({"channel": channel, "ts": "1700000000.000100", "unfurls": preview("x")}),
            "cannot_find_message",
        ),
        (
            json!({"channel": channel, "ts": own["ts"], "unfurls": preview("x")}),
            "cannot_unfurl_message",
        ),
        (
            json!({"unfurl_id": event["unfurl_id"], "unfurls": preview("x")}),
            "missing_source",
        ),
        (
            json!({"unfurl_id": "u404", "source": "composer", "unfurls": preview("x")}),
            "invalid_unfurl_id",
        ),
        (
            json!({"unfurl_id": event["unfurl_id"], "source": "dream", "unfurls": preview("x")}),
            "invalid_source",
        ),
    ] {
        assert_eq!(slack.refused("chat.unfurl", args.clone()).await, error, "{args}");
    }
    let by_id = json!({"unfurl_id": event["unfurl_id"], "source": "conversations_history", "unfurls": preview("by id")});
    slack.ok("chat.unfurl", by_id).await;
    assert!(
        slack.sim.channel("incidents").unwrap().messages[0]
            .words()
            .contains("by id")
    );
}

#[tokio::test]
async fn a_link_in_the_composer_can_be_previewed_there() {
    let slack = Slack::start().await;
    let alice = slack.sim.person("alice");
    let unfurl_id = alice
        .compose_link("general", &Url::parse(URL).unwrap())
        .unwrap()
        .unwrap();
    let event = slack.app.event("link_shared").await;
    assert_eq!(event["source"], "composer");
    assert_eq!(event["channel"], "COMPOSER");
    assert_eq!(event["message_ts"], unfurl_id.as_str());
    let args = json!({"unfurl_id": unfurl_id, "source": "composer", "unfurls": preview("soon")});
    slack.until_ok("chat.unfurl", args).await;
    assert!(
        alice.composer_previews(&unfurl_id)[0]
            .to_string()
            .contains("soon")
    );
    assert_eq!(
        alice
            .compose_link("general", &Url::parse("https://example.org/").unwrap())
            .unwrap(),
        None
    );
}
