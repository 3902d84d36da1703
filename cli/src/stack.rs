//! Everything in one process: what `tocsin up` and `tocsin demo` run.

use anyhow::Context;
use secrecy::SecretString;
use tocsin_api::bootstrap::{self, SetupProgress};
use tocsin_database::Database;
use tocsin_queue::Queue;
use tocsin_simulator::Simulator;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    config::{Settings, local_url, specs},
    database,
    ops::OperationsEndpoints,
    people, roles, secret,
    serve::{self, ProcessTasks},
    simulate,
};

/// A process in which everything runs.
pub(crate) struct Stack {
    /// Where the API listens.
    pub(crate) api: Url,
    /// The admin key, where the first organisation was made at this start.
    pub(crate) new_key: Option<SecretString>,
    /// The link that makes the first owner, where the first organisation was made at this start.
    pub(crate) owner_link: Option<SecretString>,
    /// The simulated workspace, where there is one.
    pub(crate) simulator: Option<Simulator>,
    /// How far the server was set up at this start.
    pub(crate) progress: SetupProgress,
    parts: ProcessTasks,
    queue: Queue,
    database: Database,
}

impl Stack {
    /// Starts everything. The bridge stops first, then the API: what the bridge finishes needs it.
    pub(crate) async fn start(settings: &Settings, stop: CancellationToken) -> anyhow::Result<Self> {
        let listener = serve::bind(&specs::LISTEN, settings.listen).await?;
        let bound = listener.local_addr()?;
        let (api_url, public) = (local_url(bound), settings.public_url(bound));
        let ops = OperationsEndpoints::start(stop.clone())?;
        let database = database::open(&settings.database).await?;
        database::migrate(&database).await?;
        let first = roles::first_start(settings, &database).await?;
        let owner_link = if first.created {
            Some(roles::first_owner_link(&database, &public, first.organization_id).await?)
        } else {
            None
        };
        let queue = database::open_queue(settings).await?;
        let (slack, simulator) = if simulate::is_wanted(settings, &database).await? {
            let simulator = simulate::start(settings, &public, &api_url).await?;
            (roles::simulated_slack(settings, &simulator), Some(simulator))
        } else {
            (roles::slack(settings), None)
        };
        let token = match &settings.bridge_token {
            Some(token) => token.clone(),
            None => roles::random_token()?,
        };
        let api = roles::api(
            settings,
            public.clone(),
            roles::known_to_api(&slack),
            Some(token.clone()),
            &database,
            &queue,
        )
        .await?;
        let sealer = secret::sealer(settings)?;
        let bridge = roles::bridge(
            api_url.clone(),
            public.clone(),
            token,
            sealer,
            slack,
            &database,
            &queue,
        )
        .await?;

        let ops = roles::watch_bridge(roles::watch_api(ops, &api), &bridge);
        let router = ops.router(&public, api.router().merge(bridge.router()));
        let bridge_ended = CancellationToken::new();
        let mut parts = ProcessTasks::new(stop.clone());
        parts.serve(
            "HTTP server",
            listener,
            router,
            serve::limits(settings),
            bridge_ended.clone(),
        );
        let api_stop = bridge_ended.clone();
        let (watched, watch_until) = (database.clone(), bridge_ended.clone());
        parts.spawn("API", async move {
            tokio::join!(api.run(api_stop), watched.watch_locks(watch_until));
            Ok(())
        });
        let ended = bridge_ended.drop_guard();
        parts.spawn("bridge", async move {
            bridge.run(stop).await;
            drop(ended);
            Ok(())
        });
        if let (Some(key), Some(_)) = (&first.admin_key, &simulator) {
            people::seed(&api_url, key)
                .await
                .context("the simulated workspace's people could not be made members")?;
        }
        let progress = bootstrap::setup_progress(&database)
            .await
            .context("the members could not be counted")?;
        Ok(Self {
            progress,
            api: api_url,
            new_key: first.admin_key,
            owner_link,
            simulator,
            parts,
            queue,
            database,
        })
    }

    /// Runs until the process is told to stop.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let outcome = self.parts.run().await;
        roles::close(self.queue, self.database).await;
        let saved = match self.simulator {
            Some(simulator) => simulator
                .shutdown()
                .await
                .context("the simulated Slack did not stop cleanly"),
            None => Ok(()),
        };
        outcome.and(saved)
    }
}
