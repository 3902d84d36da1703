//! A counter that grows whenever somebody's rights become less: every replica looks at it, and asks again who is who.

use sea_orm::entity::prelude::*;

/// The id of the only row.
pub const ONLY: i32 = 1;

/// The only row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authority")]
pub struct Model {
    /// [`ONLY`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Grows by one, in the transaction that revokes a key or changes what a member may do.
    pub version: i64,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
