//! A digest: one message for the incidents of a storm, in one channel.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::{ConnectorId, DigestId, OrganizationId};

/// A digest: one message for the incidents of a storm, in one channel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_digest")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DigestId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The connector; it has one open digest at the most.
    pub connector_id: ConnectorId,
    /// How many incidents it holds.
    pub lines: i32,
    /// When it was opened.
    pub opened_at: OffsetDateTime,
    /// When it took its newest incident: it closes some time after that.
    pub last_line_at: OffsetDateTime,
    /// When it took its last incident; none while it takes more.
    pub closed_at: Option<OffsetDateTime>,
    /// How often its lines have changed.
    pub wanted_version: i64,
    /// How many of these changes Slack shows; work is due while it is behind.
    pub shown_version: i64,
    /// When it is to be written next, while work is due.
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
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
