//! The connections that are open, and which of them make room for others.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{budget::BodyBudget, limits::ListenerLimits};

/// How often the same warning is logged at most.
const WARN_EVERY: Duration = Duration::from_secs(10);
/// Where there are too many connections, one in so many is closed: the search for them is not made for each new one.
const CLOSED_TOGETHER: usize = 64;

/// For whom a connection waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// For the client: the first byte of a request.
    Idle,
    /// For the client: the rest of a head.
    Head,
    /// For the client: the rest of a body.
    Body,
    /// For the server: an answer is being made or written.
    Working,
    /// For nobody: it is a WebSocket, which has limits of its own.
    Upgraded,
}

/// How a connection is at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionState {
    pub(crate) phase: Phase,
    pub(crate) since: Instant,
    /// Whether a request was ever answered on it.
    pub(crate) has_served: bool,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct ConnectionEntry {
    id: u64,
    state: Mutex<ConnectionState>,
    /// Cancelled when the connection must make room.
    pub(crate) closing: CancellationToken,
    /// Rung when the phase changes.
    pub(crate) changed: Notify,
    /// Bytes of a head that is not complete.
    head_bytes: AtomicUsize,
    registry: Arc<Open>,
}

impl ConnectionEntry {
    pub(crate) fn state(&self) -> ConnectionState {
        *self.lock()
    }

    /// Changes the phase, unless the connection has become a WebSocket.
    pub(crate) fn enter(&self, phase: Phase) {
        self.change(phase, |now| now != Phase::Upgraded);
    }

    /// The same, only from one phase.
    pub(crate) fn pass(&self, from: Phase, to: Phase) {
        self.change(to, |now| now == from);
    }

    fn change(&self, to: Phase, may: impl FnOnce(Phase) -> bool) {
        let mut state = self.lock();
        if may(state.phase) {
            state.phase = to;
            state.since = Instant::now();
            drop(state);
            if to != Phase::Head {
                self.forget_head();
            }
            self.changed.notify_one();
        }
    }

    /// Counts bytes that have come, where they are of a head. The result is what all heads hold.
    pub(crate) fn take_head(&self, bytes: usize) -> usize {
        self.pass(Phase::Idle, Phase::Head);
        if self.state().phase != Phase::Head {
            return 0;
        }
        self.head_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.registry.head_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    fn forget_head(&self) {
        let bytes = self.head_bytes.swap(0, Ordering::Relaxed);
        self.registry.head_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A request is answered.
    pub(crate) fn answered(&self) {
        self.lock().has_served = true;
        self.enter(Phase::Idle);
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        self.forget_head();
        self.registry.remove(self.id);
    }
}

/// What the table holds of a connection: enough to close it.
type Waiting = (Arc<ConnectionEntry>, Instant, bool);

/// The table of connections.
#[derive(Debug)]
struct Open {
    name: &'static str,
    entries: Mutex<HashMap<u64, Weak<ConnectionEntry>>>,
    /// Bytes of all heads that are not complete.
    head_bytes: AtomicUsize,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Weak<ConnectionEntry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, id: u64) {
        let mut entries = self.lock();
        entries.remove(&id);
        self.measure(entries.len());
    }

    fn measure(&self, count: usize) {
        let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        metrics::gauge!("tocsin_http_connections", "listener" => self.name).set(count);
    }
}

/// Whether there is room for a connection.
pub(crate) enum Admission {
    Admitted(Arc<ConnectionEntry>),
    /// All connections are being worked for.
    Full,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct ConnectionRegistry {
    pub(crate) limits: ListenerLimits,
    pub(crate) bodies: BodyBudget,
    open: Arc<Open>,
    next: AtomicU64,
    warned: Mutex<Option<Instant>>,
}

impl ConnectionRegistry {
    pub(crate) fn new(name: &'static str, limits: ListenerLimits) -> Self {
        let most = f64::from(u32::try_from(limits.connections_max).unwrap_or(u32::MAX));
        metrics::gauge!("tocsin_http_connections_limit", "listener" => name).set(most);
        Self {
            bodies: BodyBudget::new(name, limits.body_bytes_max),
            limits,
            open: Arc::new(Open {
                name,
                entries: Mutex::default(),
                head_bytes: AtomicUsize::new(0),
            }),
            next: AtomicU64::new(0),
            warned: Mutex::default(),
        }
    }

    /// Takes a new connection; where there are too many, those that wait longest are closed.
    pub(crate) fn admit(&self) -> Admission {
        let most = self.limits.connections_max;
        if self.open.lock().len() >= most {
            let closed = self.make_room("limit");
            self.warn(format_args!(
                "the {} listener has {most} connections, its limit: it closed the {closed} that waited longest for their clients \
                 (TOCSIN_HTTP_CONNECTIONS)",
                self.open.name
            ));
            if closed == 0 {
                self.count("refused");
                return Admission::Full;
            }
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let entry = Arc::new(ConnectionEntry {
            id,
            state: Mutex::new(ConnectionState {
                phase: Phase::Head,
                since: Instant::now(),
                has_served: false,
            }),
            closing: CancellationToken::new(),
            changed: Notify::new(),
            head_bytes: AtomicUsize::new(0),
            registry: Arc::clone(&self.open),
        });
        let mut entries = self.open.lock();
        entries.insert(id, Arc::downgrade(&entry));
        self.open.measure(entries.len());
        drop(entries);
        Admission::Admitted(entry)
    }

    /// Closes some of the connections that wait for their clients: first those that were never of use, and of these the longest
    /// waiting. Says how many.
    pub(crate) fn make_room(&self, reason: &'static str) -> usize {
        let mut waiting = self.waiting();
        waiting.sort_by_key(|(_, since, has_served)| (*has_served, *since));
        self.close_some(waiting, reason)
    }

    /// Closes some of the connections whose heads are longest.
    pub(crate) fn close_long_heads(&self) {
        let mut waiting = self.waiting();
        waiting.sort_by_key(|(entry, ..)| std::cmp::Reverse(entry.head_bytes.load(Ordering::Relaxed)));
        let closed = self.close_some(waiting, "head_bytes");
        self.warn(format_args!(
            "the unfinished requests at the {} listener are too long: it closed the {closed} longest",
            self.open.name
        ));
    }

    fn close_some(&self, mut waiting: Vec<Waiting>, reason: &'static str) -> usize {
        waiting.truncate((self.limits.connections_max / CLOSED_TOGETHER).max(1));
        let mut entries = self.open.lock();
        for (entry, ..) in &waiting {
            entries.remove(&entry.id);
            entry.closing.cancel();
        }
        self.open.measure(entries.len());
        drop(entries);
        for (entry, ..) in &waiting {
            entry.forget_head();
            self.count(reason);
        }
        waiting.len()
    }

    fn waiting(&self) -> Vec<Waiting> {
        // The entries are kept beyond the lock: the last of one takes the lock again when it goes.
        let entries: Vec<Arc<ConnectionEntry>> =
            self.open.lock().values().filter_map(Weak::upgrade).collect();
        entries
            .into_iter()
            .filter_map(|entry| {
                let state = entry.state();
                match state.phase {
                    Phase::Idle | Phase::Head | Phase::Body => Some((entry, state.since, state.has_served)),
                    Phase::Working | Phase::Upgraded => None,
                }
            })
            .collect()
    }

    /// Counts a connection that a limit has closed.
    pub(crate) fn count(&self, reason: &'static str) {
        metrics::counter!("tocsin_http_connections_closed_total", "listener" => self.open.name, "reason" => reason)
            .increment(1);
    }

    /// Logs a warning, unless one was logged a moment ago.
    pub(crate) fn warn(&self, message: fmt::Arguments<'_>) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            drop(warned);
            tracing::warn!("{message}");
        }
    }
}
