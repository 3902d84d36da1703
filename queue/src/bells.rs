//! What wakes idle workers: rings within the process at once, rings of other processes by way of Redis.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

/// One bell for each job name.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<HashMap<String, watch::Sender<()>>>);

impl Bells {
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
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells
            .entry(name.to_owned())
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe()
    }
}
