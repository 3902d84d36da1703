//! A one-time link is looked at, and used.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use secrecy::SecretString;
use subtle::ConstantTimeEq;
use tocsin_entity::{
    id::{OrganizationId, UserId},
    membership, session, sign_in_link,
};

use super::{
    SignInError,
    first_owner::{FirstOwner, become_first_owner, has_owner},
};
use crate::{
    Domain,
    audit::AuditTrail,
    session::{NewSession, claim, find_by_token, open},
    tenant::Tenant,
    viewer::hash_key,
};

/// What is known of the browser in which somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct BrowserRequest {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The network address that it comes from.
    pub address: Option<IpAddr>,
    /// What it was given when somebody began to sign in with it.
    pub binding: Option<String>,
    /// The request, for logs.
    pub request_id: String,
}

/// Whom a link signs in, as whoever holds it is told.
#[derive(Debug, Clone)]
pub struct LinkPreview {
    /// The organisation.
    pub organization: String,
    /// The member's name and e-mail address; none for a link that makes the first owner.
    pub member: Option<(String, String)>,
    /// Whether it is for this browser alone, in which somebody has begun to sign in: nobody else can have sent it.
    pub is_bound: bool,
}

/// Somebody who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: session::Model,
    /// Its secret, for the browser alone.
    pub secret: SecretString,
}

/// Whom a link signs in. It can be used afterwards.
///
/// # Errors
/// [`SignInError`], where it could not be used.
pub async fn look(
    domain: &Domain,
    token: &str,
    browser: &BrowserRequest,
) -> Result<LinkPreview, SignInError> {
    let read = domain.database().read();
    let link = find(domain, read, token, browser).await?;
    let organization = Tenant::of(link.organization_id).organization().one(read).await?;
    let member = match link.user_id {
        Some(user_id) => {
            let member = active(read, link.organization_id, user_id).await?;
            let member = member.ok_or(SignInError::NoMember)?;
            Some((member.name.unwrap_or_default(), member.email.unwrap_or_default()))
        }
        None if has_owner(read, link.organization_id).await? => return Err(SignInError::HasOwner),
        None => None,
    };
    Ok(LinkPreview {
        organization: organization.map(|row| row.name).unwrap_or_default(),
        member,
        is_bound: link.browser_hash.is_some(),
    })
}

/// Uses a link up, and begins a session. `owner` is for a link that makes the first owner.
///
/// # Errors
/// [`SignInError`]; nothing was changed then.
pub async fn redeem(
    domain: &Domain,
    token: &str,
    owner: Option<FirstOwner>,
    browser: &BrowserRequest,
) -> Result<SignedIn, SignInError> {
    let tx = domain.database().begin_write().await?;
    let link = find(domain, &tx, token, browser).await?;
    if !claim(&tx, &link, domain.clock().now()).await? {
        return Err(SignInError::Used);
    }
    let user_id = match link.user_id {
        Some(user_id) => {
            let member = active(&tx, link.organization_id, user_id).await?;
            member.ok_or(SignInError::NoMember)?.user_id
        }
        None => become_first_owner(domain, &tx, link.organization_id, owner, browser).await?,
    };
    let trail = AuditTrail::of_sign_in(
        domain.clock(),
        link.organization_id,
        user_id,
        browser.address,
        &browser.request_id,
    );
    let new = NewSession {
        organization_id: link.organization_id,
        user_id,
        method: link.method,
        user_agent: browser.user_agent.clone(),
        address: browser.address.map(|address| address.to_string()),
    };
    let (session, secret) = open(&tx, &trail, new).await?;
    tx.commit().await?;
    tracing::info!(
        request.id = browser.request_id,
        "{user_id} has signed in by {}",
        link.method
    );
    Ok(SignedIn { session, secret })
}

/// The link of this token, if it may be used now, in this browser.
async fn find(
    domain: &Domain,
    db: &impl ConnectionTrait,
    token: &str,
    browser: &BrowserRequest,
) -> Result<sign_in_link::Model, SignInError> {
    let link = find_by_token(db, token).await?;
    let hash = hash_key(token);
    let link = link
        .filter(|link| bool::from(link.hash.as_bytes().ct_eq(hash.as_bytes())))
        .ok_or(SignInError::Unknown)?;
    if let Some(bound) = &link.browser_hash {
        let held = hash_key(browser.binding.as_deref().unwrap_or_default());
        if !bool::from(held.as_bytes().ct_eq(bound.as_bytes())) {
            return Err(SignInError::OtherBrowser);
        }
    }
    if link.used_at.is_some() {
        return Err(SignInError::Used);
    }
    if link.expires_at <= domain.clock().now() {
        return Err(SignInError::Expired);
    }
    Ok(link)
}

async fn active(
    db: &impl ConnectionTrait,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<membership::Model>, DbErr> {
    Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(db)
        .await
}
