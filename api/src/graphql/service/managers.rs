//! Who manages a service: its connectors and the rules that lead its incidents there.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use tocsin_domain::{error::MutationError, service::SetServiceManager};
use tocsin_entity::service;

use super::types::Service;
use crate::graphql::{
    context::{given_key, request},
    failure::{Result, UserError, into_payload},
    user::User,
};

/// A service's managers.
pub(super) async fn of(ctx: &Context<'_>, service: &service::Model) -> Result<Vec<User>> {
    let members = tocsin_domain::service::managers(&request(ctx), service).await?;
    Ok(members.into_iter().map(User).collect())
}

/// The user to make a manager of a service.
#[derive(Debug, InputObject)]
pub(crate) struct AddServiceManagerInput {
    /// The id of the service.
    service_id: ID,
    /// The id of the user.
    user_id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The user to remove from the managers of a service.
#[derive(Debug, InputObject)]
pub(crate) struct RemoveServiceManagerInput {
    /// The id of the service.
    service_id: ID,
    /// The id of the user.
    user_id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

/// The result of a change of a service's managers.
#[derive(SimpleObject)]
pub(crate) struct ServiceManagersPayload {
    /// The service after the change; null if the change was refused.
    service: Option<Service>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of services' managers.
#[derive(Default)]
pub(crate) struct ServiceManagerMutation;

#[Object]
impl ServiceManagerMutation {
    /// Makes a user a manager of a service: the user can manage the service's connectors and rules, with a key that has the scope `ADMIN`. Adding the
    /// same manager again changes nothing. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn add_service_manager(
        &self,
        ctx: &Context<'_>,
        input: AddServiceManagerInput,
    ) -> Result<ServiceManagersPayload> {
        let wanted = SetServiceManager {
            manages: true,
            service_id: input.service_id.0,
            user_id: input.user_id.0,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(tocsin_domain::service::set_manager(&request(ctx), wanted).await)
    }

    /// Removes a user from the managers of a service. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn remove_service_manager(
        &self,
        ctx: &Context<'_>,
        input: RemoveServiceManagerInput,
    ) -> Result<ServiceManagersPayload> {
        let wanted = SetServiceManager {
            manages: false,
            service_id: input.service_id.0,
            user_id: input.user_id.0,
            idempotency_key: given_key(ctx, input.idempotency_key)?,
        };
        payload(tocsin_domain::service::set_manager(&request(ctx), wanted).await)
    }
}

fn payload(result: Result<service::Model, MutationError>) -> Result<ServiceManagersPayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(ServiceManagersPayload {
        service: row.map(Service),
        user_errors,
    })
}
