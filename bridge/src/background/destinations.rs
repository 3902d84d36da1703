//! A connector that was given another channel or workspace: what was seen where it led before says nothing of it.

use std::time::Duration;

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tokio_util::sync::CancellationToken;

use crate::{connector::Connectors, polling::ends_within, store::due::make_due};

/// How often connectors that fail are looked at: whether they have been given another channel.
const LOOK: Duration = Duration::from_secs(3);

/// Follows where connectors lead. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct DestinationFollower {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) connectors: Connectors,
    pub(crate) database: Database,
}

impl DestinationFollower {
    /// Looks while any connector fails, until the shutdown. Whoever changes one waits for the next message no longer than that.
    pub(crate) async fn follow(&self, shutdown: CancellationToken) {
        while !ends_within(&shutdown, LOOK).await {
            if !self.connectors.any_fails() {
                continue;
            }
            let leads = match self.api.leads().await {
                Ok(leads) => leads,
                Err(error) => {
                    tracing::debug!("where connectors lead can't be read: {error}");
                    continue;
                }
            };
            self.connectors.keep(&leads.iter().map(|(id, _)| *id).collect());
            let mut is_any_elsewhere = false;
            for (id, lead) in &leads {
                is_any_elsewhere |= self.connectors.leads(*id, lead);
            }
            if is_any_elsewhere && let Err(error) = make_due(&self.database, self.clock.now()).await {
                tracing::error!("what waits for a connector could not be made due: {error}");
            }
        }
    }
}
