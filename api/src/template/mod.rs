//! Templates: an organisation's own words for what its connectors post. What they may say is `message`'s to know; here they are kept.

mod command;
mod facts;
mod graphql;
mod preview;

pub(crate) use self::{
    command::{TemplateMutation, own, template_id},
    graphql::{SlackTemplate, TemplateQuery, find},
};
