//! What became of the requests that came to Slack's addresses: how many were taken and how many were refused, by reason and by the app that they
//! claim to be of. No body is kept.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// How many requests had one end.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_reception")]
pub struct Model {
    /// [`TAKEN`], or the code with which they were refused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The Slack app that they claim to be of (`A…`), which nobody has verified where they were refused; empty where they name none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: String,
    /// How many there were.
    pub count: i64,
    /// When the first came.
    pub first_at: OffsetDateTime,
    /// When the last came.
    pub last_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The code of requests that were verified and taken.
pub const TAKEN: &str = "TAKEN";
