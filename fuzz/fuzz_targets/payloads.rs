//! What comes to Slack's endpoints.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tocsin_bridge::fuzzing::payload(data));
