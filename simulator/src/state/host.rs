//! What all parts share: the workspace behind one lock, and everything around it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::calls::{Call, KeptCall, Record};
use crate::config::SimulatorConfig;
use crate::faults::Faults;
use crate::limits::Limiter;
use crate::state::app::{Platform, SimulatedApp};
use crate::state::delivery::DeliveryAttempt;
use crate::state::response_urls::ResponseUrls;
use crate::state::trigger::Triggers;
use crate::state::workspace::{Event, SimulatedWorkspace};

/// Where requests to the app go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Callbacks {
    pub(crate) events: Option<Url>,
    pub(crate) interactions: Option<Url>,
    pub(crate) commands: Option<Url>,
    pub(crate) options: Option<Url>,
}

impl Callbacks {
    /// `/slack/events`, `/slack/interactions` and `/slack/commands` under an address.
    pub(crate) fn under(base: &Url) -> Self {
        let at = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}/slack/{path}", base.path().trim_end_matches('/')));
            Some(url)
        };
        Self {
            events: at("events"),
            interactions: at("interactions"),
            commands: at("commands"),
            options: at("options"),
        }
    }
}

/// A hint for the page: these channels have changed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChangeHint {
    pub(crate) version: u64,
    pub(crate) channels: BTreeSet<String>,
}

/// The shared state of one workspace.
pub(crate) struct Host {
    pub(crate) config: SimulatorConfig,
    /// The app under test, and the other teams of the simulator.
    pub(crate) app: Arc<SimulatedApp>,
    pub(crate) platform: Arc<Platform>,
    /// Where the page of this workspace is.
    pub(crate) base: Url,
    pub(crate) http: reqwest::Client,
    pub(crate) limiter: Mutex<Limiter>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) calls: Mutex<Record<KeptCall>>,
    pub(crate) deliveries: Mutex<Record<DeliveryAttempt>>,
    pub(crate) triggers: Mutex<Triggers>,
    pub(crate) response_urls: Mutex<ResponseUrls>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    /// Version of the workspace, for saving it.
    pub(crate) version: watch::Sender<u64>,
    /// Rung at every change, call and delivery, for who waits to see one.
    pub(crate) activity: watch::Sender<()>,
    pub(crate) notices: broadcast::Sender<ChangeHint>,
    workspace: Mutex<SimulatedWorkspace>,
}

/// What a workspace has in common with the others of its simulator.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) app: Arc<SimulatedApp>,
    pub(crate) platform: Arc<Platform>,
    pub(crate) http: reqwest::Client,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// A guard, whatever happened to its last holder: every change leaves the state whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    pub(crate) fn new(
        config: SimulatorConfig,
        shared: Shared,
        base: Url,
        workspace: SimulatedWorkspace,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let Shared {
            app,
            platform,
            http,
            stop,
            tasks,
        } = shared;
        Self {
            limiter: Mutex::new(Limiter::new(config.limits.clone())),
            faults: Mutex::default(),
            calls: Mutex::new(Record::new(config.remember)),
            deliveries: Mutex::new(Record::new(config.remember)),
            triggers: Mutex::new(Triggers::new(config.trigger_lives)),
            response_urls: Mutex::default(),
            stop,
            tasks,
            app,
            platform,
            events,
            version: watch::Sender::new(workspace.version),
            activity: watch::Sender::new(()),
            notices: broadcast::Sender::new(256),
            workspace: Mutex::new(workspace),
            config,
            base,
            http,
        }
    }

    /// Where what a person does goes: nowhere while the app is not installed. In Socket Mode there is no address to be known.
    pub(crate) fn address(&self, of: impl FnOnce(&Callbacks) -> Option<Url>) -> Option<Url> {
        if !self.read(|ws| ws.installation.is_live()) {
            return None;
        }
        self.way(of)
    }

    /// Where something goes, whether the app is installed or not.
    pub(crate) fn way(&self, of: impl FnOnce(&Callbacks) -> Option<Url>) -> Option<Url> {
        if lock(&self.app.sockets).is_enabled() {
            return Some(self.base.clone());
        }
        of(&lock(&self.app.callbacks))
    }

    /// Wakes whoever waits to see something.
    pub(crate) fn ring(&self) {
        self.activity.send_replace(());
    }

    /// Looks at the workspace.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&SimulatedWorkspace) -> T) -> T {
        look(&lock(&self.workspace))
    }

    /// Changes the workspace; then sends the events and wakes who watches.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut SimulatedWorkspace) -> T) -> T {
        let mut workspace = lock(&self.workspace);
        let result = change(&mut workspace);
        let (events, channels) = workspace.take_effects();
        let version = workspace.version;
        for event in events {
            if self.events.send(event).is_err() {
                tracing::debug!("the simulator is stopping: an event was dropped");
            }
        }
        drop(workspace);
        if !channels.is_empty() {
            self.version.send_replace(version);
            if self.notices.send(ChangeHint { version, channels }).is_err() {
                tracing::trace!("nobody watches the stream of changes");
            }
        }
        self.activity.send_replace(());
        result
    }

    /// Records a call that has been answered.
    pub(crate) fn log_call(&self, call: Call) {
        lock(&self.calls).add(KeptCall::from(call));
        self.activity.send_replace(());
    }

    /// The calls that are remembered.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.calls).entries().map(KeptCall::call).collect()
    }

    /// The attempts to send something that are remembered.
    pub(crate) fn deliveries(&self) -> Vec<DeliveryAttempt> {
        lock(&self.deliveries).entries().cloned().collect()
    }

    /// Records an attempt to send something to the app.
    pub(crate) fn log_delivery(&self, delivery: DeliveryAttempt) {
        lock(&self.deliveries).add(delivery);
        self.activity.send_replace(());
    }

    /// Whether the bot was granted any of these scopes, or needs none.
    pub(crate) fn has_any_scope(&self, scopes: &[&str]) -> bool {
        self.read(|ws| has_any(ws.installation.scopes(), scopes))
    }

    /// How long a new access token lives, where tokens rotate.
    pub(crate) fn token_lives(&self) -> Option<Duration> {
        self.app.token_rotation.then_some(self.config.token_lives)
    }
}

/// Whether any of these scopes is among those granted, or none is needed.
pub(crate) fn has_any(granted: &[String], scopes: &[&str]) -> bool {
    scopes.is_empty() || scopes.iter().any(|s| granted.iter().any(|known| known == s))
}
