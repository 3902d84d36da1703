//! What is stopped, down or revoked for a while: everything arrives in the end.

use futures::future::{join_all, try_join_all};
use serde_json::json;
use tocsin_simulator::Fault;
use tocsin_tests::{CHANNEL, Incident, Process, Stack, World, on_each_stack, roots, shown_status};

on_each_stack!(
    an_orderly_stop_in_the_midst_of_work_loses_nothing,
    a_second_start_finds_everything,
    what_happens_while_slack_is_down_arrives_when_it_is_back,
    a_revoked_token_is_told_and_everything_arrives_once_it_is_healed,
    what_is_said_in_slack_while_the_api_is_down_is_on_the_timeline_when_it_is_back,
);

async fn an_orderly_stop_in_the_midst_of_work_loses_nothing(stack: Stack) -> anyhow::Result<()> {
    const INCIDENTS: usize = 30;
    let world = World::on(stack).start().await?;
    let work = try_join_all((0..INCIDENTS).map(async |number| {
        let input = json!({"title": format!("Trouble {number}"), "idempotencyKey": format!("key-{number}")});
        let incident = world.admin().trigger_with(input).await?;
        let key = json!({"id": incident.id, "idempotencyKey": format!("acknowledge-{number}")});
        world.admin().change_with("acknowledgeIncident", key).await
    }));
    let stopped = async {
        // Not before there is something to stop in the midst of.
        world
            .slack()
            .wait_until(
                |snapshot| !roots(snapshot.channel(CHANNEL).expect("the channel")).is_empty(),
                tocsin_tests::PATIENCE,
            )
            .await?;
        for ended in join_all(world.processes().iter().map(Process::terminate)).await {
            let ended = ended?;
            assert!(ended.success(), "{ended}");
        }
        for process in world.processes() {
            process.start().await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(work, stopped)?;
    for number in (1..).take(INCIDENTS) {
        world
            .root(number, |root| {
                shown_status(root) == Some("ACKNOWLEDGED") && root.replies.len() == 1
            })
            .await?;
    }
    world.settled().await?;
    assert_eq!(world.count("incident").await?, i64::try_from(INCIDENTS)?);
    assert_eq!(roots(&world.channel()?).len(), INCIDENTS);
    Ok(())
}

async fn a_second_start_finds_everything(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    world.settled().await?;
    for process in world.processes() {
        process.terminate().await?;
    }
    for process in world.processes() {
        process.start().await?;
    }
    let now = world.admin().incident(incident.number).await?;
    assert_eq!(
        (now.id.as_str(), now.status.as_str()),
        (incident.id.as_str(), "TRIGGERED")
    );
    world.admin().unmatched("ATTRIBUTE").await?;
    world
        .slack()
        .person("alice")
        .reply(CHANNEL, &root.ts, "Still here?")?;
    world
        .admin()
        .until(incident.number, |now| now.comments() == ["Still here?"])
        .await?;
    world.admin().change("resolveIncident", &incident.id).await?;
    let shown = world
        .root(incident.number, |root| shown_status(root) == Some("RESOLVED"))
        .await?;
    assert_eq!(shown.ts, root.ts);
    assert_eq!(world.count("organization").await?, 1);
    Ok(())
}

async fn what_happens_while_slack_is_down_arrives_when_it_is_back(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let before = world.admin().trigger("Before").await?;
    world.root(before.number, |_| true).await?;
    world.slack().add_fault(Fault::down());
    let during = world.admin().trigger("During").await?;
    world.admin().comment(&before.id, "Can you hear me?").await?;
    world.admin().change("resolveIncident", &before.id).await?;
    world
        .admin()
        .until(during.number, |now| {
            now.root_delivery()
                .is_some_and(|root| root.attempts > 0 && root.last_error.is_some() && root.state != "POSTED")
        })
        .await?;
    world.slack().clear_faults();
    world.root(during.number, |_| true).await?;
    let root = world
        .root(before.number, |root| {
            shown_status(root) == Some("RESOLVED") && root.replies.len() == 2
        })
        .await?;
    assert!(root.replies[0].words().contains("Can you hear me?"));
    world.settled().await?;
    assert_eq!(roots(&world.channel()?).len(), 2);
    let now = world.admin().incident(during.number).await?;
    let delivery = now.root_delivery().expect("it is there");
    assert_eq!((delivery.state.as_str(), &delivery.last_error), ("POSTED", &None));
    Ok(())
}

async fn a_revoked_token_is_told_and_everything_arrives_once_it_is_healed(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world.slack().add_fault(Fault::token_revoked());
    let incident = world.admin().trigger("Payments are failing").await?;
    let told = world
        .admin()
        .until(incident.number, |now| {
            now.root_delivery().is_some_and(|root| root.last_error.is_some())
        })
        .await?;
    let error = told.root_delivery().and_then(|root| root.last_error.clone());
    let error = error.expect("it was waited for");
    assert!(error.contains("token"), "{error}");
    world.slack().clear_faults();
    world.root(incident.number, |_| true).await?;
    world
        .admin()
        .until(incident.number, |now| {
            now.root_delivery()
                .is_some_and(|root| root.state == "POSTED" && root.last_error.is_none())
        })
        .await?;
    Ok(())
}

async fn what_is_said_in_slack_while_the_api_is_down_is_on_the_timeline_when_it_is_back(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world.admin().unmatched("ATTRIBUTE").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    world.api(0).kill().await?;
    let alice = world.slack().person("alice");
    for number in 0..5 {
        alice.reply(CHANNEL, &root.ts, &format!("Said {number}"))?;
    }
    world
        .slack()
        .wait_for_delivery(|delivery| delivery.what == "message", tocsin_tests::PATIENCE)
        .await?;
    world.api(0).start().await?;
    let said = ["Said 0", "Said 1", "Said 2", "Said 3", "Said 4"];
    let all = |now: &Incident| {
        let mut comments = now.comments();
        // In their order where they were taken in it; on SQLite Slack had to send them again.
        if stack == Stack::Embedded {
            comments.sort_unstable();
        }
        comments == said
    };
    world.admin().until(incident.number, all).await?;
    Ok(())
}
