//! Which account at an OpenID issuer is which member: bound when somebody first signs in, and from then on the account counts, not the address.
//!
//! An address can come to be somebody else's. So a second account with a bound member's address is not taken for the member.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use tocsin_entity::{
    id::{OrganizationId, UserId},
    oidc_identity::{Column, Entity, Model},
};

use crate::{
    audit::AuditTrail,
    limits,
    tenant::{Tenant, everywhere},
};

/// The members, one in an organisation, to whom an account is bound.
pub(crate) async fn of_account(
    db: &impl ConnectionTrait,
    issuer: &str,
    subject: &str,
) -> Result<Vec<Model>, DbErr> {
    everywhere::<Entity>("an account may be a member of several organisations")
        .filter(Column::Issuer.eq(issuer))
        .filter(Column::Subject.eq(subject))
        .all(db)
        .await
}

/// What the issuer calls the account to which a member is bound; none where they are not yet.
pub(crate) async fn of_member(
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    user_id: UserId,
    issuer: &str,
) -> Result<Option<String>, DbErr> {
    let found = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Issuer.eq(issuer))
        .one(db)
        .await?;
    Ok(found.map(|row| row.subject))
}

/// Binds a member to an account.
pub(crate) async fn bind(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    organization_id: OrganizationId,
    user_id: UserId,
    (issuer, subject): (&str, &str),
) -> Result<(), DbErr> {
    let row = Model {
        organization_id,
        user_id,
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        created_at: limits::time(trail.now()),
    };
    let row = row.into_active_model().insert(tx).await?;
    trail.made(tx, &row).await
}

/// Releases a member from every account: the next one with their address is bound.
pub(crate) async fn release(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(), DbErr> {
    let bound = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::UserId.eq(user_id))
        .all(tx)
        .await?;
    for row in bound {
        trail.gone(tx, &row).await?;
        row.delete(tx).await?;
    }
    Ok(())
}
