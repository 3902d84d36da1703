//! Sessions: members who are signed in with a browser, and the links by which they sign in once. The one place that writes either.
//!
//! A secret is random and kept only as a hash. A session ends when it was not used for 30 days, when its owner or an administrator ends it, and with
//! the membership.

mod end;
mod forget;
mod link;
mod open;
mod query;
mod token;

pub use self::{
    end::{RevokeSession, end_own, revoke},
    link::{CreateSignInLink, create_link},
    query::{find, list_of, of_viewer, own},
};
pub(crate) use self::{
    end::{end_all_of, end_everything},
    forget::run as forget,
    link::{NewSignInLink, claim, find_by_token, make_link},
    open::{NewSession, open},
    token::make as make_token,
};
