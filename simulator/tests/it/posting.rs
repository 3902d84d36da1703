//! Posting, updating, deleting; and who may.

use serde_json::json;

use crate::slack::Slack;

#[tokio::test]
async fn a_post_appears_in_the_channel_and_in_its_history() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let metadata = json!({"event_type": "tocsin_post", "event_payload": {"op": "1"}});
    let posted = slack
        .ok(
            "chat.postMessage",
            json!({"channel": channel, "text": "Hello", "metadata": metadata}),
        )
        .await;
    let seen = slack.sim.channel("incidents").unwrap();
    assert_eq!(seen.messages.len(), 1);
    assert_eq!(seen.messages[0].text, "Hello");
    assert_eq!(seen.messages[0].ts, posted["ts"]);

    let brief = slack.get("conversations.history", &[("channel", &channel)]).await;
    assert_eq!(
        brief["messages"][0]["metadata"],
        json!({"event_type": "tocsin_post"})
    );
    let whole = slack
        .get(
            "conversations.history",
            &[("channel", &channel), ("include_all_metadata", "true")],
        )
        .await;
    assert_eq!(whole["messages"][0]["metadata"], metadata);
}
