//! Socket Mode: Slack's requests by WebSockets that we open, for where no public address is to be had.
//!
//! What comes is given to a [`SocketHandler`], and acknowledged with what it says; what it does not acknowledge, Slack sends again. Slack asks each
//! connection to go every few hours: the next one is opened first.
//!
//! Sources: Slack, "Using Socket Mode"; the Node SDK's `SlackWebSocket` for how long silence may last.

mod connection;
mod frames;
mod link;
mod proxy;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use hyper_util::client::proxy::matcher::Matcher;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use secrecy::SecretString;
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{http::Http, pacer::Pacer};
use link::SocketError;

pub use frames::SocketEnvelope;

/// Works a request; what it is acknowledged with, if it is.
pub type SocketHandler = Arc<dyn Fn(SocketEnvelope) -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// Is told what is wrong with the connections, or that they work.
pub type SocketReporter = Arc<dyn Fn(Option<SocketTrouble>) + Send + Sync>;

/// How connections are opened and kept.
#[derive(Clone, Debug)]
pub struct SocketConfig {
    /// `SLACK_APP_TOKEN`: `xapp-…`, with the scope `connections:write`.
    pub app_token: SecretString,
    /// `TOCSIN_SLACK_SOCKETS`: how many connections each process keeps. Slack allows ten for all of an app's.
    pub connections: u8,
    /// For how long Slack may say nothing, not so much as a ping, before a connection is given up.
    pub silence_max: Duration,
}

impl SocketConfig {
    /// Source: the Node SDK's `SlackWebSocket`; Slack sends pings every few seconds.
    const SILENCE_MAX: Duration = Duration::from_secs(30);

    /// With the patience that Slack's own SDK has.
    pub fn new(app_token: SecretString, connections: u8) -> Self {
        Self {
            app_token,
            connections,
            silence_max: Self::SILENCE_MAX,
        }
    }
}

/// What is wrong with an app's connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketTrouble {
    /// For people.
    pub text: String,
    /// Whether it has lasted, or needs a person: what is over in a moment is nothing for the organisation.
    pub is_lasting: bool,
}

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
pub(super) enum SocketEnd {
    /// Slack wants it renewed; it works on until it is closed.
    Renewed,
    /// Socket Mode was switched off in the app's settings.
    Disabled,
    /// The app has as many as it may.
    TooMany,
    /// It broke, or went silent.
    Broken,
}

impl SocketEnd {
    fn name(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Disabled => "disabled",
            Self::TooMany => "too_many",
            Self::Broken => "broken",
        }
    }
}

/// The connections of one app. Cheap to clone.
#[derive(Clone)]
pub struct SocketMode {
    /// The way to Slack.
    pub http: Http,
    /// The pace of asking for connections.
    pub pacer: Arc<dyn Pacer>,
    /// How they are opened and kept.
    pub config: SocketConfig,
    /// Who works what comes.
    pub handler: SocketHandler,
    /// Who is told how they are.
    pub report: SocketReporter,
}

impl SocketMode {
    /// Keeps the connections open until the shutdown, or until Slack will never take the token.
    pub async fn keep(self, shutdown: CancellationToken) {
        let proxies = Arc::new(Matcher::from_env());
        let connections = (0..self.config.connections.max(1)).map(|number| {
            let slot = Slot {
                mode: self.clone(),
                proxies: Arc::clone(&proxies),
                number,
                old: TaskTracker::new(),
                shutdown: shutdown.clone(),
            };
            slot.keep()
        });
        futures::future::join_all(connections).await;
    }
}

/// Whether Slack takes the app-level token, and else what is wrong and what to do. No connection is opened.
///
/// # Errors
/// What is wrong and what to do, for people.
pub async fn check(http: &Http, pacer: Arc<dyn Pacer>, token: SecretString) -> Result<(), String> {
    let checked = link::check(http, pacer, token).await;
    checked.map_err(|error| error.to_string())
}

/// One connection after another.
struct Slot {
    mode: SocketMode,
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
            let token = self.mode.config.app_token.clone();
            let pacer = Arc::clone(&self.mode.pacer);
            let pause = match link::open(&self.mode.http, pacer, token, &self.proxies).await {
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
            Arc::clone(&self.mode.handler),
            socket,
            self.mode.config.silence_max,
            goes,
            self.shutdown.clone(),
        );
        self.old.spawn(life);
        // It ends without a word when the process does.
        let Ok(going) = going.await else {
            return Duration::ZERO;
        };
        metrics::counter!("tocsin_slack_socket_ends_total", "reason" => going.name()).increment(1);
        if began.elapsed() > SETTLED {
            *failures = 0;
        }
        match going {
            SocketEnd::Renewed if began.elapsed() < SHORT => {
                *failures += 1;
                pause(*failures)
            }
            SocketEnd::Renewed => {
                tracing::info!(
                    slot = self.number,
                    "Slack asks for a new connection: it is opened before the old one ends"
                );
                Duration::ZERO
            }
            SocketEnd::Disabled => {
                let trouble = "Socket Mode was switched off: switch it on in the Slack app's settings, or unset SLACK_APP_TOKEN \
                     and give the app the addresses under /slack";
                tracing::warn!("{trouble}");
                self.tell(Some(lasting(trouble)));
                HOPELESS_PAUSE
            }
            SocketEnd::TooMany => {
                let trouble = "the Slack app has as many connections as it may (10): run fewer replicas, or set fewer connections for each";
                tracing::warn!("{trouble}");
                self.tell(Some(lasting(trouble)));
                HOPELESS_PAUSE
            }
            SocketEnd::Broken => {
                *failures += 1;
                pause(*failures)
            }
        }
    }

    /// Notes how the app's connections are.
    fn tell(&self, trouble: Option<SocketTrouble>) {
        (self.mode.report)(trouble);
    }

    /// How long to wait after a failure; for ever, where nothing will change.
    fn mourn(&self, trouble: &SocketError, failures: &mut u32) -> Option<Duration> {
        *failures += 1;
        metrics::counter!("tocsin_slack_socket_ends_total", "reason" => "not_opened").increment(1);
        self.tell(Some(SocketTrouble {
            text: trouble.to_string(),
            is_lasting: !matches!(trouble, SocketError::Passing(_) | SocketError::Later(..))
                || *failures >= LASTING,
        }));
        let pause = match trouble {
            SocketError::Final(_) => {
                metrics::gauge!("tocsin_slack_sockets_given_up").increment(1.0);
                tracing::error!(
                    slot = self.number,
                    "Socket Mode is given up, and nothing comes from Slack by it: {trouble}"
                );
                return None;
            }
            SocketError::Hopeless(_) => HOPELESS_PAUSE,
            SocketError::Later(pause, _) => *pause,
            SocketError::Passing(_) => pause(*failures),
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
pub fn describe() {
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
