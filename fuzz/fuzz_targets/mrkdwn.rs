//! Markdown to Slack's mrkdwn.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tocsin_bridge::fuzzing::mrkdwn(data));
