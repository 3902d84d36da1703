//! Markdown to Slack's mrkdwn.
#![no_main]

#[path = "../../slack/tests/it/mrkdwn.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::check(data));
