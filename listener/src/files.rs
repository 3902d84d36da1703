//! The limit of open files: each connection is one.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that connections leave for the database, the queue, logs and calls to others.
pub const FILES_RESERVED: u64 = 256;

/// Raises the limit of open files as far as the process may. The result is how many files it may open; `None` is no limit.
pub fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!("the limit of open files stays as it is: {error}");
            limit.current
        }
    }
}

/// Whether the error says that no more files can be opened.
pub(crate) fn are_exhausted(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| {
        code == rustix::io::Errno::MFILE.raw_os_error() || code == rustix::io::Errno::NFILE.raw_os_error()
    })
}
