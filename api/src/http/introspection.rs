//! Who may ask about the schema itself.

use axum::http::StatusCode;

use super::refusal::HttpRefusal;

/// `TOCSIN_INTROSPECTION`: who may ask about the schema itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Introspection {
    /// Everybody, also without a key.
    Public,
    /// Whoever shows a key.
    #[default]
    Authenticated,
    /// Nobody.
    Off,
}

impl Introspection {
    /// Why this caller may not ask; `None` when they may.
    pub(super) fn refusal(self, anonymous: bool) -> Option<HttpRefusal> {
        match self {
            Self::Public => None,
            Self::Authenticated if !anonymous => None,
            Self::Authenticated => Some(HttpRefusal::request(
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "Introspection needs an API key on this server: send one as `Authorization: Bearer <API key>`.",
            )),
            Self::Off => Some(HttpRefusal::document(
                "INTROSPECTION_DISABLED",
                "Introspection is off on this server: read schema.graphql, or run `tocsin schema`.",
                None,
            )),
        }
    }
}
