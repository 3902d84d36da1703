//! The pace of calls to Slack, shared by all workers: when the next call of a kind may be made.

use sea_orm::entity::prelude::*;

/// The pace of calls to Slack, shared by all workers: when the next call of a kind may be made.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_pace")]
pub struct Model {
    /// Workspace, method and, for posts, channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// When the next call is free, in microseconds since 1970 (generic cell rate algorithm: theoretical arrival time).
    pub free_at: i64,
    /// Slack said `Retry-After`: no call before this, in microseconds since 1970.
    pub blocked_until: i64,
    /// When Slack said so, in microseconds since 1970.
    pub blocked_at: i64,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
