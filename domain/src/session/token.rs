//! Secrets of sessions and links: 256 random bits, kept as a hash.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;

/// Random bytes in a secret.
const TOKEN_BYTES: usize = 32;

/// A new secret, fit for an address and a cookie.
pub(crate) fn make() -> SecretString {
    let bytes: [u8; TOKEN_BYTES] = rand::random();
    BASE64_URL_SAFE_NO_PAD.encode(bytes).into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_of_256_bits_and_fits_into_a_cookie_and_an_address() {
        let (one, other) = (make(), make());
        assert_eq!(one.expose_secret().len(), 43);
        assert!(
            one.expose_secret()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
