//! Templates of messages in Slack, in GraphQL.

mod mutation;
mod preview;
mod types;

pub(super) use self::{
    mutation::TemplateMutation,
    types::{SlackTemplate, TemplateQuery, find},
};
