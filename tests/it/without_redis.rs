//! Redis only rings: whatever becomes of it, incidents reach Slack and people's words reach the timeline, once.

use anyhow::{Context, ensure};
use serde_json::json;
use tocsin_tests::{
    CHANNEL, Process, RedisFailure, Stack, Subscription, World, roots, shown, shown_status, until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_redis_does_instead_of_its_work_incidents_reach_slack_once() -> anyhow::Result<()> {
    shown(in_each_state().await)
}

async fn in_each_state() -> anyhow::Result<()> {
    let world = World::on(Stack::Servers).apis(2).bridges(2).start().await?;
    world.admin().unmatched("ATTRIBUTE").await?;
    world.admin().trigger("The first").await?;
    let redis = world.redis().context("servers have one")?;
    for failure in RedisFailure::ALL {
        redis.fail(failure).await?;
        work(&world, failure, "while it fails").await?;
        if failure == RedisFailure::Down {
            // Nothing needs Redis to start either.
            for process in world.processes() {
                process.terminate().await?;
                process.start().await?;
            }
            work(&world, failure, "after a start without it").await?;
        }
        told(&world, true).await.with_context(|| format!("{failure:?}"))?;
        redis.mend(failure).await?;
        told(&world, false)
            .await
            .with_context(|| format!("{failure:?}"))?;
        work(&world, failure, "once it works").await?;
    }
    world.settled().await?;
    assert_eq!(
        roots(&world.channel()?).len(),
        1 + 2 * RedisFailure::ALL.len() + 1,
        "each incident has one message"
    );
    Ok(())
}

/// Works an incident from both sides, with a subscriber at the other replica.
async fn work(world: &World, failure: RedisFailure, when: &str) -> anyhow::Result<()> {
    let worked = async {
        let admin = world.admin();
        let there = admin.at(world.api(1).base());
        let mut subscription = Subscription::open(&there, Some(&admin.newest_cursor().await?)).await?;
        let incident = admin.trigger(&format!("{failure:?}, {when}")).await?;
        let root = world.root(incident.number, |_| true).await?;
        ensure!(subscription.next().await?.number == incident.number);
        world.slack().person("alice").reply(CHANNEL, &root.ts, "On it")?;
        admin
            .until(incident.number, |now| now.comments() == ["On it"])
            .await?;
        admin.change("acknowledgeIncident", &incident.id).await?;
        world
            .root(incident.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
            .await?;
        let asked = "mutation($input: TestSlackConnectionInput!) { testSlackConnection(input: $input) {
            operation { id } userErrors { code message } } }";
        let asked = admin.ask(asked, &json!({"input": {}})).await?;
        let id = &asked["testSlackConnection"]["operation"]["id"];
        let read = "query($id: ID!) { slackOperation(id: $id) { state } }";
        until("the connection was tested", async || {
            let seen = admin.ask(read, &json!({"id": id})).await.ok()?;
            (seen["slackOperation"]["state"] == "SUCCEEDED").then_some(())
        })
        .await
    };
    worked
        .await
        .with_context(|| format!("with Redis {failure:?}, {when}"))
}

/// Waits until each process says of Redis that it fails, or no longer does. All are ready meanwhile.
async fn told(world: &World, fails: bool) -> anyhow::Result<()> {
    for process in world.processes() {
        let what = format!("{} told of Redis ({fails})", process.name());
        until(&what, async || {
            let told = ready_with(process).await.ok()?;
            (told == fails).then_some(())
        })
        .await?;
    }
    Ok(())
}

/// Whether a process that is ready tells of trouble with the queue.
async fn ready_with(process: &Process) -> anyhow::Result<bool> {
    let (status, body) = process.readiness().await?;
    ensure!(status == 200, "{} is not ready: {body}", process.name());
    Ok(body["notes"]["queue"].is_string())
}
