//! How members come to be.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, SqlErr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    database::Database,
    id::{MembershipId, OrganizationId, UserId},
    kinds::Role,
    membership, user,
};

use crate::{
    error::{Fault, Trouble, UserError, UserErrorCode},
    idempotency::{self, KeyUse},
};

/// Adds a person to an organisation; a person known by this e-mail address elsewhere is the same person.
pub(super) async fn create(
    database: &Database,
    organization_id: OrganizationId,
    name: String,
    email: String,
    role: Role,
    key: Option<&KeyUse>,
) -> Result<UserId, Trouble> {
    let tx = database.begin_write().await?;
    if let Some(before) = idempotency::before(&tx, organization_id, key).await? {
        return Ok(before);
    }
    let person = person(&tx, name, email).await?;
    let added = membership::ActiveModel {
        id: Set(MembershipId::new()),
        organization_id: Set(organization_id),
        user_id: Set(person.id),
        role: Set(role),
        deactivated_at: Set(None),
        created_at: Set(OffsetDateTime::now_utc()),
    }
    .insert(&tx)
    .await;
    match added {
        Ok(_) => {
            idempotency::keep(&tx, organization_id, key, person.id).await?;
            tx.commit().await?;
            Ok(person.id)
        }
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(UserError::new(
                UserErrorCode::AlreadyExists,
                "A member with this e-mail address is there already.",
            )
            .at("email")
            .into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The person with this e-mail address, known or new. Another organisation may add them at the same moment.
async fn person(tx: &DatabaseTransaction, name: String, email: String) -> Result<user::Model, Trouble> {
    let known = || {
        user::Entity::find()
            .filter(user::Column::Email.eq(&email))
            .one(tx)
    };
    if let Some(person) = known().await? {
        return Ok(person);
    }
    let new = user::ActiveModel {
        id: Set(UserId::new()),
        email: Set(email.clone()),
        name: Set(name),
        created_at: Set(OffsetDateTime::now_utc()),
    };
    user::Entity::insert(new)
        .on_conflict_do_nothing_on([user::Column::Email])
        .exec_without_returning(tx)
        .await?;
    let person = known().await?;
    Ok(person.ok_or_else(|| Fault::Broken(format!("the user {email} was added and is not there")))?)
}

/// What may be changed of a membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemberChange {
    pub(super) role: Option<Role>,
    pub(super) active: Option<bool>,
}

/// Changes a member. The last active owner stays one: somebody must be able to appoint others.
pub(super) async fn change(
    database: &Database,
    organization_id: OrganizationId,
    user_id: UserId,
    change: MemberChange,
    key: Option<&KeyUse>,
) -> Result<(), Trouble> {
    let tx = database.begin_write().await?;
    if idempotency::before::<UserId>(&tx, organization_id, key)
        .await?
        .is_some()
    {
        return Ok(());
    }
    // Locked, so that of two owners who step down at the same moment one is told to stay.
    let members = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(organization_id))
        .order_by_asc(membership::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    let Some(member) = members.iter().find(|member| member.user_id == user_id).cloned() else {
        return Err(UserError::not_found("user").into());
    };
    let owns = |member: &membership::Model| member.role == Role::Owner && member.deactivated_at.is_none();
    let role = change.role.unwrap_or(member.role);
    let active = change.active.unwrap_or(member.deactivated_at.is_none());
    let other_owner = members
        .iter()
        .any(|other| other.user_id != user_id && owns(other));
    if owns(&member) && !other_owner && (role != Role::Owner || !active) {
        return Err(UserError::new(
            UserErrorCode::WrongStatus,
            "This is the organisation's last owner: appoint another one first.",
        )
        .into());
    }
    let deactivated_at = match (active, member.deactivated_at) {
        (true, _) => None,
        (false, None) => Some(OffsetDateTime::now_utc()),
        (false, since) => since,
    };
    let mut row = member.into_active_model();
    row.role = Set(role);
    row.deactivated_at = Set(deactivated_at);
    row.update(&tx).await?;
    idempotency::keep(&tx, organization_id, key, user_id).await?;
    tx.commit().await?;
    Ok(())
}
