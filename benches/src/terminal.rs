//! What the person who runs the benchmarks is told meanwhile.

use std::io::Write as _;

/// Says something to the person who runs the benchmarks.
pub(crate) fn say(line: &str) {
    // Without a terminal nobody is there to be told.
    let _told = writeln!(std::io::stderr().lock(), "{line}");
}
