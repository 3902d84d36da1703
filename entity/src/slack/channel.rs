//! A channel in Slack, as last seen.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A channel in Slack, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_channel")]
pub struct Model {
    /// The Slack workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_id: String,
    /// The channel's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// Its name, without the hash.
    pub name: String,
    /// Whether it is private.
    pub is_private: bool,
    /// Whether the bot is in it.
    pub is_member: bool,
    /// Whether it is archived.
    pub is_archived: bool,
    /// When it was read from Slack.
    pub refreshed_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
