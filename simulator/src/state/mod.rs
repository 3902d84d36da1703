//! What all parts share: the workspaces and their people, the apps that they have installed, and what was given out and not used yet.
//!
//! It calls no part: whoever serves or sends looks at it and changes it through [`host::Host`].

pub(crate) mod app;
pub(crate) mod codes;
pub(crate) mod delivery;
pub(crate) mod host;
pub(crate) mod response_urls;
pub(crate) mod sockets;
pub(crate) mod text;
pub(crate) mod trigger;
pub(crate) mod workspace;
