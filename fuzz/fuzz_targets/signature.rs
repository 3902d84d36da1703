//! Whether a request is Slack's.
#![no_main]

#[path = "../../slack/tests/it/signature.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::check(data));
