//! A person. What an organisation says of them is in their membership of it.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::UserId;

/// A person. What an organisation says of them is in their membership of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    /// Their id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// An e-mail address for replicas of an earlier version, unique; their own where no other organisation knew it. Not read.
    pub email: String,
    /// The name they were added with, for replicas of an earlier version. Not read.
    pub name: String,
    /// When the person was first added.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
