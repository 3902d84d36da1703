//! A machine whose clock is wrong while Tocsin starts.

use anyhow::ensure;
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_tests::{Stack, World, shown};

const TRIGGERED_AT: &str = "query($number: Int!) { incident(number: $number) { triggeredAt } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_while_the_clock_is_wrong_moves_no_time() -> anyhow::Result<()> {
    shown(restarts().await)
}

async fn restarts() -> anyhow::Result<()> {
    let world = World::on(Stack::Embedded).clocks().start().await?;
    for wrong in [3_600, -3_600] {
        let process = world.api(0);
        process.kill().await?;
        process.set_clock(wrong)?;
        process.launch()?;
        process.ready().await?;
        let made = world.admin().trigger("Made while the clock is wrong").await?;
        world.root(made.number, |_| true).await?;
        let data = world
            .admin()
            .insist(TRIGGERED_AT, &json!({"number": made.number}))
            .await?;
        let told = data["incident"]["triggeredAt"].as_str().unwrap_or_default();
        let off = OffsetDateTime::parse(told, &Rfc3339)? - tocsin_clock::machine_now();
        ensure!(
            off.abs() < Duration::MINUTE,
            "off by {off} while the clock is by {wrong} s"
        );
    }
    Ok(())
}
