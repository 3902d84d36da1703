//! A person, known by e-mail address.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::id::UserId;

/// A person, known by e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    /// Their id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Their e-mail address, in lowercase; unique.
    pub email: String,
    /// The name people read.
    pub name: String,
    /// When the person was first added.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
