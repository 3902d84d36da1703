//! States in flight: what goes to another site and comes back, as the `state` of OAuth. Nobody can read, change or make one, and it is good
//! for a while only. That it is used once is for whoever opens it to see to, by its nonce.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::Sealer;

/// Why a state is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Its time is over.
    #[error("the link has expired")]
    Expired,
    /// It was not made here, for something else, or changed.
    #[error("the link is not one of ours")]
    Forged,
}

/// An opened state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedState<T> {
    /// Its own: to be used once.
    pub nonce: String,
    /// When it expires.
    pub expires_at: OffsetDateTime,
    /// What it carries.
    pub content: T,
}

#[derive(Serialize, Deserialize)]
struct Carried<T> {
    nonce: u128,
    expires: i64,
    content: T,
}

impl Sealer {
    /// A state for this purpose, fit for an address, that is good until `expires_at`.
    ///
    /// # Errors
    /// Where the content can't be written as JSON.
    pub fn seal_state_until<T: Serialize>(
        &self,
        purpose: &str,
        content: &T,
        expires_at: OffsetDateTime,
    ) -> Result<String, serde_json::Error> {
        let carried = Carried {
            nonce: rand::random(),
            expires: expires_at.unix_timestamp(),
            content,
        };
        let json = serde_json::to_vec(&carried)?;
        Ok(self.seal_bytes(&place(purpose), &json))
    }

    /// Opens a state of this purpose, which must be good at this time.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_state_at<T: DeserializeOwned>(
        &self,
        purpose: &str,
        state: &str,
        now: OffsetDateTime,
    ) -> Result<OpenedState<T>, StateError> {
        let json = self
            .open_bytes(&place(purpose), state)
            .map_err(|_| StateError::Forged)?;
        let carried: Carried<T> = serde_json::from_slice(&json).map_err(|_| StateError::Forged)?;
        let expires_at =
            OffsetDateTime::from_unix_timestamp(carried.expires).map_err(|_| StateError::Forged)?;
        if expires_at <= now {
            return Err(StateError::Expired);
        }
        Ok(OpenedState {
            nonce: format!("{:032x}", carried.nonce),
            expires_at,
            content: carried.content,
        })
    }
}

fn place(purpose: &str) -> String {
    format!("state:{purpose}")
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use crate::{Sealer, StateError, generate_key};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const MINUTE: time::Duration = time::Duration::MINUTE;

    #[test]
    fn a_state_comes_back_as_it_went_for_its_purpose_and_in_its_time() {
        let sealer = Sealer::new(&[generate_key()]).expect("a key");
        let state = sealer
            .seal_state_until("install", &"org_1", NOW + MINUTE)
            .expect("a state");
        let opened = sealer
            .open_state_at::<String>("install", &state, NOW)
            .expect("the content");
        assert_eq!(opened.content, "org_1");
        let other = sealer
            .seal_state_until("install", &"org_1", NOW + MINUTE)
            .expect("a state");
        let other = sealer
            .open_state_at::<String>("install", &other, NOW)
            .expect("the content");
        assert_ne!(opened.nonce, other.nonce);
        let elsewhere = sealer.open_state_at::<String>("openid", &state, NOW);
        assert_eq!(elsewhere.err(), Some(StateError::Forged));
        let late = sealer
            .seal_state_until("install", &"org_1", NOW)
            .expect("a state");
        assert_eq!(
            sealer.open_state_at::<String>("install", &late, NOW).err(),
            Some(StateError::Expired)
        );
        assert!(
            state
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)),
            "{state}"
        );
    }
}
