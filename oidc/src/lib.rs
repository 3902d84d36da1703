//! Asking an OpenID provider who somebody is: the authorization code flow with PKCE, and what must hold before its answer is believed.
//!
//! It writes nothing and knows no member. What it says of somebody is what the issuer says, once the token's signature, issuer, audience, nonce and times
//! are right and the e-mail address is verified. Secrets stand in no message, no log line and no `Debug`.

mod claims;
mod config;
mod error;
mod failure;
mod http;
mod provider;
#[cfg(test)]
mod tests;

pub use self::{
    claims::VerifiedIdentity,
    config::{OidcConfig, check_issuer},
    error::OidcError,
    provider::{OidcProvider, ProviderSummary},
};
