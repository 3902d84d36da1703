//! A claim on a sequence: requests from Slack that one worker works, one after another.

use sea_orm::entity::prelude::*;

/// A claim on a sequence: requests from Slack that one worker works, one after another. A sequence that nobody works has no row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_sequence")]
pub struct Model {
    /// The sequence, as its requests name it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// This claim. No other ever has its id, so whoever has lost the sequence knows.
    pub claim: Uuid,
    /// When the claim ends, unless it is prolonged, in microseconds since 1970.
    pub claimed_until: i64,
}

/// No relations are declared.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
