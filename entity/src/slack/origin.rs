//! Where in Slack an incident was created: it is shown there too, whether or not a connector leads there.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{ConnectorId, IncidentId, OrganizationId, WorkspaceId};

/// Where in Slack an incident was created: it is shown there too, whether or not a connector leads there.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_origin")]
pub struct Model {
    /// The incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: IncidentId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What stands in place of a connector's id in the posts made there; no connector of the API's has it.
    pub connector_id: ConnectorId,
    /// The workspace through which it is reached; none for that of the environment's token.
    pub workspace_id: Option<WorkspaceId>,
    /// The Slack workspace.
    pub team_id: String,
    /// The channel.
    pub channel_id: String,
    /// The message that it was made of, in whose thread it is shown; none where it was made of no message.
    pub thread_ts: Option<String>,
    /// When it was noted.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
