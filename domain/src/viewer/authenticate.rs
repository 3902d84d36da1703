//! From what a request shows to who asks.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tocsin_database::{Database, DatabaseFault};
use tocsin_entity::{
    api_key,
    id::{OrganizationId, UserId},
    membership,
};

use super::{ActingMember, Principal, Scopes, Viewer, keyring::hash_key, read_scopes, session};
use crate::{
    Domain,
    error::InternalError,
    tenant::{Tenant, everywhere},
};

/// How exactly the last use of a key is noted.
const USE_NOTED_EVERY: time::Duration = time::Duration::minutes(1);

/// Why a caller is not let in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// The key is unknown, revoked or expired, or its member is deactivated.
    #[error("This API key is not valid: it is unknown, revoked or expired, or its member is deactivated.")]
    BadKey,
    /// The session is unknown or over, or its member is deactivated.
    #[error("You are not signed in any more: your session has ended. Sign in again.")]
    BadSession,
    /// Headers that only the bridge may send, or that are malformed.
    #[error("{0}")]
    BadHeader(String),
    /// The member on whose behalf the bridge acts is none, or deactivated.
    #[error("{0}")]
    NoMember(String),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] InternalError),
}

impl AuthError {
    /// The stable code that goes into `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadKey | Self::BadSession => "UNAUTHENTICATED",
            Self::BadHeader(_) => "BAD_USER_INPUT",
            Self::NoMember(_) => "FORBIDDEN",
            Self::Fault(_) => "UNAVAILABLE",
        }
    }
}

/// What a request shows of who asks.
#[derive(Clone, Copy, Default)]
pub struct ShownCredentials<'a> {
    /// An API key, or the bridge's token. It goes before a session.
    pub bearer: Option<&'a str>,
    /// The secret of a session.
    pub session: Option<&'a str>,
    /// Which organisation the request is about.
    pub organization: Option<&'a str>,
    /// The member on whose behalf the bridge acts.
    pub on_behalf_of: Option<&'a str>,
    /// From where it comes.
    pub address: Option<IpAddr>,
}

impl ShownCredentials<'_> {
    /// Refuses what only the bridge may say.
    fn check_headers(&self, own: OrganizationId) -> Result<(), AuthError> {
        let is_other = |named: &str| named != own.to_string();
        if self.on_behalf_of.is_some() || self.organization.is_some_and(is_other) {
            return Err(AuthError::BadHeader(
                "`Tocsin-On-Behalf-Of` and another organisation's `Tocsin-Organization` are for the Slack bridge alone."
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// Finds who asks, from the key or the session, and the bridge's headers.
///
/// # Errors
/// [`AuthError`], where a key or a session is shown that is not valid.
pub async fn authenticate(
    domain: &Domain,
    shown: ShownCredentials<'_>,
    request_id: String,
) -> Result<Viewer, AuthError> {
    let who = match (shown.bearer, shown.session) {
        (None, None) => Principal::Anonymous,
        (Some(bearer), _) if is_bridges(domain, bearer) => {
            bridge(domain, shown.organization, shown.on_behalf_of).await?
        }
        (Some(bearer), _) => key(domain, bearer).await?,
        (None, Some(secret)) => session::find(domain, secret).await?,
    };
    match &who {
        Principal::Key { organization_id, .. } | Principal::Session { organization_id, .. } => {
            shown.check_headers(*organization_id)?;
        }
        Principal::Anonymous | Principal::Bridge { .. } => {}
    }
    Ok(Viewer {
        who,
        address: shown.address,
        request_id,
    })
}

fn is_bridges(domain: &Domain, bearer: &str) -> bool {
    domain
        .config()
        .bridge_token
        .as_ref()
        .is_some_and(|token| bool::from(Sha256::digest(token.expose_secret()).ct_eq(&Sha256::digest(bearer))))
}

/// Whether this process has found the key or the session valid before, or none is shown: what is known is looked at whatever else comes from its
/// address.
pub fn is_known(domain: &Domain, shown: &ShownCredentials<'_>) -> bool {
    match (shown.bearer, shown.session) {
        (None, None) => true,
        (Some(bearer), _) => is_bridges(domain, bearer) || domain.keyring().has_known(&hash_key(bearer)),
        (None, Some(secret)) => domain.keyring().has_known(&session::place(&hash_key(secret))),
    }
}

async fn key(domain: &Domain, bearer: &str) -> Result<Principal, AuthError> {
    let hash = hash_key(bearer);
    if let Some(who) = domain.keyring().find(&hash, domain.clock().now()) {
        return Ok(who);
    }
    let _turn = domain.keyring().turn(&hash).await;
    if let Some(who) = domain.keyring().find(&hash, domain.clock().now()) {
        return Ok(who);
    }
    // What is read from here on may be out of date when it is kept: the keyring sees whether it is.
    let generation = domain.keyring().generation();
    let found = match find_key(domain.database(), &hash).await {
        // Requests that are let in already have all connections, and each may take as long as it needs: whoever knocks needs one of its own.
        Err(error) if DatabaseFault::of(&error) == DatabaseFault::Busy => {
            find_key(&domain.database().apart(), &hash).await
        }
        found => found,
    };
    let (row, member) = found
        .map_err(InternalError::from)?
        .filter(|(row, _)| bool::from(row.hash.as_bytes().ct_eq(hash.as_bytes())))
        .filter(|(row, _)| row.expires_at.is_none_or(|at| at > domain.clock().now()))
        .ok_or(AuthError::BadKey)?;
    note_use(domain, &row);
    let who = Principal::Key {
        key_id: row.id,
        scopes: Scopes::of(&read_scopes(&row.scopes)),
        organization_id: row.organization_id,
        member,
        expires_at: row.expires_at,
    };
    domain.keyring().keep(hash, who.clone(), generation);
    Ok(who)
}

/// A key that is not revoked, with its member where it has one; none where that member is deactivated.
async fn find_key(
    database: &Database,
    hash: &str,
) -> Result<Option<(api_key::Model, Option<ActingMember>)>, DbErr> {
    let row = everywhere::<api_key::Entity>("a key says itself whose it is")
        .filter(api_key::Column::Hash.eq(hash))
        .filter(api_key::Column::RevokedAt.is_null())
        .one(database.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(user_id) = row.user_id else {
        return Ok(Some((row, None)));
    };
    let member = find_member(database, row.organization_id, user_id).await?;
    Ok(member.map(|member| (row, Some(member))))
}

/// Notes, beside the request, that a key is used.
fn note_use(domain: &Domain, row: &api_key::Model) {
    let now = domain.clock().now();
    if row.last_used_at.is_some_and(|last| now - last < USE_NOTED_EVERY) {
        return;
    }
    let (database, id) = (domain.database().clone(), row.id);
    tokio::spawn(async move {
        let noted = api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
            .filter(api_key::Column::Id.eq(id))
            .filter(
                Condition::any()
                    .add(api_key::Column::LastUsedAt.is_null())
                    // Another request, or another replica, may have noted it just now.
                    .add(api_key::Column::LastUsedAt.lt(now - USE_NOTED_EVERY)),
            )
            .exec(database.write())
            .await;
        if let Err(error) = noted {
            tracing::warn!("the last use of the API key {id} could not be noted: {error}");
        }
    });
}

pub(super) async fn find_member(
    database: &Database,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<ActingMember>, DbErr> {
    let row = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(database.read())
        .await?;
    Ok(row.map(|row| ActingMember {
        user_id,
        role: row.role,
    }))
}

async fn bridge(
    domain: &Domain,
    organization: Option<&str>,
    on_behalf_of: Option<&str>,
) -> Result<Principal, AuthError> {
    let organization_id = match organization {
        None => None,
        Some(text) => {
            let unknown = || AuthError::BadHeader("`Tocsin-Organization` names no organisation.".to_owned());
            let id: OrganizationId = text.parse().map_err(|_| unknown())?;
            Tenant::of(id)
                .organization()
                .one(domain.database().read())
                .await
                .map_err(InternalError::from)?
                .ok_or_else(unknown)?;
            Some(id)
        }
    };
    let member = match (on_behalf_of, organization_id) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(AuthError::BadHeader(
                "`Tocsin-On-Behalf-Of` needs `Tocsin-Organization`.".to_owned(),
            ));
        }
        (Some(text), Some(organization_id)) => {
            let none =
                || AuthError::NoMember("This person is no active member of the organisation.".to_owned());
            let user_id = text.parse().map_err(|_| none())?;
            Some(
                find_member(domain.database(), organization_id, user_id)
                    .await
                    .map_err(InternalError::from)?
                    .ok_or_else(none)?,
            )
        }
    };
    Ok(Principal::Bridge {
        organization_id,
        member,
    })
}
