//! What Slack makes of typed text.

use serde_json::{Value, json};

use crate::slack::Slack;

async fn typed(text: &str) -> (String, Value) {
    let slack = Slack::start().await;
    slack.sim.person("alice").post("incidents", text).unwrap();
    let event = slack.app.event("message").await;
    (
        event["text"].as_str().unwrap().to_owned(),
        event["blocks"][0]["elements"].clone(),
    )
}

#[tokio::test]
async fn entities_are_escaped_in_text_and_not_in_rich_text() {
    let (text, rich) = typed("a < b && c > d").await;
    assert_eq!(text, "a &lt; b &amp;&amp; c &gt; d");
    assert_eq!(
        rich[0]["elements"],
        json!([{"type": "text", "text": "a < b && c > d"}])
    );
}

#[tokio::test]
async fn mentions_links_and_emoji_become_references() {
    let (text, rich) =
        typed("@bob see https://x.example/a?b=1&c=2, #general @here :eyes: @nobody #42 grafana.dev").await;
    assert_eq!(
        text,
        "<@U0000000BOB> see <https://x.example/a?b=1&amp;c=2>, <#C000GENERAL|general> <!here> :eyes: @nobody #42 \
         <http://grafana.dev|grafana.dev>"
    );
    assert_eq!(
        rich[0]["elements"],
        json!([
            {"type": "user", "user_id": "U0000000BOB"},
            {"type": "text", "text": " see "},
            {"type": "link", "url": "https://x.example/a?b=1&c=2"},
            {"type": "text", "text": ", "},
            {"type": "channel", "channel_id": "C000GENERAL"},
            {"type": "text", "text": " "},
            {"type": "broadcast", "range": "here"},
            {"type": "text", "text": " "},
            {"type": "emoji", "name": "eyes"},
            {"type": "text", "text": " @nobody #42 "},
            {"type": "link", "url": "http://grafana.dev", "text": "grafana.dev"},
        ])
    );
}

#[tokio::test]
async fn marks_become_styles_and_lone_marks_stay() {
    let (text, rich) = typed("*bold _both_* ~gone~ `x < y` 2 * 3 * 4 snake_case_name").await;
    assert_eq!(text, "*bold _both_* ~gone~ `x &lt; y` 2 * 3 * 4 snake_case_name");
    assert_eq!(
        rich[0]["elements"][0],
        json!({"type": "text", "text": "bold ", "style": {"bold": true}})
    );
    assert_eq!(
        rich[0]["elements"][1],
        json!({"type": "text", "text": "both", "style": {"bold": true, "italic": true}})
    );
    assert_eq!(
        rich[0]["elements"][5],
        json!({"type": "text", "text": "x < y", "style": {"code": true}})
    );
    assert_eq!(rich[0]["elements"][6]["text"], " 2 * 3 * 4 snake_case_name");
}

#[tokio::test]
async fn lists_quotes_and_code_become_blocks_of_their_own() {
    let (text, rich) = typed("first\n- one\n- two\n> said\n```\nlet a = 1 < 2;\n```\nlast").await;
    assert_eq!(
        text,
        "first\n• one\n• two\n&gt; said\n```let a = 1 &lt; 2;```\nlast"
    );
    let kinds: Vec<&str> = rich
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "rich_text_section",
            "rich_text_list",
            "rich_text_quote",
            "rich_text_preformatted",
            "rich_text_section"
        ]
    );
    assert_eq!(rich[1]["style"], "bullet");
    assert_eq!(rich[1]["elements"][1]["elements"][0]["text"], "two");
    assert_eq!(rich[3]["elements"][0]["text"], "let a = 1 < 2;");
}
