//! A request taken from Slack, under Slack's own id, so that a redelivery is a no-op.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{InboxId, SlackAppId},
    kinds::InboxState,
};

/// A request taken from Slack, under Slack's own id, so that a redelivery is a no-op.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_inbox")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InboxId,
    /// Slack's id for it: the event id, or a hash of an interaction; unique.
    pub slack_key: String,
    /// `event`, `interaction` or `command`.
    pub kind: String,
    /// The organisation's own Slack app whose request it is; none for the server's.
    pub app_id: Option<SlackAppId>,
    /// The team, or the enterprise, for whose installation of the app it was taken; none in rows from before that was stored.
    pub team_id: Option<String>,
    /// What Slack sent.
    pub payload: Json,
    /// The request that brought it, for logs.
    pub request_id: Option<String>,
    /// How far it has been worked.
    pub state: InboxState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is to be worked next.
    pub due_at: OffsetDateTime,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// When it was worked.
    pub worked_at: Option<OffsetDateTime>,
    /// The sequence in which it is worked, as a reply is within its thread; none where its order does not matter.
    pub sequence: Option<String>,
    /// Its place there: when what it tells of happened, in microseconds since 1970.
    pub sequence_at: i64,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
