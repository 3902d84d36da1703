//! The channels of a Slack workspace as a whole: when they were last read, and whether it is the server's own.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// The channels of a Slack workspace as a whole: when they were last read, and whether it is the server's own.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_directory")]
pub struct Model {
    /// The Slack workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: String,
    /// Whether it is the workspace of the server's configuration.
    pub is_servers: bool,
    /// When all of its channels were last read; none where they never were.
    pub refreshed_at: Option<OffsetDateTime>,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
