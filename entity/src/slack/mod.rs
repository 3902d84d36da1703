//! The bridge's own tables: what was taken from Slack, what is wanted there, and what is there.

pub mod channel;
pub mod connector;
pub mod cursor;
pub mod digest;
pub mod digest_line;
pub mod directory;
pub mod draft;
pub mod home;
pub mod inbox;
pub mod incident;
pub mod installation;
pub mod oauth_state;
pub mod origin;
pub mod pace;
pub mod post;
pub mod preview;
pub mod reception;
pub mod sent_notice;
pub mod sequence;
pub mod token;
pub mod tombstone;
pub mod user;
