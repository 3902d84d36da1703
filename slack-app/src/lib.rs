//! What Tocsin is in Slack: what its features ask for, what its links and sealed states say, and when a fallback is used.
//!
//! The api and the bridge agree on all of this without calling each other: neither Slack nor a database is called here.

pub mod channel;
pub mod email;
pub mod fallback;
pub mod feature;
pub mod labels;
pub mod link_state;
pub mod oauth;
pub mod public_url;
pub mod sealing;
pub mod token;
