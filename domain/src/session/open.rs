//! Sessions begin.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, IntoActiveModel, QueryFilter, QueryOrder,
};
use secrecy::{ExposeSecret, SecretString};
use tocsin_entity::{
    id::{OrganizationId, SessionId, UserId},
    kinds::SignInMethod,
    session::{Column, Entity, Model},
};

use super::{end::end, token};
use crate::{
    audit::AuditTrail,
    limits,
    tenant::Tenant,
    viewer::{SESSION_DAYS, hash_key, tell_all},
};

/// Most sessions of a member at a time: where there are more, those end that were not used for longest.
pub(super) const SESSIONS_MAX: usize = 50;
/// Longest text that is kept of what a browser calls itself, in characters.
const USER_AGENT_MAX: usize = 256;

/// A member who has signed in.
#[derive(Debug)]
pub(crate) struct NewSession {
    pub(crate) organization_id: OrganizationId,
    pub(crate) user_id: UserId,
    pub(crate) method: SignInMethod,
    /// What the browser calls itself.
    pub(crate) user_agent: Option<String>,
    /// The network address that it comes from.
    pub(crate) address: Option<String>,
}

/// Begins a session. Whoever calls this has seen that the member is active.
pub(crate) async fn open(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    new: NewSession,
) -> Result<(Model, SecretString), DbErr> {
    let now = limits::time(trail.now());
    let secret = token::make();
    let user_agent = new.user_agent.map(|text| {
        let printable = text.chars().filter(|c| !c.is_control());
        printable.take(USER_AGENT_MAX).collect::<String>()
    });
    let others = Tenant::of(new.organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(new.user_id))
        .filter(Column::RevokedAt.is_null())
        .order_by_desc(Column::LastUsedAt)
        .all(tx)
        .await?;
    let row = Model {
        id: SessionId::new(),
        organization_id: new.organization_id,
        user_id: new.user_id,
        hash: hash_key(secret.expose_secret()),
        method: new.method,
        user_agent,
        address: new.address,
        last_used_at: now,
        expires_at: now + time::Duration::days(SESSION_DAYS),
        revoked_at: None,
        created_at: now,
    };
    let row = row.into_active_model().insert(tx).await?;
    trail.made(tx, &row).await?;
    let too_many: Vec<_> = others.into_iter().skip(SESSIONS_MAX - 1).collect();
    if !too_many.is_empty() {
        for old in too_many {
            end(tx, trail, old).await?;
        }
        tell_all(tx).await?;
    }
    Ok((row, secret))
}
