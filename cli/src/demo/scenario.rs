//! The steps. Each awaits what it is about, for a while; what it does not get to see is what it reports.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use tocsin_client::{ApiClient, IncidentWithTimeline, NewIncident};
use tocsin_entity::{
    id::IncidentId,
    kinds::{EntryKind, IncidentStatus, Severity, Source, Urgency},
};
use tocsin_simulator::{MessageSnapshot, Simulator, render_channel};

use crate::terminal::Terminal;

/// How long a step may take. Slack alone paces a channel to a message a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the API is asked again.
const ASK_EVERY: Duration = Duration::from_millis(20);

const TITLE: &str = "Payments are failing";
const REPLY: &str = "Looking at the gateway now.";
const COMMENT: &str = "The provider confirms an outage in **eu-west**.";

/// What the steps act through.
pub(super) struct Scenario<'a> {
    pub(super) terminal: Terminal,
    pub(super) client: ApiClient,
    pub(super) simulator: &'a Simulator,
}

/// The incident of the scenario, and its message in Slack.
struct Cast {
    id: IncidentId,
    url: url::Url,
    ts: String,
}

impl Scenario<'_> {
    /// Plays all steps; the first that fails ends it.
    pub(super) async fn play(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let cast = self
            .trigger()
            .await
            .context("step 1, triggering an incident, failed")?;
        self.reply(&cast)
            .await
            .context("step 2, a reply in Slack, failed")?;
        self.comment(&cast)
            .await
            .context("step 3, a comment through the API, failed")?;
        self.acknowledge(&cast)
            .await
            .context("step 4, acknowledging in Slack, failed")?;
        let pasted = self.paste(&cast).await.context("step 5, a pasted link, failed")?;
        self.resolve(&cast, &pasted)
            .await
            .context("step 6, resolving through the API, failed")?;
        let took = format!("in {:.1} s", began.elapsed().as_secs_f64());
        self.terminal.line(format!(
            "{} {}\n",
            self.terminal.good("All six steps were seen to happen"),
            self.terminal.dim(&took)
        ));
        Ok(())
    }

    async fn trigger(&self) -> anyhow::Result<Cast> {
        self.step(1, "A script triggers an incident by GraphQL; Slack hears of it");
        let incident = NewIncident {
            title: TITLE,
            description_markdown: "The gateway answers 502 to one payment in three.",
            urgency: Urgency::High,
            severity: Severity::Sev2,
            tags: &[("region", "eu")],
        };
        let triggered = self
            .client
            .trigger_incident(incident, "demo-trigger".to_owned())
            .await?;
        let ts = self
            .see("#incidents", |message| message.words().contains(TITLE))
            .await?
            .ts;
        self.show("#incidents")?;
        Ok(Cast {
            id: triggered.id,
            url: triggered.url.parse().context("the incident's url is none")?,
            ts,
        })
    }

    async fn reply(&self, cast: &Cast) -> anyhow::Result<()> {
        self.step(
            2,
            "Alice replies in the thread; the timeline has it, under her name",
        );
        self.simulator
            .person("alice")
            .reply("#incidents", &cast.ts, REPLY)?;
        let incident = self
            .incident(cast, |incident| {
                incident.entries.iter().any(|entry| {
                    entry.kind == EntryKind::Comment
                        && entry.source == Source::Slack
                        && entry.body_markdown.as_deref() == Some(REPLY)
                        && entry.author.as_deref() == Some("Alice Archer")
                })
            })
            .await?;
        self.timeline(&incident);
        Ok(())
    }

    async fn comment(&self, cast: &Cast) -> anyhow::Result<()> {
        self.step(3, "A comment is added by GraphQL; the thread has it");
        self.client
            .comment_on_incident(cast.id, COMMENT, "demo-comment".to_owned())
            .await?;
        self.see("#incidents", |message| {
            message.ts == cast.ts
                && message
                    .visible_replies()
                    .iter()
                    .any(|reply| reply.is_from_app && reply.words().contains("confirms an outage"))
        })
        .await?;
        self.show("#incidents")
    }

    async fn acknowledge(&self, cast: &Cast) -> anyhow::Result<()> {
        self.step(4, "Bob presses Acknowledge; the message and the API agree");
        let answer = self
            .simulator
            .person("bob")
            .click("#incidents", &cast.ts, "Acknowledge")
            .await?;
        ensure!(
            answer.is_ok(),
            "Bob was told: {}",
            answer.error.unwrap_or_default()
        );
        self.incident(cast, |incident| {
            incident.status == IncidentStatus::Acknowledged
                && incident.acknowledged_by.as_deref() == Some("Bob Baker")
        })
        .await?;
        self.see("#incidents", |message| {
            message.ts == cast.ts && says(message, "Acknowledged")
        })
        .await?;
        self.show("#incidents")
    }

    async fn paste(&self, cast: &Cast) -> anyhow::Result<String> {
        self.step(
            5,
            "Carol pastes the incident's address in #general; it gets a preview",
        );
        let ts = self.simulator.person("carol").paste_link("#general", &cast.url)?;
        self.see("#general", |message| {
            message.ts == ts && preview_says(message, TITLE)
        })
        .await?;
        self.show("#general")?;
        Ok(ts)
    }

    async fn resolve(&self, cast: &Cast, pasted: &str) -> anyhow::Result<()> {
        self.step(
            6,
            "The incident is resolved by GraphQL; the message, its thread and the preview follow",
        );
        self.client
            .resolve_with_note(cast.id, "The provider has recovered.", "demo-resolve".to_owned())
            .await?;
        self.see("#incidents", |message| {
            message.ts == cast.ts
                && says(message, "Resolved")
                && message
                    .visible_replies()
                    .iter()
                    .any(|reply| reply.words().contains("recovered"))
        })
        .await?;
        self.see("#general", |message| {
            message.ts == pasted && preview_says(message, "Resolved")
        })
        .await?;
        let incident = self
            .incident(cast, |incident| incident.status == IncidentStatus::Resolved)
            .await?;
        self.show("#incidents")?;
        self.show("#general")?;
        self.timeline(&incident);
        Ok(())
    }

    /// Waits for a top-level message of a channel.
    async fn see(
        &self,
        channel: &str,
        wanted: impl Fn(&MessageSnapshot) -> bool,
    ) -> anyhow::Result<MessageSnapshot> {
        let found = self
            .simulator
            .wait_for(
                |workspace| {
                    workspace
                        .channel(channel)?
                        .messages
                        .iter()
                        .find(|message| wanted(message))
                        .cloned()
                },
                PATIENCE,
            )
            .await;
        Ok(found?)
    }

    /// Asks the API until the incident is as wanted.
    async fn incident(
        &self,
        cast: &Cast,
        wanted: impl Fn(&IncidentWithTimeline) -> bool,
    ) -> anyhow::Result<IncidentWithTimeline> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.client.find_progress(cast.id).await?;
            let incident = found.context("the incident is gone")?;
            if wanted(&incident) {
                return Ok(incident);
            }
            if Instant::now() > deadline {
                bail!(
                    "not seen within {} s; the API has {incident:#?}",
                    PATIENCE.as_secs()
                );
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    fn step(&self, number: u8, what: &str) {
        let number = self.terminal.dim(&format!("{number}/6"));
        self.terminal
            .line(format!("{number} {}\n", self.terminal.strong(what)));
    }

    /// Shows a channel as text.
    fn show(&self, channel: &str) -> anyhow::Result<()> {
        let workspace = self.simulator.snapshot();
        let channel = workspace
            .channel(channel)
            .ok_or_else(|| anyhow!("there is no channel {channel}"))?;
        for line in render_channel(&workspace, channel).lines() {
            self.terminal.line(format!("    {line}"));
        }
        self.terminal.line("");
        Ok(())
    }

    /// Shows a timeline as text.
    fn timeline(&self, incident: &IncidentWithTimeline) {
        self.terminal.line("    timeline");
        for entry in &incident.entries {
            let author = entry.author.as_deref().unwrap_or_default();
            let (kind, source) = (entry.kind.to_string(), entry.source.to_string());
            let head = format!("{kind:<12} {source:<5}");
            let body = entry.body_markdown.as_deref().unwrap_or_default();
            self.terminal.line(
                format!("      {} {author:<14} {body}", self.terminal.dim(&head))
                    .trim_end()
                    .to_owned(),
            );
        }
        self.terminal.line("");
    }
}

fn says(message: &MessageSnapshot, word: &str) -> bool {
    message.words().to_lowercase().contains(&word.to_lowercase())
}

fn preview_says(message: &MessageSnapshot, word: &str) -> bool {
    message
        .previews()
        .iter()
        .any(|preview| preview.to_string().to_lowercase().contains(&word.to_lowercase()))
}
