//! How many sockets and operations there may be: in this process, and for each key.
//!
//! A socket on which no key was shown yet waits among a few: where there are more of them, the longest waiting makes room. So whoever opens
//! sockets without a key keeps nobody out.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio_util::sync::CancellationToken;

use crate::http::{answer::HttpAnswer, outer::RequestId, refusal::HttpRefusal};

/// See the module.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "each is the most of something")]
pub(in crate::http) struct SocketLimits {
    /// Most sockets of the process.
    pub(in crate::http) open_max: usize,
    /// Most of them on which no key was shown yet.
    pub(in crate::http) waiting_max: usize,
    /// Most sockets of one key.
    pub(in crate::http) per_key_max: usize,
    /// Most operations on all sockets of one key.
    pub(in crate::http) operations_per_key_max: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            open_max: SOCKETS_MAX,
            waiting_max: SOCKETS_WAITING_MAX,
            per_key_max: SOCKETS_PER_KEY_MAX,
            operations_per_key_max: OPERATIONS_PER_KEY_MAX,
        }
    }
}

/// See [`SocketLimits::open_max`].
const SOCKETS_MAX: usize = 12_000;
/// See [`SocketLimits::waiting_max`].
const SOCKETS_WAITING_MAX: usize = 256;
/// See [`SocketLimits::per_key_max`].
const SOCKETS_PER_KEY_MAX: usize = 3_000;
/// See [`SocketLimits::operations_per_key_max`].
const OPERATIONS_PER_KEY_MAX: usize = 6_000;

/// What stands for a key.
type KeyDigest = [u8; 32];

#[derive(Debug, Default)]
struct Counts {
    open: usize,
    next: u64,
    waiting: VecDeque<(u64, CancellationToken)>,
    keys: HashMap<KeyDigest, PerKey>,
}

#[derive(Debug, Default)]
struct PerKey {
    sockets: usize,
    operations: usize,
}

/// The sockets of a process.
#[derive(Debug)]
pub(in crate::http) struct Sockets {
    limits: SocketLimits,
    counts: Arc<Mutex<Counts>>,
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sockets {
    pub(in crate::http) fn new(limits: SocketLimits) -> Self {
        Self {
            limits,
            counts: Arc::default(),
        }
    }

    /// A place for a socket, if there is one.
    pub(super) fn open(&self) -> Option<SocketPermit> {
        let mut counts = lock(&self.counts);
        if counts.open >= self.limits.open_max {
            return None;
        }
        counts.open += 1;
        counts.next += 1;
        let (id, lost) = (counts.next, CancellationToken::new());
        counts.waiting.push_back((id, lost.clone()));
        if counts.waiting.len() > self.limits.waiting_max
            && let Some((_, longest)) = counts.waiting.pop_front()
        {
            longest.cancel();
        }
        drop(counts);
        Some(SocketPermit {
            id,
            limits: self.limits,
            counts: Arc::clone(&self.counts),
            lost,
            key: None,
        })
    }
}

/// What somebody reads for whose socket there is no place.
pub(super) fn refuse() -> Response {
    let refusal = HttpRefusal::request(
        StatusCode::SERVICE_UNAVAILABLE,
        "TOO_MANY_SOCKETS",
        "The server has as many WebSockets as it may hold: try again later, or read by POST.",
    );
    tracing::warn!("a WebSocket was refused: this process has as many as it may hold");
    let body = HttpAnswer::refused(refusal, RequestId::new().as_str()).to_json();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        ),
        (header::RETRY_AFTER, HeaderValue::from_static("10")),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}

/// A socket's place, until it is dropped.
#[derive(Debug)]
pub(super) struct SocketPermit {
    id: u64,
    limits: SocketLimits,
    counts: Arc<Mutex<Counts>>,
    lost: CancellationToken,
    key: Option<KeyDigest>,
}

impl SocketPermit {
    /// Returns when the place is needed for another socket, which can be only until a key was shown.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// A key was shown; whether it may have another socket.
    pub(super) fn take_for(&mut self, key: KeyDigest) -> bool {
        let mut counts = lock(&self.counts);
        counts.waiting.retain(|(id, _)| *id != self.id);
        let own = counts.keys.entry(key).or_default();
        if own.sockets >= self.limits.per_key_max {
            return false;
        }
        own.sockets += 1;
        drop(counts);
        self.key = Some(key);
        true
    }

    /// Counts an operation of the key, if it may have another.
    pub(super) fn operation(&self) -> Option<OperationPermit> {
        let key = self.key?;
        let mut counts = lock(&self.counts);
        let own = counts.keys.get_mut(&key)?;
        if own.operations >= self.limits.operations_per_key_max {
            return None;
        }
        own.operations += 1;
        drop(counts);
        Some(OperationPermit {
            key,
            counts: Arc::clone(&self.counts),
        })
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.open -= 1;
        counts.waiting.retain(|(id, _)| *id != self.id);
        if let Some(key) = self.key {
            counts.give_back(&key, |own| own.sockets -= 1);
        }
    }
}

/// An operation that counts, until it is dropped.
#[derive(Debug)]
pub(super) struct OperationPermit {
    key: KeyDigest,
    counts: Arc<Mutex<Counts>>,
}

impl Drop for OperationPermit {
    fn drop(&mut self) {
        lock(&self.counts).give_back(&self.key, |own| own.operations -= 1);
    }
}

impl Counts {
    fn give_back(&mut self, key: &KeyDigest, give: impl FnOnce(&mut PerKey)) {
        if let Some(own) = self.keys.get_mut(key) {
            give(own);
            if own.sockets == 0 && own.operations == 0 {
                self.keys.remove(key);
            }
        }
    }
}
