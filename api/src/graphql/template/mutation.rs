//! Templates are made, changed and deleted here.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_domain::error::MutationError;
use tocsin_entity::slack_template::Model;

use super::types::{SlackTemplate, SlackTemplateFieldInput, fields};
use crate::graphql::{
    context::{given_key, patch, request},
    failure::{Result, UserError, into_payload},
};

/// A new template. Each part is at most 3,000 characters; the default stands for one that is left out, as `SlackTemplate` says.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackTemplateInput {
    /// What people call it; at most 100 characters, unique in the organisation.
    name: String,
    /// What stands above the coloured part.
    title: Option<String>,
    /// The text in the coloured part; none where it is empty.
    body: Option<String>,
    /// The facts in two columns, at most 10.
    fields: Option<Vec<SlackTemplateFieldInput>>,
    /// Makes the request repeatable for 24 hours.
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

/// New values for a template; what is left out stays, and null brings the default back; but a template has a name.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackTemplateInput {
    /// The template's id.
    id: ID,
    /// What people call it; at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// What stands above the coloured part.
    title: MaybeUndefined<String>,
    /// The text in the coloured part.
    body: MaybeUndefined<String>,
    /// The facts in two columns, at most 10.
    fields: MaybeUndefined<Vec<SlackTemplateFieldInput>>,
    /// Makes the request repeatable for 24 hours.
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
    /// The template's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// What came of a change of a template.
#[derive(SimpleObject)]
pub(crate) struct SlackTemplatePayload {
    /// The template as it is now; none where the change was refused.
    template: Option<SlackTemplate>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of deleting a template.
#[derive(SimpleObject)]
pub(crate) struct DeleteSlackTemplatePayload {
    /// The id of the template that is gone; none where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of templates.
#[derive(Default)]
pub(crate) struct TemplateMutation;

#[Object]
impl TemplateMutation {
    /// Adds a template of messages in Slack, once it has been tried with incidents of all sorts. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_slack_template(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackTemplateInput,
    ) -> Result<SlackTemplatePayload> {
        payload(tocsin_domain::template::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a template, once it has been tried with incidents of all sorts. Messages that are there take the new words when their incidents
    /// change next. Needs the role ADMIN or OWNER.
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
