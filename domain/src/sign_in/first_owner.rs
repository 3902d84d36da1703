//! An organisation's first owner: whoever holds the link that the server's first start or its command line has printed.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, QueryFilter, QuerySelect, sea_query::LockType,
};
use secrecy::SecretString;
use tocsin_clock::Clock;
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::{Role, SignInMethod},
    membership,
};

use super::{BrowserRequest, SignInError};
use crate::{
    Domain,
    audit::AuditTrail,
    error::UserError,
    limits,
    session::{NewSignInLink, make_link},
    tenant::Tenant,
    user::{NewMember, insert},
};

/// What the first owner says of themselves.
#[derive(Debug, Clone)]
pub struct FirstOwner {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// Whether somebody owns the organisation already.
pub(crate) async fn has_owner(
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
) -> Result<bool, DbErr> {
    let owner = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::Role.eq(Role::Owner))
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(db)
        .await?;
    Ok(owner.is_some())
}

/// A link that makes an organisation's first owner, where it is known that there is none.
pub(crate) async fn make_first_owner_link(
    tx: &DatabaseTransaction,
    clock: &Clock,
    organization_id: OrganizationId,
    public_url: &str,
) -> Result<SecretString, DbErr> {
    let trail = AuditTrail::of_command_line(clock, organization_id, "createSignInLink");
    let new = NewSignInLink {
        organization_id,
        user_id: None,
        method: SignInMethod::FirstOwner,
        browser_hash: None,
    };
    let (_, address) = make_link(tx, &trail, public_url, new).await?;
    Ok(address)
}

/// Makes the first owner. Of two who come by two links at the same moment, one is told that there is one.
pub(super) async fn become_first_owner(
    domain: &Domain,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    owner: Option<FirstOwner>,
    browser: &BrowserRequest,
) -> Result<UserId, SignInError> {
    let owner = owner.ok_or_else(|| {
        SignInError::Told(UserError::invalid(
            "name",
            "Say your name and your e-mail address.",
        ))
    })?;
    let new = NewMember {
        name: limits::name("name", &owner.name).map_err(SignInError::Told)?,
        email: limits::email("email", &owner.email).map_err(SignInError::Told)?,
        role: Role::Owner,
    };
    Tenant::of(organization_id)
        .organization()
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    if has_owner(tx, organization_id).await? {
        return Err(SignInError::HasOwner);
    }
    let mut trail = AuditTrail::of_command_line(domain.clock(), organization_id, "createUser");
    trail.seen_from(browser.address, &browser.request_id);
    let member = insert(tx, organization_id, new, &trail).await?;
    Ok(member.user_id)
}
