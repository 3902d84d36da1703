//! The handle by which one workspace is acted in and looked at.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::calls::{Call, KeptCall};
use crate::error::TimeoutError;
use crate::faults::Fault;
use crate::limits::CallLimits;
use crate::outbound;
use crate::outbound::sender::AppSender;
use crate::people::PersonHandle;
use crate::render::render_text;
use crate::state::delivery::DeliveryAttempt;
use crate::state::host::{Callbacks, Host, lock};
use crate::state::workspace::SimulatedWorkspace;
use crate::state::workspace::snapshot::{ChannelSnapshot, Snapshot};

/// A team, in Slack's word for a workspace: its people, channels and messages, and what the app has to do with them.
///
/// [`Simulator`](crate::Simulator) is the handle of its first team.
#[derive(Clone)]
pub struct TeamHandle {
    pub(crate) host: Arc<Host>,
}

impl TeamHandle {
    /// The team's id, `T…`.
    pub fn id(&self) -> String {
        self.host.read(|ws| ws.team.id.clone())
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

    /// The token that the Web API accepts from the start, if the app is installed from the start.
    pub fn bot_token(&self) -> &str {
        &self.host.config.bot_token
    }

    /// The key that outgoing requests are signed with.
    pub fn signing_secret(&self) -> &str {
        &self.host.app.signing_secret
    }

    /// The token that `apps.connections.open` accepts.
    pub fn app_token(&self) -> &str {
        &self.host.app.app_token
    }

    /// Switches Socket Mode on or off. While it is on nothing goes over HTTP; off, open connections are told so and closed.
    pub fn set_socket_mode(&self, enabled: bool) {
        lock(&self.host.app.sockets).switch(enabled);
        self.host.ring();
    }

    /// Tells all WebSockets to go, for `warning` or `refresh_requested`.
    pub fn disconnect_sockets(&self, reason: &str) {
        lock(&self.host.app.sockets).disconnect(reason);
    }

    /// Makes the WebSockets that are open now fall silent: not closed, and of no use.
    pub fn hush_sockets(&self) {
        lock(&self.host.app.sockets).hush();
    }

    /// How many requests wait for an acknowledgement down a WebSocket.
    pub fn unacknowledged(&self) -> usize {
        lock(&self.host.app.sockets).unacknowledged()
    }

    /// Cuts all WebSockets without a word.
    pub fn cut_sockets(&self) {
        lock(&self.host.app.sockets).cut();
    }

    /// The way to the app, for what a test has made itself.
    pub fn line(&self) -> AppSender {
        AppSender::new(Arc::clone(&self.host))
    }

    /// How many WebSockets the app has open.
    pub fn sockets(&self) -> usize {
        lock(&self.host.app.sockets).connections()
    }

    /// Sends events, interactions and commands to `/slack/events`, `/slack/interactions` and
    /// `/slack/commands` under this address from now on.
    pub fn set_callbacks(&self, base: &Url) {
        *lock(&self.host.app.callbacks) = Callbacks::under(base);
    }

    /// Sets or unsets where requests go, each by itself.
    pub fn set_callback_urls(&self, events: Option<Url>, interactions: Option<Url>, commands: Option<Url>) {
        *lock(&self.host.app.callbacks) = Callbacks {
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
        self.host.read(SimulatedWorkspace::snapshot)
    }

    /// Every Web API call so far, the last of them (`SimulatorConfig::remember`), in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.host.calls()
    }

    /// Every attempt to send something to the app so far, the last of them.
    pub fn deliveries(&self) -> Vec<DeliveryAttempt> {
        self.host.deliveries()
    }

    /// New rate limits, counted from now.
    pub fn set_limits(&self, limits: CallLimits) {
        lock(&self.host.limiter).set(limits);
    }

    /// Adds a fault; faults are met in the order in which they were added.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.host.faults).add(fault);
    }

    /// How many faults still await calls.
    pub fn faults_left(&self) -> usize {
        lock(&self.host.faults).list().len()
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
    ) -> Result<(), TimeoutError> {
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
    ) -> Result<T, TimeoutError> {
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
    ) -> Result<Call, TimeoutError> {
        self.wait_for_later_call(0, wanted, timeout).await
    }

    /// How many Web API calls there have been so far.
    pub fn call_count(&self) -> usize {
        lock(&self.host.calls).count()
    }

    /// The same as [`Self::wait_for_call`], of the calls that came after so many. What came before is not searched, which takes time.
    ///
    /// # Errors
    /// When the time is over; the error shows the workspace.
    pub async fn wait_for_later_call(
        &self,
        after: usize,
        wanted: impl Fn(&Call) -> bool,
        timeout: Duration,
    ) -> Result<Call, TimeoutError> {
        let mut seen = after;
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
        wanted: impl Fn(&DeliveryAttempt) -> bool,
        timeout: Duration,
    ) -> Result<DeliveryAttempt, TimeoutError> {
        let mut seen = 0;
        let fresh = || {
            let deliveries = lock(&self.host.deliveries);
            deliveries
                .fresh(&mut seen)
                .cloned()
                .collect::<Vec<DeliveryAttempt>>()
        };
        self.search_fresh(fresh, wanted, timeout).await
    }

    /// Searches what has been added since the last look.
    async fn search_fresh<T>(
        &self,
        mut fresh: impl FnMut() -> Vec<T>,
        wanted: impl Fn(&T) -> bool,
        timeout: Duration,
    ) -> Result<T, TimeoutError> {
        self.search(|| fresh().into_iter().find(|entry| wanted(entry)), timeout)
            .await
    }

    async fn search<T>(
        &self,
        mut find: impl FnMut() -> Option<T>,
        timeout: Duration,
    ) -> Result<T, TimeoutError> {
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
            Ok(None) | Err(_) => Err(TimeoutError {
                after: timeout,
                workspace: render_text(&self.snapshot()),
            }),
        }
    }
}
