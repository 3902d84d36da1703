//! Listening, serving, and stopping in an orderly way.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use anyhow::{Context, anyhow, bail};
use axum::Router;
use tocsin_listener::{FILES_RESERVED, ListenerLimits};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::{Settings, specs::SettingSpec};

/// How long requests and jobs have to end after the first signal.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Takes an address; a refusal says which setting to change.
pub(crate) async fn bind(known: &SettingSpec, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let change = match known.flag {
        Some(flag) => format!("set {} or {flag} to another address", known.variable),
        None => format!("set {} to another address", known.variable),
    };
    TcpListener::bind(address).await.map_err(|error| {
        let kind = error.kind();
        if kind == io::ErrorKind::AddrInUse {
            anyhow!("another process listens on {address} already: stop it, or {change}")
        } else if kind == io::ErrorKind::PermissionDenied {
            anyhow!("only root may listen on {address}: {change}, with a port above 1023")
        } else if kind == io::ErrorKind::AddrNotAvailable {
            anyhow!("this machine has no address {}: {change}", address.ip())
        } else {
            anyhow!("can't listen on {address} ({error}): {change}")
        }
    })
}

/// The limits of the process's HTTP server: as many connections as are configured, and as there are files for.
pub(crate) fn limits(settings: &Settings) -> ListenerLimits {
    let wanted = settings.http_connections;
    let connections_max = match tocsin_listener::raise_open_files() {
        None => wanted,
        Some(files) => {
            let room =
                usize::try_from(files.saturating_sub(FILES_RESERVED).max(files / 2)).unwrap_or(usize::MAX);
            if room < wanted {
                warn!(
                    "this process may open {files} files, which is enough for {room} HTTP connections and not for {wanted}: raise the \
                     limit (LimitNOFILE, ulimit -n), or set TOCSIN_HTTP_CONNECTIONS to {room}"
                );
            }
            wanted.min(room)
        }
    };
    ListenerLimits {
        connections_max,
        ..ListenerLimits::default()
    }
}

/// The parts of a process that run until it stops. None may end by itself: the first that does ends all.
#[derive(Debug)]
pub(crate) struct ProcessTasks {
    stop: CancellationToken,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
}

impl ProcessTasks {
    /// None yet.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            tasks: JoinSet::new(),
        }
    }

    /// Adds a part.
    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, part.await) });
    }

    /// Adds an HTTP server, which serves until `stop`.
    pub(crate) fn serve(
        &mut self,
        name: &'static str,
        listener: TcpListener,
        router: Router,
        limits: ListenerLimits,
        stop: CancellationToken,
    ) {
        self.spawn(name, async move {
            tocsin_listener::serve("main", listener, router, limits, stop).await;
            Ok(())
        });
    }

    /// Runs until the process is told to stop, and then until every part has ended or the time is over.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let outcome = tokio::select! {
            // First, since parts may end in the moment in which they are told to.
            biased;
            () = self.stop.cancelled() => Ok(()),
            ended = self.tasks.join_next() => fault(ended),
        };
        self.stop.cancel();
        if let Ok(rest) = tokio::time::timeout(STOP_WITHIN, self.join()).await {
            return outcome.and(rest);
        }
        warn!(
            "{} parts had not ended within {} s; what they were doing is taken up again at the next start",
            self.tasks.len(),
            STOP_WITHIN.as_secs()
        );
        self.tasks.abort_all();
        outcome
    }

    async fn join(&mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let one = match ended {
                Ok((name, result)) => result.with_context(|| format!("the {name} did not stop cleanly")),
                Err(panic) => Err(panic).context("a part of the process panicked while it stopped"),
            };
            outcome = outcome.and(one);
        }
        outcome
    }
}

fn fault(
    ended: Option<Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>>,
) -> anyhow::Result<()> {
    match ended {
        None => bail!("there is nothing to run"),
        Some(Ok((name, Ok(())))) => bail!("the {name} ended by itself"),
        Some(Ok((name, Err(error)))) => Err(error.context(format!("the {name} failed"))),
        Some(Err(panic)) => Err(panic).context("a part of the process panicked"),
    }
}

/// A token that the first SIGTERM or SIGINT cancels; the second ends the process at once.
pub(crate) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    // A write beyond a limit of the file's size fails, as on a full disk: without a handler the signal would end the process.
    let beyond_limit = signal(SignalKind::from_raw(libc::SIGXFSZ)).context("listening for SIGXFSZ")?;
    // The handler stays for as long as the process lives.
    drop(beyond_limit);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => ("SIGTERM", 143),
                _ = interrupt.recv() => ("SIGINT", 130),
            }
        };
        let (name, _) = next().await;
        info!(
            "{name}: finishing what was begun, for {} s at most; a second signal ends it at once",
            STOP_WITHIN.as_secs()
        );
        token.cancel();
        let (_, code) = next().await;
        std::process::exit(code);
    });
    Ok(stop)
}
