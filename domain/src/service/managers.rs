//! Who manages a service: its connectors and the rules that lead its incidents there.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use tocsin_entity::{
    id::{OrganizationId, ServiceId, UserId},
    kinds::Role,
    membership, service,
    service_manager::{Column, Entity, Model},
};

use crate::{
    audit::AuditTrail,
    data_loader::Loader,
    error::{InternalError, MutationError, RequestError, UserError},
    idempotency::{self, RequestKey},
    loaders::{BatchLoader, MemberRow},
    request::Request,
    tenant::{self, Tenant, everywhere},
    viewer::Permission,
};

/// The key of a service's managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ManagersOf(ServiceId);

impl Loader<ManagersOf> for BatchLoader {
    type Value = Vec<UserId>;
    type Error = InternalError;

    async fn load(&self, keys: &[ManagersOf]) -> Result<HashMap<ManagersOf, Vec<UserId>>, InternalError> {
        let rows = everywhere::<Entity>(
            "keys that several requests ask for at the same time: each keeps to its own rows",
        )
        .filter(Column::ServiceId.is_in(keys.iter().map(|key| key.0)))
        .order_by_asc(Column::UserId)
        .all(self.database().read())
        .await?;
        let mut found: HashMap<ManagersOf, Vec<UserId>> = HashMap::new();
        for row in rows {
            found
                .entry(ManagersOf(row.service_id))
                .or_default()
                .push(row.user_id);
        }
        Ok(found)
    }
}

/// Who manages a service.
///
/// # Errors
/// A refusal, where the viewer may not read the service's surroundings.
pub async fn managers(
    request: &Request<'_>,
    service: &service::Model,
) -> Result<Vec<Arc<MemberRow>>, RequestError> {
    request.viewer.may_look_around()?;
    let ids = request.loaders().load_one(ManagersOf(service.id)).await?;
    Ok(request
        .members(service.organization_id, ids.unwrap_or_default())
        .await?)
}

/// Whether a member is to manage a service.
#[derive(Debug)]
pub struct SetServiceManager {
    /// Whether they are to.
    pub manages: bool,
    /// The service's id.
    pub service_id: String,
    /// The member's id.
    pub user_id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Makes a member a service's manager, or makes them one no more.
pub async fn set_manager(
    request: &Request<'_>,
    input: SetServiceManager,
) -> Result<service::Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let no_service = || UserError::not_found("service").at("serviceId");
    let no_member = || UserError::not_found("member").at("userId");
    let service_id: ServiceId = input.service_id.parse().map_err(|_| no_service())?;
    let user_id: UserId = input.user_id.parse().map_err(|_| no_member())?;
    let id_of = |row: &service::Model| row.id;
    idempotency::once(request, organization_id, key, "service", id_of, async |tx| {
        let service = tenant::own::<service::Entity>(tx, organization_id, service_id)
            .await?
            .ok_or_else(no_service)?;
        let role = role(tx, organization_id, user_id).await?.ok_or_else(no_member)?;
        if input.manages && role == Role::Stakeholder {
            let why = "A STAKEHOLDER reads, and changes nothing: give them the role RESPONDER first.";
            return Err(UserError::invalid("userId", why).into());
        }
        let there = Tenant::of(organization_id)
            .find::<Entity>()
            .filter(Column::ServiceId.eq(service_id))
            .filter(Column::UserId.eq(user_id))
            .one(tx)
            .await?;
        match (there, input.manages) {
            (None, true) => {
                let row = Model {
                    service_id,
                    user_id,
                    organization_id,
                    created_at: request.now(),
                };
                let row = row.into_active_model().insert(tx).await?;
                AuditTrail::of(request, organization_id).made(tx, &row).await?;
            }
            (Some(row), false) => {
                Entity::delete_by_id((service_id, user_id)).exec(tx).await?;
                AuditTrail::of(request, organization_id).gone(tx, &row).await?;
            }
            (Some(_), true) | (None, false) => {}
        }
        Ok(service)
    })
    .await
}

/// The member's role; none where there is no such member.
async fn role(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<Role>, MutationError> {
    let found = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .one(tx)
        .await?;
    Ok(found.map(|found| found.role))
}
