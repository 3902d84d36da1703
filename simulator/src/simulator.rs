//! The handle by which the simulator is started, driven and stopped.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

use crate::calls::{Call, KeptCall};
use crate::config::SimulatorConfig;
use crate::error::{SimulatorError, TimedOut};
use crate::faults::Fault;
use crate::host::{Callbacks, Host, lock};
use crate::limits::Limits;
use crate::outbound;
use crate::outbound::delivery::Delivery;
use crate::people::PersonHandle;
use crate::server;
use crate::socket::Line;
use crate::text::render::render_text;
use crate::workspace::Workspace;
use crate::workspace::snapshot::{ChannelSnapshot, Snapshot};
use crate::workspace::store;

/// A running simulated workspace. Dropping it stops it at once; [`Simulator::shutdown`] also saves its state.
pub struct Simulator {
    host: Arc<Host>,
}

impl Simulator {
    /// Starts serving.
    ///
    /// The process must have installed a `rustls` crypto provider, as for every other HTTP client in it.
    ///
    /// # Errors
    /// When the address is taken or the state file is unreadable.
    pub async fn start(config: SimulatorConfig) -> Result<Self, SimulatorError> {
        let addr = config.listen;
        let listen = |source| SimulatorError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let base = Url::parse(&format!("http://{bound}/"))
            .map_err(|error| listen(std::io::Error::other(error.to_string())))?;
        let workspace = store::load(&config)?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::limited(2))
            .no_proxy()
            .build()?;
        let (events, queue) = mpsc::unbounded_channel();
        let host = Arc::new(Host::new(config, base, http, workspace, events));
        host.tasks
            .spawn(outbound::events::dispatch(Arc::clone(&host), queue));
        if host.config.state_file.is_some() {
            host.tasks.spawn(keep_saving(Arc::clone(&host)));
        }
        let serving = axum::serve(listener, server::router(Arc::clone(&host)))
            .with_graceful_shutdown(host.stop.clone().cancelled_owned());
        host.tasks.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the simulated Slack stopped serving: {error}");
            }
        });
        tracing::info!("simulated Slack workspace at {}", host.base);
        Ok(Self { host })
    }

    /// Where everything is served; the page is at this address.
    pub fn url(&self) -> Url {
        self.host.base.clone()
    }

    /// The base of the Web API, in place of `https://slack.com/api`.
    pub fn api_url(&self) -> Url {
        let mut url = self.host.base.clone();
        url.set_path("/api");
        url
    }

    /// The token that the Web API accepts.
    pub fn bot_token(&self) -> &str {
        &self.host.config.bot_token
    }

    /// The key that outgoing requests are signed with.
    pub fn signing_secret(&self) -> &str {
        &self.host.config.signing_secret
    }

    /// The token that `apps.connections.open` accepts.
    pub fn app_token(&self) -> &str {
        &self.host.config.app_token
    }

    /// Switches Socket Mode on or off. While it is on nothing goes over HTTP; off, open connections are told so and closed.
    pub fn set_socket_mode(&self, enabled: bool) {
        lock(&self.host.sockets).switch(enabled);
        self.host.ring();
    }

    /// Tells all WebSockets to go, for `warning` or `refresh_requested`.
    pub fn disconnect_sockets(&self, reason: &str) {
        lock(&self.host.sockets).disconnect(reason);
    }

    /// Makes the WebSockets that are open now fall silent: not closed, and of no use.
    pub fn hush_sockets(&self) {
        lock(&self.host.sockets).hush();
    }

    /// How many requests wait for an acknowledgement down a WebSocket.
    pub fn unacknowledged(&self) -> usize {
        lock(&self.host.sockets).unacknowledged()
    }

    /// Cuts all WebSockets without a word.
    pub fn cut_sockets(&self) {
        lock(&self.host.sockets).cut();
    }

    /// The way to the app, for what a test has made itself.
    pub fn line(&self) -> Line {
        Line::new(Arc::clone(&self.host))
    }

    /// How many WebSockets the app has open.
    pub fn sockets(&self) -> usize {
        lock(&self.host.sockets).connections()
    }

    /// Sends events, interactions and commands to `/slack/events`, `/slack/interactions` and
    /// `/slack/commands` under this address from now on.
    pub fn set_callbacks(&self, base: &Url) {
        *lock(&self.host.callbacks) = Callbacks::under(base);
    }

    /// Sets or unsets where requests go, each by itself.
    pub fn set_callback_urls(&self, events: Option<Url>, interactions: Option<Url>, commands: Option<Url>) {
        *lock(&self.host.callbacks) = Callbacks {
            events,
            interactions,
            commands,
            options: None,
        };
    }

    /// The `url_verification` handshake that Slack makes before it accepts an events URL. True when the
    /// app answered with the challenge.
    pub async fn verify_events_url(&self) -> bool {
        outbound::events::verify_url(&self.host).await
    }

    /// Someone to act as: `alice`, `@alice`, an id or an e-mail.
    pub fn person(&self, name: &str) -> PersonHandle {
        PersonHandle::new(Arc::clone(&self.host), name)
    }

    /// A channel as it is now, by name or id (`@alice` for her direct messages with the app); `None` when
    /// there is none.
    pub fn channel(&self, name: &str) -> Option<ChannelSnapshot> {
        self.host.read(|ws| {
            ws.find_channel(name)
                .ok()
                .map(|channel| ws.channel_snapshot(channel))
        })
    }

    /// The whole workspace as it is now.
    pub fn snapshot(&self) -> Snapshot {
        self.host.read(Workspace::snapshot)
    }

    /// Every Web API call so far, the last of them ([`SimulatorConfig::remember`]), in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.host.calls()
    }

    /// Every attempt to send something to the app so far, the last of them.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.host.deliveries()
    }

    /// New rate limits, counted from now.
    pub fn set_limits(&self, limits: Limits) {
        lock(&self.host.limiter).set(limits);
    }

    /// Adds a fault; faults are met in the order in which they were added.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.host.faults).add(fault);
    }

    /// Everything works again.
    pub fn clear_faults(&self) {
        lock(&self.host.faults).clear();
    }

    /// Waits until the workspace is so. It is looked at after every change, not by the clock.
    ///
    /// # Errors
    /// When the time is over; the error shows the workspace.
    pub async fn wait_until(
        &self,
        so: impl Fn(&Snapshot) -> bool,
        timeout: Duration,
    ) -> Result<(), TimedOut> {
        self.wait_for(|snapshot| so(snapshot).then_some(()), timeout)
            .await
    }

    /// Waits until something can be found in the workspace, and gives it.
    ///
    /// # Errors
    /// When the time is over; the error shows the workspace.
    pub async fn wait_for<T>(
        &self,
        find: impl Fn(&Snapshot) -> Option<T>,
        timeout: Duration,
    ) -> Result<T, TimedOut> {
        self.search(|| find(&self.snapshot()), timeout).await
    }

    /// Waits until a Web API call of this sort has been answered, and gives the newest such.
    ///
    /// # Errors
    /// When the time is over; the error shows the workspace.
    pub async fn wait_for_call(
        &self,
        wanted: impl Fn(&Call) -> bool,
        timeout: Duration,
    ) -> Result<Call, TimedOut> {
        let mut seen = 0;
        let fresh = || {
            let calls = lock(&self.host.calls);
            calls.fresh(&mut seen).map(KeptCall::call).collect::<Vec<Call>>()
        };
        self.search_fresh(fresh, wanted, timeout).await
    }

    /// Waits until something of this sort has been sent to the app, answered or not.
    ///
    /// # Errors
    /// When the time is over; the error shows the workspace.
    pub async fn wait_for_delivery(
        &self,
        wanted: impl Fn(&Delivery) -> bool,
        timeout: Duration,
    ) -> Result<Delivery, TimedOut> {
        let mut seen = 0;
        let fresh = || {
            let deliveries = lock(&self.host.deliveries);
            deliveries.fresh(&mut seen).cloned().collect::<Vec<Delivery>>()
        };
        self.search_fresh(fresh, wanted, timeout).await
    }

    /// Searches what has been added since the last look.
    async fn search_fresh<T>(
        &self,
        mut fresh: impl FnMut() -> Vec<T>,
        wanted: impl Fn(&T) -> bool,
        timeout: Duration,
    ) -> Result<T, TimedOut> {
        self.search(|| fresh().into_iter().find(|entry| wanted(entry)), timeout)
            .await
    }

    async fn search<T>(&self, mut find: impl FnMut() -> Option<T>, timeout: Duration) -> Result<T, TimedOut> {
        let mut activity = self.host.activity.subscribe();
        let search = async {
            loop {
                activity.mark_unchanged();
                if let Some(found) = find() {
                    return Some(found);
                }
                activity.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(timeout, search).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) | Err(_) => Err(TimedOut {
                after: timeout,
                workspace: render_text(&self.snapshot()),
            }),
        }
    }

    /// Stops serving, gives up redeliveries, and saves the state.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub async fn shutdown(self) -> Result<(), SimulatorError> {
        self.host.stop.cancel();
        self.host.tasks.close();
        if tokio::time::timeout(STOP_WITHIN, self.host.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("the simulated Slack stops with a request still open");
        }
        save(&self.host).await
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.host.stop.cancel();
    }
}

/// How long a shutdown waits for open requests.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// How long changes are gathered before they are written.
const SAVE_EVERY: Duration = Duration::from_millis(500);

async fn keep_saving(host: Arc<Host>) {
    let mut version = host.version.subscribe();
    loop {
        tokio::select! {
            () = host.stop.cancelled() => return,
            changed = version.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = host.stop.cancelled() => return,
            () = tokio::time::sleep(SAVE_EVERY) => {}
        }
        version.mark_unchanged();
        if let Err(error) = save(&host).await {
            tracing::error!(%error, "{error}");
        }
    }
}

async fn save(host: &Host) -> Result<(), SimulatorError> {
    let Some(path) = host.config.state_file.clone() else {
        return Ok(());
    };
    let workspace = host.read(Clone::clone);
    let saved = tokio::task::spawn_blocking(move || store::save(&workspace, &path)).await;
    saved.unwrap_or_else(|panicked| {
        let path = host.config.state_file.clone().unwrap_or_default();
        Err(SimulatorError::StateFile {
            path,
            source: std::io::Error::other(panicked),
        })
    })
}
