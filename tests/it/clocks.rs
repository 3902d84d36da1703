//! A machine whose clock is minutes off: nothing is lost by it, and its operator is told.

use anyhow::ensure;
use serde_json::{Value, json};
use tocsin_tests::{CHANNEL, Process, Stack, World, shown, until};

/// More than Slack's requests may be old.
const OFF: i64 = 360;

const TEST: &str =
    "mutation { testSlackConnection(input: {}) { operation { id } userErrors { code message } } }";
const TESTED: &str = "query($id: ID!) { slackOperation(id: $id) { state code message } }";

/// Sets a process's clock, and waits until it says that it has seen it.
async fn set(process: &Process, ahead: i64, direction: &str) -> anyhow::Result<()> {
    process.set_clock(ahead)?;
    until("the process tells of its clock", async || {
        let (_, report) = process.readiness().await.ok()?;
        let note = report["notes"]["clock"].as_str()?;
        (note.contains(direction) && note.contains("the database's")).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_clocks_that_are_minutes_off_slack_is_heard_and_nothing_waits() -> anyhow::Result<()> {
    shown(heard().await)
}

async fn heard() -> anyhow::Result<()> {
    let world = World::on(Stack::Servers).clocks().start().await?;
    world.admin().unmatched("ATTRIBUTE").await?;
    for (bridge, api) in [(OFF, -OFF), (-OFF, OFF)] {
        let words = |ahead: i64| if ahead > 0 { "ahead of" } else { "behind" };
        set(world.bridge(0), bridge, words(bridge)).await?;
        set(world.api(0), api, words(api)).await?;
        let told = world.run(&["doctor"]).await?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        for whose in ["Slack's", "the database's"] {
            let found = format!("{} {whose}", words(api));
            ensure!(told.contains(&found), "{found}: {told}");
        }
        let incident = world.admin().trigger("Payments are failing").await?;
        let root = world.root(incident.number, |_| true).await?;
        let said = format!("on it, {bridge}");
        world.slack().person("alice").reply(CHANNEL, &root.ts, &said)?;
        let heard = world
            .admin()
            .until(incident.number, |now| now.comments() == [said.as_str()]);
        heard.await?;
        // What an API asks for within a minute is not over before the bridge has seen it.
        let asked = world.admin().ask(TEST, &Value::Null).await?;
        let id = asked["testSlackConnection"]["operation"]["id"].clone();
        let tested = until("the test is over", async || {
            let seen = world.admin().ask(TESTED, &json!({"id": id})).await.ok()?;
            let seen = seen["slackOperation"].clone();
            (seen["state"] != "PENDING").then_some(seen)
        })
        .await?;
        ensure!(tested["state"] == "SUCCEEDED", "{tested}");
    }
    Ok(())
}
