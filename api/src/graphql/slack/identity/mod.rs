//! Which members people in Slack are, in GraphQL.

mod member;
mod mutation;
mod sign_in;
mod table;

pub(in crate::graphql) use self::{
    member::SlackMemberQuery,
    mutation::SlackIdentityMutation,
    sign_in::SlackSignInMutation,
    table::{SlackIdentity, SlackIdentityQuery},
};
