//! History, threads, pages.

use serde_json::{Value, json};

use crate::slack::Slack;

fn texts(reply: &Value) -> Vec<&str> {
    reply["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["text"].as_str().unwrap())
        .collect()
}

async fn posted(slack: &Slack, texts: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for text in texts {
        let reply = slack
            .ok(
                "chat.postMessage",
                json!({"channel": slack.id("incidents"), "text": text}),
            )
            .await;
        all.push(reply["ts"].as_str().unwrap().to_owned());
    }
    all
}

#[tokio::test]
async fn history_is_newest_first_and_comes_in_pages() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    posted(&slack, &["1", "2", "3", "4", "5"]).await;
    let first = slack
        .get("conversations.history", &[("channel", &channel), ("limit", "2")])
        .await;
    assert_eq!(texts(&first), ["5", "4"]);
    assert_eq!(first["has_more"], true);
    let mut cursor = first["response_metadata"]["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut rest: Vec<String> = Vec::new();
    while !cursor.is_empty() {
        let args = [("channel", channel.as_str()), ("limit", "2"), ("cursor", &cursor)];
        let page = slack.get("conversations.history", &args).await;
        rest.extend(texts(&page).into_iter().map(str::to_owned));
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }
    assert_eq!(rest, ["3", "2", "1"]);
    let wrong = slack
        .get(
            "conversations.history",
            &[("channel", &channel), ("cursor", "zz")],
        )
        .await;
    assert_eq!(wrong["error"], "invalid_cursor");
}

#[tokio::test]
async fn bounds_count_only_when_inclusive() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let ts = posted(&slack, &["1", "2", "3"]).await;
    let between = async |inclusive: &str| {
        let args = [
            ("channel", channel.as_str()),
            ("oldest", &ts[1]),
            ("latest", &ts[2]),
            ("inclusive", inclusive),
        ];
        slack.get("conversations.history", &args).await
    };
    assert_eq!(texts(&between("true").await), ["3", "2"]);
    assert!(texts(&between("false").await).is_empty());
    let from = slack
        .get(
            "conversations.history",
            &[("channel", &channel), ("oldest", &ts[0])],
        )
        .await;
    assert_eq!(texts(&from), ["3", "2"]);
    let all = slack
        .get("conversations.history", &[("channel", &channel), ("oldest", "0")])
        .await;
    assert_eq!(texts(&all).len(), 3);
    let wrong = slack
        .get(
            "conversations.history",
            &[("channel", &channel), ("oldest", "yesterday")],
        )
        .await;
    assert_eq!(wrong["error"], "invalid_ts_oldest");
}

#[tokio::test]
async fn a_thread_lists_its_parent_first_and_history_leaves_replies_out() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let ts = posted(&slack, &["root"]).await;
    let alice = slack.sim.person("alice");
    let first = alice.reply("incidents", &ts[0], "one").unwrap();
    alice.reply_and_broadcast("incidents", &ts[0], "two").unwrap();
    let thread = slack
        .get("conversations.replies", &[("channel", &channel), ("ts", &ts[0])])
        .await;
    assert_eq!(texts(&thread), ["root", "one", "two"]);
    assert_eq!(thread["messages"][0]["reply_count"], 2);
    assert_eq!(thread["messages"][1]["parent_user_id"], "U0TOCSINBOT");
    let by_reply = slack
        .get("conversations.replies", &[("channel", &channel), ("ts", &first)])
        .await;
    assert_eq!(texts(&by_reply), ["root", "one", "two"]);
    let history = slack.get("conversations.history", &[("channel", &channel)]).await;
    assert_eq!(
        texts(&history),
        ["two", "root"],
        "of the replies only the broadcast one"
    );
    let unknown = slack
        .get(
            "conversations.replies",
            &[("channel", &channel), ("ts", "1700000000.000100")],
        )
        .await;
    assert_eq!(unknown["error"], "thread_not_found");
}

#[tokio::test]
async fn a_deleted_parent_leaves_a_placeholder() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let ts = posted(&slack, &["root"]).await;
    slack
        .sim
        .person("alice")
        .reply("incidents", &ts[0], "one")
        .unwrap();
    slack
        .ok("chat.delete", json!({"channel": channel, "ts": ts[0]}))
        .await;
    let thread = slack
        .get("conversations.replies", &[("channel", &channel), ("ts", &ts[0])])
        .await;
    assert_eq!(thread["messages"][0]["subtype"], "tombstone");
    assert_eq!(thread["messages"][1]["text"], "one");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let slack = Slack::start().await;
    let mut names: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = slack
            .get("users.list", &[("limit", "2"), ("cursor", &cursor)])
            .await;
        let members = page["members"].as_array().unwrap();
        assert!(members.len() <= 2);
        names.extend(members.iter().map(|m| m["name"].as_str().unwrap().to_owned()));
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["alice", "bob", "carol", "guest", "tocsin"]);
    let channels = slack.get("conversations.list", &[("limit", "1")]).await;
    assert_eq!(channels["channels"][0]["name"], "incidents");
    assert!(
        !channels["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        slack.get("conversations.list", &[("limit", "-1")]).await["error"],
        "invalid_limit"
    );
    let members = slack
        .get("conversations.members", &[("channel", &slack.id("incidents"))])
        .await;
    assert_eq!(members["members"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn joining_twice_is_a_warning_and_seen_by_the_app() {
    let slack = Slack::start().await;
    let general = slack.id("general");
    slack.ok("conversations.join", json!({"channel": general})).await;
    let again = slack.ok("conversations.join", json!({"channel": general})).await;
    assert_eq!(again["warning"], "already_in_channel");
    let joined = slack.app.event("member_joined_channel").await;
    assert_eq!(joined["user"], "U0TOCSINBOT");
    let info = slack.get("conversations.info", &[("channel", &general)]).await;
    assert_eq!(info["channel"]["is_member"], true);
    let mine = slack.get("users.conversations", &[]).await;
    assert_eq!(mine["channels"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_permalink_names_the_message_and_its_thread() {
    let slack = Slack::start().await;
    let channel = slack.id("incidents");
    let ts = posted(&slack, &["root"]).await;
    let reply = slack.sim.person("bob").reply("incidents", &ts[0], "one").unwrap();
    let link = slack
        .get(
            "chat.getPermalink",
            &[("channel", &channel), ("message_ts", &reply)],
        )
        .await;
    let link = link["permalink"].as_str().unwrap().to_owned();
    assert!(link.contains(&format!("/archives/{channel}/p{}", reply.replace('.', ""))));
    assert!(link.contains(&format!("thread_ts={}", ts[0])));
    assert!(slack.http.get(link).send().await.unwrap().status().is_success());
}
