//! The endpoints: who is let in, what is answered, what is kept.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_bridge::Bridge;
use tocsin_clock::Clock;
use tocsin_entity::kinds::InboxState;

use super::stage::Stage;
use crate::world::{CONNECTIONS, SECRET, World, sign};

const ENDPOINTS: [&str; 4] = [
    "/slack/events",
    "/slack/interactions",
    "/slack/commands",
    "/slack/options",
];

fn reply(event_id: &str) -> Value {
    json!({"type": "event_callback", "team_id": "T1", "event_id": event_id, "event": {"type": "message", "user": "U1",
        "channel": "C1", "ts": "2.0", "thread_ts": "1.0", "text": "hello"}})
}

#[tokio::test]
async fn a_request_without_a_good_signature_is_refused_and_leaves_nothing() {
    let world = World::alone().await;
    let body = reply("Ev1").to_string();
    let at = |seconds: i64| (tocsin_clock::machine_now().unix_timestamp() + seconds).to_string();
    let (now, old, early) = (at(0), at(-330), at(330));
    let signed = |time: &str| sign(SECRET, time, body.as_bytes());
    let cases: [(&str, Vec<(&str, String)>); 7] = [
        ("SIGNATURE_MISSING", vec![]),
        ("SIGNATURE_MISSING", vec![("x-slack-signature", signed(&now))]),
        (
            "SIGNATURE_MISSING",
            vec![
                ("x-slack-signature", signed("now")),
                ("x-slack-request-timestamp", "now".to_owned()),
            ],
        ),
        (
            "SIGNATURE_STALE",
            vec![
                ("x-slack-signature", signed(&old)),
                ("x-slack-request-timestamp", old.clone()),
            ],
        ),
        (
            "SIGNATURE_STALE",
            vec![
                ("x-slack-signature", signed(&early)),
                ("x-slack-request-timestamp", early.clone()),
            ],
        ),
        (
            "SIGNATURE_MISMATCH",
            vec![
                ("x-slack-signature", sign("another secret", &now, body.as_bytes())),
                ("x-slack-request-timestamp", now.clone()),
            ],
        ),
        (
            "SIGNATURE_MISMATCH",
            vec![
                ("x-slack-signature", sign(SECRET, &now, b"{}")),
                ("x-slack-request-timestamp", now.clone()),
            ],
        ),
    ];
    for endpoint in ENDPOINTS {
        for (code, headers) in &cases {
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let answer = world
                .post_with(endpoint, body.clone().into_bytes(), &headers)
                .await;
            assert_eq!(
                (answer.status, answer.error_code().as_str()),
                (StatusCode::UNAUTHORIZED, *code),
                "{endpoint}"
            );
        }
    }
    assert!(world.inbox().await.is_empty());
}

#[tokio::test]
async fn what_is_signed_now_by_the_database_s_clock_is_taken_whatever_this_machine_s_says() {
    let mut world = World::alone().await;
    let now = tocsin_clock::machine_now() - time::Duration::minutes(6);
    let (config, database, queue) = (world.config.clone(), world.database.clone(), world.queue.clone());
    let clock = Clock::told_by(move || now);
    world.bridge = Bridge::with_clock(config, database, queue, clock).expect("a bridge");
    let said = now.unix_timestamp().to_string();
    let body = reply("Ev1").to_string().into_bytes();
    let signature = sign(SECRET, &said, &body);
    let headers = [
        ("x-slack-request-timestamp", said.as_str()),
        ("x-slack-signature", signature.as_str()),
    ];
    let answer = world.post_with("/slack/events", body, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let row = &world.inbox().await[0];
    assert!(row.due_at <= now, "it is due by the same clock: {row:?}");
    assert!((row.received_at - now).abs() < time::Duration::seconds(1));
}

#[tokio::test]
async fn either_secret_is_good_while_the_secret_is_changed() {
    let world = World::alone().await;
    let now = tocsin_clock::machine_now().unix_timestamp().to_string();
    for (secret, event) in [("an older secret", "Ev1"), (SECRET, "Ev2")] {
        let body = reply(event).to_string().into_bytes();
        let signature = sign(secret, &now, &body);
        let headers = [
            ("x-slack-request-timestamp", now.as_str()),
            ("x-slack-signature", signature.as_str()),
        ];
        assert_eq!(
            world.post_with("/slack/events", body, &headers).await.status,
            StatusCode::OK
        );
    }
    assert_eq!(world.inbox().await.len(), 2);
}

#[tokio::test]
async fn what_slack_sends_again_is_stored_once() {
    let world = World::alone().await;
    for _ in 0..3 {
        let answer = world.post("/slack/events", reply("Ev1").to_string()).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    }
    let press = json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1.2.3",
        "container": {"message_ts": "1.0", "channel_id": "C1"}, "actions": [{"action_id": "acknowledge", "value": "inc_1"}]});
    for _ in 0..2 {
        let answer = world.interact(&press).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    }
    let inbox = world.inbox().await;
    let kept: Vec<_> = inbox
        .iter()
        .map(|row| (row.kind.as_str(), row.state, row.attempts))
        .collect();
    assert_eq!(
        kept,
        [
            ("event", InboxState::Pending, 0),
            ("interaction", InboxState::Pending, 0)
        ]
    );
    assert_eq!(inbox[0].slack_key, "Ev1");
    assert_eq!(inbox[0].payload["event"]["text"], "hello");
}

#[tokio::test]
async fn many_deliveries_of_one_event_at_once_are_stored_once() {
    let world = World::alone().await;
    let body = reply("Ev1").to_string();
    let answers = futures::future::join_all((0..20).map(|_| world.post("/slack/events", body.clone()))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!(world.inbox().await.len(), 1);
}

#[tokio::test]
async fn what_nobody_here_needs_is_answered_and_not_stored() {
    let world = World::alone().await;
    let event =
        |event: Value| json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event});
    for body in [
        event(json!({"type": "reaction_added", "user": "U1"})),
        event(json!({"type": "something_new"})),
        event(json!({"type": "message", "user": "U1", "channel": "C1", "ts": "1.0", "text": "no thread"})),
        event(json!({"type": "message", "bot_id": "B1", "channel": "C1", "ts": "2.0", "thread_ts": "1.0"})),
        event(
            json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "2.0", "thread_ts": "1.0"}),
        ),
        json!({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}),
        json!({"type": "something_new"}),
    ] {
        assert_eq!(
            world.post("/slack/events", body.to_string()).await.status,
            StatusCode::OK,
            "{body}"
        );
    }
    for payload in [
        json!({"type": "view_submission", "user": {"id": "U1"}}),
        json!({"type": "something_new"}),
        json!({"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "view"}]}),
    ] {
        let answer = world.interact(&payload).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, ""),
            "{payload}"
        );
    }
    assert!(world.inbox().await.is_empty());
}

#[tokio::test]
async fn slacks_questions_are_answered_at_once() {
    let world = World::alone().await;
    let question = json!({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"});
    let answer = world.post("/slack/events", question.to_string()).await;
    assert_eq!(answer.json(), json!({"challenge": question["challenge"]}));
    let answer = world
        .post_with("/slack/commands", b"ssl_check=1&token=t".to_vec(), &[])
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let command = "command=%2Fincident&text=frobnicate&user_id=U1&team_id=T1";
    let answer = Stage::set().await.world.post("/slack/commands", command).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["response_type"], "ephemeral");
    assert!(answer.body.contains("(UNKNOWN_COMMAND)"), "{}", answer.body);
    let suggestion =
        serde_urlencoded::to_string([("payload", json!({"type": "block_suggestion"}).to_string())])
            .expect("a form");
    assert_eq!(
        world.post("/slack/options", suggestion).await.json(),
        json!({"options": []})
    );
}

#[tokio::test]
async fn a_body_that_is_not_slacks_is_refused() {
    let world = World::alone().await;
    for (endpoint, body) in [
        ("/slack/events", ""),
        ("/slack/events", "{\"type\":"),
        ("/slack/interactions", ""),
        ("/slack/interactions", "payload=%7B"),
        ("/slack/interactions", "{\"type\": \"block_actions\"}"),
        ("/slack/options", "payload="),
    ] {
        let answer = world.post(endpoint, body).await;
        let told = (answer.status, answer.error_code());
        assert_eq!(
            told,
            (StatusCode::BAD_REQUEST, "BODY_MALFORMED".to_owned()),
            "{endpoint} {body}"
        );
    }
    let deep = format!("{{\"type\":{}", "[".repeat(100_000));
    assert_eq!(
        world.post("/slack/events", deep).await.error_code(),
        "BODY_MALFORMED"
    );
    assert!(world.inbox().await.is_empty());
}

#[tokio::test]
async fn a_body_of_more_than_four_mebibytes_is_refused_and_one_of_two_is_taken() {
    let world = World::alone().await;
    let with_text = |length: usize| {
        let mut event = reply("Ev1");
        event["event"]["text"] = Value::from("x".repeat(length));
        event.to_string()
    };
    for endpoint in ENDPOINTS {
        let answer = world.post(endpoint, with_text(5 * 512 * 1024)).await;
        let told = (answer.status, answer.error_code());
        assert_eq!(told, (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE".to_owned()));
    }
    assert!(world.inbox().await.is_empty());
    assert_eq!(
        world
            .post("/slack/events", with_text(2 * 1024 * 1024))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(world.inbox().await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_so_that_slack_sends_it_again() {
    let world = World::alone().await;
    world.database.clone().close().await.expect("closed");
    let answer = world.post("/slack/events", reply("Ev1").to_string()).await;
    assert_eq!(
        (answer.status, answer.error_code()),
        (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE".to_owned())
    );
}

#[tokio::test]
async fn a_text_that_a_database_refuses_is_stored_without_what_it_refuses() {
    let world = World::alone().await;
    let mut event = reply("Ev1");
    event["event"]["text"] = Value::from("a\0b");
    assert_eq!(
        world.post("/slack/events", event.to_string()).await.status,
        StatusCode::OK
    );
    assert_eq!(world.inbox().await[0].payload["event"]["text"], "ab");
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_is_answered_while_the_workers_have_all_connections_to_postgresql() {
    let world = World::on_postgresql().await;
    let mut busy = Vec::new();
    for _ in 0..CONNECTIONS {
        busy.push(world.database.begin_write().await.expect("a connection"));
    }
    let answer = world.post("/slack/events", reply("Ev1").to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    drop(busy);
    let rows = world.inbox().await;
    assert_eq!((rows.len(), rows[0].state), (1, InboxState::Pending));
}
