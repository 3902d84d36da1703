//! Whether the database was restored from a backup, as far as this process knows.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use time::OffsetDateTime;
use tocsin_entity::{id::WorkspaceId, slack::post};
use tokio::sync::Notify;

/// What this process knows of whether the database was restored.
#[derive(Debug)]
pub(crate) struct RestoreWatch {
    /// When the process began: what is older may have been done by another one.
    began_at: OffsetDateTime,
    /// The channels that have been read since, by workspace.
    read: Mutex<HashSet<(Option<WorkspaceId>, String)>>,
    /// Whether Slack was seen to know more.
    was_restored: AtomicBool,
    /// Rings when a message of ours was met that is not on record.
    met: Notify,
    /// Rings when threads are to be read again.
    threads: Notify,
}

impl RestoreWatch {
    pub(crate) fn new(began_at: OffsetDateTime) -> Self {
        Self {
            began_at,
            read: Mutex::default(),
            was_restored: AtomicBool::new(false),
            met: Notify::new(),
            threads: Notify::new(),
        }
    }

    /// When the process began.
    pub(crate) fn began_at(&self) -> OffsetDateTime {
        self.began_at
    }

    /// Whether a post that is not on record may be in Slack all the same: what it tells is older than this process, and the channel was not read
    /// yet or something was missing on record.
    pub(crate) fn may_be_there(&self, post: &post::Model, since: OffsetDateTime) -> bool {
        let was_sent_here = post.sent_at.is_some_and(|sent| sent >= self.began_at);
        since < self.began_at && !was_sent_here && (self.was_restored() || !self.was_read(post))
    }

    fn was_read(&self, post: &post::Model) -> bool {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.contains(&(post.workspace_id, post.channel_id.clone()))
    }

    fn was_restored(&self) -> bool {
        self.was_restored.load(Ordering::Relaxed)
    }

    /// Something was met that a message of ours would explain: the channels are read now.
    pub(crate) fn meet(&self) {
        self.met.notify_one();
    }

    /// Waits until something was met that a message of ours would explain.
    pub(crate) async fn met(&self) {
        self.met.notified().await;
    }

    /// Slack was seen to know more.
    pub(crate) fn is_restored(&self) {
        self.was_restored.store(true, Ordering::Relaxed);
    }

    /// Threads are to be read again.
    pub(crate) fn read_threads_again(&self) {
        self.threads.notify_one();
    }

    /// Waits until threads are to be read again.
    pub(crate) async fn threads(&self) {
        self.threads.notified().await;
    }

    /// Tells that the channel has been read.
    pub(crate) fn has_read(&self, workspace: Option<WorkspaceId>, channel: String) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert((workspace, channel));
    }
}
