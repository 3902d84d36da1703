//! The mutations of services.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_domain::{
    error::MutationError,
    service::{self, ArchiveService, CreateService, UpdateService},
};
use tocsin_entity::kinds::Urgency;

use super::types::Service;
use crate::graphql::{
    context::{given_key, patch, request},
    failure::{Result, UserError, into_payload},
};

/// A new service of the organisation.
#[derive(Debug, InputObject)]
pub(crate) struct CreateServiceInput {
    /// The name of the service; at most 100 characters, unique in the organisation.
    name: String,
    /// The description of the service, in Markdown; at most 100,000 characters. Empty by default.
    description_markdown: Option<String>,
    /// The urgency of an incident that is triggered without an urgency; `HIGH` by default.
    default_urgency: Option<Urgency>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// New values for a service. What you leave out stays the same. Null is refused except for the description.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateServiceInput {
    /// The id of the service.
    id: ID,
    /// The name of the service; at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The description of the service, in Markdown; at most 100,000 characters. Null removes the description.
    description_markdown: MaybeUndefined<String>,
    /// The urgency of an incident that is triggered without an urgency.
    default_urgency: MaybeUndefined<Urgency>,
    /// Whether this is the service of incidents that are triggered without a service. Only `true` is accepted: to undo a default, make another
    /// service the default.
    is_default: MaybeUndefined<bool>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The service to archive.
#[derive(Debug, InputObject)]
pub(crate) struct ArchiveServiceInput {
    /// The id of the service.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The service to bring back from the archive.
#[derive(Debug, InputObject)]
pub(crate) struct UnarchiveServiceInput {
    /// The id of the service.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change of a service.
#[derive(SimpleObject)]
pub(crate) struct ServicePayload {
    /// The service after the change; null if the change was refused.
    service: Option<Service>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of services.
#[derive(Default)]
pub(crate) struct ServiceMutation;

#[Object]
impl ServiceMutation {
    /// Creates a service in the organisation. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    async fn create_service(&self, ctx: &Context<'_>, input: CreateServiceInput) -> Result<ServicePayload> {
        let wanted = CreateService {
            name: input.name,
            description_markdown: input.description_markdown,
            default_urgency: input.default_urgency,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(service::create(&request(ctx), wanted).await)
    }

    /// Changes the name, description or default urgency of a service, or makes the service the default. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_service(&self, ctx: &Context<'_>, input: UpdateServiceInput) -> Result<ServicePayload> {
        let wanted = UpdateService {
            id: input.id.0,
            name: patch(input.name),
            description_markdown: patch(input.description_markdown),
            default_urgency: patch(input.default_urgency),
            is_default: patch(input.is_default),
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(service::update(&request(ctx), wanted).await)
    }

    /// Archives a service: the service takes no new incidents. Existing incidents, connectors and rules stay. You can't archive the default service.
    /// Archiving a service again changes nothing. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn archive_service(&self, ctx: &Context<'_>, input: ArchiveServiceInput) -> Result<ServicePayload> {
        let wanted = ArchiveService {
            archived: true,
            id: input.id.0,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(service::archive(&request(ctx), wanted).await)
    }

    /// Brings a service back from the archive: the service takes new incidents again. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn unarchive_service(
        &self,
        ctx: &Context<'_>,
        input: UnarchiveServiceInput,
    ) -> Result<ServicePayload> {
        let wanted = ArchiveService {
            archived: false,
            id: input.id.0,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(service::archive(&request(ctx), wanted).await)
    }
}

fn payload(result: Result<tocsin_entity::service::Model, MutationError>) -> Result<ServicePayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(ServicePayload {
        service: row.map(Service),
        user_errors,
    })
}
