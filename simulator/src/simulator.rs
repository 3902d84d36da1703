//! The handle by which the simulator is started and stopped.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tocsin_listener::ListenerLimits;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::SimulatorConfig;
use crate::error::SimulatorError;
use crate::outbound;
use crate::server;
use crate::state::app::SimulatedApp;
use crate::state::host::{Host, Shared};
use crate::state::workspace::{SimulatedWorkspace, store};
use crate::team::TeamHandle;
use crate::teams::TeamSeed;

/// A running simulated Slack, and the handle of its first team. Dropping it stops it at once; [`Simulator::shutdown`] also saves the state
/// of that team.
pub struct Simulator {
    first: TeamHandle,
}

impl Deref for Simulator {
    type Target = TeamHandle;

    fn deref(&self) -> &TeamHandle {
        &self.first
    }
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
        let app = Arc::new(SimulatedApp::of(&config));
        let workspace = store::load(&config, &app)?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::limited(2))
            .no_proxy()
            .build()?;
        let shared = Shared {
            app,
            platform: Arc::default(),
            http,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let host = open(config, shared, base, workspace);
        if host.config.state_file.is_some() {
            host.tasks.spawn(keep_saving(Arc::clone(&host)));
        }
        host.tasks.spawn(tocsin_listener::serve(
            "simulator",
            listener,
            server::router(Arc::clone(&host)),
            ListenerLimits::default(),
            host.stop.clone(),
        ));
        tracing::info!("simulated Slack workspace at {}", host.base);
        Ok(Self {
            first: TeamHandle { host },
        })
    }

    /// Adds a team, by default of the default people and channels, that has not installed the app. It is under the same base URL of the Web
    /// API: the token says which team is meant. What is at `/sim` of the first team is at `/teams/{id}/sim` of this one. It is not kept in
    /// the state file.
    pub fn add_team(&self, seed: TeamSeed) -> TeamHandle {
        let first = &self.first.host;
        let app = match seed.app.clone() {
            Some(app) => Arc::new(SimulatedApp::seeded(app)),
            None => Arc::clone(&first.app),
        };
        let config = seed.config(&first.config);
        let further = first.platform.teams().len();
        let workspace = SimulatedWorkspace::furnish(&config, &app, further);
        let mut base = first.base.clone();
        base.set_path(&format!("/teams/{}/", workspace.team.id));
        let shared = Shared {
            app,
            platform: Arc::clone(&first.platform),
            http: first.http.clone(),
            stop: first.stop.clone(),
            tasks: first.tasks.clone(),
        };
        TeamHandle {
            host: open(config, shared, base, workspace),
        }
    }

    /// Stops serving, gives up redeliveries, and saves the state.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub async fn shutdown(self) -> Result<(), SimulatorError> {
        self.first.host.stop.cancel();
        self.first.host.tasks.close();
        if tokio::time::timeout(STOP_WITHIN, self.first.host.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("the simulated Slack stops with a request still open");
        }
        save(&self.first.host).await
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.first.host.stop.cancel();
        self.first.host.platform.clear();
    }
}

/// Opens a workspace, whose events are on their way from now on.
fn open(config: SimulatorConfig, shared: Shared, base: Url, workspace: SimulatedWorkspace) -> Arc<Host> {
    let (events, queue) = mpsc::unbounded_channel();
    let host = Arc::new(Host::new(config, shared, base, workspace, events));
    host.tasks
        .spawn(outbound::events::dispatch(Arc::clone(&host), queue));
    host.platform.add(Arc::clone(&host));
    host
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
