//! Where in Slack an incident was created: it is shown there too, in the thread of the message that it was made of if there is one.
//!
//! What is noted here is one more destination of the mirror. It is noted by the job that creates the incident, and again by each
//! repetition of it, so that it is there whatever happens in between.

use futures::FutureExt;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};
use time::OffsetDateTime;
use tocsin_client::{Appearance, Connector, Known};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{ConnectorId, IncidentId, OrganizationId, WorkspaceId},
    kinds::ReplyMode,
    slack::origin::{ActiveModel, Column, Entity, Model},
};
use tocsin_queue::{JobError, Queue, jobs::ReconcileIncident};

use crate::{
    installation::AppInstallation,
    store::{
        GroupWriter,
        claim::{self, IncidentChange},
    },
};

/// What a connector is called that is none.
const NAME: &str = "where it was created";

/// Where an incident was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) team_id: String,
    pub(crate) channel_id: String,
    /// The message that it was made of.
    pub(crate) thread_ts: Option<String>,
}

/// Notes where incidents were created. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) clock: Clock,
    pub(crate) writer: GroupWriter,
    pub(crate) queue: Queue,
}

impl Origins {
    /// Notes where an incident was created, once, and has Slack show it there.
    pub(crate) async fn note(
        &self,
        organization: OrganizationId,
        incident: IncidentId,
        version: i64,
        origin: &Origin,
        request_id: Option<&str>,
    ) -> Result<(), JobError> {
        let change = IncidentChange {
            incident_id: incident,
            organization_id: organization,
            version,
            request_id: request_id.map(str::to_owned),
        };
        let (origin, clock) = (origin.clone(), self.clock.clone());
        let write = self.writer.write(move |tx| {
            let (change, origin, now) = (change.clone(), origin.clone(), clock.now());
            async move { insert(tx, &change, origin, now).await }.boxed()
        });
        write.await.map_err(JobError::retry)?;
        self.queue.enqueue(&ReconcileIncident {
            incident_id: incident.to_string(),
            organization_id: organization.to_string(),
            version,
            request_id: request_id.map(str::to_owned),
        });
        Ok(())
    }
}

async fn insert(
    tx: &DatabaseTransaction,
    change: &IncidentChange,
    origin: Origin,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        incident_id: Set(change.incident_id),
        organization_id: Set(change.organization_id),
        connector_id: Set(ConnectorId::new()),
        workspace_id: Set(origin.workspace),
        team_id: Set(origin.team_id),
        channel_id: Set(origin.channel_id),
        thread_ts: Set(origin.thread_ts),
        created_at: Set(now),
    };
    let once = OnConflict::column(Column::IncidentId).do_nothing().to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    if inserted > 0 {
        // Slack may show this version already, everywhere but there.
        claim::note(tx, change, now).await?;
        claim::show_again(tx, change.incident_id, now).await?;
    }
    Ok(())
}

/// Where an incident was created, if that was in Slack.
pub(crate) async fn of_incident(database: &Database, incident: IncidentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(incident).one(database.read()).await
}

/// The incident that was made of a message, the first where there are several.
pub(crate) async fn of_message(
    database: &Database,
    installation: &AppInstallation,
    channel_id: &str,
    ts: &str,
) -> Result<Option<Model>, DbErr> {
    let all = Entity::find()
        .filter(Column::TeamId.eq(installation.team_id()))
        .filter(Column::ThreadTs.eq(ts))
        .filter(Column::ChannelId.eq(channel_id))
        .order_by_asc(Column::CreatedAt)
        .all(database.read())
        .await?;
    Ok(all
        .into_iter()
        .find(|origin| installation.serves(origin.organization_id)))
}

/// The connector that stands for it.
pub(crate) fn connector(origin: &Model) -> Connector {
    Connector {
        id: origin.connector_id,
        workspace: origin.workspace_id,
        is_disconnected: false,
        name: NAME.to_owned(),
        channel: origin.channel_id.clone(),
        is_taken: false,
        reply_mode: Known::Value(ReplyMode::Thread),
        events: None,
        two_way_sync: true,
        appearance: Appearance::default(),
        fallback: None,
        words: None,
    }
}
