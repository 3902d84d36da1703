//! Services are made, changed and archived here.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, IntoActiveModel, QueryFilter,
    QuerySelect, sea_query::LockType,
};
use tocsin_entity::{
    id::{OrganizationId, ServiceId},
    kinds::Urgency,
    service,
};

use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrorCode, UserErrors},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    tenant::{self, Tenant},
    validation::{Checks, new_value},
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

/// New values for a service; what is left out stays.
#[derive(Debug)]
pub struct UpdateService {
    /// The service's id.
    pub id: String,
    /// The name people read; at most 100 characters, unique in the organisation.
    pub name: Patch<String>,
    /// What it is; at most 100,000 characters. Null for nothing.
    pub description_markdown: Patch<String>,
    /// The urgency of an incident that names none.
    pub default_urgency: Patch<Urgency>,
    /// Whether incidents that name no service are its. The organisation's default service stops being it when another one is.
    pub is_default: Patch<bool>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Whether a service is to be archived.
#[derive(Debug)]
pub struct ArchiveService {
    /// Whether it is to be.
    pub archived: bool,
    /// The service's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Adds a service.
pub async fn create(request: &Request<'_>, input: CreateService) -> Result<service::Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (name, description) = (
        limits::name("name", &input.name),
        limits::description("descriptionMarkdown", input.description_markdown),
    )
        .all()?;
    let row = service::ActiveModel {
        id: Set(ServiceId::new()),
        organization_id: Set(organization_id),
        name: Set(name),
        description_markdown: Set(description.unwrap_or_default()),
        default_urgency: Set(input.default_urgency.unwrap_or(Urgency::High)),
        is_default: Set(false),
        archived_at: Set(None),
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

/// The values of an update, checked.
struct ServiceChange {
    name: Option<String>,
    description_markdown: Option<String>,
    default_urgency: Option<Urgency>,
    becomes_default: bool,
}

impl ServiceChange {
    fn of(input: UpdateService) -> Result<Self, UserErrors> {
        let description = input.description_markdown.or_empty();
        let (name, description_markdown, default_urgency, is_default) = (
            new_value("name", input.name, |name| limits::name("name", &name)),
            description
                .map(|text| limits::bounded("descriptionMarkdown", text, limits::DESCRIPTION_MAX))
                .transpose(),
            input.default_urgency.needed("defaultUrgency"),
            new_value("isDefault", input.is_default, |is_default| {
                let why =
                    "An organisation always has a default service: make another service the default one.";
                is_default
                    .then_some(true)
                    .ok_or_else(|| UserError::invalid("isDefault", why))
            }),
        )
            .all()?;
        Ok(Self {
            name,
            description_markdown,
            default_urgency,
            becomes_default: is_default.is_some(),
        })
    }
}

/// Changes a service.
pub async fn update(request: &Request<'_>, input: UpdateService) -> Result<service::Model, MutationError> {
    let organization_id = request.viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = service_id(&input.id)?;
    let change = ServiceChange::of(input)?;
    let id_of = |row: &service::Model| row.id;
    idempotency::once(request, organization_id, key, "service", id_of, async |tx| {
        let before = own(tx, organization_id, id).await?;
        if change.becomes_default && before.archived_at.is_some() {
            return Err(archived(&before).at("isDefault").into());
        }
        if change.becomes_default && !before.is_default {
            give_up_default(request, tx, organization_id).await?;
        }
        let after = service::Model {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            description_markdown: change
                .description_markdown
                .unwrap_or_else(|| before.description_markdown.clone()),
            default_urgency: change.default_urgency.unwrap_or(before.default_urgency),
            is_default: before.is_default || change.becomes_default,
            ..before.clone()
        };
        save(request, tx, &before, after).await
    })
    .await
}

/// Archives a service, so that it takes no new incidents, or brings it back.
pub async fn archive(request: &Request<'_>, input: ArchiveService) -> Result<service::Model, MutationError> {
    let organization_id = request.viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = service_id(&input.id)?;
    let id_of = |row: &service::Model| row.id;
    idempotency::once(request, organization_id, key, "service", id_of, async |tx| {
        let before = own(tx, organization_id, id).await?;
        if input.archived && before.is_default {
            let why =
                "Incidents that name no service are this one's. Make another service the default one first.";
            return Err(UserError::new(UserErrorCode::WrongStatus, why).at("id").into());
        }
        let now = request.now();
        let after = service::Model {
            archived_at: input.archived.then(|| before.archived_at.unwrap_or(now)),
            ..before.clone()
        };
        save(request, tx, &before, after).await
    })
    .await
}

/// Why an archived service takes nothing new.
pub(crate) fn archived(service: &service::Model) -> UserError {
    let why = format!(
        "The service {} is archived. Name another one, or unarchive it.",
        service.name
    );
    UserError::new(UserErrorCode::WrongStatus, why)
}

fn service_id(id: &str) -> Result<ServiceId, UserError> {
    id.parse().map_err(|_| UserError::not_found("service").at("id"))
}

/// The organisation's service, which nobody changes until the transaction ends, and under which nobody triggers an incident.
async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: ServiceId,
) -> Result<service::Model, MutationError> {
    Tenant::of(organization_id)
        .organization()
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let found = tenant::own::<service::Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| UserError::not_found("service").at("id").into())
}

/// Takes what it says of being the default from the service that is.
async fn give_up_default(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
) -> Result<(), MutationError> {
    let defaults = Tenant::of(organization_id)
        .find::<service::Entity>()
        .filter(service::Column::IsDefault.eq(true))
        .all(tx)
        .await?;
    for before in defaults {
        let after = service::Model {
            is_default: false,
            ..before.clone()
        };
        save(request, tx, &before, after).await?;
    }
    Ok(())
}

async fn save(
    request: &Request<'_>,
    tx: &DatabaseTransaction,
    before: &service::Model,
    after: service::Model,
) -> Result<service::Model, MutationError> {
    let after = after
        .into_active_model()
        .reset_all()
        .update(tx)
        .await
        .map_err(MutationError::or_name_taken("service"))?;
    AuditTrail::of(request, after.organization_id)
        .changed(tx, before, &after)
        .await?;
    Ok(after)
}
