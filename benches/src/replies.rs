//! How soon replies that come at once are on the timeline, and in order.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures::StreamExt;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    acks,
    fanout::{self, Socket},
    http::Connection,
    stack::{KEY, Stack},
};

/// Replies that come at once.
const COUNT: usize = 200;
/// They are sent in steps of so many, which has no common factor with their number: in no order, and each once.
const STRIDE: usize = 77;
/// Connections that Slack sends them by.
const CONNECTIONS: usize = 16;
/// How long they may take before the run is given up.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// What became of them.
pub(crate) struct Replies {
    pub(crate) count: usize,
    /// From sending the first until the last is on the timeline.
    pub(crate) took: Duration,
    /// How many stand behind one that was said later.
    pub(crate) misplaced: usize,
}

/// Sends replies at once, in no order.
pub(crate) async fn measure(stack: &Stack) -> anyhow::Result<Replies> {
    let thread = acks::thread(stack).await?;
    let mut api = Connection::open(&stack.address, KEY).await?;
    // The speaker is known from what they said before.
    let mut events = Connection::open_as_slack(&stack.slack_address, "/slack/events").await?;
    let before = tocsin_clock::machine_now();
    // Heard as it happens: asking again and again would take the machine from what is measured.
    let mut socket = fanout::subscribe(&stack.address, KEY).await?;
    acks::send_said(stack, &mut events, "Before", Some(&thread), "Before", before).await?;
    comments_heard(&mut socket, 1).await?;

    let said = tocsin_clock::machine_now();
    let replies: Vec<usize> = (0..COUNT).map(|number| number * STRIDE % COUNT).collect();
    let began = Instant::now();
    let senders = replies.chunks(COUNT.div_ceil(CONNECTIONS)).map(|some| {
        let thread = thread.as_str();
        async move {
            let mut events = Connection::open_as_slack(&stack.slack_address, "/slack/events").await?;
            for number in some {
                let at = said + Duration::from_millis(1) * u32::try_from(*number)?;
                let (id, text) = (format!("Reply{number}"), format!("{number}"));
                acks::send_said(stack, &mut events, &id, Some(thread), &text, at).await?;
            }
            anyhow::Ok(())
        }
    });
    futures::future::try_join_all(senders).await?;
    comments_heard(&mut socket, COUNT).await?;
    let took = began.elapsed();
    let bodies = comments(&mut api).await?;
    let order: Vec<usize> = bodies.iter().filter_map(|body| body.parse().ok()).collect();
    let misplaced = order.windows(2).filter(|pair| pair[0] > pair[1]).count();
    Ok(Replies {
        count: COUNT,
        took,
        misplaced,
    })
}

/// Waits until so many comments more were added.
async fn comments_heard(socket: &mut Socket, count: usize) -> anyhow::Result<()> {
    let mut heard = 0;
    let hearing = async {
        while heard < count {
            let message = socket.next().await.context("the socket was closed")??;
            let Message::Text(text) = message else { continue };
            if text.contains("COMMENT_ADDED") {
                heard += 1;
            } else if text.contains("\"error\"") {
                bail!("{text}");
            }
        }
        anyhow::Ok(())
    };
    let outcome = tokio::time::timeout(SEEN_WITHIN, hearing).await;
    outcome.with_context(|| format!("only {heard} of {count} replies are on the timeline"))?
}

/// What the comments say, in the timeline's order.
async fn comments(api: &mut Connection) -> anyhow::Result<Vec<String>> {
    let (mut bodies, mut after) = (Vec::new(), None);
    loop {
        let body = serde_json::json!({
            "query": "query($after: String) { incident(number: 1) { timeline(first: 100, after: $after) { nodes { kind bodyMarkdown } pageInfo { hasNextPage endCursor } } } }",
            "variables": { "after": after },
        });
        let answer: serde_json::Value = serde_json::from_slice(api.post(&body.to_string()).await?)?;
        let timeline = &answer["data"]["incident"]["timeline"];
        let nodes = timeline["nodes"].as_array().with_context(|| answer.to_string())?;
        let said = nodes.iter().filter(|node| node["kind"] == "COMMENT");
        bodies.extend(said.filter_map(|node| node["bodyMarkdown"].as_str().map(str::to_owned)));
        if timeline["pageInfo"]["hasNextPage"] != true {
            return Ok(bodies);
        }
        after = timeline["pageInfo"]["endCursor"].as_str().map(str::to_owned);
    }
}
