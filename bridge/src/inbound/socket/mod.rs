//! Socket Mode: Slack's requests by WebSockets that the bridge opens, for where no public address is to be had.
//!
//! What comes is handed to [`receive`](super::receive), as over HTTP, and acknowledged when it is stored or answered; what could not be
//! stored is not, so that Slack sends it again. Slack asks each connection to go every few hours: the next one is opened first.
//!
//! Sources: Slack, "Using Socket Mode"; the Node SDK's `SlackWebSocket` for how long silence may last.

mod connection;
mod envelopes;
mod link;
mod proxy;
mod troubles;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use tocsin_entity::id::SlackAppId;
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{bridge::Parts, config::SocketConfig};
use link::Trouble;
use troubles::SocketTrouble;

pub(crate) use self::troubles::SocketTroubles;

/// The pause after the first failure, short, since Slack's first retry comes at once and its second after a minute; each pause after is
/// twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause where Slack says that nothing will change until a person acts.
const HOPELESS_PAUSE: Duration = Duration::from_secs(120);

/// A connection that lived so long was a success: the next failure is the first again.
const SETTLED: Duration = Duration::from_secs(60);

/// So many failures in a row are no passing trouble: some ten seconds.
const LASTING: u32 = 8;

/// One that is to be renewed sooner than this is renewed with a pause: Slack gives a connection about an hour.
const SHORT: Duration = Duration::from_secs(1);

/// Why a connection is to be followed by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    /// Slack wants it renewed; it works on until it is closed.
    Renewed,
    /// Socket Mode was switched off in the app's settings.
    Disabled,
    /// The app has as many as it may.
    TooMany,
    /// It broke, or went silent.
    Broken,
}

impl Going {
    fn name(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Disabled => "disabled",
            Self::TooMany => "too_many",
            Self::Broken => "broken",
        }
    }
}

/// Connections that each process keeps for an organisation's own app.
const OF_AN_APP: u8 = 2;

/// Keeps the connections open until the shutdown, of the server's app and of the organisations'. Without an app-level token there is nothing to do.
pub(crate) async fn run(parts: &Arc<Parts>, shutdown: CancellationToken) {
    describe();
    let own = async {
        if let Some(socket) = parts.config.slack.socket.clone() {
            keep(Arc::clone(parts), None, socket, shutdown.clone()).await;
        }
    };
    tokio::join!(own, follow_apps(parts, shutdown.clone()));
}

/// Keeps the connections of the apps that organisations have made known, each until it is changed or forgotten.
async fn follow_apps(parts: &Arc<Parts>, shutdown: CancellationToken) {
    let mut changed = parts.apps.subscribe();
    let (tracker, mut kept) = (TaskTracker::new(), BTreeMap::new());
    loop {
        changed.mark_unchanged();
        let apps = parts.apps.all();
        kept.retain(|key: &(SlackAppId, i64), until: &mut CancellationToken| {
            let stays = apps.iter().any(|app| (app.id, app.version) == *key);
            if !stays {
                until.cancel();
                parts.socket_trouble.set(Some(key.0), None);
            }
            stays
        });
        for app in apps {
            let Some(token) = app.socket_token else { continue };
            kept.entry((app.id, app.version)).or_insert_with(|| {
                let until = shutdown.child_token();
                let socket = SocketConfig::new(token, OF_AN_APP);
                tracker.spawn(keep(Arc::clone(parts), Some(app.id), socket, until.clone()));
                until
            });
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = changed.changed() => if changed.is_err() { break },
        }
    }
    tracker.close();
    tracker.wait().await;
}

/// Keeps the connections of one app.
async fn keep(parts: Arc<Parts>, app: Option<SlackAppId>, socket: SocketConfig, shutdown: CancellationToken) {
    let proxies = Arc::new(Matcher::from_env());
    let connections = (0..socket.connections.max(1)).map(|number| {
        let slot = Slot {
            parts: Arc::clone(&parts),
            app,
            socket: socket.clone(),
            proxies: Arc::clone(&proxies),
            number,
            old: TaskTracker::new(),
            shutdown: shutdown.clone(),
        };
        slot.keep()
    });
    futures::future::join_all(connections).await;
}

/// Whether Slack takes the app-level token, and else what is wrong and what to do; nothing where there is none.
pub(crate) async fn check(parts: &Parts) -> Option<Result<(), String>> {
    let socket = parts.config.slack.socket.as_ref()?;
    let checked = link::check(parts, socket.app_token.clone()).await;
    Some(checked.map_err(|trouble| trouble.to_string()))
}

/// One connection after another.
struct Slot {
    parts: Arc<Parts>,
    /// The organisation's own app; none for the server's.
    app: Option<SlackAppId>,
    socket: SocketConfig,
    proxies: Arc<Matcher>,
    number: u8,
    /// Connections that go on until they are closed.
    old: TaskTracker,
    shutdown: CancellationToken,
}

impl Slot {
    /// Until the shutdown, or until Slack will never take the token.
    async fn keep(self) {
        let mut failures = 0;
        while !self.shutdown.is_cancelled() {
            let token = self.socket.app_token.clone();
            let pause = match link::open(&self.parts, token, &self.proxies).await {
                Ok(socket) => self.live(socket, &mut failures).await,
                Err(trouble) => match self.mourn(&trouble, &mut failures) {
                    Some(pause) => pause,
                    None => break,
                },
            };
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.old.close();
        self.old.wait().await;
    }

    /// Lives with a connection until another is due; how long to wait with that.
    async fn live(&self, socket: proxy::Socket, failures: &mut u32) -> Duration {
        let began = tokio::time::Instant::now();
        self.tell(None);
        let (goes, going) = oneshot::channel();
        let life = connection::live(
            Arc::clone(&self.parts),
            self.app,
            socket,
            self.socket.silence_max,
            goes,
            self.shutdown.clone(),
        );
        self.old.spawn(life);
        // It ends without a word when the bridge does.
        let Ok(going) = going.await else {
            return Duration::ZERO;
        };
        metrics::counter!("tocsin_slack_socket_ends_total", "reason" => going.name()).increment(1);
        if began.elapsed() > SETTLED {
            *failures = 0;
        }
        match going {
            Going::Renewed if began.elapsed() < SHORT => {
                *failures += 1;
                pause(*failures)
            }
            Going::Renewed => {
                tracing::info!(
                    slot = self.number,
                    "Slack asks for a new connection: it is opened before the old one ends"
                );
                Duration::ZERO
            }
            Going::Disabled => {
                let trouble = "Socket Mode was switched off: switch it on in the Slack app's settings, or unset SLACK_APP_TOKEN \
                     and give the app the addresses under /slack";
                tracing::warn!("{trouble}");
                self.tell(Some(lasting(trouble)));
                HOPELESS_PAUSE
            }
            Going::TooMany => {
                let trouble = "the Slack app has as many connections as it may (10): run fewer replicas, or set fewer connections for each";
                tracing::warn!("{trouble}");
                self.tell(Some(lasting(trouble)));
                HOPELESS_PAUSE
            }
            Going::Broken => {
                *failures += 1;
                pause(*failures)
            }
        }
    }

    /// Notes how the app's connections are.
    fn tell(&self, trouble: Option<SocketTrouble>) {
        self.parts.socket_trouble.set(self.app, trouble);
    }

    /// How long to wait after a failure; for ever, where nothing will change.
    fn mourn(&self, trouble: &Trouble, failures: &mut u32) -> Option<Duration> {
        *failures += 1;
        metrics::counter!("tocsin_slack_socket_ends_total", "reason" => "not_opened").increment(1);
        self.tell(Some(SocketTrouble {
            text: trouble.to_string(),
            is_lasting: !matches!(trouble, Trouble::Passing(_) | Trouble::Later(..)) || *failures >= LASTING,
        }));
        let pause = match trouble {
            Trouble::Final(_) => {
                metrics::gauge!("tocsin_slack_sockets_given_up").increment(1.0);
                tracing::error!(
                    slot = self.number,
                    "Socket Mode is given up, and nothing comes from Slack by it: {trouble}"
                );
                return None;
            }
            Trouble::Hopeless(_) => HOPELESS_PAUSE,
            Trouble::Later(pause, _) => *pause,
            Trouble::Passing(_) => pause(*failures),
        };
        tracing::warn!(slot = self.number, ?pause, "no connection to Slack: {trouble}");
        Some(pause)
    }
}

fn lasting(text: &str) -> SocketTrouble {
    SocketTrouble {
        text: text.to_owned(),
        is_lasting: true,
    }
}

/// The pause after so many failures, within 20% of its length, so that those who failed together don't come back together.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    pause.mul_f64(rand::random_range(0.8..1.2))
}

/// Says what each metric means.
fn describe() {
    describe_gauge!("tocsin_slack_sockets", "WebSockets to Slack that are open.");
    describe_gauge!(
        "tocsin_slack_sockets_given_up",
        "WebSockets that are opened no more, since Slack will never take the token; 0 unless a person must act."
    );
    metrics::gauge!("tocsin_slack_sockets_given_up").set(0.0);
    describe_counter!(
        "tocsin_slack_socket_ends_total",
        "Ends of WebSockets to Slack, and those that were not opened, by reason."
    );
    describe_counter!(
        "tocsin_slack_envelopes_total",
        "What came down WebSockets from Slack, by type and outcome."
    );
    describe_histogram!(
        "tocsin_slack_envelope_seconds",
        Unit::Seconds,
        "How long Slack waited for an acknowledgement down a WebSocket, by type."
    );
}

#[cfg(test)]
mod tests;
