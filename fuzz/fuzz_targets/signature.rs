//! Whether a request is Slack's.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tocsin_bridge::fuzzing::signature(data));
