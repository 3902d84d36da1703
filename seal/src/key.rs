//! Keys: 32 bytes, in base64.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Bytes of a key.
const LENGTH: usize = 32;

/// With or without the signs at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// None is given.
    #[error("is empty")]
    None,
    /// It is not base64.
    #[error("is not base64")]
    NotBase64,
    /// It is too short or too long.
    #[error("holds {0} bytes, not 32")]
    Length(usize),
}

/// A key, and what it is called in what it has sealed.
#[derive(Clone)]
pub(crate) struct SealKey {
    /// Of its hash: it says nothing about the key.
    pub(crate) id: String,
    pub(crate) cipher: XChaCha20Poly1305,
}

impl SealKey {
    pub(crate) fn read(text: &SecretString) -> Result<Self, KeyError> {
        let bytes = LENIENT
            .decode(text.expose_secret().trim())
            .map_err(|_| KeyError::NotBase64)?;
        let length = bytes.len();
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| KeyError::Length(length))?;
        let hash = Sha256::new()
            .chain_update(b"tocsin key id")
            .chain_update(bytes)
            .finalize();
        let id = hex::encode(&hash[..4]);
        Ok(Self {
            id,
            cipher: XChaCha20Poly1305::new(&bytes.into()),
        })
    }
}

/// A new key.
pub fn generate_key() -> SecretString {
    let bytes: [u8; LENGTH] = rand::random();
    BASE64_STANDARD.encode(bytes).into()
}
