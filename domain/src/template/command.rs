//! Templates are made, changed and deleted here.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use tocsin_entity::{
    connector,
    id::{OrganizationId, SlackTemplateId},
    slack_template::{Entity, Model},
};
use tocsin_message::template::{Template, TemplateField};

use super::parts::parts;
use crate::{
    audit::AuditTrail,
    error::{InternalError, MutationError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    tenant::{self, Tenant},
    viewer::Permission,
};

/// Most templates of an organisation.
const TEMPLATES_MAX: u64 = 100;

/// Longest list of connectors in a refusal.
const NAMED_MAX: usize = 5;

/// A new template. Each part is at most 3,000 characters; the default stands for one that is left out, as `SlackTemplate` says.
#[derive(Debug)]
pub struct CreateSlackTemplate {
    /// What people call it; at most 100 characters, unique in the organisation.
    pub name: String,
    /// What stands above the coloured part.
    pub title: Option<String>,
    /// The text in the coloured part; none where it is empty.
    pub body: Option<String>,
    /// The facts in two columns, at most 10.
    pub fields: Option<Vec<TemplateField>>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a template; what is left out stays, and null brings the default back; but a template has a name.
#[derive(Debug)]
pub struct UpdateSlackTemplate {
    /// The template's id.
    pub id: String,
    /// What people call it; at most 100 characters, unique in the organisation.
    pub name: Patch<String>,
    /// What stands above the coloured part.
    pub title: Patch<String>,
    /// The text in the coloured part.
    pub body: Patch<String>,
    /// The facts in two columns, at most 10.
    pub fields: Patch<Vec<TemplateField>>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The template to delete.
#[derive(Debug)]
pub struct DeleteSlackTemplate {
    /// The template's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Adds a template, once it has been tried.
pub async fn create(request: &Request<'_>, input: CreateSlackTemplate) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let template = Template {
        title: input.title,
        body: input.body,
        fields: input.fields,
    };
    good(&template)?;
    let now = request.now();
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
        request,
        organization_id,
        key,
        "template",
        |row: &Model| row.id,
        async |tx| {
            let own = Tenant::of(organization_id).find::<Entity>();
            if own.count(tx).await? >= TEMPLATES_MAX {
                let message = format!("An organisation has at most {TEMPLATES_MAX} templates.");
                return Err(UserError::invalid("name", message).into());
            }
            let row = row
                .into_active_model()
                .insert(tx)
                .await
                .map_err(MutationError::or_name_taken("template"))?;
            AuditTrail::of(request, organization_id).made(tx, &row).await?;
            Ok(row)
        },
    )
    .await
}

/// Changes a template, once it has been tried.
pub async fn update(request: &Request<'_>, input: UpdateSlackTemplate) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = template_id("id", &input.id)?;
    let name = input.name.needed("name")?;
    let name = name.map(|name| limits::name("name", &name)).transpose()?;
    idempotency::once(
        request,
        organization_id,
        key,
        "template",
        |row: &Model| row.id,
        async |tx| {
            let before = own(tx, organization_id, "id", id).await?;
            let was = before.clone();
            let kept = parts(&before)?;
            let template = Template {
                title: input.title.apply(kept.title),
                body: input.body.apply(kept.body),
                fields: input.fields.apply(kept.fields),
            };
            good(&template)?;
            let after = Model {
                name: name.unwrap_or(before.name),
                fields: written(&template)?,
                title: template.title,
                body: template.body,
                updated_at: request.now(),
                ..before
            };
            let after = after
                .into_active_model()
                .reset_all()
                .update(tx)
                .await
                .map_err(MutationError::or_name_taken("template"))?;
            AuditTrail::of(request, organization_id)
                .changed(tx, &was, &after)
                .await?;
            Ok(after)
        },
    )
    .await
}

/// Deletes a template that no connector uses.
pub async fn delete(
    request: &Request<'_>,
    input: DeleteSlackTemplate,
) -> Result<SlackTemplateId, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = template_id("id", &input.id)?;
    idempotency::gone_once(request, organization_id, key, id, async |tx| {
        let template = own(tx, organization_id, "id", id).await?;
        let users = Tenant::of(organization_id)
            .find::<connector::Entity>()
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
        AuditTrail::of(request, organization_id)
            .gone(tx, &template)
            .await?;
        Ok(())
    })
    .await
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

fn written(template: &Template) -> Result<Option<String>, InternalError> {
    let written = template.fields.as_ref().map(serde_json::to_string).transpose();
    written.map_err(|error| InternalError::Broken(format!("fields can't be written: {error}")))
}

pub(crate) fn template_id(field: &str, id: &str) -> Result<SlackTemplateId, UserError> {
    id.parse().map_err(|_| UserError::not_found("template").at(field))
}

/// The organisation's template of this id.
pub(crate) async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    field: &str,
    id: SlackTemplateId,
) -> Result<Model, MutationError> {
    let found = tenant::own::<Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| UserError::not_found("template").at(field).into())
}
