//! How far Slack agrees with an incident: the bridge's list of what is still to be done.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{IncidentId, OrganizationId};

/// How far Slack agrees with an incident: the bridge's list of what is still to be done.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_incident")]
pub struct Model {
    /// The incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: IncidentId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The newest version of the incident that the bridge has heard of.
    pub wanted_version: i64,
    /// The version that Slack shows; work is due while it is behind.
    pub shown_version: i64,
    /// When it is to be worked next, while work is due.
    pub due_at: OffsetDateTime,
    /// How often the present work was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// The worker that has it.
    pub claimed_by: Option<String>,
    /// Until when it has it; a worker that died lets go by then.
    pub claimed_until: Option<OffsetDateTime>,
    /// The number of the present claim: it grows with each, and a worker writes only while it is still its own.
    pub claim: i64,
    /// Whether a worker that had lost its claim may have changed a message: what it shows is written again.
    pub in_doubt: bool,
    /// The request that last changed the incident, for logs.
    pub request_id: Option<String>,
    /// How often the menu of its message was used: Slack shows a choice until the block has another name.
    pub menu_uses: i32,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
