//! Wrong API keys, by the address that they come from: noticed, counted and slowed down.
//!
//! Each address may be wrong a few times at once, and then once a second: every further answer is held back for a
//! second, and only so many answers of an address are held at a time. Who is wrong more often than that is turned away
//! before the key is looked at, unless this process has found the key valid before. So a guess costs a second, and
//! keys that are right go on working beside it, from the same address too.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often an address may be wrong at once.
const BURST: f64 = 10.0;
/// How often it may be wrong after that, a second.
const A_SECOND: f64 = 1.0;
/// How long an answer is held back.
pub(super) const HOLD: Duration = Duration::from_secs(1);
/// Most answers of one address that are held at a time.
const HELD_MAX: u32 = 8;
/// Most answers that are held at a time, of all addresses.
const ALL_HELD_MAX: u32 = 1_000;
/// Most addresses that are remembered; what comes from others is counted together.
const ADDRESSES_MAX: usize = 10_000;
/// How often one address is written into the log.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// What becomes of an answer that says that a key is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrongKeyResponse {
    /// It is given at once.
    Answer,
    /// It is given after [`HOLD`]; then [`WrongKeys::release`] is called.
    Hold,
    /// Too many are held.
    TurnAway,
}

#[derive(Debug)]
struct Entry {
    left: f64,
    seen: Instant,
    held: u32,
    unlogged: u64,
    logged: Option<Instant>,
}

#[derive(Debug, Default)]
struct Ledger {
    entries: HashMap<IpAddr, Entry>,
    held: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct WrongKeys(Mutex<Ledger>);

/// What stands for an address: of an IPv6 address its network, since whoever has one has 2^64 of them.
fn place(address: Option<IpAddr>) -> IpAddr {
    match address.map(|address| address.to_canonical()) {
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        Some(address) => address,
    }
}

impl Ledger {
    fn entry(&mut self, place: IpAddr, now: Instant) -> &mut Entry {
        if !self.entries.contains_key(&place) && self.entries.len() >= ADDRESSES_MAX {
            // Whoever has not been wrong for a while starts anew when they are again.
            self.entries.retain(|_, entry| {
                entry.held > 0 || now.duration_since(entry.seen).as_secs_f64() * A_SECOND < BURST
            });
        }
        let place = if self.entries.contains_key(&place) || self.entries.len() < ADDRESSES_MAX {
            place
        } else {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        };
        let entry = self.entries.entry(place).or_insert(Entry {
            left: BURST,
            seen: now,
            held: 0,
            unlogged: 0,
            logged: None,
        });
        let earned = now.duration_since(entry.seen).as_secs_f64() * A_SECOND;
        entry.left = (entry.left + earned).min(BURST);
        entry.seen = now;
        entry
    }
}

impl WrongKeys {
    /// Whether so many wrong keys of this address are under way that another is not even looked at.
    pub(super) fn is_flooding(&self, address: Option<IpAddr>) -> bool {
        let ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = ledger.entries.get(&place(address));
        ledger.held >= ALL_HELD_MAX || of_address.is_some_and(|entry| entry.held >= HELD_MAX)
    }

    /// A key was wrong, or was turned away unseen.
    pub(super) fn note(&self, address: Option<IpAddr>, now: Instant) -> WrongKeyResponse {
        let place = place(address);
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all_held = ledger.held;
        let entry = ledger.entry(place, now);
        let verdict = if entry.left >= 1.0 {
            entry.left -= 1.0;
            WrongKeyResponse::Answer
        } else if entry.held < HELD_MAX && all_held < ALL_HELD_MAX {
            entry.held += 1;
            WrongKeyResponse::Hold
        } else {
            WrongKeyResponse::TurnAway
        };
        entry.unlogged += 1;
        let is_due = entry
            .logged
            .is_none_or(|logged| now.duration_since(logged) >= LOG_EVERY);
        let to_log = is_due.then(|| std::mem::take(&mut entry.unlogged));
        if is_due {
            entry.logged = Some(now);
        }
        ledger.held += u32::from(verdict == WrongKeyResponse::Hold);
        drop(ledger);
        let outcome = match verdict {
            WrongKeyResponse::Answer => "refused",
            WrongKeyResponse::Hold => "slowed",
            WrongKeyResponse::TurnAway => "turned_away",
        };
        metrics::counter!("tocsin_wrong_keys_total", "outcome" => outcome).increment(1);
        if let Some(count) = to_log {
            let from = address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
            tracing::warn!(
                client.address = from,
                count,
                "{from} has shown {count} wrong API keys since the last such line; further ones are slowed down"
            );
        }
        verdict
    }

    /// An answer was given that was held.
    pub(super) fn release(&self, address: Option<IpAddr>) {
        let place = place(address);
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.held = ledger.held.saturating_sub(1);
        let known = if ledger.entries.contains_key(&place) {
            place
        } else {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        };
        if let Some(entry) = ledger.entries.get_mut(&known) {
            entry.held = entry.held.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as the ledger is asked")]
    fn from(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_is_wrong_a_few_times_at_once_and_then_once_a_second() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(keys.note(from(1), now), WrongKeyResponse::Answer);
        }
        for _ in 0..HELD_MAX {
            assert!(!keys.is_flooding(from(1)));
            assert_eq!(keys.note(from(1), now), WrongKeyResponse::Hold);
        }
        assert!(keys.is_flooding(from(1)) && !keys.is_flooding(from(2)));
        assert_eq!(keys.note(from(1), now), WrongKeyResponse::TurnAway);
        assert_eq!(keys.note(from(2), now), WrongKeyResponse::Answer);
        for _ in 0..HELD_MAX {
            keys.release(from(1));
        }
        assert!(!keys.is_flooding(from(1)));
        assert_eq!(
            keys.note(from(1), now + Duration::from_secs(1)),
            WrongKeyResponse::Answer
        );
        assert_eq!(
            keys.note(from(1), now + Duration::from_secs(1)),
            WrongKeyResponse::Hold
        );
    }

    #[test]
    fn what_is_remembered_of_addresses_is_bounded() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        for n in 0..30_000_u32 {
            keys.note(Some(IpAddr::from(n.to_be_bytes())), now);
        }
        assert!(keys.0.lock().unwrap().entries.len() <= ADDRESSES_MAX + 1);
        // Later, those are forgotten and new ones have a place again.
        let later = now + Duration::from_secs(60);
        assert_eq!(
            keys.note(Some(IpAddr::from([250, 0, 0, 1])), later),
            WrongKeyResponse::Answer
        );
        // Those who found no place have one together, which is remembered for longer.
        assert!(keys.0.lock().unwrap().entries.len() <= 2);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let (keys, now) = (WrongKeys::default(), Instant::now());
        let address = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]));
        for n in 0..10 {
            assert_eq!(keys.note(address(n), now), WrongKeyResponse::Answer);
        }
        assert_eq!(keys.note(address(10), now), WrongKeyResponse::Hold);
    }
}
