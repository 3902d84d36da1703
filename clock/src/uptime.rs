//! How long this machine has been up: time that nobody can set.

use std::time::Duration;

/// Also while it was suspended: else everything would be late afterwards.
#[cfg(target_os = "linux")]
pub(crate) fn now() -> Duration {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(up.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(up.tv_nsec).unwrap_or_default())
}

/// Since this process first asked: elsewhere no more is known.
#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> Duration {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
