//! Somebody begins to sign in with an OpenID issuer, and comes back: in the same browser, once, within ten minutes, to whichever replica.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tocsin_entity::oidc_state::{ActiveModel, Column, Entity};
use tocsin_seal::{Sealer, StateError};

use super::SignInError;
use crate::{Domain, error::InternalError, limits, session::make_token, viewer::hash_key};

/// For how many minutes somebody may be away.
pub const STATE_MINUTES: u32 = 10;
/// What the state is sealed for. Slack's are sealed for something else, so that none is taken for the other.
const PURPOSE: &str = "oidc_session";

/// With what somebody goes to the issuer.
#[derive(Debug, Serialize, Deserialize)]
struct IssuerState {
    /// SHA-256, in hex, of what the browser holds.
    browser_hash: String,
}

fn sealer(domain: &Domain) -> Result<&Sealer, SignInError> {
    let missing =
        || InternalError::Broken("TOCSIN_SECRET_KEY is unset, so that no state can be sealed".to_owned());
    domain
        .config()
        .sealer
        .as_ref()
        .ok_or_else(|| SignInError::Fault(missing()))
}

/// A sign-in begins: the state to go to the issuer with, and what the browser is to hold.
///
/// # Errors
/// [`SignInError`], where nothing can be sealed.
pub fn begin(domain: &Domain) -> Result<(String, SecretString), SignInError> {
    let held = make_token();
    let content = IssuerState {
        browser_hash: hash_key(held.expose_secret()),
    };
    let expires_at = domain.clock().now() + time::Duration::minutes(STATE_MINUTES.into());
    let state = sealer(domain)?
        .seal_state_until(PURPOSE, &content, expires_at)
        .map_err(|error| InternalError::Broken(error.to_string()))?;
    Ok((state, held))
}

/// Somebody comes back with a state, in a browser that holds `held`: it is used up.
///
/// # Errors
/// [`SignInError`]. Where the browser is another one, the state is not used up.
pub async fn come_back(domain: &Domain, state: &str, held: Option<&str>) -> Result<(), SignInError> {
    let now = domain.clock().now();
    let opened = sealer(domain)?.open_state_at::<IssuerState>(PURPOSE, state, now);
    let opened = opened.map_err(|error| match error {
        StateError::Expired => SignInError::StateExpired,
        StateError::Forged => SignInError::StateForged,
    })?;
    let hash = hash_key(held.unwrap_or_default());
    if !bool::from(hash.as_bytes().ct_eq(opened.content.browser_hash.as_bytes())) {
        return Err(SignInError::StateOfOtherBrowser);
    }
    let row = ActiveModel {
        nonce: Set(opened.nonce),
        expires_at: Set(limits::time(opened.expires_at)),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Nonce).do_nothing().to_owned())
        .exec_without_returning(domain.database().write())
        .await?;
    if inserted == 0 {
        return Err(SignInError::StateUsed);
    }
    // Those before are of no use to anybody.
    Entity::delete_many()
        .filter(Column::ExpiresAt.lt(limits::time(now - time::Duration::HOUR)))
        .exec(domain.database().write())
        .await?;
    Ok(())
}
