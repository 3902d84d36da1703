//! People who work incidents from both sides at the same time, and whether all that they did is there, and once.

mod actor;
mod verdict;

use anyhow::Context;
use tocsin_tests::{Client, World, until};

pub(crate) use actor::{Actor, Expected};

/// Waits until everything that was done is seen, on the timelines and in Slack, and sees that it stays so.
pub(crate) async fn judge(world: &World, client: &Client, expected: &[Expected]) -> anyhow::Result<()> {
    let mut last = String::new();
    let right = until("everything was right", async || {
        match verdict::of(world, client, expected).await {
            Ok(Ok(())) => Some(()),
            Ok(Err(wrong)) => {
                last = wrong;
                None
            }
            Err(error) => {
                last = format!("{error:#}");
                None
            }
        }
    });
    right.await.with_context(|| last.clone())?;

    // Whatever was late comes before this, or it is seen after it.
    let last = client.trigger("The last").await?;
    world.root(last.number, |_| true).await?;
    world.settled().await?;
    let verdict = verdict::of(world, client, expected).await?;
    verdict.map_err(|wrong| anyhow::anyhow!("it was right, and is no longer: {wrong}"))
}
