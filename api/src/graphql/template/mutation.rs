//! Templates are made, changed and deleted here.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_domain::error::MutationError;
use tocsin_entity::slack_template::Model;

use super::types::{SlackTemplate, SlackTemplateFieldInput, fields};
use crate::graphql::{
    context::{given_key, patch, request},
    failure::{Result, UserError, into_payload},
};

/// The template to create. Each part is written in a subset of Jinja and has at most 3,000 characters.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackTemplateInput {
    /// The template's name: at most 100 characters, unique in the organisation.
    name: String,
    /// The text above the coloured part; by default the incident's key and title, linked to the incident.
    title: Option<String>,
    /// The text in the coloured part; by default the incident's description. An empty text leaves this part out.
    body: Option<String>,
    /// The facts in two columns, at most 10; by default the facts that `SlackTemplate.fields` describes.
    fields: Option<Vec<SlackTemplateFieldInput>>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl CreateSlackTemplateInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::template::CreateSlackTemplate> {
        Ok(tocsin_domain::template::CreateSlackTemplate {
            name: self.name,
            title: self.title,
            body: self.body,
            fields: self.fields.as_deref().map(fields),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a template. A field that you leave out stays as it is; null restores the default, except that null as the name is refused.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackTemplateInput {
    /// The id of the template to change.
    id: ID,
    /// The template's name: at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The text above the coloured part, at most 3,000 characters; null for the default.
    title: MaybeUndefined<String>,
    /// The text in the coloured part, at most 3,000 characters; null for the default. An empty text leaves this part out.
    body: MaybeUndefined<String>,
    /// The facts in two columns, at most 10; null for the default.
    fields: MaybeUndefined<Vec<SlackTemplateFieldInput>>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateSlackTemplateInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::template::UpdateSlackTemplate> {
        Ok(tocsin_domain::template::UpdateSlackTemplate {
            id: self.id.0,
            name: patch(self.name),
            title: patch(self.title),
            body: patch(self.body),
            fields: patch(self.fields.map_value(|given| fields(&given))),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The template to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteSlackTemplateInput {
    /// The id of the template to delete.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl DeleteSlackTemplateInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::template::DeleteSlackTemplate> {
        Ok(tocsin_domain::template::DeleteSlackTemplate {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The result of a change of a template.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplatePayload {
    /// The template after the change; null if the change was refused.
    template: Option<SlackTemplate>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of deleting a template.
#[derive(SimpleObject)]
pub(crate) struct DeleteSlackTemplatePayload {
    /// The id of the deleted template; null if the deletion was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of templates.
#[derive(Default)]
pub(crate) struct TemplateMutation;

#[Object]
impl TemplateMutation {
    /// Adds a template of messages in Slack, after trying the template with incidents of all kinds. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_slack_template(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackTemplateInput,
    ) -> Result<SlackTemplatePayload> {
        payload(tocsin_domain::template::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a template, after trying the new text with incidents of all kinds. An existing message gets the new text when the incident changes
    /// next. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn update_slack_template(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackTemplateInput,
    ) -> Result<SlackTemplatePayload> {
        payload(tocsin_domain::template::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Deletes a template that no connector uses. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn delete_slack_template(
        &self,
        ctx: &Context<'_>,
        input: DeleteSlackTemplateInput,
    ) -> Result<DeleteSlackTemplatePayload> {
        let (deleted, user_errors) =
            into_payload(tocsin_domain::template::delete(&request(ctx), input.command(ctx)?).await)?;
        Ok(DeleteSlackTemplatePayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, MutationError>) -> Result<SlackTemplatePayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(SlackTemplatePayload {
        template: row.map(SlackTemplate),
        user_errors,
    })
}
