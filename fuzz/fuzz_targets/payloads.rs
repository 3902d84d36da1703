//! What comes to Slack's endpoints.
#![no_main]

#[path = "../../slack/tests/it/payloads.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::check(data));
