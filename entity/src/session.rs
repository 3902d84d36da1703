//! A member who is signed in with a browser. The secret that the browser holds is kept only as a hash.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

use crate::{
    id::{OrganizationId, SessionId, UserId},
    kinds::SignInMethod,
};

/// A member who is signed in with a browser. The secret that the browser holds is kept only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The member.
    pub user_id: UserId,
    /// SHA-256 of the secret, in hex; unique.
    pub hash: String,
    /// How the member signed in.
    pub method: SignInMethod,
    /// What the browser calls itself, cut to a length.
    pub user_agent: Option<String>,
    /// The network address from which the member signed in.
    pub address: Option<String>,
    /// When it was last used, to the hour.
    pub last_used_at: OffsetDateTime,
    /// When it ends by itself: 30 days after it was last used.
    pub expires_at: OffsetDateTime,
    /// When it was ended: by its owner, an administrator, or with the membership.
    pub revoked_at: Option<OffsetDateTime>,
    /// When the member signed in.
    pub created_at: OffsetDateTime,
}

/// No relations are declared: neighbours are loaded by key, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
