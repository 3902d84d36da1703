//! A bridge that stops in the midst of a call, as a machine does that runs out of memory, while another takes its work over.

use anyhow::{Context, ensure};
use tocsin_simulator::{Fault, FaultKind};
use tocsin_tests::{Process, Stack, World, roots_of, shown, shown_status, until};

/// The bridge that has claimed an incident.
async fn claimer<'a>(world: &World, bridges: [&'a Process; 2]) -> anyhow::Result<&'a Process> {
    until("a bridge calls Slack", async || {
        for bridge in bridges {
            let pid = bridge.pid().ok()?;
            let claimed = format!("slack_incident WHERE claimed_by LIKE 'bridge-{pid}/%'");
            if world.slack().faults_left() == 0 && world.count(&claimed).await.ok()? > 0 {
                return Some(bridge);
            }
        }
        None
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_stopped_during_a_limit_and_goes_on_after_another_doubles_nothing() -> anyhow::Result<()>
{
    shown(stopped_during_a_limit().await)
}

async fn stopped_during_a_limit() -> anyhow::Result<()> {
    let world = World::on(Stack::Servers).bridges(2).start().await?;
    let bridges = [world.bridge(0), world.bridge(1)];
    let limit = FaultKind::LateLimit {
        seconds: 2.0,
        retry_after: 1,
    };
    world.slack().add_fault(Fault::on("chat.postMessage", limit));
    let incident = world.admin().trigger("Payments are failing").await?;
    let stopped = claimer(&world, bridges).await?;
    stopped.pause().await?;
    let other = bridges.into_iter().find(|bridge| bridge.name() != stopped.name());
    world.send_slack_to(other.context("there are two")?)?;
    let posted = world.root(incident.number, |_| true).await?;

    // It reads that it is to come back later.
    stopped.resume().await?;
    stopped.ready().await?;
    for (change, status) in [
        ("acknowledgeIncident", "ACKNOWLEDGED"),
        ("resolveIncident", "RESOLVED"),
    ] {
        world.admin().change(change, &incident.id).await?;
        let root = world
            .root(incident.number, |root| shown_status(root) == Some(status))
            .await?;
        ensure!(
            root.ts == posted.ts,
            "{change} has made another message: {root:#?}"
        );
        world.settled().await?;
        let channel = world.channel()?;
        let roots = roots_of(&channel, incident.number);
        ensure!(roots.len() == 1, "{change}: {roots:#?}");
    }
    Ok(())
}
