//! Secrets at rest and states in flight, sealed under `TOCSIN_SECRET_KEY`.
//!
//! XChaCha20-Poly1305 with a random nonce of 24 bytes. What is sealed is bound to its place (`slack_installation.bot_token:wsp_…`): moved to
//! another row or column it can't be opened. The key's id stands before it, so that keys can be changed: the first seals, all open.

mod key;
mod state;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};

use self::key::SealKey;
pub use self::key::{KeyError, generate_key};
pub use self::state::{OpenedState, StateError};

/// Before everything that is sealed, with the version of the form.
const PREFIX: &str = "sealed1";

/// Bytes of an XChaCha20-Poly1305 nonce.
const NONCE: usize = 24;

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    /// The first seals.
    keys: std::sync::Arc<[SealKey]>,
}

/// Why what was sealed can't be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under a key that is not among those given.
    #[error(
        "it was sealed with another TOCSIN_SECRET_KEY: add the earlier key behind the present one, separated by a comma"
    )]
    OtherKey,
    /// It was changed, or belongs elsewhere.
    #[error("it was changed, or belongs elsewhere")]
    Broken,
}

impl Sealer {
    /// With keys of 32 bytes in base64, the present one first.
    ///
    /// # Errors
    /// Where there is no key, or one is not of that form.
    pub fn new(keys: &[SecretString]) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::None);
        }
        let keys = keys.iter().map(SealKey::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { keys: keys.into() })
    }

    /// What its keys are called in what they have sealed, the present one first. It says nothing about the keys.
    pub fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.id.clone()).collect()
    }

    /// Seals a secret for its place, such as `slack_installation.bot_token:wsp_…`.
    pub fn seal(&self, place: &str, secret: &SecretString) -> String {
        self.seal_bytes(place, secret.expose_secret().as_bytes())
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, place: &str, sealed: &str) -> Result<SecretString, OpenError> {
        let opened = self.open_bytes(place, sealed)?;
        let text = String::from_utf8(opened).map_err(|_| OpenError::Broken)?;
        Ok(text.into())
    }

    /// Whether it is sealed under the present key; else it is time to seal it anew.
    pub fn is_current(&self, sealed: &str) -> bool {
        let id = sealed.split('.').nth(1);
        id.is_some() && id == self.keys.first().map(|key| key.id.as_str())
    }

    fn seal_bytes(&self, place: &str, secret: &[u8]) -> String {
        // `new` has seen to it that there is one.
        let Some(key) = self.keys.first() else {
            return String::new();
        };
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: secret,
            aad: place.as_bytes(),
        };
        let mut sealed = nonce.to_vec();
        // It fails for messages of more than 256 GiB alone.
        sealed.extend(
            key.cipher
                .encrypt(&XNonce::from(nonce), payload)
                .unwrap_or_default(),
        );
        format!("{PREFIX}.{}.{}", key.id, BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    fn open_bytes(&self, place: &str, sealed: &str) -> Result<Vec<u8>, OpenError> {
        let mut parts = sealed.split('.');
        let (Some(PREFIX), Some(id), Some(text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(OpenError::Broken);
        };
        let key = self
            .keys
            .iter()
            .find(|key| key.id == id)
            .ok_or(OpenError::OtherKey)?;
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| OpenError::Broken)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(OpenError::Broken)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        key.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| OpenError::Broken)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| &key.id).collect();
        f.debug_struct("Sealer").field("keys", &ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer(keys: &[&SecretString]) -> Sealer {
        let keys: Vec<_> = keys.iter().map(|&key| key.clone()).collect();
        Sealer::new(&keys).expect("keys")
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let door = sealer(&[&generate_key()]);
        let sealed = door.seal("token:1", &"xoxb-1".into());
        assert!(!sealed.contains("xoxb"), "{sealed}");
        let opened = door.open("token:1", &sealed).expect("the secret");
        assert_eq!(opened.expose_secret(), "xoxb-1");
        assert_eq!(door.open("token:2", &sealed).err(), Some(OpenError::Broken));
        assert_ne!(door.seal("token:1", &"xoxb-1".into()), sealed, "each time anew");
    }

    #[test]
    fn after_a_change_of_keys_the_earlier_one_opens_and_the_new_one_seals() {
        let (old, new) = (generate_key(), generate_key());
        let sealed = sealer(&[&old]).seal("token:1", &"xoxb-1".into());
        let both = sealer(&[&new, &old]);
        assert!(both.open("token:1", &sealed).is_ok() && !both.is_current(&sealed));
        let anew = both.seal("token:1", &"xoxb-1".into());
        assert!(both.is_current(&anew));
        let lost = sealer(&[&new]).open("token:1", &sealed);
        assert_eq!(lost.err(), Some(OpenError::OtherKey));
    }

    #[test]
    fn a_key_is_thirty_two_bytes_in_base64() {
        assert_eq!(Sealer::new(&[]).err(), Some(KeyError::None));
        for (wrong, why) in [
            ("", KeyError::Length(0)),
            ("c2hvcnQ=", KeyError::Length(5)),
            ("not base64 at all!", KeyError::NotBase64),
        ] {
            assert_eq!(Sealer::new(&[wrong.into()]).err(), Some(why));
        }
        let debug = format!("{:?}", sealer(&[&generate_key()]));
        assert!(debug.len() < 60, "no key in {debug}");
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_noticed(secret in ".{0,64}", at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let door = sealer(&[&generate_key()]);
            let sealed = door.seal("token:1", &secret.clone().into());
            let at = at.index(sealed.len());
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, &to);
            if let Ok(opened) = door.open("token:1", &changed) {
                prop_assert!(changed == sealed && opened.expose_secret() == secret);
            } else {
                prop_assert_ne!(changed, sealed);
            }
        }

        #[test]
        fn nothing_that_was_not_sealed_here_opens(text in ".{0,200}") {
            prop_assert!(sealer(&[&generate_key()]).open("token:1", &text).is_err());
        }
    }
}
