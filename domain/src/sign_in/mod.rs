//! Somebody signs in: by a one-time link as the member whose link it is, or as an organisation's first owner.
//!
//! What signs people in with Slack or with an OpenID issuer ends in such a link as well. Whoever signs in is told which member they will be before the link is used up: by a
//! link of somebody else's, people would work as somebody else without noticing.

mod error;
mod first_owner;
mod group_roles;
mod issuer;
mod link;
mod state;

pub(crate) use self::first_owner::{has_owner, make_first_owner_link};
pub use self::{
    error::SignInError,
    first_owner::FirstOwner,
    group_roles::GroupRoles,
    issuer::{IssuerLink, IssuerPolicy, ProvenAccount, by_issuer},
    link::{BrowserRequest, LinkPreview, SignedIn, look, redeem},
    state::{STATE_MINUTES, begin, come_back},
};
