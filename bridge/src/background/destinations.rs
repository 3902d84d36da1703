//! Where connectors lead: whether the channel of a new one is there and takes messages, and that one was given another channel or workspace, so that
//! what was seen where it led before says nothing of it.

use std::{collections::HashMap, time::Duration};

use sea_orm::{DbErr, EntityTrait, QuerySelect};
use tocsin_client::{ApiClient, LeadingConnector};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{ConnectorId, WorkspaceId},
    slack::connector::{Column, Entity},
};
use tocsin_queue::{JobError, Queue, jobs::CheckConnector};
use tocsin_slack_app::channel::ChannelError;
use tokio_util::sync::CancellationToken;

use crate::{
    connector::{Connectors, Lead},
    failure::of_api,
    polling::ends_within,
    store::due::make_due,
    workspace::{Bot, Workspaces},
};

/// How often connectors that fail are looked at: whether they have been given another channel.
const LOOK: Duration = Duration::from_secs(3);

/// How often channels are looked at of which nobody rang, in looks.
const CHECKED_EVERY: u64 = 20;

/// Follows where connectors lead. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct DestinationFollower {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) connectors: Connectors,
    pub(crate) database: Database,
    pub(crate) queue: Queue,
    pub(crate) workspaces: Workspaces,
}

impl DestinationFollower {
    /// Looks at new connectors, and while any connector fails, until the shutdown. Whoever changes one waits for the next message no longer than that.
    pub(crate) async fn follow(&self, shutdown: CancellationToken) {
        let mut checked_at = None;
        for round in 0_u64.. {
            let is_due = checked_at.is_none_or(|at| round >= at + CHECKED_EVERY) || !self.queue.works();
            if (is_due || self.connectors.any_fails())
                && let Some(leads) = self.leads().await
                && is_due
                && self.check_those_worth_it(leads).await
            {
                checked_at = Some(round);
            }
            if ends_within(&shutdown, LOOK).await {
                return;
            }
        }
    }

    /// Handles the job: looks at one connector.
    pub(crate) async fn check(&self, job: CheckConnector) -> Result<(), JobError> {
        let id: ConnectorId = job.connector_id.parse().map_err(JobError::fail)?;
        let Some(connector) = self.api.lead_of(id).await.map_err(of_api)? else {
            return Ok(());
        };
        self.connectors.leads(id, &connector.lead);
        self.look_at(&connector).await.map_err(JobError::retry)
    }

    /// Where all lead now; those that lead elsewhere than before are tried there.
    async fn leads(&self) -> Option<Vec<LeadingConnector>> {
        let leads = match self.api.leads().await {
            Ok(leads) => leads,
            Err(error) => {
                tracing::debug!("where connectors lead can't be read: {error}");
                return None;
            }
        };
        self.connectors
            .keep(&leads.iter().map(|connector| connector.id).collect());
        let mut is_any_elsewhere = false;
        for connector in &leads {
            is_any_elsewhere |= self.connectors.leads(connector.id, &connector.lead);
        }
        if is_any_elsewhere && let Err(error) = make_due(&self.database, self.clock.now()).await {
            tracing::error!("what waits for a connector could not be made due: {error}");
        }
        Some(leads)
    }

    /// Looks at those of which nothing is known, and at those that may have been repaired; whether that could be done.
    async fn check_those_worth_it(&self, leads: Vec<LeadingConnector>) -> bool {
        let on_record = match self.on_record().await {
            Ok(on_record) => on_record,
            Err(error) => {
                tracing::warn!("how connectors are can't be read: {error}");
                return false;
            }
        };
        for connector in leads {
            let id = connector.id;
            let is_untried = match self.connectors.was_tried(id, &connector.lead) {
                Some(was_tried) => !was_tried,
                None => on_record.get(&id).is_none_or(|tried_at| {
                    tried_at
                        .as_ref()
                        .is_some_and(|tried_at| *tried_at != connector.lead)
                }),
            };
            if (is_untried || self.connectors.may_be_repaired(id))
                && let Err(error) = self.look_at(&connector).await
            {
                tracing::warn!(connector.id = %id, "the channel of the connector {id} can't be looked at: {error}");
                return false;
            }
        }
        true
    }

    /// Those of which some worker has said how they are, with where it tried them, where that is known.
    async fn on_record(&self) -> Result<HashMap<ConnectorId, Option<Lead>>, DbErr> {
        let rows: Vec<(ConnectorId, Option<WorkspaceId>, Option<String>)> = Entity::find()
            .select_only()
            .columns([
                Column::ConnectorId,
                Column::FailedWorkspaceId,
                Column::FailedChannel,
            ])
            .into_tuple()
            .all(self.database.read())
            .await?;
        let of = |(id, workspace, channel): (ConnectorId, Option<WorkspaceId>, Option<String>)| {
            (id, channel.map(|channel| Lead { workspace, channel }))
        };
        Ok(rows.into_iter().map(of).collect())
    }

    /// Looks whether the channel is there and takes messages. Of a workspace in which no call can be made, it says itself why.
    async fn look_at(&self, connector: &LeadingConnector) -> Result<(), DbErr> {
        let LeadingConnector {
            id,
            organization,
            lead,
        } = connector;
        let reachable = self.workspaces.reachable([lead.workspace]).await;
        let Ok(bot) = reachable.bot(lead.workspace) else {
            return Ok(());
        };
        match found(&lead.channel, bot).await? {
            Ok(()) => self.connectors.is_ready(*organization, *id, lead),
            // Slack takes no more calls for a while, which says nothing of the channel.
            Err(trouble) if trouble.retry_after.is_some() => {}
            Err(trouble) => {
                let (code, message) = (&trouble.code, &trouble.message);
                self.connectors.fails(*organization, *id, lead, code, message);
            }
        }
        Ok(())
    }
}

/// Whether the bot may post in a channel, as far as can be seen without posting.
async fn found(channel: &str, bot: &Bot) -> Result<Result<(), ChannelError>, DbErr> {
    let found = match bot.workspace.channels.resolve(channel, bot).await? {
        Ok(found) => found,
        Err(trouble) => return Ok(Err(trouble)),
    };
    if found.is_member || bot.installation.may("chat:write.public") {
        return Ok(Ok(()));
    }
    Ok(Err(ChannelError::uninvited(&found.name, &bot.installation)))
}
