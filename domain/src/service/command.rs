//! Services are made here.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use tocsin_entity::{id::ServiceId, kinds::Urgency, service};

use crate::{
    audit::AuditTrail,
    error::MutationError,
    idempotency::{self, RequestKey},
    limits,
    request::Request,
    viewer::Permission,
};

/// A new service.
#[derive(Debug)]
pub struct CreateService {
    /// The name people read; at most 100 characters, unique in the organisation.
    pub name: String,
    /// What it is; at most 100,000 characters.
    pub description_markdown: Option<String>,
    /// The urgency of an incident that names none; `HIGH` by default.
    pub default_urgency: Option<Urgency>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Adds a service.
pub async fn create(request: &Request<'_>, input: CreateService) -> Result<service::Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let name = limits::name("name", &input.name)?;
    let description = limits::description("descriptionMarkdown", input.description_markdown)?;
    let row = service::ActiveModel {
        id: Set(ServiceId::new()),
        organization_id: Set(organization_id),
        name: Set(name),
        description_markdown: Set(description.unwrap_or_default()),
        default_urgency: Set(input.default_urgency.unwrap_or(Urgency::High)),
        is_default: Set(false),
        created_at: Set(request.now()),
    };
    let id_of = |row: &service::Model| row.id;
    idempotency::once(request, organization_id, key, "service", id_of, async |tx| {
        let row = row
            .insert(tx)
            .await
            .map_err(MutationError::or_name_taken("service"))?;
        AuditTrail::of(request, organization_id).made(tx, &row).await?;
        Ok(row)
    })
    .await
}
