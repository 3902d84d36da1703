//! Sessions end: one by its owner or an administrator, all of a member with the membership.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SessionId, UserId},
    session::{Column, Entity, Model},
    sign_in_link,
};

use crate::{
    audit::AuditTrail,
    binding,
    error::{MutationError, UserError},
    idempotency::{self, RequestKey},
    limits,
    request::Request,
    tenant::{self, Tenant},
    viewer::{Permission, tell_all},
};

/// Which session is to end.
#[derive(Debug)]
pub struct RevokeSession {
    /// The session's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Ends a session, if it has not ended yet. The caller tells all replicas.
pub(super) async fn end(tx: &DatabaseTransaction, trail: &AuditTrail, row: Model) -> Result<Model, DbErr> {
    if row.revoked_at.is_some() {
        return Ok(row);
    }
    let mut change = row.clone().into_active_model();
    change.revoked_at = Set(Some(limits::time(trail.now())));
    let ended = change.update(tx).await?;
    trail.changed(tx, &row, &ended).await?;
    Ok(ended)
}

/// Ends all sessions of a member, the links by which they could begin another, and what binds them to an account elsewhere: reactivated, they sign in anew. The caller tells all replicas.
pub(crate) async fn end_all_of(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(), DbErr> {
    let open = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::RevokedAt.is_null())
        .all(tx)
        .await?;
    for row in open {
        end(tx, trail, row).await?;
    }
    binding::release(tx, trail, organization_id, user_id).await?;
    sign_in_link::Entity::update_many()
        .col_expr(
            sign_in_link::Column::UsedAt,
            Expr::value(limits::time(trail.now())),
        )
        .filter(sign_in_link::Column::OrganizationId.eq(organization_id))
        .filter(sign_in_link::Column::UserId.eq(user_id))
        .filter(sign_in_link::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends every session and link there is, after a restore: what was ended since the backup must not come back.
pub(crate) async fn end_everything(tx: &impl ConnectionTrait, now: OffsetDateTime) -> Result<(), DbErr> {
    let now = limits::time(now);
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    sign_in_link::Entity::update_many()
        .col_expr(sign_in_link::Column::UsedAt, Expr::value(now))
        .filter(sign_in_link::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends a session of one's own, or for administrators any of the organisation's. Ending it again changes nothing.
pub async fn revoke(request: &Request<'_>, input: RevokeSession) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let manages = viewer.may(Permission::Manage).is_ok();
    let organization_id = if manages {
        viewer.may_change(Permission::Manage)?
    } else {
        viewer.may_change(Permission::Myself)?
    };
    let used = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let unknown = || UserError::not_found("session").at("id");
    let id: SessionId = input.id.parse().map_err(|_| unknown())?;
    let own = viewer.member().map(|member| member.user_id);
    let tx = request.domain.database().begin_write().await?;
    idempotency::before::<SessionId>(&tx, organization_id, used.as_ref()).await?;
    let mut row = tenant::own::<Entity>(&tx, organization_id, id)
        .await?
        // Somebody else's is as one that is not there.
        .filter(|row| manages || Some(row.user_id) == own)
        .ok_or_else(unknown)?;
    if row.revoked_at.is_none() {
        row = end(&tx, &AuditTrail::of(request, organization_id), row).await?;
        idempotency::keep(&tx, organization_id, used.as_ref(), id).await?;
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    request.domain.rights_became_less();
    Ok(row)
}

/// Ends the session by which the request comes: its owner signs out.
pub async fn end_own(request: &Request<'_>) -> Result<(), MutationError> {
    let (Some(id), Some(organization_id)) = (request.viewer.session_id(), request.viewer.organization_id())
    else {
        return Ok(());
    };
    let tx = request.domain.database().begin_write().await?;
    if let Some(row) = tenant::own::<Entity>(&tx, organization_id, id).await? {
        end(&tx, &AuditTrail::of(request, organization_id), row).await?;
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    request.domain.rights_became_less();
    Ok(())
}
