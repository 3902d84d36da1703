//! A state with which somebody has come back from an OpenID issuer, so that it is not used again.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

/// A state with which somebody has come back from an OpenID issuer, so that it is not used again.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_state")]
pub struct Model {
    /// The state's own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: String,
    /// When it would have expired anyway.
    pub expires_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
