//! What wakes idle workers: rings within the process at once, rings of other processes by way of Redis.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

/// What wakes the consumers of each job name in this process.
#[derive(Debug, Default)]
pub(crate) struct Wakeups(Mutex<HashMap<String, watch::Sender<()>>>);

impl Wakeups {
    /// Wakes those who wait for jobs of this name.
    pub(crate) fn ring(&self, name: &str) {
        if let Some(bell) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            bell.send_replace(());
        }
    }

    /// Wakes everybody: something may have been missed.
    pub(crate) fn ring_all(&self) {
        for bell in self.0.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.send_replace(());
        }
    }

    /// Hears every ring from now on; several that come before one looks are one.
    pub(crate) fn hear(&self, name: &str) -> watch::Receiver<()> {
        let mut wakeups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wakeups
            .entry(name.to_owned())
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe()
    }
}
