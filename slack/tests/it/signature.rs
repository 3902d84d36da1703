//! What must hold of any signature that comes from outside.

use secrecy::SecretString;
use tocsin_slack::signature::{sign, verify};

/// The key of the fuzzed signatures; whoever fuzzes does not know it.
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// A moment that timestamps may be close to: that of Slack's published example.
const NOW: i64 = 1_531_420_618;

/// A request: two lines with its timestamp and its signature, and then its body.
///
/// # Panics
/// When a signature is accepted that is not the body's.
pub(crate) fn check(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (timestamp, signed, body) = (next(), next(), next());
    let header = |bytes| std::str::from_utf8(bytes).ok();
    let (timestamp, signed) = (header(timestamp), header(signed));
    let secrets = [SecretString::from(SECRET)];
    let verdict = verify(&secrets, timestamp, signed, body, NOW);
    let genuine = timestamp.map(|timestamp| sign(&secrets[0], timestamp, body));
    if verdict.is_ok() {
        assert_eq!(
            signed,
            genuine.as_deref(),
            "accepted a signature of something else"
        );
    }
    // With its last character changed it is nobody's.
    if let Some(mut forged) = genuine {
        let last = forged.pop();
        forged.push(if last == Some('0') { '1' } else { '0' });
        let verdict = verify(&secrets, timestamp, Some(&forged), body, NOW);
        assert!(verdict.is_err(), "accepted a forged signature");
    }
}
