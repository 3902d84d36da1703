//! An incident. Changed by `domain::incident::apply` alone.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{IncidentId, OrganizationId, ServiceId, UserId},
    kinds::{IncidentStatus, ReplyMode, Severity, Source, Urgency},
};

/// An incident. Changed by `domain::incident::apply` alone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncidentId,
    /// The organisation it happens to.
    pub organization_id: OrganizationId,
    /// The service that is broken.
    pub service_id: ServiceId,
    /// The number people say: 1, 2, 3, … in each organisation.
    pub number: i64,
    /// What is wrong, in a line.
    pub title: String,
    /// What is known, in Markdown.
    pub description_markdown: String,
    /// Where it stands.
    pub status: IncidentStatus,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// How much is broken.
    pub severity: Option<Severity>,
    /// A JSON array of `{"key": …, "value": …}`.
    pub tags: Json,
    /// While it is open, a trigger with the same key is this incident again.
    pub dedup_key: Option<String>,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Who triggered it, where a person did.
    pub triggered_by: Option<UserId>,
    /// Through what it was triggered.
    pub source: Source,
    /// When it was triggered.
    pub triggered_at: OffsetDateTime,
    /// When it was acknowledged, if it is.
    pub acknowledged_at: Option<OffsetDateTime>,
    /// Who has it.
    pub acknowledged_by: Option<UserId>,
    /// When it was resolved, if it is.
    pub resolved_at: Option<OffsetDateTime>,
    /// Who resolved it, where a person did.
    pub resolved_by: Option<UserId>,
    /// What was done, in Markdown.
    pub resolution_note_markdown: Option<String>,
    /// Until when it rests.
    pub snoozed_until: Option<OffsetDateTime>,
    /// Whether Slack's threads and the timeline go separate ways.
    pub slack_muted: bool,
    /// How its later changes are told in Slack, in place of what its connectors say.
    pub slack_reply_mode: Option<ReplyMode>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// A label of an incident: an item of [`Model::tags`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TagValue {
    /// What it labels.
    pub key: String,
    /// The label.
    pub value: String,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
