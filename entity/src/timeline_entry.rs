//! An entry of an incident's timeline: what happened, when, by whom and through what.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ApiKeyId, IncidentId, OrganizationId, TimelineEntryId, UserId},
    kinds::{EntryKind, Source},
};

/// An entry of an incident's timeline: what happened, when, by whom and through what.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timeline_entry")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TimelineEntryId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The incident.
    pub incident_id: IncidentId,
    /// The incident's version after this change; unique in the incident, and the order in which entries were written.
    pub version: i64,
    /// What it tells.
    pub kind: EntryKind,
    /// Through what it came.
    pub source: Source,
    /// The member who did it.
    pub author_user_id: Option<UserId>,
    /// The API key that did it, where no member did.
    pub author_key_id: Option<ApiKeyId>,
    /// The display name of a person in Slack who is no member.
    pub author_name: Option<String>,
    /// What was said, in Markdown.
    pub body_markdown: Option<String>,
    /// What changed, as JSON, for kinds that need more than a body.
    pub details: Option<Json>,
    /// Where it came from outside (`slack:T…/C…/ts`); unique in the organisation, so it is taken in once.
    pub external_ref: Option<String>,
    /// The incident's version after the entry's last change; 0 for one that was never changed.
    pub changed_version: i64,
    /// When the comment was last edited.
    pub edited_at: Option<OffsetDateTime>,
    /// What tells an edit outside from later ones: Slack's `edited.ts`.
    pub revision: Option<String>,
    /// When the comment was retracted.
    pub retracted_at: Option<OffsetDateTime>,
    /// The member who retracted it.
    pub retracted_by: Option<UserId>,
    /// Whether it came about while the incident's sync with Slack was muted.
    pub slack_muted: bool,
    /// When it was written down.
    pub created_at: OffsetDateTime,
    /// When what it tells happened, or was said, in microseconds since 1970: the timeline is sorted by it, and then by version.
    pub occurred_at: i64,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
