//! Templates are made, changed and deleted here.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{OrganizationId, SlackTemplateId},
    slack_template::{Column, Entity, Model},
};
use tocsin_message::template::Template;

use super::graphql::{SlackTemplate, SlackTemplateFieldInput, fields, parts};
use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency, limits, node,
    viewer::{Need, Viewer},
};

/// Most templates of an organisation.
const TEMPLATES_MAX: u64 = 100;

/// Longest list of connectors in a refusal.
const NAMED_MAX: usize = 5;

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

/// New values for a template; what is left out stays, and null brings the default back.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackTemplateInput {
    /// The template's id.
    id: ID,
    /// What people call it; at most 100 characters, unique in the organisation.
    name: Option<String>,
    /// What stands above the coloured part.
    title: MaybeUndefined<String>,
    /// The text in the coloured part.
    body: MaybeUndefined<String>,
    /// The facts in two columns, at most 10.
    fields: MaybeUndefined<Vec<SlackTemplateFieldInput>>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The template to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteSlackTemplateInput {
    /// The template's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
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
    async fn create_slack_template(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackTemplateInput,
    ) -> Result<SlackTemplatePayload> {
        payload(create(ctx, input).await)
    }

    /// Changes a template, once it has been tried with incidents of all sorts. Messages that are there take the new words when their incidents
    /// change next. Needs the role ADMIN or OWNER.
    async fn update_slack_template(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackTemplateInput,
    ) -> Result<SlackTemplatePayload> {
        payload(update(ctx, input).await)
    }

    /// Deletes a template that no connector uses. Needs the role ADMIN or OWNER.
    async fn delete_slack_template(
        &self,
        ctx: &Context<'_>,
        input: DeleteSlackTemplateInput,
    ) -> Result<DeleteSlackTemplatePayload> {
        let (deleted, user_errors) = told(delete(ctx, input).await)?;
        Ok(DeleteSlackTemplatePayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, Trouble>) -> Result<SlackTemplatePayload> {
    let (row, user_errors) = told(result)?;
    Ok(SlackTemplatePayload {
        template: row.map(SlackTemplate),
        user_errors,
    })
}

async fn create(ctx: &Context<'_>, input: CreateSlackTemplateInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let template = Template {
        title: input.title,
        body: input.body,
        fields: input.fields.as_deref().map(fields),
    };
    good(&template)?;
    let now = OffsetDateTime::now_utc();
    let row = Model {
        id: SlackTemplateId::new(),
        organization_id,
        name: limits::name("name", &input.name)?,
        fields: written(&template)?,
        title: template.title,
        body: template.body,
        created_at: now,
        updated_at: now,
    };
    idempotency::once(
        ctx,
        organization_id,
        key,
        "template",
        |row: &Model| row.id,
        async |tx| {
            let own = Entity::find().filter(Column::OrganizationId.eq(organization_id));
            if own.count(tx).await? >= TEMPLATES_MAX {
                let message = format!("An organisation has at most {TEMPLATES_MAX} templates.");
                return Err(UserError::invalid("name", message).into());
            }
            let row = row
                .into_active_model()
                .insert(tx)
                .await
                .map_err(Trouble::or_name_taken("template"))?;
            Trail::of(ctx, organization_id).made(tx, &row).await?;
            Ok(row)
        },
    )
    .await
}

async fn update(ctx: &Context<'_>, input: UpdateSlackTemplateInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id = template_id("id", &input.id)?;
    let name = input.name.as_deref().map(|name| limits::name("name", name));
    let name = name.transpose()?;
    idempotency::once(
        ctx,
        organization_id,
        key,
        "template",
        |row: &Model| row.id,
        async |tx| {
            let before = own(tx, organization_id, "id", id).await?;
            let was = before.clone();
            let kept = parts(&before)?;
            let template = Template {
                title: changed(input.title, kept.title),
                body: changed(input.body, kept.body),
                fields: changed(input.fields.map_value(|given| fields(&given)), kept.fields),
            };
            good(&template)?;
            let after = Model {
                name: name.unwrap_or(before.name),
                fields: written(&template)?,
                title: template.title,
                body: template.body,
                updated_at: OffsetDateTime::now_utc(),
                ..before
            };
            let after = after
                .into_active_model()
                .reset_all()
                .update(tx)
                .await
                .map_err(Trouble::or_name_taken("template"))?;
            Trail::of(ctx, organization_id).changed(tx, &was, &after).await?;
            Ok(after)
        },
    )
    .await
}

async fn delete(ctx: &Context<'_>, input: DeleteSlackTemplateInput) -> Result<SlackTemplateId, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id = template_id("id", &input.id)?;
    idempotency::gone_once(ctx, organization_id, key, id, async |tx| {
        let template = own(tx, organization_id, "id", id).await?;
        let users = connector::Entity::find()
            .filter(connector::Column::OrganizationId.eq(organization_id))
            .filter(connector::Column::TemplateId.eq(id))
            .order_by_asc(connector::Column::Id)
            .all(tx)
            .await?;
        if !users.is_empty() {
            let names: Vec<_> = users
                .iter()
                .take(NAMED_MAX)
                .map(|row| row.name.as_str())
                .collect();
            let more = if users.len() > NAMED_MAX { ", …" } else { "" };
            return Err(UserError::invalid(
                "id",
                format!(
                    "Connectors use this template: {}{more}. Give them another one first.",
                    names.join(", ")
                ),
            )
            .into());
        }
        Entity::delete_by_id(id).exec(tx).await?;
        Trail::of(ctx, organization_id).gone(tx, &template).await?;
        Ok(())
    })
    .await
}

fn changed<T>(said: MaybeUndefined<T>, before: Option<T>) -> Option<T> {
    match said {
        MaybeUndefined::Undefined => before,
        MaybeUndefined::Null => None,
        MaybeUndefined::Value(value) => Some(value),
    }
}

/// Refuses a template that could fail, with all that is wrong with it.
fn good(template: &Template) -> Result<(), UserError> {
    let problems = template.problems();
    let Some(first) = problems.first() else {
        return Ok(());
    };
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let mut error = UserError::new(UserErrorCode::InvalidInput, told.join("\n"));
    let path = std::iter::once("input").chain(first.part.split('.'));
    error.field = Some(path.map(str::to_owned).collect());
    Err(error)
}

fn written(template: &Template) -> Result<Option<String>, Fault> {
    let written = template.fields.as_ref().map(serde_json::to_string).transpose();
    written.map_err(|error| Fault::Broken(format!("fields can't be written: {error}")))
}

pub(crate) fn template_id(field: &str, id: &ID) -> Result<SlackTemplateId, UserError> {
    id.parse().map_err(|_| UserError::not_found("template").at(field))
}

/// The organisation's template of this id.
pub(crate) async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    field: &str,
    id: SlackTemplateId,
) -> Result<Model, Trouble> {
    let found = node::own::<Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| UserError::not_found("template").at(field).into())
}
