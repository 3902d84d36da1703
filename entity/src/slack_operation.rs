//! Something that an administrator asks the bridge to do, and what came of it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ConnectorId, OperationId, OrganizationId, UserId, WorkspaceId},
    kinds::{OperationKind, OperationState},
};

/// Something that an administrator asks the bridge to do, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_operation")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OperationId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What is to be done.
    pub kind: OperationKind,
    /// In which workspace; none for that of the server's configuration.
    pub workspace_id: Option<WorkspaceId>,
    /// To which connector.
    pub connector_id: Option<ConnectorId>,
    /// About whom.
    pub user_id: Option<UserId>,
    /// What else it takes.
    pub input: Json,
    /// How far it has come.
    pub state: OperationState,
    /// Why it can't be done: Slack's code, or one of Tocsin's.
    pub code: Option<String>,
    /// The same for people, with what to do.
    pub message: Option<String>,
    /// What came of it.
    pub result: Option<Json>,
    /// Who asked.
    pub requested_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
    /// Until when it is waited for.
    pub expires_at: OffsetDateTime,
    /// When it was over.
    pub finished_at: Option<OffsetDateTime>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
