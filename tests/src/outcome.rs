//! The outcome of a test: one that failed shows the end of each process's log.

use std::cell::RefCell;

thread_local! {
    /// The ends of the logs of the worlds that a test has had. A test and its worlds live on one thread.
    static LOGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the end of a world's logs; a test that panics shows them at once.
pub(crate) fn keep(logs: String) {
    LOGS.with_borrow_mut(|all| all.push(logs));
    if std::thread::panicking() {
        show();
    }
}

#[expect(clippy::print_stderr, reason = "the output of a test that failed")]
fn show() {
    for logs in LOGS.take() {
        eprintln!("{logs}");
    }
}

/// The outcome of a test; where it has failed, the end of each process's log is shown.
///
/// # Errors
/// The test's.
pub fn shown(outcome: anyhow::Result<()>) -> anyhow::Result<()> {
    if outcome.is_err() {
        show();
    }
    outcome
}
