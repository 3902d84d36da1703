//! Whether all is as it must be.

use anyhow::Context;
use tocsin_simulator::MessageSnapshot;
use tocsin_tests::{CHANNEL, Client, Entry, Incident, World, digests, roots_of, shown_status};

use super::Expected;

/// Whether every incident is right, on its timeline and in Slack; what is wrong, if not.
pub(crate) async fn of(
    world: &World,
    client: &Client,
    expected: &[Expected],
) -> anyhow::Result<Result<(), String>> {
    for expected in expected {
        let incident = client.incident(expected.number).await?;
        let seen = on_timeline(&incident, expected).and_then(|()| in_slack(world, &incident));
        if let Err(wrong) = seen {
            return Ok(Err(format!("#{}: {wrong}", expected.number)));
        }
    }
    let channel = world.slack().channel(CHANNEL).context("the channel")?;
    if !digests(&channel).is_empty() {
        return Ok(Err("a digest, without any storm".to_owned()));
    }
    Ok(Ok(()))
}

fn on_timeline(incident: &Incident, expected: &Expected) -> Result<(), String> {
    let entries = incident.timeline();
    let changes: Vec<_> = entries
        .iter()
        .filter(|entry| !matches!(entry.kind.as_str(), "TRIGGERED" | "COMMENT"))
        .map(|entry| (entry.kind.as_str(), entry.source.as_str()))
        .collect();
    same("changes", &changes, &expected.changes)?;
    for (source, said) in [("API", &expected.said_by_api), ("SLACK", &expected.said_in_slack)] {
        let mut comments: Vec<_> = entries
            .iter()
            .filter(|entry| entry.kind == "COMMENT" && entry.source == source)
            .map(|entry| entry.body_markdown.clone().unwrap_or_default())
            .collect();
        let mut said = said.clone();
        comments.sort();
        said.sort();
        same(source, &comments, &said)?;
    }
    Ok(())
}

fn in_slack(world: &World, incident: &Incident) -> Result<(), String> {
    let channel = world.slack().channel(CHANNEL).ok_or("no channel")?;
    let roots = roots_of(&channel, incident.number);
    let [root] = roots.as_slice() else {
        return Err(format!("{} messages", roots.len()));
    };
    same("status", &shown_status(root), &Some(incident.status.as_str()))?;
    let replies: Vec<_> = root
        .visible_replies()
        .into_iter()
        .filter(|reply| reply.is_from_app)
        .collect();
    let entries: Vec<_> = incident
        .timeline()
        .iter()
        .filter(|entry| is_told(entry))
        .collect();
    let alike = replies.len() == entries.len()
        && replies
            .iter()
            .zip(&entries)
            .all(|(reply, entry)| tells(reply, entry));
    if alike {
        return Ok(());
    }
    let said: Vec<_> = replies.iter().map(|reply| &reply.text).collect();
    let wanted: Vec<_> = entries
        .iter()
        .map(|entry| (&entry.kind, &entry.body_markdown))
        .collect();
    Err(format!(
        "the thread says\n{said:#?}\nand the timeline\n{wanted:#?}"
    ))
}

/// Whether the app has to tell it in the thread.
fn is_told(entry: &Entry) -> bool {
    let said_there = entry.kind == "COMMENT" && entry.source == "SLACK";
    entry.kind != "TRIGGERED" && !said_there
}

fn tells(reply: &MessageSnapshot, entry: &Entry) -> bool {
    if entry.kind == "COMMENT" {
        return entry.body_markdown.as_ref() == Some(&reply.text);
    }
    let deed = format!(" {} the incident", entry.kind.to_lowercase());
    reply.text.contains(&deed)
}

fn same<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(
    what: &str,
    seen: &T,
    wanted: &U,
) -> Result<(), String> {
    if seen == wanted {
        return Ok(());
    }
    Err(format!("{what}: {seen:?} instead of {wanted:?}"))
}
