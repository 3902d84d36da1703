//! A process that hangs inside a transaction: the others go on.

use anyhow::ensure;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tocsin_tests::{Process, Stack, World, shown, until};

const TRIGGER: &str = "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) {
    incident { id number } userErrors { code message } } }";

/// Has one of the processes hang in the midst of a transaction that writes to this table, while `work` goes on. Gives that process.
async fn hang<'a>(
    world: &World,
    processes: &[&'a Process],
    table: &str,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<&'a Process> {
    let own = world.connect().await?;
    own.execute_unprepared(&format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE"))
        .await?;
    let hanging = async {
        let waiting = until("a process waits for the table", async || {
            for process in processes {
                let waiting = format!(
                    "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                     AND application_name LIKE 'tocsin pid {} on %'",
                    process.pid().ok()?
                );
                if world.count(&waiting).await.ok()? > 0 {
                    return Some(*process);
                }
            }
            None
        });
        let process = waiting.await?;
        process.signal("STOP").await?;
        // Its statement is done now, and its transaction stays open.
        own.execute_unprepared("ROLLBACK").await?;
        anyhow::Ok(process)
    };
    let ((), process) = tokio::try_join!(work, hanging)?;
    own.close().await?;
    Ok(process)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_hangs_inside_a_transaction_holds_up_no_other() -> anyhow::Result<()> {
    shown(a_hung_api().await)
}

async fn a_hung_api() -> anyhow::Result<()> {
    let world = World::on(Stack::Servers).apis(2).start().await?;
    let client = world.admin().clone();
    let input = json!({"input": {"title": "Hung"}});
    let request = tokio::spawn(async move { client.send(TRIGGER, &input).await });
    let hung = hang(&world, &[world.api(0)], "timeline_entry", async { Ok(()) }).await?;
    // A client waits for ten seconds.
    let other = world.admin().at(world.api(1).base());
    let answer = other.send(TRIGGER, &json!({"input": {"title": "Other"}})).await?;
    ensure!(answer.is_clean(), "{}", answer.body);
    let told = world.api(1).output();
    ensure!(
        told.contains("for a lock that tocsin pid") && told.contains("idle in transaction"),
        "the log doesn't say what it waited for"
    );
    hung.signal("CONT").await?;
    // What it says when it wakes is true, whatever it is. Its client may have gone.
    if let Ok(answer) = request.await? {
        let is_there = world.count("incident WHERE title = 'Hung'").await? == 1;
        ensure!(answer.is_clean() == is_there, "{}", answer.body);
    }
    let again = world
        .admin()
        .send(TRIGGER, &json!({"input": {"title": "Again"}}))
        .await?;
    ensure!(again.is_clean(), "{}", again.body);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_hangs_inside_a_transaction_holds_up_no_other() -> anyhow::Result<()> {
    shown(a_hung_bridge().await)
}

async fn a_hung_bridge() -> anyhow::Result<()> {
    let world = World::on(Stack::Servers).bridges(2).start().await?;
    let bridges = [world.bridge(0), world.bridge(1)];
    let first = async {
        world.admin().trigger("First").await?;
        Ok(())
    };
    let hung = hang(&world, &bridges, "slack_incident", first).await?;
    for number in 0..5 {
        let next = world.admin().trigger(&format!("Next {number}")).await?;
        world.root(next.number, |_| true).await?;
    }
    hung.signal("CONT").await?;
    world.root(1, |_| true).await?;
    world.settled().await?;
    ensure!(tocsin_tests::roots(&world.channel()?).len() == 6);
    Ok(())
}
