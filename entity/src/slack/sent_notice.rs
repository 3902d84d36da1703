//! What somebody in Slack was told once in a thread, and is not told again there.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// What somebody in Slack was told once in a thread, and is not told again there.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_told")]
pub struct Model {
    /// The installation through which it was heard of, and the channel: `T…/C…`, with the app before it where it is an organisation's own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// The thread.
    #[sea_orm(primary_key, auto_increment = false)]
    pub thread_ts: String,
    /// Who was told.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slack_user_id: String,
    /// What, by its stable code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// When.
    pub created_at: OffsetDateTime,
}

/// No relations are declared.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
