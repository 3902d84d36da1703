//! How soon Slack has its answer while events rain in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tocsin_simulator::sign;
use tokio::sync::{Mutex, mpsc};

use crate::{
    http::Connection,
    stack::{KEY, Stack},
};

/// Events a second.
const RATE: u32 = 500;
/// For how long they come.
const RAIN: Duration = Duration::from_secs(30);
/// Connections that Slack keeps open.
const CONNECTIONS: usize = 64;
/// One in so many is a reply in an incident's thread, and so a comment to be; the others are talk elsewhere.
const COMMENT_EVERY: u32 = 5;
/// Events sent one after another, to compare with.
const ALONE: u32 = 500;

/// From the moment when an event was due to be sent until it was answered, sorted: alone, and in the rain.
pub(crate) struct Acks {
    pub(crate) alone: Vec<Duration>,
    pub(crate) rain: Vec<Duration>,
}

/// Measures the answers to events.
pub(crate) async fn measure(stack: &Stack) -> anyhow::Result<Acks> {
    let thread = thread(stack).await?;
    let mut alone = Vec::new();
    let mut connection = Connection::open_as_slack(&stack.slack_address, "/slack/events").await?;
    for number in 0..ALONE {
        let began = Instant::now();
        send(stack, &mut connection, &format!("Alone{number}"), None).await?;
        alone.push(began.elapsed());
    }
    alone.sort_unstable();
    let mut rain = rain(stack, &thread).await?;
    rain.sort_unstable();
    Ok(Acks { alone, rain })
}

/// An incident's own message, once its speaker is a member: what strangers say becomes no comment.
pub(crate) async fn thread(stack: &Stack) -> anyhow::Result<String> {
    let title = "Rain";
    let mut api = Connection::open(&stack.address, KEY).await?;
    let member = serde_json::json!({
        "query": "mutation { createUser(input: { name: \"Alice\", email: \"alice@example.com\", role: RESPONDER }) { userErrors { message } } }",
    });
    let answer: serde_json::Value = serde_json::from_slice(api.post(&member.to_string()).await?)?;
    anyhow::ensure!(
        answer["data"]["createUser"]["userErrors"] == serde_json::json!([]),
        "not taken: {answer}"
    );
    api.trigger(title).await?;
    let posted = |call: &tocsin_simulator::Call| {
        call.done
            && call.method == "chat.postMessage"
            && call
                .args
                .get("text")
                .and_then(|text| text.as_str())
                .is_some_and(|text| text.contains(title))
    };
    stack
        .simulator
        .wait_for_call(posted, Duration::from_secs(30))
        .await
        .map_err(|_| anyhow::anyhow!("the incident was not seen in Slack"))?;
    let channel = stack.simulator.channel("incidents").context("the channel")?;
    let message = channel.app_messages().last().context("the message")?.ts.clone();
    Ok(message)
}

async fn rain(stack: &Stack, thread: &str) -> anyhow::Result<Vec<Duration>> {
    let (due, coming) = mpsc::unbounded_channel::<(u32, Instant)>();
    let coming = Arc::new(Mutex::new(coming));
    let clock = async move {
        let began = Instant::now();
        let count = RATE * u32::try_from(RAIN.as_secs())?;
        for number in 0..count {
            let at = began + Duration::from_secs(1) * number / RATE;
            tokio::time::sleep_until(at.into()).await;
            due.send((number, at))?;
        }
        anyhow::Ok(())
    };
    let senders = (0..CONNECTIONS).map(|_| {
        let coming = Arc::clone(&coming);
        async move {
            let mut connection = Connection::open_as_slack(&stack.slack_address, "/slack/events").await?;
            let mut took = Vec::new();
            while let Some((number, at)) = next(&coming).await {
                let thread = (number % COMMENT_EVERY == 0).then_some(thread);
                send(stack, &mut connection, &format!("Rain{number}"), thread).await?;
                took.push(at.elapsed());
            }
            anyhow::Ok(took)
        }
    });
    let (sent, took) = tokio::join!(clock, futures::future::try_join_all(senders));
    sent?;
    Ok(took?.into_iter().flatten().collect())
}

async fn next(coming: &Mutex<mpsc::UnboundedReceiver<(u32, Instant)>>) -> Option<(u32, Instant)> {
    coming.lock().await.recv().await
}

/// Sends a person's message as Slack would.
async fn send(
    stack: &Stack,
    connection: &mut Connection,
    id: &str,
    thread: Option<&str>,
) -> anyhow::Result<()> {
    let said = format!("Still raining ({id})");
    send_said(stack, connection, id, thread, &said, tocsin_clock::machine_now()).await
}

/// Sends what a person said at some moment.
pub(crate) async fn send_said(
    stack: &Stack,
    connection: &mut Connection,
    id: &str,
    thread: Option<&str>,
    said: &str,
    at: time::OffsetDateTime,
) -> anyhow::Result<()> {
    let (seconds, micros) = (at.unix_timestamp(), at.microsecond());
    let body = serde_json::json!({
        "type": "event_callback", "team_id": "T0TOCSINDEMO", "api_app_id": "A0TOCSIN", "event_id": format!("Ev{id}"),
        "event_time": seconds,
        "event": {"type": "message", "channel": "C0INCIDENTS", "channel_type": "channel", "user": "U00000ALICE",
            "ts": format!("{seconds}.{micros:06}"), "thread_ts": thread.unwrap_or("1600000000.000100"),
            "text": said},
    })
    .to_string();
    let timestamp = tocsin_clock::machine_now().unix_timestamp().to_string();
    let signature = sign(stack.simulator.signing_secret(), &timestamp, body.as_bytes());
    let headers = format!("X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: {signature}\r\n");
    connection.post_with(&headers, &body).await?;
    Ok(())
}
