//! What a client may cost.

use std::time::Duration;

/// The limits of a listener. All of them are in `docs/reference/limits.md`.
#[derive(Debug, Clone)]
pub struct ListenerLimits {
    /// Most connections at a time. A new one closes those that have waited longest.
    pub connections_max: usize,
    /// Longest time from a connection's opening, or the first byte of a request, until its head is complete.
    pub head_within: Duration,
    /// Longest time between two requests on a connection.
    pub idle_max: Duration,
    /// Longest time for the body of a request, after its head.
    pub body_within: Duration,
    /// Most bytes that the bodies of all requests that are not yet answered may hold together. Where there are more, the longest
    /// of those that are incomplete is given up.
    pub body_bytes_max: usize,
    /// Longest head of a request, in bytes.
    pub head_bytes_max: usize,
    /// Most bytes that all unfinished heads may hold together. Where there are more, the longest are given up.
    pub heads_bytes_max: usize,
    /// Longest time that a client may leave its answer unread, beyond the time that [`Self::read_rate_min`] gives it.
    pub unread_max: Duration,
    /// Slowest rate at which a client may read a long answer, in bytes a second.
    pub read_rate_min: u32,
}

impl ListenerLimits {
    /// Most connections where nothing else is said.
    pub const CONNECTIONS_DEFAULT: usize = 16_384;
    /// See [`Self::head_within`].
    pub const HEAD_WITHIN: Duration = Duration::from_secs(10);
    /// See [`Self::idle_max`]. Longer than the 60 s of common proxies, so that the proxy closes first.
    pub const IDLE_MAX: Duration = Duration::from_secs(75);
    /// See [`Self::body_within`].
    pub const BODY_WITHIN: Duration = Duration::from_secs(30);
    /// See [`Self::body_bytes_max`].
    pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
    /// See [`Self::head_bytes_max`].
    pub const HEAD_BYTES_MAX: usize = 64 * 1024;
    /// See [`Self::heads_bytes_max`].
    pub const HEADS_BYTES_MAX: usize = 32 * 1024 * 1024;
    /// See [`Self::unread_max`].
    pub const UNREAD_MAX: Duration = Duration::from_secs(30);
    /// See [`Self::read_rate_min`].
    pub const READ_RATE_MIN: u32 = 16 * 1024;
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            connections_max: Self::CONNECTIONS_DEFAULT,
            head_within: Self::HEAD_WITHIN,
            idle_max: Self::IDLE_MAX,
            body_within: Self::BODY_WITHIN,
            body_bytes_max: Self::BODY_BYTES_MAX,
            head_bytes_max: Self::HEAD_BYTES_MAX,
            heads_bytes_max: Self::HEADS_BYTES_MAX,
            unread_max: Self::UNREAD_MAX,
            read_rate_min: Self::READ_RATE_MIN,
        }
    }
}
