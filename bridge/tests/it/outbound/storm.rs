//! More incidents than Slack takes messages.

use std::collections::BTreeSet;

use tocsin_bridge::Pace;
use tocsin_simulator::CallLimits;

use super::stage::Stage;

const INCIDENTS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_each_incident_has_its_own_message_or_a_line_in_the_digest() {
    let stage = Stage::with(CallLimits::posts_per_second(1.0), Pace::Documented, |_| {}).await;
    let ids: Vec<_> = (1..=INCIDENTS)
        .map(|number| stage.tracker.trigger(&format!("storm {number}")))
        .collect();
    for id in &ids {
        stage.ring(*id);
    }
    stage.until(|snapshot| missing(snapshot).is_empty()).await;
    for id in &ids {
        stage.until_shown(*id).await;
    }
    let mut digests = stage.messages("incidents");
    digests.retain(|message| message.words().contains("in a short time"));
    assert!((1..=2).contains(&digests.len()), "a digest holds fifty incidents");

    // Which of them have lines is for chance to say.
    let lines = digests[0].words();
    let number = (1..=INCIDENTS)
        .find(|number| lines.contains(&format!("incidents/{number}|")))
        .expect("a line");
    let one = ids[number - 1];
    stage.tracker.acknowledge(one);
    stage.ring(one);
    let line = format!("storm {number} · Acknowledged · Alice Archer");
    stage
        .until(|snapshot| words(snapshot).iter().any(|words| words.contains(&line)))
        .await;
}

/// The incidents that are nowhere to be seen.
fn missing(snapshot: &tocsin_simulator::Snapshot) -> BTreeSet<usize> {
    let words = words(snapshot);
    let shown = |number: &usize| {
        words
            .iter()
            .any(|words| words.contains(&format!("incidents/{number}|")))
    };
    (1..=INCIDENTS).filter(|number| !shown(number)).collect()
}

fn words(snapshot: &tocsin_simulator::Snapshot) -> Vec<String> {
    let channel = snapshot.channel("incidents").expect("a channel");
    channel
        .messages
        .iter()
        .map(tocsin_simulator::MessageSnapshot::words)
        .collect()
}
