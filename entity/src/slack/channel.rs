//! A channel in Slack, as last seen.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A channel in Slack, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that Slack tells by itself"
)]
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
    /// Whether the bot is in it that has seen it.
    pub is_member: bool,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Whether another company is in it, or is invited, by Slack Connect.
    pub is_shared: bool,
    /// The bot that has seen it last, as a user. Two apps in one workspace are not in the same channels, and do not see the same private ones.
    pub seen_by: Option<String>,
    /// When it was read from Slack.
    pub refreshed_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
