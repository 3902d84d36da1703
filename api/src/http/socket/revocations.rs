//! Whether those whom open sockets serve may still be served.
//!
//! It is asked again whenever somebody's rights may have become less, when a key expires, and now and then. Until the
//! answer is there a socket sends nothing, so that no event reaches who has lost the right to it. Sockets with the same
//! credentials share one check, so that ten thousand of them cost as much as one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::http::StatusCode;
use tocsin_clock::Clock;
use tocsin_domain::viewer::Principal;
use tokio::{sync::watch, time::timeout};

use super::protocol::CloseCode;
use crate::http::{
    endpoint::{Authenticator, Caller, Credentials},
    outer::RequestId,
};

/// How long a socket waits to hear whether it may go on; a database that is away for longer closes it.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
/// How soon it is asked again where the database did not answer.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What is known of a caller.
#[derive(Debug, Clone)]
struct KeyStatus {
    /// The generation of rights in which the caller was last found as before.
    confirmed: u64,
    /// How the sockets must close, once they must.
    verdict: Option<CloseCode>,
}

type Watched = Arc<Mutex<HashMap<([u8; 32], Principal), Weak<watch::Sender<KeyStatus>>>>>;

/// See the module.
pub(in crate::http) struct Revocations {
    authenticator: Arc<Authenticator>,
    every: Duration,
    changes: watch::Receiver<u64>,
    watched: Watched,
    clock: Clock,
}

/// One socket's share in the check of its key. The check ends with the last share.
pub(super) struct KeyCheck {
    known: watch::Receiver<KeyStatus>,
    changes: watch::Receiver<u64>,
    _checked_for: Arc<watch::Sender<KeyStatus>>,
}

impl KeyCheck {
    /// Returns when the socket must close, and how.
    pub(super) async fn lost(&mut self) -> CloseCode {
        let found = self.known.wait_for(|known| known.verdict.is_some()).await;
        found
            .ok()
            .and_then(|known| known.verdict.clone())
            .unwrap_or(CloseCode::InternalError)
    }

    /// Waits until the caller's rights are known to be as before, whatever has changed until now.
    ///
    /// # Errors
    /// How the socket must close, where they are not.
    pub(super) async fn confirm(&mut self) -> Result<(), CloseCode> {
        let now = *self.changes.borrow();
        let settled = self
            .known
            .wait_for(|known| known.verdict.is_some() || known.confirmed >= now);
        match timeout(CONFIRMED_WITHIN, settled).await {
            Ok(Ok(known)) => known.verdict.clone().map_or(Ok(()), Err),
            Ok(Err(_)) | Err(_) => Err(CloseCode::InternalError),
        }
    }
}

impl Revocations {
    pub(in crate::http) fn new(
        authenticator: Arc<Authenticator>,
        every: Duration,
        changes: watch::Receiver<u64>,
        clock: Clock,
    ) -> Self {
        Self {
            authenticator,
            every,
            changes,
            watched: Watched::default(),
            clock,
        }
    }

    /// The generation of rights: to be asked before a caller is let in.
    pub(super) fn generation(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Watches over a caller who was let in with these credentials, asked for in this generation.
    pub(super) fn watch(&self, credentials: &Credentials, caller: &Caller, generation: u64) -> KeyCheck {
        let key = (credentials.digest(), caller.who.clone());
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(&key).and_then(Weak::upgrade)
            && sender.borrow().verdict.is_none()
        {
            return self.key_check(sender);
        }
        watched.retain(|_, sender| sender.strong_count() > 0);
        let sender = Arc::new(watch::Sender::new(KeyStatus {
            confirmed: generation,
            verdict: None,
        }));
        watched.insert(key, Arc::downgrade(&sender));
        drop(watched);
        let check = RevocationCheck {
            authenticator: Arc::clone(&self.authenticator),
            every: self.every,
            changes: self.changes.clone(),
            credentials: credentials.clone(),
            who: caller.who.clone(),
            clock: self.clock.clone(),
            sender: Arc::downgrade(&sender),
        };
        tokio::spawn(check.run(generation));
        self.key_check(sender)
    }

    fn key_check(&self, sender: Arc<watch::Sender<KeyStatus>>) -> KeyCheck {
        KeyCheck {
            known: sender.subscribe(),
            changes: self.changes.clone(),
            _checked_for: sender,
        }
    }
}

/// Asks the authenticator again and again until it refuses or nobody wants to know.
struct RevocationCheck {
    authenticator: Arc<Authenticator>,
    every: Duration,
    changes: watch::Receiver<u64>,
    credentials: Credentials,
    who: Principal,
    clock: Clock,
    sender: Weak<watch::Sender<KeyStatus>>,
}

impl RevocationCheck {
    async fn run(mut self, mut confirmed: u64) {
        let mut pause = self.pause();
        loop {
            let changed = async {
                let changed = self.changes.wait_for(|generation| *generation > confirmed);
                changed.await.is_ok()
            };
            // A change or the time: which of the two does not matter. Where nobody tells of changes, there is the time.
            if timeout(pause, changed).await == Ok(false) {
                tokio::time::sleep(pause).await;
            }
            if self.sender.strong_count() == 0 {
                return;
            }
            let generation = *self.changes.borrow();
            let asked = (self.authenticator)(self.credentials.clone(), RequestId::new().to_string()).await;
            let verdict = match asked {
                Ok(caller) if caller.who == self.who => None,
                Ok(_) => Some(CloseCode::StandingChanged),
                Err(refusal) if refusal.status.is_some_and(is_final) => {
                    Some(CloseCode::Unauthorized(refusal.message))
                }
                Err(refusal) => {
                    tracing::warn!("a key could not be checked again: {}", refusal.message);
                    tokio::time::sleep(AGAIN_AFTER).await;
                    continue;
                }
            };
            confirmed = generation;
            let is_over = verdict.is_some();
            let Some(sender) = self.sender.upgrade() else {
                return;
            };
            sender.send_replace(KeyStatus { confirmed, verdict });
            if is_over {
                return;
            }
            pause = self.pause();
        }
    }

    /// How long nothing needs to be asked: until the key expires at the latest.
    fn pause(&self) -> Duration {
        let left = self.who.expires_at().map(|until| until - self.clock.now());
        let left = left.map(|left| Duration::try_from(left).unwrap_or(Duration::ZERO));
        left.map_or(self.every, |left| left.min(self.every))
    }
}

/// Refused for good, and not because the database is away.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}
