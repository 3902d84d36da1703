//! Where the queue lives.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// Where the queue lives: in Redis when a URL is given, and else in an embedded SQLite file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// `TOCSIN_REDIS_URL`: `redis://[user:password@]host[:port][/db]`. Unset: the embedded queue.
    pub redis_url: Option<SecretString>,
    /// The embedded queue's file, beside the database and never the database itself. Unset: in memory, gone with
    /// the process. Ignored when `redis_url` is set.
    pub sqlite_path: Option<PathBuf>,
    /// What the names of this installation's keys begin with, so that several may share one Redis.
    pub namespace: String,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            redis_url: None,
            sqlite_path: None,
            namespace: "tocsin".to_owned(),
        }
    }
}
