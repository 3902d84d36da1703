//! Somebody signs in of whom an OpenID issuer has said who they are.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, QueryFilter, QuerySelect, sea_query::LockType,
};
use secrecy::SecretString;
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::SignInMethod,
    membership, organization,
};

use super::{GroupRoles, SignInError, link::BrowserRequest};
use crate::{
    Domain,
    audit::AuditTrail,
    binding,
    session::{NewSignInLink, make_link},
    tenant::{Tenant, everywhere},
    user::{RoleOutcome, give_role},
    viewer::{hash_key, tell_all},
};

/// What an issuer's word counts for.
#[derive(Debug, Clone, Default)]
pub struct IssuerPolicy {
    /// Which groups give which role; roles stay as they are where it is none.
    pub group_roles: Option<GroupRoles>,
    /// The organisations, by their short names or ids, whose members it signs in; all where it is none.
    pub organizations: Option<Vec<String>>,
}

/// Who somebody is at the issuer, as it has proven. The address is one that it has verified.
#[derive(Debug, Clone)]
pub struct ProvenAccount {
    /// The issuer.
    pub issuer: String,
    /// What it calls the account.
    pub subject: String,
    /// The e-mail address.
    pub email: String,
    /// The groups, where they count.
    pub groups: Option<Vec<String>>,
}

/// A link by which somebody is signed in to an organisation, in the browser in which they began.
#[derive(Debug)]
pub struct IssuerLink {
    /// The organisation's name.
    pub organization: String,
    /// Its address, with the token in the fragment.
    pub address: SecretString,
}

/// Why an organisation does not sign somebody in whom it knows. Of several the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Objection {
    Deactivated,
    NoRole,
    OtherAccount,
}

/// A link for each organisation of which somebody is an active member. Who has not signed in with this issuer before is found by the address and bound to
/// the account. Where groups give roles, the member has the role of now.
///
/// # Errors
/// [`SignInError`], where there is no such organisation; nothing was changed then.
pub async fn by_issuer(
    domain: &Domain,
    account: &ProvenAccount,
    policy: &IssuerPolicy,
    browser: &BrowserRequest,
) -> Result<Vec<IssuerLink>, SignInError> {
    let tx = domain.database().begin_write().await?;
    let (mut links, mut objections, mut is_changed) = (Vec::new(), Vec::new(), false);
    for (organization_id, user_id) in candidates(&tx, account).await? {
        let Some(organization) = organization(&tx, organization_id, policy).await? else {
            continue;
        };
        let trail = AuditTrail::of_sign_in(
            domain.clock(),
            organization_id,
            user_id,
            browser.address,
            &browser.request_id,
        );
        match sign_in_to(&tx, &trail, (organization_id, user_id), account, policy).await? {
            Ok(given) => is_changed |= given == RoleOutcome::Changed,
            Err(objection) => {
                objections.push(objection);
                continue;
            }
        }
        let new = NewSignInLink {
            organization_id,
            user_id: Some(user_id),
            method: SignInMethod::Oidc,
            browser_hash: Some(hash_key(browser.binding.as_deref().unwrap_or_default())),
        };
        let (_, address) = make_link(&tx, &trail, domain.config().public_url.as_str(), new).await?;
        links.push(IssuerLink {
            organization: organization.name,
            address,
        });
    }
    if links.is_empty() {
        return Err(match objections.into_iter().max() {
            Some(Objection::OtherAccount) => SignInError::OtherAccount(account.email.clone()),
            Some(Objection::NoRole) => SignInError::NoRole,
            Some(Objection::Deactivated) => SignInError::NoMember,
            None => SignInError::Stranger(account.email.clone()),
        });
    }
    if is_changed {
        tell_all(&tx).await?;
    }
    tx.commit().await?;
    if is_changed {
        domain.rights_became_less();
    }
    Ok(links)
}

/// In each organisation the member who may be meant: whose account it is, else whose address. In the order of the organisations, so that of two who
/// sign in at once neither waits for the other for ever.
async fn candidates(
    tx: &DatabaseTransaction,
    account: &ProvenAccount,
) -> Result<BTreeMap<OrganizationId, UserId>, SignInError> {
    let mut found = BTreeMap::new();
    for member in with_address(tx, &account.email).await? {
        found.insert(member.organization_id, member.user_id);
    }
    for bound in binding::of_account(tx, &account.issuer, &account.subject).await? {
        found.insert(bound.organization_id, bound.user_id);
    }
    Ok(found)
}

/// The members with an address, whatever the case of its letters. Letters beyond ASCII are not changed: the lower case of a foreign one may be another's.
async fn with_address(db: &impl ConnectionTrait, email: &str) -> Result<Vec<membership::Model>, DbErr> {
    everywhere::<membership::Entity>("several organisations may know somebody by an address")
        .filter(membership::Column::Email.eq(email.to_ascii_lowercase()))
        .all(db)
        .await
}

/// The organisation, if the issuer's word counts there. It is locked: of two sign-ins with one account, the second finds what the first has bound.
async fn organization(
    db: &impl ConnectionTrait,
    id: OrganizationId,
    policy: &IssuerPolicy,
) -> Result<Option<organization::Model>, DbErr> {
    let found = Tenant::of(id)
        .organization()
        .lock(LockType::NoKeyUpdate)
        .one(db)
        .await?;
    Ok(found.filter(|row| {
        let names = [row.slug.clone(), row.id.to_string()];
        let listed = policy.organizations.as_ref();
        listed.is_none_or(|listed| listed.iter().any(|one| names.contains(one)))
    }))
}

/// Binds the member to the account and gives them their role, if they may sign in.
async fn sign_in_to(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    (organization_id, user_id): (OrganizationId, UserId),
    account: &ProvenAccount,
    policy: &IssuerPolicy,
) -> Result<Result<RoleOutcome, Objection>, DbErr> {
    let member = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(tx)
        .await?;
    if member.is_none() {
        return Ok(Err(Objection::Deactivated));
    }
    let bound = binding::of_member(tx, organization_id, user_id, &account.issuer).await?;
    if bound.as_ref().is_some_and(|subject| *subject != account.subject) {
        return Ok(Err(Objection::OtherAccount));
    }
    let given = match (&policy.group_roles, &account.groups) {
        (Some(roles), groups) => {
            let groups = groups.as_deref().unwrap_or_default();
            let wanted = |before| roles.role(groups, before);
            give_role(tx, trail, organization_id, user_id, wanted).await?
        }
        (None, _) => Some(RoleOutcome::AsBefore),
    };
    let Some(given) = given else {
        return Ok(Err(Objection::NoRole));
    };
    if bound.is_none() {
        let of = (account.issuer.as_str(), account.subject.as_str());
        binding::bind(tx, trail, organization_id, user_id, of).await?;
    }
    Ok(Ok(given))
}
