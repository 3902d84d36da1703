//! Which members people in Slack are: by their own word, which goes first, or by the e-mail address that both have.

mod by_hand;
mod command;
mod link;
mod member;
mod said;
mod sign_in;
mod table;

pub use self::{
    by_hand::link_member,
    command::{ConfirmSlackIdentity, UnlinkSlackIdentity, confirm, end},
    member::{SlackPerson, find},
    said::said_in,
    sign_in::{LinkSlackIdentity, RecordSlackLink, begin, record},
    table::{Identity, IdentityActivity, IdentityCriteria, IdentityFilter, count, list},
};
