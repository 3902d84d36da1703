//! What Slack is: its ids, error codes, payloads, signatures and limits, as its documentation and its behaviour say.
//!
//! No I/O, no database, no HTTP client: whoever renders a message or reads an error code depends on nothing that could call Slack.

pub mod channel;
pub mod envelope;
pub mod error;
pub mod inputs;
pub mod installation;
pub mod json;
pub mod lenient;
pub mod message;
pub mod metadata;
pub mod method;
pub mod person;
pub mod refusal_scope;
pub mod retry_after;
pub mod signature;
pub mod timestamp;
pub mod view;
