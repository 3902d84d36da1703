//! Idempotency keys: the same request twice is one change, for 24 hours.

use std::{fmt, hash::Hash, str::FromStr, sync::Arc, time::Duration};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, sea_query::LockType,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, UserId},
    idempotency,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Domain,
    data_loader::Loader,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    limits,
    loaders::BatchLoader,
    request::Request,
    tenant::Tenant,
};

/// How long a key is kept.
const KEPT_FOR: time::Duration = time::Duration::hours(24);
/// How often old keys are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// The use of an idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct KeyUse {
    /// Whose key it is.
    pub(crate) caller: String,
    /// The key.
    pub(crate) key: String,
    /// A hash of the operation and its input.
    pub(crate) fingerprint: String,
    /// When it is used.
    pub(crate) at: OffsetDateTime,
}

/// An idempotency key as a caller gives it.
#[derive(Clone)]
pub struct RequestKey {
    /// The key.
    pub key: String,
    /// The operation's arguments as they were sent, with the secrets in them.
    pub arguments: serde_json::Value,
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The use of the caller's key for the operation of `request`, if one was given.
///
/// # Errors
/// A user error, where the key is too long.
pub(crate) fn key_use(
    request: &Request<'_>,
    given: Option<&RequestKey>,
) -> Result<Option<KeyUse>, UserError> {
    let Some(given) = given else { return Ok(None) };
    let Some(key) = limits::key("idempotencyKey", Some(given.key.clone()))? else {
        return Ok(None);
    };
    let member = request.viewer.member().map(|member| member.user_id);
    Ok(Some(KeyUse {
        caller: request.viewer.caller(),
        key,
        fingerprint: fingerprint(request.operation, given.arguments.clone(), member),
        at: request.now(),
    }))
}

/// A hash of the mutation, its arguments as they were sent, and the member on whose behalf they were. Nothing else goes in: it
/// is compared with what an earlier version of Tocsin has stored, and a member whose role has changed repeats the same request.
fn fingerprint(mutation: &str, mut arguments: serde_json::Value, member: Option<UserId>) -> String {
    arguments.sort_all_objects();
    let said = json!([mutation, arguments, member.map(|id| id.to_string())]);
    hex::encode(Sha256::digest(said.to_string()))
}

/// What a caller is told who uses a key for something else.
pub(crate) const REUSED: &str =
    "This idempotency key was used in the last 24 hours with another input. Use a new key for a new request.";

/// The id of what was made under this key before. Asked first in a transaction: the organisation is locked before all else.
pub(crate) async fn before<Id: FromStr>(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    key: Option<&KeyUse>,
) -> Result<Option<Id>, MutationError> {
    let Some(used) = key else { return Ok(None) };
    // The same request may come twice at once: the second waits here until it can see what the first has made.
    Tenant::of(organization_id)
        .organization()
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let record = Tenant::of(organization_id)
        .find::<idempotency::Entity>()
        .filter(idempotency::Column::Caller.eq(&used.caller))
        .filter(idempotency::Column::Key.eq(&used.key))
        .one(tx)
        .await?;
    match record {
        None => Ok(None),
        Some(record) if record.fingerprint != used.fingerprint => {
            Err(UserError::new(UserErrorCode::IdempotencyKeyReused, REUSED)
                .at("idempotencyKey")
                .into())
        }
        Some(record) => Ok(record
            .result
            .get("id")
            .and_then(|id| id.as_str())
            .and_then(|id| id.parse().ok())),
    }
}

/// Keeps the key with the id of what was made.
pub(crate) async fn keep(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    key: Option<&KeyUse>,
    id: impl ToString,
) -> Result<(), MutationError> {
    if let Some(used) = key {
        idempotency::Model {
            organization_id,
            caller: used.caller.clone(),
            key: used.key.clone(),
            fingerprint: used.fingerprint.clone(),
            result: json!({ "id": id.to_string() }),
            created_at: used.at,
        }
        .into_active_model()
        .insert(tx)
        .await?;
    }
    Ok(())
}

/// Writes once for each key, in one transaction; a request that comes again is given what the first has made.
///
/// # Errors
/// What `change` refuses, and what the database does.
pub(crate) async fn once<Id, Row>(
    request: &Request<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    what: &'static str,
    id_of: impl FnOnce(&Row) -> Id,
    change: impl AsyncFnOnce(&DatabaseTransaction) -> Result<Row, MutationError>,
) -> Result<Row, MutationError>
where
    Id: FromStr + ToString + Send + Sync + Hash + Eq + Clone + 'static,
    Row: Send + Sync + Clone + 'static,
    BatchLoader: Loader<Id, Value = Row, Error = InternalError>,
{
    let tx = request.domain.database().begin_write().await?;
    if let Some(id) = before::<Id>(&tx, organization_id, key.as_ref()).await? {
        drop(tx);
        let row = request.loaders().load_one(id).await?;
        return row.ok_or_else(|| UserError::not_found(what).into());
    }
    let row = change(&tx).await?;
    keep(&tx, organization_id, key.as_ref(), id_of(&row)).await?;
    tx.commit().await?;
    Ok(row)
}

/// Deletes once for each key; a request that comes again is told the same.
///
/// # Errors
/// As [`once`].
pub(crate) async fn gone_once<Id: FromStr + ToString + Copy>(
    request: &Request<'_>,
    organization_id: OrganizationId,
    key: Option<KeyUse>,
    id: Id,
    delete: impl AsyncFnOnce(&DatabaseTransaction) -> Result<(), MutationError>,
) -> Result<Id, MutationError> {
    let tx = request.domain.database().begin_write().await?;
    if let Some(id) = before::<Id>(&tx, organization_id, key.as_ref()).await? {
        return Ok(id);
    }
    delete(&tx).await?;
    keep(&tx, organization_id, key.as_ref(), id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Forgets keys of more than a day ago, until `shutdown`.
pub(crate) async fn run(domain: &Arc<Domain>, shutdown: CancellationToken) {
    while shutdown
        .run_until_cancelled(tokio::time::sleep(FORGET_EVERY))
        .await
        .is_some()
    {
        let old = domain.clock().now() - KEPT_FOR;
        let forgotten = idempotency::Entity::delete_many()
            .filter(idempotency::Column::CreatedAt.lt(old))
            .exec(domain.database().write())
            .await;
        match forgotten {
            Ok(done) => tracing::debug!(
                "{} idempotency keys are a day old and forgotten",
                done.rows_affected
            ),
            Err(error) => tracing::warn!("old idempotency keys could not be forgotten: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_what_it_was_in_every_earlier_version() {
        let member = "usr_0198c0de00007000800000000000000a".parse().expect("an id");
        let sent = json!({ "input": { "title": "Down", "labels": [{ "key": "a", "value": "b" }] } });
        assert_eq!(
            fingerprint("triggerIncident", sent, Some(member)),
            "c1d06f9ddb05044c21918c104a79c60953efa8059015f4719b0d662434c57f06"
        );
    }

    #[test]
    fn a_key_shows_none_of_the_secrets_that_came_with_it() {
        let arguments = json!({ "input": { "botToken": "xoxb-secret" } });
        let given = RequestKey {
            key: "once".to_owned(),
            arguments,
        };
        assert!(!format!("{given:?}").contains("xoxb"));
    }

    #[test]
    fn the_order_of_fields_is_not_part_of_a_fingerprint_and_all_else_is() {
        let of = |text: &str| fingerprint("m", serde_json::from_str(text).expect("JSON"), None);
        assert_eq!(of(r#"{"a":{"b":1,"c":2}}"#), of(r#"{"a":{"c":2,"b":1}}"#));
        assert_ne!(of(r#"{"a":null}"#), of("{}"));
        assert_ne!(of(r#"{"a":["b","c"]}"#), of(r#"{"a":["c","b"]}"#));
    }
}
