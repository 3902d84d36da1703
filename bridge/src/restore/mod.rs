//! A database that was restored from a backup: Slack knows more than the database then, and shows what is no longer so.
//!
//! No file and no table tells that it was restored: somebody may have put a copy of it back by hand, or PostgreSQL has recovered to an
//! earlier moment. So each message says in its metadata which post it is, of which incident in which version ([`mark`]). After a start,
//! and now and then, the channels are read ([`census`]), and what is found there is compared with what is on record ([`settle`]):
//!
//! - a message that shows a later version than is on record is written anew;
//! - one of an incident that exists, of which nothing is on record, is put on record, and so not posted a second time;
//! - one of what exists no longer says so ([`lost`]).
//!
//! What is older than this process and not on record is looked for in Slack before it is posted (`mirror::deliver`), so that nothing is
//! doubled before the channels have been read.

mod census;
mod lost;
mod settle;
mod sighting;

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

pub(crate) use self::{census::run, settle::settle_thread, sighting::mark};

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

    /// Waits until threads are to be read again.
    pub(crate) async fn threads(&self) {
        self.threads.notified().await;
    }
}
