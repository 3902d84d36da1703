//! Someone who works an incident from both sides, and remembers what they did.

use anyhow::Context;
use rand::{Rng, rngs::StdRng};
use serde_json::json;
use tocsin_tests::{CHANNEL, Client, World, shown_status, until};

const STEPS: u32 = 8;

/// What must be seen of an incident afterwards.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The incident.
    pub(crate) number: i64,
    /// Its changes of state after the first, in order, each with its source.
    pub(crate) changes: Vec<(&'static str, &'static str)>,
    /// The comments made through the API.
    pub(crate) said_by_api: Vec<String>,
    /// The comments made in Slack.
    pub(crate) said_in_slack: Vec<String>,
}

/// One incident and who works it.
pub(crate) struct Actor<'a> {
    world: &'a World,
    client: &'a Client,
    name: u64,
    random: StdRng,
    status: &'static str,
    /// A press may have been taken though it was not answered, and may still come.
    doubtful: bool,
    keys: u32,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(world: &'a World, client: &'a Client, name: u64, random: StdRng) -> Self {
        Self {
            world,
            client,
            name,
            random,
            status: "TRIGGERED",
            doubtful: false,
            keys: 0,
        }
    }

    /// Does it all.
    pub(crate) async fn play(&mut self) -> anyhow::Result<Expected> {
        let title = format!("Trouble {}", self.name);
        let key = self.key();
        let incident = self
            .client
            .trigger_with(json!({"title": title, "idempotencyKey": key}))
            .await?;
        let mut expected = Expected {
            number: incident.number,
            changes: Vec::new(),
            said_by_api: Vec::new(),
            said_in_slack: Vec::new(),
        };
        for step in 0..STEPS {
            let done = match self.random.random_range(0..10) {
                0..=2 => self.say_by_api(&incident.id, &mut expected).await,
                3..=5 => self.say_in_slack(&mut expected).await,
                6..=7 => self.change(&incident.id, &mut expected).await,
                _ => self.press(&mut expected).await,
            };
            done.with_context(|| format!("step {step} on #{}: {expected:?}", incident.number))?;
        }
        Ok(expected)
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("actor-{}-{}", self.name, self.keys)
    }

    async fn say_by_api(&mut self, id: &str, expected: &mut Expected) -> anyhow::Result<()> {
        let body = format!("Said by API {}-{}", self.name, expected.said_by_api.len());
        let input = json!({"incidentId": id, "bodyMarkdown": body, "idempotencyKey": self.key()});
        self.client.change_with("addComment", input).await?;
        expected.said_by_api.push(body);
        Ok(())
    }

    async fn say_in_slack(&mut self, expected: &mut Expected) -> anyhow::Result<()> {
        let body = format!("Said in Slack {}-{}", self.name, expected.said_in_slack.len());
        let root = self.world.root(expected.number, |_| true).await?;
        let alice = self.world.slack().person("alice");
        alice.reply(CHANNEL, &root.ts, &body)?;
        expected.said_in_slack.push(body);
        Ok(())
    }

    async fn change(&mut self, id: &str, expected: &mut Expected) -> anyhow::Result<()> {
        let (mutation, kind, status) = match self.status {
            "TRIGGERED" => ("acknowledgeIncident", "ACKNOWLEDGED", "ACKNOWLEDGED"),
            "ACKNOWLEDGED" => ("resolveIncident", "RESOLVED", "RESOLVED"),
            // A press that comes late would act on the reopened incident, and rightly so.
            _ if self.doubtful => return Ok(()),
            _ => ("reopenIncident", "REOPENED", "TRIGGERED"),
        };
        let input = json!({"id": id, "idempotencyKey": self.key()});
        self.client.change_with(mutation, input).await?;
        expected.changes.push((kind, "API"));
        self.status = status;
        Ok(())
    }

    /// Presses the first button as soon as it is there, again if Slack shows an error, and sees that it acts.
    async fn press(&mut self, expected: &mut Expected) -> anyhow::Result<()> {
        let (label, kind) = match self.status {
            "TRIGGERED" => ("Acknowledge", "ACKNOWLEDGED"),
            "ACKNOWLEDGED" => ("Resolve", "RESOLVED"),
            _ => return Ok(()),
        };
        let status = self.status;
        let root = self
            .world
            .root(expected.number, |root| shown_status(root) == Some(status))
            .await?;
        let alice = self.world.slack().person("alice");
        // All actors are alice in Slack, who has one screen: what is submitted is the dialog on top.
        let _screen = self.world.screen().await;
        let mut presses = 0;
        until("a press was answered", async || {
            let Ok(answer) = alice.click(CHANNEL, &root.ts, label).await else {
                // The button is gone: an earlier press, which was not answered, has acted. Or it is not there yet, where the message showed an
                // earlier state of this name.
                return (presses > 0).then_some(());
            };
            presses += 1;
            let mut done = answer.is_ok();
            if done && label == "Resolve" {
                // A dialog asks for a note. Where the bridge died over it, the person closes it and presses again.
                let submitted = alice.submit(serde_json::Map::new()).await;
                done = submitted.is_ok_and(|answer| answer.is_ok());
                while !done && alice.close().await.is_ok() {}
            }
            done.then_some(())
        })
        .await?;
        self.doubtful |= presses > 1;
        self.client
            .until(expected.number, |now| now.status == kind)
            .await
            .context("after a press")?;
        expected.changes.push((kind, "SLACK"));
        self.status = kind;
        Ok(())
    }
}
