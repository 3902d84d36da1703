//! Whether a request comes from Slack.
//!
//! Source: Slack, "Verifying requests from Slack".

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// How far Slack's clock and ours may be apart, either way, in seconds: what is older may be a replay.
const WINDOW: u64 = 300;

/// Why a request is not believed to come from Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature, or no time.
    #[error("the request carries no signature, or no time in seconds")]
    Missing,
    /// It was signed too long ago, or too far in the future.
    #[error(
        "the request was signed more than five minutes ago, or is to be signed in more than five minutes"
    )]
    Stale,
    /// The signature is of another body, or made with another secret.
    #[error("the signature does not match the body under this app's signing secret")]
    Mismatch,
}

/// Verifies that `body`, as it came over the wire, was signed with one of the `secrets` about `now` (Unix seconds).
///
/// There are two secrets while the app's secret is being changed.
pub fn verify(
    secrets: &[SecretString],
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: i64,
) -> Result<(), SignatureError> {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else {
        return Err(SignatureError::Missing);
    };
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Missing)?;
    if now.abs_diff(seconds) > WINDOW {
        return Err(SignatureError::Stale);
    }
    // Every secret is tried whatever came of the others, so that the time taken tells nothing.
    let matches = secrets.iter().fold(Choice::from(0), |found, secret| {
        found
            | sign(secret, timestamp, body)
                .as_bytes()
                .ct_eq(signature.as_bytes())
    });
    if bool::from(matches) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// The signature of a body: `v0=` and lowercase hex.
pub fn sign(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    // The secret looks like hex and is not: its text is the key. HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        signing_secret: String,
        timestamp: String,
        body: String,
        signature: String,
        now: i64,
        valid: bool,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../bridge/tests/samples/signing_vectors.json"))
            .expect("vectors")
    }

    fn check(secrets: &[SecretString], vector: &Vector) -> Result<(), SignatureError> {
        verify(
            secrets,
            Some(&vector.timestamp),
            Some(&vector.signature),
            vector.body.as_bytes(),
            vector.now,
        )
    }

    #[test]
    fn every_published_vector_is_judged_as_slack_judges_it() {
        let vectors = vectors();
        assert!(vectors.len() >= 9);
        for vector in vectors {
            let secrets = [vector.signing_secret.clone().into()];
            assert_eq!(check(&secrets, &vector).is_ok(), vector.valid, "{}", vector.name);
        }
    }

    #[test]
    fn while_the_secret_is_changed_both_are_good_and_a_third_is_not() {
        let vector = &vectors()[0];
        let good: SecretString = vector.signing_secret.clone().into();
        let other: SecretString = "another".into();
        assert_eq!(check(&[other.clone(), good.clone()], vector), Ok(()));
        assert_eq!(check(&[good, other.clone()], vector), Ok(()));
        assert_eq!(
            check(&[other.clone(), other], vector),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(check(&[], vector), Err(SignatureError::Mismatch));
    }

    #[test]
    fn what_is_missing_or_unreadable_is_refused() {
        let vector = &vectors()[0];
        let secrets = [vector.signing_secret.clone().into()];
        let body = vector.body.as_bytes();
        let (time, signature) = (Some(vector.timestamp.as_str()), Some(vector.signature.as_str()));
        assert_eq!(
            verify(&secrets, None, signature, body, vector.now),
            Err(SignatureError::Missing)
        );
        assert_eq!(
            verify(&secrets, time, None, body, vector.now),
            Err(SignatureError::Missing)
        );
        assert_eq!(
            verify(&secrets, Some("soon"), signature, body, vector.now),
            Err(SignatureError::Missing)
        );
        assert_eq!(
            verify(&secrets, time, Some(""), body, vector.now),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify(&secrets, Some(&i64::MIN.to_string()), signature, body, vector.now),
            Err(SignatureError::Stale)
        );
    }
}
