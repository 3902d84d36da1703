//! Which members people in Slack are: by their own word, which goes first, or by the e-mail address that both have.

mod by_hand;
mod command;
mod link;
mod member;
mod sign_in;
mod table;

pub(crate) use self::{
    command::SlackIdentityMutation,
    member::SlackMemberQuery,
    sign_in::SlackSignInMutation,
    table::{SlackIdentity, SlackIdentityQuery},
};
