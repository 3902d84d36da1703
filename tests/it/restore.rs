//! The database is put back to an earlier moment while Slack is not: afterwards both say the same, and nothing is there twice.

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use tocsin_simulator::{CallLimits, ChannelSnapshot, MessageSnapshot, Snapshot};
use tocsin_tests::{
    CHANNEL, PATIENCE, Stack, World, digests, on_each_stack, roots, roots_of, shown_status, until,
};

const BACKUP: &str = "backup.tocsin";

/// What is posted by the app in the channel of incidents, replies included.
fn posted(channel: &ChannelSnapshot) -> usize {
    let messages = channel.app_messages();
    let replies = messages.iter().flat_map(|root| &root.replies);
    messages.len()
        + replies
            .filter(|reply| reply.is_from_app && !reply.deleted)
            .count()
}

fn says_it_is_lost(message: &MessageSnapshot) -> bool {
    message.text.contains("no longer")
}

async fn stop(world: &World) -> anyhow::Result<()> {
    for process in world.processes() {
        process.kill().await?;
    }
    Ok(())
}

async fn start(world: &World) -> anyhow::Result<()> {
    for process in world.processes() {
        process.start().await?;
    }
    Ok(())
}

/// The state of a world that was put back to the moment of a backup.
struct PutBack {
    kept: i64,
    lost: i64,
    lost_ts: String,
    posted: usize,
}

/// Works incidents, takes a backup, works on, and goes back to the backup.
async fn go_back(world: &World) -> anyhow::Result<PutBack> {
    let admin = world.admin();
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let kept = alice.trigger("Known to the backup").await?;
    let root = world.root(kept.number, |_| true).await?;
    world.settled().await?;
    let told = world.succeed(&["backup", BACKUP]).await?;
    ensure!(
        told.contains("Backed up") && told.contains("is not in it"),
        "{told}"
    );

    alice.change("acknowledgeIncident", &kept.id).await?;
    alice.comment(&kept.id, "Forgotten words").await?;
    world
        .slack()
        .person("alice")
        .reply("incidents", &root.ts, "Said in Slack")?;
    let lost = alice.trigger("Newer than the backup").await?;
    let lost_root = world.root(lost.number, |_| true).await?;
    world
        .root(kept.number, |root| {
            shown_status(root) == Some("ACKNOWLEDGED")
                && root
                    .replies
                    .iter()
                    .any(|reply| reply.text.contains("Forgotten words"))
        })
        .await?;
    admin
        .until(kept.number, |now| now.comments().contains(&"Said in Slack"))
        .await?;
    world.settled().await?;
    let posted = posted(&world.channel()?);

    let refused = world.run(&["restore", BACKUP, "--replace"]).await?;
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(
        !refused.status.success() && why.contains("stop Tocsin first"),
        "{why}"
    );
    stop(world).await?;
    // PostgreSQL may not have noticed yet that they are dead.
    until("it is refused to replace what is there unasked", async || {
        let refused = world.run(&["restore", BACKUP]).await.ok()?;
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        (!refused.status.success() && why.contains("--replace")).then_some(())
    })
    .await?;
    let told = world.succeed(&["restore", BACKUP, "--replace"]).await?;
    ensure!(told.contains("is kept as"), "{told}");
    Ok(PutBack {
        kept: kept.number,
        lost: lost.number,
        lost_ts: lost_root.ts,
        posted,
    })
}

/// Waits until Slack and the database say the same, and sees that nothing was posted.
async fn agree(world: &World, back: &PutBack) -> anyhow::Result<()> {
    let root = world
        .root(back.kept, |root| {
            let stale = |reply: &&MessageSnapshot| {
                let text = &reply.text;
                reply.is_from_app && (text.contains("acknowledged") || text.contains("Forgotten words"))
            };
            shown_status(root) == Some("TRIGGERED") && root.replies.iter().filter(stale).all(says_it_is_lost)
        })
        .await?;
    let admin = world.admin();
    admin
        .until(back.kept, |now| now.comments() == ["Said in Slack"])
        .await?;
    until("the lost incident's message says so", async || {
        let channel = world.channel().ok()?;
        let message = channel
            .messages
            .iter()
            .find(|message| message.ts == back.lost_ts)?;
        says_it_is_lost(message).then_some(())
    })
    .await?;
    world.settled().await?;
    let channel = world.channel()?;
    ensure!(
        roots_of(&channel, back.kept).len() == 1,
        "#{} is there twice",
        back.kept
    );
    ensure!(
        posted(&channel) == back.posted,
        "{} were posted, and {} are there",
        back.posted,
        posted(&channel)
    );
    // It goes on: with the same message, and a number that nobody has seen.
    let next = admin.trigger("After the restore").await?;
    ensure!(
        next.number > back.lost + 100,
        "#{} follows #{}",
        next.number,
        back.lost
    );
    world.root(next.number, |_| true).await?;
    let kept = admin.incident(back.kept).await?;
    admin.change("acknowledgeIncident", &kept.id).await?;
    let again = world
        .root(back.kept, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    ensure!(again.ts == root.ts);
    world.settled().await
}

on_each_stack!(
    after_a_restore_slack_and_the_database_agree_and_nothing_is_there_twice,
    a_database_that_was_put_back_by_other_means_is_noticed,
    what_was_on_its_way_at_the_moment_of_the_backup_is_not_posted_again,
);

async fn after_a_restore_slack_and_the_database_agree_and_nothing_is_there_twice(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let back = go_back(&world).await?;
    start(&world).await?;
    agree(&world, &back).await
}

async fn a_database_that_was_put_back_by_other_means_is_noticed(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let back = go_back(&world).await?;
    // A copy of the file, or a recovery to a moment, says nothing of itself.
    world
        .execute(
            "UPDATE organization SET restored_at = NULL, last_incident_number = last_incident_number - 1000",
        )
        .await?;
    start(&world).await?;
    agree(&world, &back).await
}

async fn what_was_on_its_way_at_the_moment_of_the_backup_is_not_posted_again(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let incident = admin.trigger("On its way").await?;
    admin.comment(&incident.id, "Also on its way").await?;
    world
        .root(incident.number, |root| {
            root.replies
                .iter()
                .any(|reply| reply.text.contains("Also on its way"))
        })
        .await?;
    world.settled().await?;
    let before = posted(&world.channel()?);
    stop(&world).await?;
    // As if the backup had been taken before Slack was told of any of it.
    for table in ["slack_post", "slack_incident", "slack_cursor"] {
        world.execute(&format!("DELETE FROM {table}")).await?;
    }
    start(&world).await?;
    admin.change("acknowledgeIncident", &incident.id).await?;
    world
        .root(incident.number, |root| {
            shown_status(root) == Some("ACKNOWLEDGED")
                && root
                    .replies
                    .iter()
                    .any(|reply| reply.text.contains("acknowledged"))
        })
        .await?;
    world.settled().await?;
    let channel = world.channel()?;
    ensure!(
        roots_of(&channel, incident.number).len() == 1,
        "its message is there twice"
    );
    // One reply more tells of the acknowledgement.
    ensure!(
        posted(&channel) == before + 1,
        "{before} were posted, and {} are there",
        posted(&channel)
    );
    Ok(())
}

on_each_stack!(a_backup_or_a_restore_that_is_killed_leaves_what_was_there);

async fn a_backup_or_a_restore_that_is_killed_leaves_what_was_there(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let first = admin.trigger("First").await?;
    world.root(first.number, |_| true).await?;
    world.settled().await?;
    world.succeed(&["backup", BACKUP]).await?;
    let whole = std::fs::read(world.file(BACKUP)).context("the backup")?;
    stop(&world).await?;
    for moment in 0..12_u64 {
        let pause = std::time::Duration::from_millis(moment * 12);
        for arguments in [
            &["backup", "--overwrite", BACKUP][..],
            &["restore", BACKUP, "--replace"][..],
        ] {
            let mut child = world.spawn(arguments)?;
            // When it dies is chance; what it leaves is not.
            tokio::time::sleep(pause).await;
            child.kill().await?;
            // Whatever there is can be read to its end.
            let there = std::fs::read(world.file(BACKUP)).context("the backup")?;
            ensure!(there.len() > whole.len() / 2, "the backup was cut short");
            ensure!(
                world.count("incident WHERE title = 'First'").await? == 1,
                "{arguments:?} after {pause:?}"
            );
        }
    }
    // PostgreSQL may not have noticed yet that the last one is dead.
    until("a restore was not disturbed", async || {
        let restored = world.run(&["restore", BACKUP, "--replace"]).await.ok()?;
        restored.status.success().then_some(())
    })
    .await?;
    start(&world).await?;
    ensure!(admin.incident(first.number).await?.title == "First");
    world.settled().await
}

on_each_stack!(
    what_was_edited_and_what_a_home_tab_shows_agree_after_a_restore,
    the_lines_of_a_digest_agree_after_a_restore,
);

async fn home_says(world: &World, says: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let is_shown = |snapshot: &Snapshot| {
        let mut tabs = snapshot.views.iter().filter(|view| view.kind == "home");
        tabs.any(|tab| says(&tab.content.to_string()))
    };
    Ok(world.slack().wait_until(is_shown, PATIENCE).await?)
}

async fn what_was_edited_and_what_a_home_tab_shows_agree_after_a_restore(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let alice = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let incident = alice.trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    let person = world.slack().person("alice");
    let said = person.reply(CHANNEL, &root.ts, "It is the cache")?;
    let admin = world.admin();
    admin
        .until(incident.number, |now| now.comments() == ["It is the cache"])
        .await?;
    person.open_home()?;
    home_says(&world, |home| home.contains("Payments are failing")).await?;
    world.settled().await?;
    world.succeed(&["backup", BACKUP]).await?;

    person.edit(CHANNEL, &said, "It is the disk")?;
    admin
        .until(incident.number, |now| now.comments() == ["It is the disk"])
        .await?;
    alice.change("acknowledgeIncident", &incident.id).await?;
    home_says(&world, |home| home.contains("Acknowledged by")).await?;
    world.settled().await?;
    stop(&world).await?;
    world.succeed(&["restore", BACKUP, "--replace"]).await?;
    start(&world).await?;

    // What people said is true as it stands in Slack; what Tocsin says is true as it stands in the database.
    admin
        .until(incident.number, |now| now.comments() == ["It is the disk"])
        .await?;
    home_says(&world, |home| {
        home.contains("Payments are failing") && !home.contains("Acknowledged by")
    })
    .await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    world.settled().await
}

/// So many incidents that most of them are shown by digests.
const STORM: i64 = 20;

/// The lines of digests, one for each incident that has one, where all of them tell of this status.
fn lines_that_say(channel: &ChannelSnapshot, status: &str) -> Option<usize> {
    let blocks = digests(channel)
        .into_iter()
        .flat_map(|digest| digest.blocks.clone());
    let texts = blocks.filter_map(|block| Some(block["text"]["text"].as_str()?.to_owned()));
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.contains("/incidents/"))
        .collect();
    let all_say = lines.iter().all(|line| line.to_uppercase().contains(status));
    (all_say && !lines.is_empty()).then_some(lines.len())
}

/// Waits until each incident of the storm is shown with this status, in a message of its own or in a line; how many lines there are.
async fn storm_shows(world: &World, status: &str) -> anyhow::Result<usize> {
    let shown = until("each incident of the storm is shown", async || {
        let channel = world.channel().ok()?;
        let lines = lines_that_say(&channel, status)?;
        let own: Vec<_> = roots(&channel);
        let all_say = own.iter().all(|root| shown_status(root) == Some(status));
        let all = i64::try_from(own.len() + lines).ok()?;
        (all_say && all == STORM).then_some(lines)
    });
    shown.await
}

async fn the_lines_of_a_digest_agree_after_a_restore(stack: Stack) -> anyhow::Result<()> {
    let plan = World::on(stack).pace("1", CallLimits::posts_per_second(1.0));
    let world = plan.start().await?;
    let admin = world.admin();
    let incidents = try_join_all((0..STORM).map(async |number| {
        let title = format!("Storm {number}");
        admin.trigger(&title).await
    }))
    .await?;
    let lines = storm_shows(&world, "TRIGGERED").await?;
    world.settled().await?;
    world.succeed(&["backup", BACKUP]).await?;

    try_join_all(
        incidents
            .iter()
            .map(|incident| admin.change("resolveIncident", &incident.id)),
    )
    .await?;
    storm_shows(&world, "RESOLVED").await?;
    world.settled().await?;
    stop(&world).await?;
    world.succeed(&["restore", BACKUP, "--replace"]).await?;
    start(&world).await?;

    let after = storm_shows(&world, "TRIGGERED").await?;
    ensure!(after == lines, "there were {lines} lines, and there are {after}");
    world.settled().await
}
