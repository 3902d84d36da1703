//! A message that was deleted in Slack: what comes of it later is no comment.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A message that was deleted in Slack: what comes of it later is no comment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_tombstone")]
pub struct Model {
    /// The installation through which it was heard of, and its channel: `T…/C…`, with the app before it where it is an organisation's own. An
    /// earlier version wrote the channel alone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// Its name in the channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ts: String,
    /// When it was heard of.
    pub created_at: OffsetDateTime,
}

/// No relations are declared.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
