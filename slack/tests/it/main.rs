//! What must hold of any bytes at all that come from outside: fuzzed by `fuzz/`, and tried here with what fuzzing has kept.

use std::path::Path;

use proptest::prelude::*;

mod mrkdwn;
mod payloads;
mod signature;

/// What fuzzing began with or has found.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).expect("a corpus");
    let files: Vec<_> = files
        .map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"))
        .collect();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    files
}

#[test]
fn what_fuzzing_has_kept_breaks_nothing() {
    for data in corpus("signature") {
        signature::check(&data);
    }
    for data in corpus("payloads") {
        payloads::check(&data);
    }
    for data in corpus("mrkdwn") {
        mrkdwn::check(&data);
    }
}

proptest! {
    #[test]
    fn any_bytes_at_all_break_nothing(data in prop::collection::vec(any::<u8>(), 0..400)) {
        signature::check(&data);
        payloads::check(&data);
        mrkdwn::check(&data);
    }
}
