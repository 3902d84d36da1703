//! How members come to be, and change.
//!
//! What an organisation says of a person is in their membership. A person whom an organisation adds is a new one, also
//! where another organisation knows somebody by the same address: neither learns of the other.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryOrder,
    QuerySelect, SqlErr,
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::{
    id::{MembershipId, OrganizationId, UserId},
    kinds::Role,
    membership, user,
};

use crate::{
    audit::AuditTrail,
    binding,
    error::{MutationError, UserError, UserErrorCode},
    idempotency::{self, KeyUse},
    session::end_all_of,
    tenant::Tenant,
    viewer::tell_all,
};

/// A member to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewMember {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
}

/// Adds a member to an organisation.
pub(super) async fn create(
    database: &Database,
    organization_id: OrganizationId,
    new: NewMember,
    trail: &AuditTrail,
    key: Option<&KeyUse>,
) -> Result<UserId, MutationError> {
    let tx = database.begin_write().await?;
    if let Some(before) = idempotency::before(&tx, organization_id, key).await? {
        return Ok(before);
    }
    let user_id = insert(&tx, organization_id, new, trail).await?.user_id;
    idempotency::keep(&tx, organization_id, key, user_id).await?;
    tx.commit().await?;
    Ok(user_id)
}

/// Adds a member in a transaction.
pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    new: NewMember,
    trail: &AuditTrail,
) -> Result<membership::Model, MutationError> {
    let now = trail.now();
    let user_id = add_person(tx, &new, now).await?;
    let row = membership::Model {
        id: MembershipId::new(),
        organization_id,
        user_id,
        name: Some(new.name),
        email: Some(new.email),
        role: new.role,
        deactivated_at: None,
        created_at: now,
    };
    let row = row.into_active_model().insert(tx).await.map_err(or_email_taken)?;
    trail.made(tx, &row).await?;
    Ok(row)
}

/// Addresses are unique in an organisation.
fn or_email_taken(error: DbErr) -> MutationError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => UserError::new(
            UserErrorCode::AlreadyExists,
            "A member with this e-mail address is there already.",
        )
        .at("email")
        .into(),
        _ => error.into(),
    }
}

/// Adds a person. Replicas of an earlier version read their name and address here, where the address is free.
async fn add_person(tx: &DatabaseTransaction, new: &NewMember, now: OffsetDateTime) -> Result<UserId, DbErr> {
    let id = UserId::new();
    let person = |email: String| user::ActiveModel {
        id: Set(id),
        email: Set(email),
        name: Set(new.name.clone()),
        created_at: Set(now),
    };
    let added = user::Entity::insert(person(new.email.clone()))
        .on_conflict_do_nothing_on([user::Column::Email])
        .exec_without_returning(tx)
        .await?;
    // Nothing was added where the address is taken.
    if !matches!(added, sea_orm::TryInsertResult::Inserted(1)) {
        person(id.to_string()).insert(tx).await?;
    }
    Ok(id)
}

/// What may be changed of a membership.
#[derive(Debug, Clone)]
pub(super) struct MemberChange {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) active: Option<bool>,
}

/// Changes a member. The last active owner stays one: somebody must be able to appoint others.
pub(super) async fn change(
    database: &Database,
    organization_id: OrganizationId,
    user_id: UserId,
    change: MemberChange,
    trail: &AuditTrail,
    key: Option<&KeyUse>,
) -> Result<(), MutationError> {
    let tx = database.begin_write().await?;
    if idempotency::before::<UserId>(&tx, organization_id, key)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let members = lock_members(&tx, organization_id).await?;
    let Some(before) = members.iter().find(|member| member.user_id == user_id) else {
        return Err(UserError::not_found("user").into());
    };
    let after = changed(before, change, trail.now());
    if is_last_owner(&members, before) && !owns(&after) {
        return Err(UserError::new(
            UserErrorCode::WrongStatus,
            "This is the organisation's last owner: appoint another one first.",
        )
        .into());
    }
    let after = after
        .into_active_model()
        .reset_all()
        .update(&tx)
        .await
        .map_err(or_email_taken)?;
    trail.changed(&tx, before, &after).await?;
    if after.email != before.email {
        // Whoever has the new address signs in with the account of that address.
        binding::release(&tx, trail, organization_id, user_id).await?;
    }
    if after.deactivated_at.is_some() {
        end_all_of(&tx, trail, organization_id, user_id).await?;
    }
    idempotency::keep(&tx, organization_id, key, user_id).await?;
    if (before.role, before.deactivated_at) != (after.role, after.deactivated_at) {
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// An organisation's members, locked, so that of two owners who step down at the same moment one is told to stay.
async fn lock_members(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
) -> Result<Vec<membership::Model>, DbErr> {
    Tenant::of(organization_id)
        .find::<membership::Entity>()
        .order_by_asc(membership::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await
}

fn owns(member: &membership::Model) -> bool {
    member.role == Role::Owner && member.deactivated_at.is_none()
}

fn is_last_owner(members: &[membership::Model], member: &membership::Model) -> bool {
    owns(member)
        && !members
            .iter()
            .any(|other| other.user_id != member.user_id && owns(other))
}

/// Gives a member the role that `wanted` makes of the one before, where it makes one. The last active owner stays one, whatever it says. Whoever commits
/// tells all replicas where the role has changed.
pub(crate) async fn give_role(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    organization_id: OrganizationId,
    user_id: UserId,
    wanted: impl FnOnce(Role) -> Option<Role>,
) -> Result<Option<RoleOutcome>, DbErr> {
    let members = lock_members(tx, organization_id).await?;
    let Some(before) = members.iter().find(|member| member.user_id == user_id) else {
        return Ok(None);
    };
    let role = match wanted(before.role) {
        Some(role) => role,
        None if is_last_owner(&members, before) => Role::Owner,
        None => return Ok(None),
    };
    if role == before.role {
        return Ok(Some(RoleOutcome::AsBefore));
    }
    if is_last_owner(&members, before) {
        tracing::warn!(
            "{user_id} is the last owner of {organization_id} and stays one; the groups say {role}"
        );
        return Ok(Some(RoleOutcome::AsBefore));
    }
    let mut change = before.clone().into_active_model();
    change.role = Set(role);
    let after = change.update(tx).await?;
    trail.changed(tx, before, &after).await?;
    Ok(Some(RoleOutcome::Changed))
}

/// What came of giving a member a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoleOutcome {
    /// It is the one before.
    AsBefore,
    /// It is another.
    Changed,
}

fn changed(before: &membership::Model, change: MemberChange, now: OffsetDateTime) -> membership::Model {
    let before = before.clone();
    let active = change.active.unwrap_or(before.deactivated_at.is_none());
    membership::Model {
        name: change.name.or(before.name),
        email: change.email.or(before.email),
        role: change.role.unwrap_or(before.role),
        deactivated_at: (!active).then(|| before.deactivated_at.unwrap_or(now)),
        ..before
    }
}
