//! Block Kit's limits, one step within and one step beyond.

use serde_json::{Value, json};

use crate::slack::Slack;

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": "x".repeat(length)})
}

fn mrkdwn(length: usize) -> Value {
    json!({"type": "mrkdwn", "text": "x".repeat(length)})
}

fn button(id: &str) -> Value {
    json!({"type": "button", "action_id": id, "text": plain(3)})
}

fn many(count: usize, item: &Value) -> Vec<Value> {
    vec![item.clone(); count]
}

fn buttons(count: usize) -> Vec<Value> {
    (0..count).map(|n| button(&n.to_string())).collect()
}

/// A list of blocks with one property at this size.
type Sized = (&'static str, usize, fn(usize) -> Value);

const LIMITS: &[Sized] = &[
    ("/blocks", 50, |n| json!(many(n, &json!({"type": "divider"})))),
    (
        "/blocks/0/text/text",
        3_000,
        |n| json!([{"type": "section", "text": mrkdwn(n)}]),
    ),
    (
        "/blocks/0/fields",
        10,
        |n| json!([{"type": "section", "fields": many(n, &mrkdwn(1))}]),
    ),
    (
        "/blocks/0/fields/0/text",
        2_000,
        |n| json!([{"type": "section", "fields": [mrkdwn(n)]}]),
    ),
    (
        "/blocks/0/text/text",
        150,
        |n| json!([{"type": "header", "text": plain(n)}]),
    ),
    (
        "/blocks/0/elements",
        10,
        |n| json!([{"type": "context", "elements": many(n, &mrkdwn(1))}]),
    ),
    (
        "/blocks/0/elements",
        25,
        |n| json!([{"type": "actions", "elements": buttons(n)}]),
    ),
    (
        "/blocks/0/block_id",
        255,
        |n| json!([{"type": "divider", "block_id": "x".repeat(n)}]),
    ),
    (
        "/blocks/0/elements/0/action_id",
        255,
        |n| json!([{"type": "actions", "elements": [button(&"x".repeat(n))]}]),
    ),
    (
        "/blocks/0/elements/0/text/text",
        75,
        |n| json!([{"type": "actions", "elements": [{"type": "button", "text": plain(n)}]}]),
    ),
    (
        "/blocks/0/elements/0/value",
        2_000,
        |n| json!([{"type": "actions", "elements": [{"type": "button", "text": plain(1), "value": "x".repeat(n)}]}]),
    ),
    ("/blocks/0/elements/0/url", 3_000, |n| {
        let url = format!("https://a.example/{}", "x".repeat(n - 18));
        json!([{"type": "actions", "elements": [{"type": "button", "text": plain(1), "url": url}]}])
    }),
    (
        "/blocks/0/alt_text",
        2_000,
        |n| json!([{"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x".repeat(n)}]),
    ),
    ("/blocks/0/accessory/options", 5, |n| {
        let option = json!({"text": plain(1), "value": "v"});
        json!([{"type": "section", "text": plain(1), "accessory": {"type": "overflow", "options": many(n, &option)}}])
    }),
    ("/blocks/0/accessory/options/0/text/text", 75, |n| {
        let option = json!({"text": plain(n), "value": "v"});
        json!([{"type": "section", "text": plain(1), "accessory": {"type": "static_select", "options": [option]}}])
    }),
    ("/blocks/0/accessory/confirm/text/text", 300, |n| {
        let confirm = json!({"title": plain(1), "text": plain(n), "confirm": plain(1), "deny": plain(1)});
        let button = json!({"type": "button", "text": plain(1), "confirm": confirm});
        json!([{"type": "section", "text": plain(1), "accessory": button}])
    }),
    (
        "/blocks",
        12_000,
        |n| json!([{"type": "markdown", "text": "x".repeat(6_000)}, {"type": "markdown", "text": "x".repeat(n - 6_000)}]),
    ),
];

#[tokio::test]
async fn every_limit_holds_exactly() {
    let slack = Slack::start().await;
    for (at, most, blocks) in LIMITS {
        let within = slack
            .call("blocks.validate", json!({"blocks": blocks(*most).to_string()}))
            .await;
        assert_eq!(within["ok"], true, "{at} at {most}: {within}");
        let beyond = slack
            .call("blocks.validate", json!({"blocks": blocks(most + 1).to_string()}))
            .await;
        assert_eq!(beyond["error"], "invalid_blocks", "{at} at {}", most + 1);
        let told = beyond["response_metadata"]["messages"][0].as_str().unwrap();
        assert!(
            told.ends_with(&format!("[json-pointer:{at}]")),
            "{told} should point to {at}"
        );
    }
}

/// A reason, and a list of blocks that is refused for it.
type Wrong = (&'static str, fn() -> Value);

const WRONG: &[Wrong] = &[
    ("unsupported type: sections", || json!([{"type": "sections"}])),
    ("missing required field: type", || json!([{"text": "x"}])),
    (
        "must define either `text` or `fields`",
        || json!([{"type": "section"}]),
    ),
    (
        "must be one of: plain_text",
        || json!([{"type": "header", "text": mrkdwn(3)}]),
    ),
    (
        "must be more than 0 characters",
        || json!([{"type": "section", "text": mrkdwn(0)}]),
    ),
    (
        "missing required field: elements",
        || json!([{"type": "actions"}]),
    ),
    (
        "no less than 1 items allowed",
        || json!([{"type": "context", "elements": []}]),
    ),
    (
        "already exists",
        || json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]),
    ),
    (
        "already exists",
        || json!([{"type": "actions", "elements": [button("a"), button("a")]}]),
    ),
    (
        "must be one of: primary, danger",
        || json!([{"type": "actions", "elements": [{"type": "button", "text": plain(1), "style": "red"}]}]),
    ),
    (
        "unsupported type: plain_text_input",
        || json!([{"type": "actions", "elements": [{"type": "plain_text_input"}]}]),
    ),
    (
        "must be a valid URL",
        || json!([{"type": "actions", "elements": [{"type": "button", "text": plain(1), "url": "/incidents/1"}]}]),
    ),
    (
        "invalid additional property: colour",
        || json!([{"type": "divider", "colour": "red"}]),
    ),
    (
        "invalid additional property: verbatim",
        || json!([{"type": "header", "text": {"type": "plain_text", "text": "x", "verbatim": true}}]),
    ),
    (
        "must define either `image_url` or `slack_file`",
        || json!([{"type": "image", "alt_text": "x"}]),
    ),
    (
        "failed to match all allowed schemas",
        || json!([{"type": "rich_text", "elements": [{"type": "section", "elements": []}]}]),
    ),
];

#[tokio::test]
async fn malformed_blocks_are_refused_with_a_reason_and_nothing_is_posted() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    for (reason, blocks) in WRONG {
        for args in [
            json!({"channel": channel, "text": "x", "blocks": blocks()}),
            json!({"channel": channel, "text": "x", "attachments": [{"color": "danger", "blocks": blocks()}]}),
        ] {
            let reply = slack.call("chat.postMessage", args).await;
            assert_eq!(reply["error"], "invalid_blocks", "{reason}");
            let told = reply["response_metadata"]["messages"].to_string();
            assert!(told.contains(reason), "{told} should say: {reason}");
        }
    }
    assert!(slack.sim.channel("incidents").unwrap().messages.is_empty());
}

#[tokio::test]
async fn a_good_message_of_every_usual_block_is_taken_and_its_blocks_get_ids() {
    let slack = Slack::start().await;
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Incident", "emoji": true}},
        {"type": "section", "text": mrkdwn(5), "accessory": button("a")},
        {"type": "section", "fields": [mrkdwn(1), plain(1)]},
        {"type": "context", "elements": [mrkdwn(1), {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x"}]},
        {"type": "actions", "elements": [button("b"), {"type": "users_select", "placeholder": plain(5)}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
        {"type": "divider"},
    ]);
    let args = json!({"channel": slack.id("incidents"), "text": "x", "attachments": [{"color": "#439FE0", "blocks": blocks}]});
    slack.ok("chat.postMessage", args).await;
    let seen = slack.sim.channel("incidents").unwrap().messages.remove(0);
    let shown = seen.attachments[0]["blocks"].as_array().unwrap();
    assert!(
        shown
            .iter()
            .all(|block| !block["block_id"].as_str().unwrap().is_empty())
    );
    assert_eq!(seen.buttons().len(), 2);
}

#[tokio::test]
async fn colours_and_the_sum_of_all_text_are_checked() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let coloured =
        json!({"channel": channel, "text": "x", "attachments": [{"color": "crimson", "text": "x"}]});
    assert_eq!(
        slack.refused("chat.postMessage", coloured).await,
        "invalid_blocks"
    );
    let long = many(5, &json!({"type": "section", "text": mrkdwn(3_000)}));
    let args = json!({"channel": channel, "text": "x", "blocks": long});
    assert_eq!(
        slack.refused("chat.postMessage", args).await,
        "msg_blocks_too_long"
    );
}
