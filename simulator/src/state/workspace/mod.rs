//! The state of the workspace: people, channels, messages.
//!
//! Changes happen here and nowhere else. Each leaves the events that Slack would send in an outbox, which
//! the host empties after the change, outside the lock.

pub(crate) mod act;
pub(crate) mod channel;
pub(crate) mod channel_change;
pub(crate) mod events;
pub(crate) mod file;
pub(crate) mod function;
pub(crate) mod installation;
pub(crate) mod links;
pub(crate) mod membership;
pub(crate) mod message;
pub(crate) mod person;
pub(crate) mod post;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod view;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(crate) use channel::{Channel, ChannelKind};
pub(crate) use events::Event;
pub(crate) use function::Execution;
use installation::AppGrants;
pub(crate) use links::{ComposedLinks, Preview, SharedLink};
pub(crate) use message::{Message, MessageAuthor};
pub(crate) use person::SimulatedPerson;
use snapshot::VisibleError;
pub(crate) use view::View;

use crate::clock;
use crate::config::{FunctionSeed, GroupSeed, SimulatorConfig};
use crate::state::app::SimulatedApp;

/// The Slack app under test, as installed in the workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InstalledApp {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) bot_id: String,
    pub(crate) bot_user_id: String,
}

/// The team.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
}

/// A user group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) name: String,
}

impl Group {
    fn all(seeds: &[GroupSeed], mark: &str) -> Vec<Self> {
        let groups = seeds.iter().enumerate().map(|(index, seed)| Self {
            id: format!("S{:0>10}{mark}", index + 1),
            handle: seed.handle.clone(),
            name: seed.name.clone(),
        });
        groups.collect()
    }
}

/// How many ids a team gives before it meets those of the next.
const IDS_OF_A_TEAM: u64 = 1_000_000;

/// Everything that is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SimulatedWorkspace {
    pub(crate) team: Team,
    pub(crate) app: InstalledApp,
    #[serde(default)]
    pub(crate) installation: AppGrants,
    pub(crate) people: Vec<SimulatedPerson>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) views: Vec<View>,
    pub(crate) composed: Vec<ComposedLinks>,
    pub(crate) errors: Vec<VisibleError>,
    #[serde(default)]
    pub(crate) groups: Vec<Group>,
    /// The steps of workflows that have come to the app.
    #[serde(default)]
    pub(crate) executions: Vec<Execution>,
    /// The app's functions: configuration, not state.
    #[serde(skip)]
    pub(crate) functions: Vec<FunctionSeed>,
    /// Domains registered for previews: configuration, not state.
    #[serde(skip)]
    pub(crate) unfurl_domains: Vec<String>,
    /// Grows with every change.
    pub(crate) version: u64,
    last_ts: u64,
    last_id: u64,
    #[serde(skip)]
    outbox: Vec<Event>,
    #[serde(skip)]
    touched: BTreeSet<String>,
}

impl SimulatedWorkspace {
    /// The workspace as configured, without messages. `further` counts the teams before it: no id is that of another team.
    pub(crate) fn furnish(config: &SimulatorConfig, slack_app: &SimulatedApp, further: usize) -> Self {
        let now = clock::now_seconds();
        let mark = if further == 0 {
            String::new()
        } else {
            format!("T{}", further + 1)
        };
        let app = InstalledApp {
            id: slack_app.id.clone(),
            name: slack_app.name.clone(),
            bot_id: format!("B0TOCSINBOT{mark}"),
            bot_user_id: format!("U0TOCSINBOT{mark}"),
        };
        let team = Team {
            id: format!("T0TOCSINDEMO{mark}"),
            name: config.team_name.clone(),
            domain: format!("tocsin-demo{}", mark.to_lowercase()),
        };
        let mut people: Vec<SimulatedPerson> = config
            .people
            .iter()
            .map(|seed| SimulatedPerson::from_seed(seed, &mark, now))
            .collect();
        people.push(SimulatedPerson::bot(&app, now));
        let mut channels: Vec<Channel> = Vec::new();
        for seed in &config.channels {
            channels.push(Channel::from_seed(seed, &mark, &people, &app, now));
        }
        let mut installation = AppGrants::default();
        installation.configure(config);
        Self {
            team,
            app,
            installation,
            people,
            channels,
            views: Vec::new(),
            composed: Vec::new(),
            errors: Vec::new(),
            groups: Group::all(&config.groups, &mark),
            executions: Vec::new(),
            functions: config.functions.clone(),
            unfurl_domains: config.unfurl_domains.clone(),
            version: 0,
            last_ts: 0,
            last_id: further as u64 * IDS_OF_A_TEAM,
            outbox: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// A `ts` later than every other one in the workspace.
    pub(crate) fn next_ts(&mut self) -> String {
        self.last_ts = clock::now_micros().max(self.last_ts + 1);
        clock::ts(self.last_ts)
    }

    /// A new id with this prefix, such as `C` for a channel.
    pub(crate) fn next_id(&mut self, prefix: &str) -> String {
        self.last_id += 1;
        format!("{prefix}{:0>10}", self.last_id)
    }

    /// Notes that something visible in this channel has changed.
    pub(crate) fn touch(&mut self, channel: &str) {
        self.touched.insert(channel.to_owned());
    }

    /// Queues an event for the app; whether it may have it is decided when it is sent.
    pub(crate) fn emit(&mut self, event: Event) {
        self.outbox.push(event);
    }

    /// What has happened since the last call: events to send, and what to redraw.
    pub(crate) fn take_effects(&mut self) -> (Vec<Event>, BTreeSet<String>) {
        let touched = std::mem::take(&mut self.touched);
        if !touched.is_empty() {
            self.version += 1;
        }
        (std::mem::take(&mut self.outbox), touched)
    }

    pub(crate) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    pub(crate) fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|c| c.id == id)
    }

    pub(crate) fn person(&self, id: &str) -> Option<&SimulatedPerson> {
        self.people.iter().find(|p| p.id == id)
    }

    /// Whether the bot user is in this channel.
    pub(crate) fn bot_is_in(&self, channel: &Channel) -> bool {
        channel.members.contains(&self.app.bot_user_id)
    }

    pub(crate) fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channel(channel)?.messages.get(ts).filter(|m| !m.deleted)
    }

    /// Records what a person would be told by Slack about a failed request.
    pub(crate) fn show_error(&mut self, person: &str, channel: Option<&str>, text: String) {
        self.errors.push(VisibleError {
            at_micros: clock::now_micros(),
            person: person.to_owned(),
            channel: channel.map(str::to_owned),
            text,
        });
        self.touch(channel.unwrap_or_default());
    }
}
