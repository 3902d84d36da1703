//! Keys of open sockets, checked again now and then: a revoked key's subscriptions end.
//!
//! Sockets with the same credentials share one check, so that ten thousand of them cost as much as one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::http::StatusCode;
use tokio::sync::watch;

use super::protocol::CloseCode;
use crate::http::{
    endpoint::{Caller, Credentials, Door},
    outer::RequestId,
};

type Verdict = Option<CloseCode>;
type Watched = Arc<Mutex<HashMap<([u8; 32], String), Weak<watch::Sender<Verdict>>>>>;

/// See the module.
pub(in crate::http) struct Revocations {
    door: Arc<Door>,
    every: Duration,
    watched: Watched,
}

/// One socket's share in the check of its key. The check ends with the last share.
pub(super) struct Standing {
    verdict: watch::Receiver<Verdict>,
    _checked_for: Arc<watch::Sender<Verdict>>,
}

impl Standing {
    /// Returns when the socket must close, and how.
    pub(super) async fn lost(&mut self) -> CloseCode {
        loop {
            if let Some(verdict) = self.verdict.borrow_and_update().clone() {
                return verdict;
            }
            // No error while this share holds the sender.
            if self.verdict.changed().await.is_err() {
                return CloseCode::InternalError;
            }
        }
    }
}

impl Revocations {
    pub(in crate::http) fn new(door: Arc<Door>, every: Duration) -> Self {
        Self {
            door,
            every,
            watched: Watched::default(),
        }
    }

    /// Watches over a caller who was let in with these credentials.
    pub(super) fn watch(&self, credentials: &Credentials, caller: &Caller) -> Standing {
        let key = (credentials.digest(), caller.standing.clone());
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(&key).and_then(Weak::upgrade)
            && sender.borrow().is_none()
        {
            return Standing {
                verdict: sender.subscribe(),
                _checked_for: sender,
            };
        }
        watched.retain(|_, sender| sender.strong_count() > 0);
        let (sender, verdict) = watch::channel(None);
        let sender = Arc::new(sender);
        watched.insert(key, Arc::downgrade(&sender));
        drop(watched);
        tokio::spawn(check(
            Arc::clone(&self.door),
            self.every,
            credentials.clone(),
            caller.standing.clone(),
            Arc::downgrade(&sender),
        ));
        Standing {
            verdict,
            _checked_for: sender,
        }
    }
}

/// Asks the door again and again until it refuses or nobody wants to know.
async fn check(
    door: Arc<Door>,
    every: Duration,
    credentials: Credentials,
    standing: String,
    sender: Weak<watch::Sender<Verdict>>,
) {
    loop {
        tokio::time::sleep(every).await;
        if sender.strong_count() == 0 {
            return;
        }
        let verdict = match door(credentials.clone(), RequestId::new().to_string()).await {
            Ok(caller) if caller.standing == standing => continue,
            Ok(_) => CloseCode::StandingChanged,
            Err(refusal) if refusal.status.is_some_and(is_final) => CloseCode::Unauthorized(refusal.message),
            Err(refusal) => {
                tracing::warn!("a key could not be checked again: {}", refusal.message);
                continue;
            }
        };
        if let Some(sender) = sender.upgrade() {
            sender.send_replace(Some(verdict));
        }
        return;
    }
}

/// Refused for good, and not because the database is away.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
}
