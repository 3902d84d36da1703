//! Keys that were found valid, and when to ask again.
//!
//! Whenever somebody's rights become less, the *generation* grows: nothing is believed any more, and every open socket asks
//! again who it serves. On the replica that made the change this happens before the change is answered. It rings the
//! others, which look at a counter in the database. A ring may be lost, so each replica also looks by itself, twice a
//! second, by a connection of its own that no storm of requests holds up. A look that fails or is late counts as a change.
//!
//! So no replica honours a right for more than two seconds after it was taken away. A key is believed for five seconds
//! while the counter is watched, and for two seconds where the watch is late: a busy client costs few looks.

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
use tocsin_database::{Database, DatabaseFault};
use tocsin_entity::authority;
use tokio::{
    sync::{Mutex as AsyncMutex, MutexGuard, Notify, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::Principal;
use crate::{Domain, tenant::everywhere};

/// How long a key that was found valid is believed without looking again, at the least.
const BELIEVED_FOR: Duration = Duration::from_secs(2);
/// The same while the counter is watched: whatever takes a right away raises it.
const BELIEVED_WHILE_WATCHED: Duration = Duration::from_secs(5);
/// Most keys that are believed, and most that are known, at a time.
const KEPT_MAX: usize = 10_000;
/// How many keys may be read at the same time, each once for all who show it.
const TURNS: usize = 64;
/// How long somebody waits for another who reads the same key: longer than a crowded pool makes that one wait, since the database may be away.
const TURN_WITHIN: Duration = Duration::from_secs(4);
/// How often a replica looks whether another has changed somebody's rights, where it is not rung.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a look may take. What is read later may have changed meanwhile.
const LOOK_WITHIN: Duration = Duration::from_millis(1_500);

/// A look that began when the one before had just ended is over before what it protects is believed no longer.
const _: () = assert!(LOOK_EVERY.as_millis() + LOOK_WITHIN.as_millis() <= BELIEVED_FOR.as_millis());

/// See the module.
#[derive(Debug)]
pub struct Keyring {
    believed: Mutex<HashMap<String, (Instant, Principal)>>,
    known: Mutex<HashSet<String>>,
    turns: [AsyncMutex<()>; TURNS],
    generation: watch::Sender<u64>,
    /// When the last look began that saw the counter.
    watched: Mutex<Option<Instant>>,
    /// What other replicas ring.
    rung: Notify,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            believed: Mutex::default(),
            known: Mutex::default(),
            turns: std::array::from_fn(|_| AsyncMutex::default()),
            generation: watch::Sender::new(0),
            watched: Mutex::default(),
            rung: Notify::new(),
        }
    }
}

/// The hash under which a key is stored. Keys are random and long, so that a fast hash is enough.
pub(crate) fn hash_key(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

fn is_over(who: &Principal, now: OffsetDateTime) -> bool {
    who.expires_at().is_some_and(|at| at <= now)
}

impl Keyring {
    pub(super) fn find(&self, hash: &str, now: OffsetDateTime) -> Option<Principal> {
        let good_for = if self.is_watched() {
            BELIEVED_WHILE_WATCHED
        } else {
            BELIEVED_FOR
        };
        let believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        believed
            .get(hash)
            .filter(|(since, who)| since.elapsed() < good_for && !is_over(who, now))
            .map(|(_, who)| who.clone())
    }

    /// Whether a change that another replica made more than two seconds ago would be known here.
    fn is_watched(&self) -> bool {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the first look, which makes the process forget all that it believes, nothing is late.
        watched.is_none_or(|began| began.elapsed() < BELIEVED_FOR)
    }

    fn watched_since(&self, began: Instant) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
    }

    /// Another replica says that somebody's rights have become less: look now.
    pub fn ring(&self) {
        self.rung.notify_one();
    }

    /// Waits until nobody else reads this key, so that a thousand requests at once cost one look and not every connection there is. They go on
    /// one after another: all at once they would take every connection for what they ask.
    pub(super) async fn turn(&self, hash: &str) -> Option<MutexGuard<'_, ()>> {
        let place = hash.bytes().fold(0, |sum, byte| sum + usize::from(byte)) % TURNS;
        timeout(TURN_WITHIN, self.turns[place].lock()).await.ok()
    }

    /// Keeps what was read since the generation was this one, unless it has grown meanwhile.
    pub(super) fn keep(&self, hash: String, who: Principal, generation: u64) {
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
    pub fn generation(&self) -> u64 {
        *self.generation.borrow()
    }

    /// Tells when the generation grows.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Believes nothing any more: a key was revoked, or a member changed. Called after the commit, before the answer.
    pub fn forget(&self) {
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
    let (keyring, database) = (domain.keyring(), domain.database().apart());
    let mut seen = None;
    let mut is_failing = false;
    loop {
        let began = Instant::now();
        match look(&database).await {
            Ok(version) => {
                if is_failing || seen != Some(version) {
                    keyring.forget();
                }
                keyring.watched_since(began);
                (seen, is_failing) = (Some(version), false);
            }
            Err(why) => {
                if !is_failing {
                    tracing::warn!(
                        "whether keys were revoked elsewhere can't be read, and each key is looked up again until it can: {why}"
                    );
                }
                keyring.forget();
                is_failing = true;
            }
        }
        // A ring or the interval: which of the two does not matter.
        let pause = timeout(LOOK_EVERY, keyring.rung.notified());
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// The counter of all replicas.
///
/// # Errors
/// Why it can't be read in time, in words.
async fn look(database: &Database) -> Result<Option<i64>, String> {
    let row = everywhere::<authority::Entity>("one row for the whole server")
        .filter(authority::Column::Id.eq(authority::ONLY))
        .one(database.read());
    match timeout(LOOK_WITHIN, row).await {
        Ok(Ok(row)) => Ok(row.map(|row| row.version)),
        Ok(Err(error)) => Err(DatabaseFault::explain("the database", &error)),
        Err(_) => Err(format!(
            "the database does not answer within {} ms",
            LOOK_WITHIN.as_millis()
        )),
    }
}

#[cfg(test)]
mod tests {
    use tocsin_entity::id::{ApiKeyId, OrganizationId};

    use super::*;
    use crate::viewer::Scopes;

    fn found(keyring: &Keyring) -> bool {
        keyring.find("hash", OffsetDateTime::UNIX_EPOCH).is_some()
    }

    fn keyring() -> Keyring {
        let keyring = Keyring::default();
        let who = Principal::Key {
            key_id: ApiKeyId::new(),
            scopes: Scopes::of(&[]),
            organization_id: OrganizationId::new(),
            member: None,
            expires_at: None,
        };
        keyring.keep("hash".to_owned(), who, 0);
        keyring
    }

    /// As if the key had been read so long ago, and the counter as well, if at all.
    fn found_after(read: Duration, watched: Option<Duration>) -> bool {
        let (keyring, now) = (keyring(), Instant::now());
        let before = |ago: Duration| {
            now.checked_sub(ago)
                .expect("a machine that has been up for a while")
        };
        keyring
            .believed
            .lock()
            .expect("nobody else")
            .get_mut("hash")
            .expect("the key")
            .0 = before(read);
        if let Some(ago) = watched {
            keyring.watched_since(before(ago));
        }
        found(&keyring)
    }

    #[test]
    fn a_key_is_believed_for_no_longer_than_two_seconds_unless_revocations_are_watched() {
        let (second, late) = (Duration::from_secs(1), Duration::from_millis(2_001));
        assert!(found_after(second, None));
        assert!(found_after(late, None), "the watch is about to begin");
        assert!(!found_after(late, Some(late)), "the last look was too long ago");
        assert!(found_after(late, Some(second)));
        assert!(!found_after(Duration::from_secs(6), Some(second)));
    }

    #[test]
    fn nothing_is_believed_once_rights_have_become_less() {
        let keyring = keyring();
        assert!(found(&keyring));
        keyring.forget();
        assert!(!found(&keyring));
    }
}
