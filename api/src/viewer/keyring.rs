//! Keys that were found valid, and when to ask again.
//!
//! A key is believed for a moment, so that a busy client costs one look every five seconds. Whenever somebody's rights become
//! less, the *generation* grows: nothing is believed any more, and every open socket asks again who it serves. Here
//! that happens at once, before the change is answered; other replicas see it by a counter in the database, at which
//! each looks every second.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tocsin_entity::authority;
use tokio::{
    sync::{Mutex as AsyncMutex, MutexGuard, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::Who;
use crate::Domain;

/// How long a key that was found valid is believed without looking again.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// Most keys that are believed, and most that are known, at a time.
const KEPT_MAX: usize = 10_000;
/// How many keys may be read at the same time, each once for all who show it.
const TURNS: usize = 64;
/// How long somebody waits for another who reads the same key: the database may be away.
const TURN_WITHIN: Duration = Duration::from_secs(3);
/// How often a replica looks whether another has changed somebody's rights.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Keyring {
    believed: Mutex<HashMap<String, (Instant, Who)>>,
    known: Mutex<HashSet<String>>,
    turns: [AsyncMutex<()>; TURNS],
    generation: watch::Sender<u64>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            believed: Mutex::default(),
            known: Mutex::default(),
            turns: std::array::from_fn(|_| AsyncMutex::default()),
            generation: watch::Sender::new(0),
        }
    }
}

/// The hash under which a key is stored. Keys are random and long, so that a fast hash is enough.
pub(crate) fn hash_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

fn is_over(who: &Who) -> bool {
    who.expires_at().is_some_and(|at| at <= OffsetDateTime::now_utc())
}

impl Keyring {
    pub(super) fn find(&self, hash: &str) -> Option<Who> {
        let believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        believed
            .get(hash)
            .filter(|(since, who)| since.elapsed() < BELIEVED_FOR && !is_over(who))
            .map(|(_, who)| who.clone())
    }

    /// Waits until nobody else reads this key, so that a thousand requests at once cost one look and not every connection there is.
    pub(super) async fn turn(&self, hash: &str) -> Option<MutexGuard<'_, ()>> {
        let place = hash.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % TURNS;
        timeout(TURN_WITHIN, self.turns[place].lock()).await.ok()
    }

    /// Keeps what was read since the generation was this one, unless it has grown meanwhile.
    pub(super) fn keep(&self, hash: String, who: Who, generation: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(hash.clone());
        drop(known);
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation() != generation {
            return;
        }
        if believed.len() >= KEPT_MAX {
            believed.clear();
        }
        believed.insert(hash, (Instant::now(), who));
    }

    /// Whether the key was valid at some time since the process started.
    pub(super) fn has_known(&self, hash: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(hash)
    }

    /// Grows whenever what was found before may hold no longer.
    pub(crate) fn generation(&self) -> u64 {
        *self.generation.borrow()
    }

    /// Tells when the generation grows.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Believes nothing any more: a key was revoked, or a member changed. Called after the commit, before the answer.
    pub(crate) fn forget(&self) {
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        // With the lock held, so that nobody keeps what they have read before.
        self.generation.send_modify(|generation| *generation += 1);
        believed.clear();
    }
}

/// Tells all replicas that somebody's rights become less, in the transaction in which they do. Called last in it: the
/// row is everybody's.
pub(crate) async fn tell_all(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    authority::Entity::update_many()
        .col_expr(
            authority::Column::Version,
            Expr::col(authority::Column::Version).add(1),
        )
        .filter(authority::Column::Id.eq(authority::ONLY))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Looks for what other replicas have changed, until `shutdown`.
pub(crate) async fn follow(domain: &Arc<Domain>, shutdown: CancellationToken) {
    let mut seen = None;
    let mut is_failing = false;
    while shutdown
        .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
        .await
        .is_some()
    {
        let found = authority::Entity::find_by_id(authority::ONLY)
            .one(domain.database().read())
            .await;
        match found {
            Ok(row) => {
                let version = row.map(|row| row.version);
                if seen != Some(version) || is_failing {
                    domain.keyring().forget();
                }
                (seen, is_failing) = (Some(version), false);
            }
            Err(error) => {
                if !is_failing {
                    tracing::warn!(
                        "whether keys were revoked elsewhere can't be read, and is tried every second: {error}"
                    );
                }
                is_failing = true;
            }
        }
    }
}
