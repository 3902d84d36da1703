//! How late timers are that are due at once.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use futures::StreamExt;
use time::format_description::well_known::Rfc3339;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    fanout,
    http::{Connection, trigger_body},
    stack::{KEY, Stack},
};

/// Timers that are due at once.
const COUNT: usize = 10_000;
/// Connections by which they are set.
const CONNECTIONS: usize = 64;
/// How long until they are due: all are set by then.
const DUE_IN: Duration = Duration::from_secs(60);
/// How long after all must have fired before the run is given up.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

/// From the moment when timers were due until a subscriber heard of what each did; sorted.
pub(crate) async fn measure(stack: &Stack) -> anyhow::Result<Vec<Duration>> {
    let mut socket = fanout::subscribe(&stack.address, KEY).await?;
    let due = tocsin_clock::machine_now() + DUE_IN;
    let until = due.format(&Rfc3339)?;
    let number = AtomicUsize::new(0);
    let setting = (0..CONNECTIONS).map(|_| async {
        let mut api = Connection::open(&stack.address, KEY).await?;
        while number.fetch_add(1, Ordering::Relaxed) < COUNT {
            set(&mut api, &until).await?;
        }
        anyhow::Ok(())
    });
    let heard = async {
        let mut late = Vec::with_capacity(COUNT);
        let given_up = Instant::now() + DUE_IN + HEARD_WITHIN;
        while late.len() < COUNT {
            let message = tokio::time::timeout_at(given_up.into(), socket.next());
            let message = message
                .await
                .with_context(|| format!("only {} timers have fired", late.len()))?;
            let Message::Text(text) = message.context("the socket was closed")?? else {
                continue;
            };
            if text.contains("INCIDENT_SNOOZE_ENDED") {
                let after = tocsin_clock::machine_now() - due;
                if after.is_negative() {
                    bail!("a timer has fired early, by {}", -after);
                }
                late.push(after.unsigned_abs());
            } else if text.contains("\"error\"") {
                bail!("{text}");
            }
        }
        anyhow::Ok(late)
    };
    let set = async {
        futures::future::try_join_all(setting).await?;
        if tocsin_clock::machine_now() >= due {
            bail!("the timers were not set in time");
        }
        anyhow::Ok(())
    };
    let ((), mut late) = futures::future::try_join(set, heard).await?;
    late.sort_unstable();
    Ok(late)
}

/// Triggers an incident, and lets it rest.
async fn set(api: &mut Connection, until: &str) -> anyhow::Result<()> {
    let answer: serde_json::Value = serde_json::from_slice(api.post(&trigger_body("Timers")).await?)?;
    let id = answer["data"]["triggerIncident"]["incident"]["id"]
        .as_str()
        .with_context(|| answer.to_string())?;
    let snooze = serde_json::json!({
        "query": "mutation($i: SnoozeIncidentInput!) { snoozeIncident(input: $i) { userErrors { message } } }",
        "variables": { "i": { "id": id, "until": until } },
    });
    let answer: serde_json::Value = serde_json::from_slice(api.post(&snooze.to_string()).await?)?;
    if answer["data"]["snoozeIncident"]["userErrors"] != serde_json::json!([]) {
        bail!("not taken: {answer}");
    }
    Ok(())
}
