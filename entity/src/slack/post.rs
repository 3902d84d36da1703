//! A message in Slack that is kept true: recorded as intended before the call that makes it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{ConnectorId, DigestId, IncidentId, OrganizationId, PostId, WorkspaceId},
    kinds::{PostKind, PostState},
};

/// A message in Slack that is kept true: recorded as intended before the call that makes it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_post")]
pub struct Model {
    /// Its id; also carried in the message's metadata, so that a lost answer can be looked up.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PostId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// What it is, in words that never change (`root:inc_…:con_…`); unique.
    pub key: String,
    /// What it is to the incident.
    pub kind: PostKind,
    /// The incident it shows; none for a digest.
    pub incident_id: Option<IncidentId>,
    /// The digest it shows.
    pub digest_id: Option<DigestId>,
    /// The connector it goes through; none for an unfurl.
    pub connector_id: Option<ConnectorId>,
    /// The connector's name at that time.
    pub connector_name: String,
    /// The workspace through which it is reached; none for that of the environment's token.
    pub workspace_id: Option<WorkspaceId>,
    /// The Slack workspace.
    pub team_id: String,
    /// The channel's id.
    pub channel_id: String,
    /// The channel's name, as people know it.
    pub channel_name: String,
    /// The thread it stands in.
    pub thread_ts: Option<String>,
    /// Slack's name for the message, once known. Never parsed.
    pub ts: Option<String>,
    /// Kind-specific address: an unfurl's `unfurl_id`, `source`, message and URLs.
    pub address: Option<Json>,
    /// SHA-256 of the content that Slack shows, in hex.
    pub content_hash: Option<String>,
    /// The incident's version that it shows.
    pub shown_version: i64,
    /// How far its delivery has come.
    pub state: PostState,
    /// How often the present content was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// The pace slot reserved for it: not sent before.
    pub not_before: Option<OffsetDateTime>,
    /// When the last call was begun.
    pub sent_at: Option<OffsetDateTime>,
    /// When it was first wanted.
    pub queued_at: OffsetDateTime,
    /// When Slack had it.
    pub posted_at: Option<OffsetDateTime>,
    /// When Slack last had a change of it.
    pub updated_at: Option<OffsetDateTime>,
    /// From the change to Slack having it, in milliseconds, for the newest content.
    pub lag_milliseconds: Option<i64>,
    /// Whether the incident was open when it was last shown; none where that is not known.
    pub is_open: Option<bool>,
    /// When it was last looked whether it is in Slack still.
    pub looked_at: Option<OffsetDateTime>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
