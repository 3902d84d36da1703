//! How soon replies that come at once are on the timeline, and in order.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{
    acks,
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
    let before = time::OffsetDateTime::now_utc();
    acks::send_said(stack, &mut events, "Before", Some(&thread), "Before", before).await?;
    until(&mut api, 1).await?;

    let said = time::OffsetDateTime::now_utc();
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
    let bodies = until(&mut api, COUNT + 1).await?;
    let took = began.elapsed();
    let order: Vec<usize> = bodies.iter().filter_map(|body| body.parse().ok()).collect();
    let misplaced = order.windows(2).filter(|pair| pair[0] > pair[1]).count();
    Ok(Replies {
        count: COUNT,
        took,
        misplaced,
    })
}

/// Waits for so many comments; what they say, in the timeline's order.
async fn until(api: &mut Connection, count: usize) -> anyhow::Result<Vec<String>> {
    let began = Instant::now();
    loop {
        let bodies = comments(api).await?;
        if bodies.len() >= count {
            return Ok(bodies);
        }
        if began.elapsed() > SEEN_WITHIN {
            bail!("only {} of {count} replies are on the timeline", bodies.len());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

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
