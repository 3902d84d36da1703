//! E-mail addresses that nobody in a workspace has.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long Slack's word is taken that nobody has an address.
const FRESH: Duration = Duration::from_secs(3_600);

/// Addresses remembered at the most.
const MOST: usize = 10_000;

/// The addresses, with when Slack said so. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnknownEmails(Arc<Mutex<HashMap<String, Instant>>>);

impl UnknownEmails {
    pub(crate) fn has(&self, email: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(email).is_some_and(|said| said.elapsed() < FRESH)
    }

    pub(crate) fn add(&self, email: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, said| said.elapsed() < FRESH);
        }
        if known.len() < MOST {
            known.insert(email, Instant::now());
        }
    }
}
