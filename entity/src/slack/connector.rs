//! How a connector is, as the bridge has found it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ConnectorId, OrganizationId, WorkspaceId},
    kinds::ConnectorStatus,
};

/// How a connector is, as the bridge has found it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_connector")]
pub struct Model {
    /// The connector.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connector_id: ConnectorId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// How it is.
    pub status: ConnectorStatus,
    /// Why its channel takes nothing: Slack's or our code.
    pub reason_code: Option<String>,
    /// The same for people, with what to do.
    pub reason: Option<String>,
    /// The workspace to which it led when that was seen; none for the workspace of the environment's token.
    pub failed_workspace_id: Option<WorkspaceId>,
    /// The channel to which it led when that was seen, by id or name. Null where an earlier version wrote it, and where it has led elsewhere since.
    pub failed_channel: Option<String>,
    /// Since when it is so.
    pub status_since: OffsetDateTime,
    /// When Slack last took a message through it.
    pub last_delivered_at: Option<OffsetDateTime>,
    /// Why its template could not be used.
    pub template_trouble: Option<String>,
    /// When that was.
    pub template_trouble_at: Option<OffsetDateTime>,
    /// When this was last written.
    pub updated_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The reason code of one whose workspace takes nothing: Slack refuses the token, or nobody is connected to it.
pub const WORKSPACE_UNUSABLE: &str = "workspace_unusable";

/// The reason code of one whose channel is another organisation's.
pub const CHANNEL_TAKEN: &str = "channel_taken";
