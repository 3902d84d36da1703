//! Reads the channels of workspaces of which they are not known, or not of late.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Directory, read::ReadError};
use crate::{
    store::channels as store,
    workspace::{SlackHealth, Workspace},
};

/// How often is looked for such a workspace.
const LOOK: Duration = Duration::from_secs(15);

/// How long the channels are taken to be what they were, but for what events say.
const FRESH: Duration = Duration::from_secs(86_400);

impl Directory {
    /// Looks from time to time, until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let rounds = async {
            loop {
                for workspace in self.workspaces.all() {
                    if let Err(error) = self.fill(&workspace).await {
                        tracing::warn!(
                            workspace = workspace.name,
                            "the channels of a Slack workspace can't be read for now: {error}"
                        );
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.becomes_usable() => {}
                }
            }
        };
        shutdown.run_until_cancelled(rounds).await;
    }

    /// Waits until a workspace that has not answered does.
    async fn becomes_usable(&self) {
        let all = self.workspaces.all();
        let waiting = all
            .iter()
            .filter(|workspace| !is_well(&workspace.monitor.health()))
            .map(|workspace| {
                let mut health = workspace.monitor.subscribe();
                Box::pin(async move {
                    if health.wait_for(is_well).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                })
            });
        let waiting: Vec<_> = waiting.collect();
        if waiting.is_empty() {
            std::future::pending::<()>().await;
        }
        futures::future::select_all(waiting).await;
    }

    async fn fill(&self, workspace: &Workspace) -> Result<(), ReadError> {
        let SlackHealth::Healthy(bot) = workspace.monitor.health() else {
            return Ok(());
        };
        if workspace.id.is_none() {
            store::is_servers(&self.database, &bot.team_id).await?;
        }
        let refreshed_at = store::refreshed_at(&self.database, &bot.team_id).await?;
        let is_fresh = refreshed_at.is_some_and(|at| self.clock.now() - at < FRESH);
        if is_fresh || !bot.may("channels:read") {
            return Ok(());
        }
        self.read_all(workspace, &bot).await.map(|_| ())
    }
}

fn is_well(health: &SlackHealth) -> bool {
    matches!(health, SlackHealth::Healthy(_))
}
