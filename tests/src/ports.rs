//! Ports for processes that are stopped and started again on the same address.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::bail;

/// Below the range from which systems give ports to outgoing connections: one that is free while its process is down
/// stays free.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address of this machine on which nobody listens, and which is given out once in this process.
///
/// # Errors
/// When every port is taken.
pub(crate) fn free() -> anyhow::Result<SocketAddr> {
    // Test binaries that run at the same time begin at different places.
    #[expect(clippy::cast_possible_truncation, reason = "any place will do")]
    let start = (std::process::id() as u16).wrapping_mul(127);
    for _ in 0..COUNT {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + offset));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port from {FIRST} to {} is free", FIRST + COUNT - 1)
}
