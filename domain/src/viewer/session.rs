//! Sessions of members who are signed in with a browser, as keys to the API: found by the hash of their secret, and believed for as long.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use subtle::ConstantTimeEq;
use tocsin_database::{Database, DatabaseFault};
use tocsin_entity::{
    kinds::{Scope, SignInMethod},
    session::{Column, Entity, Model},
};

use super::{ActingMember, AuthError, Principal, Scopes, authenticate::find_member, keyring::hash_key};
use crate::{Domain, error::InternalError, limits, tenant::everywhere};

/// After how many days without use a session ends.
pub(crate) const SESSION_DAYS: i64 = 30;
/// How exactly the last use of a session is noted.
const USE_NOTED_EVERY: time::Duration = time::Duration::HOUR;

/// Under which name a session is believed. No key has it: a session's secret opens nothing where a key is asked for.
pub(super) fn place(hash: &str) -> String {
    format!("session:{hash}")
}

/// Whose session has this secret.
pub(super) async fn find(domain: &Domain, secret: &str) -> Result<Principal, AuthError> {
    let hash = hash_key(secret);
    let place = place(&hash);
    if let Some(who) = domain.keyring().find(&place, domain.clock().now()) {
        return Ok(who);
    }
    let _turn = domain.keyring().turn(&place).await;
    if let Some(who) = domain.keyring().find(&place, domain.clock().now()) {
        return Ok(who);
    }
    let generation = domain.keyring().generation();
    let found = match look(domain.database(), &hash).await {
        // As for keys: whoever knocks needs a connection of its own.
        Err(error) if DatabaseFault::of(&error) == DatabaseFault::Busy => {
            look(&domain.database().apart(), &hash).await
        }
        found => found,
    };
    let (row, member) = found
        .map_err(InternalError::from)?
        .filter(|(row, _)| bool::from(row.hash.as_bytes().ct_eq(hash.as_bytes())))
        .filter(|(row, _)| row.expires_at > domain.clock().now())
        .ok_or(AuthError::BadSession)?;
    note_use(domain, &row);
    let who = Principal::Session {
        scopes: scopes_of(row.method),
        session_id: row.id,
        organization_id: row.organization_id,
        member,
    };
    domain.keyring().keep(place, who.clone(), generation);
    Ok(who)
}

/// What a session may be used for, beside what the member's role allows. The bridge's token opens every organisation, so that what the bridge
/// has made manages nothing.
fn scopes_of(method: SignInMethod) -> Scopes {
    match method {
        SignInMethod::Link | SignInMethod::FirstOwner | SignInMethod::Oidc => Scopes::of(&[Scope::Admin]),
        SignInMethod::Slack | SignInMethod::SlackLink => Scopes::of(&[Scope::Write]),
    }
}

/// A session that was not ended, with its member; none where that member is deactivated.
async fn look(database: &Database, hash: &str) -> Result<Option<(Model, ActingMember)>, DbErr> {
    let row = everywhere::<Entity>("a session says itself whose it is")
        .filter(Column::Hash.eq(hash))
        .filter(Column::RevokedAt.is_null())
        .one(database.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let member = find_member(database, row.organization_id, row.user_id).await?;
    Ok(member.map(|member| (row, member)))
}

/// Notes, beside the request, that a session is used, and puts its end off.
fn note_use(domain: &Domain, row: &Model) {
    let now = limits::time(domain.clock().now());
    if now - row.last_used_at < USE_NOTED_EVERY {
        return;
    }
    let (database, id) = (domain.database().clone(), row.id);
    tokio::spawn(async move {
        let noted = Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .col_expr(
                Column::ExpiresAt,
                Expr::value(now + time::Duration::days(SESSION_DAYS)),
            )
            .filter(Column::Id.eq(id))
            .filter(Column::RevokedAt.is_null())
            // Another request, or another replica, may have noted it just now.
            .filter(Column::LastUsedAt.lt(now - USE_NOTED_EVERY))
            .exec(database.write())
            .await;
        if let Err(error) = noted {
            tracing::warn!("the last use of the session {id} could not be noted: {error}");
        }
    });
}
