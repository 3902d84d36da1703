//! Who manages a service: its connectors and the rules that lead its incidents there.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, ServiceId, UserId},
    kinds::Role,
    managing::{Column, Entity, Model},
    membership, service,
};

use super::Service;
use crate::{
    audit::Trail,
    data_loader::Loader,
    error::{Fault, Trouble, UserError, told},
    idempotency,
    loaders::{self, MemberKey, Neighbours},
    node,
    user::User,
    viewer::{Need, Viewer},
};

/// The key of a service's managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ManagersOf(ServiceId);

impl Loader<ManagersOf> for Neighbours {
    type Value = Vec<UserId>;
    type Error = Fault;

    async fn load(&self, keys: &[ManagersOf]) -> Result<HashMap<ManagersOf, Vec<UserId>>, Fault> {
        let rows = Entity::find()
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

/// A service's managers.
pub(super) async fn of(ctx: &Context<'_>, service: &service::Model) -> Result<Vec<User>> {
    ctx.data_unchecked::<Viewer>().may_look_around()?;
    let ids = loaders::of(ctx)
        .load_one(ManagersOf(service.id))
        .await?
        .unwrap_or_default();
    let keys: Vec<_> = ids
        .into_iter()
        .map(|id| MemberKey(service.organization_id, id))
        .collect();
    let mut found = loaders::of(ctx).load_many(keys.iter().copied()).await?;
    Ok(keys
        .iter()
        .filter_map(|key| found.remove(key))
        .map(User)
        .collect())
}

/// A member to be made a service's manager.
#[derive(Debug, InputObject)]
pub(crate) struct AddServiceManagerInput {
    /// The service's id.
    service_id: ID,
    /// The member's id.
    user_id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// A member who is to be a service's manager no more.
#[derive(Debug, InputObject)]
pub(crate) struct RemoveServiceManagerInput {
    /// The service's id.
    service_id: ID,
    /// The member's id.
    user_id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of a change of a service's managers.
#[derive(SimpleObject)]
pub(crate) struct ServiceManagersPayload {
    /// The service as it is now; none where the change was refused.
    service: Option<Service>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of services' managers.
#[derive(Default)]
pub(crate) struct ServiceManagerMutation;

#[Object]
impl ServiceManagerMutation {
    /// Makes a member a manager of a service: of its connectors and its rules, with a key that has the scope ADMIN. Once more changes nothing. Needs the role ADMIN or OWNER.
    async fn add_service_manager(
        &self,
        ctx: &Context<'_>,
        input: AddServiceManagerInput,
    ) -> Result<ServiceManagersPayload> {
        let wanted = Wanted {
            manages: true,
            key: input.idempotency_key.clone(),
            service_id: input.service_id,
            user_id: input.user_id,
        };
        wanted.payload(ctx).await
    }

    /// Takes a service from a member who managed it. Needs the role ADMIN or OWNER.
    async fn remove_service_manager(
        &self,
        ctx: &Context<'_>,
        input: RemoveServiceManagerInput,
    ) -> Result<ServiceManagersPayload> {
        let wanted = Wanted {
            manages: false,
            key: input.idempotency_key.clone(),
            service_id: input.service_id,
            user_id: input.user_id,
        };
        wanted.payload(ctx).await
    }
}

/// Whether a member is to manage a service.
struct Wanted {
    manages: bool,
    key: Option<String>,
    service_id: ID,
    user_id: ID,
}

impl Wanted {
    async fn payload(self, ctx: &Context<'_>) -> Result<ServiceManagersPayload> {
        let (row, user_errors) = told(self.write(ctx).await)?;
        Ok(ServiceManagersPayload {
            service: row.map(Service),
            user_errors,
        })
    }

    async fn write(self, ctx: &Context<'_>) -> Result<service::Model, Trouble> {
        let viewer = ctx.data_unchecked::<Viewer>();
        let organization_id = viewer.may_change(Need::Manage)?;
        let key = idempotency::key_use(ctx, self.key.as_ref())?;
        let no_service = || UserError::not_found("service").at("serviceId");
        let no_member = || UserError::not_found("member").at("userId");
        let service_id: ServiceId = self.service_id.parse().map_err(|_| no_service())?;
        let user_id: UserId = self.user_id.parse().map_err(|_| no_member())?;
        let id_of = |row: &service::Model| row.id;
        idempotency::once(ctx, organization_id, key, "service", id_of, async |tx| {
            let service = node::own::<service::Entity>(tx, organization_id, service_id)
                .await?
                .ok_or_else(no_service)?;
            let role = role(tx, organization_id, user_id).await?.ok_or_else(no_member)?;
            if self.manages && role == Role::Stakeholder {
                let why = "A STAKEHOLDER reads, and changes nothing: give them the role RESPONDER first.";
                return Err(UserError::invalid("userId", why).into());
            }
            let there = Entity::find_by_id((service_id, user_id)).one(tx).await?;
            match (there, self.manages) {
                (None, true) => {
                    let row = Model {
                        service_id,
                        user_id,
                        organization_id,
                        created_at: OffsetDateTime::now_utc(),
                    };
                    let row = row.into_active_model().insert(tx).await?;
                    Trail::of(ctx, organization_id).made(tx, &row).await?;
                }
                (Some(row), false) => {
                    Entity::delete_by_id((service_id, user_id)).exec(tx).await?;
                    Trail::of(ctx, organization_id).gone(tx, &row).await?;
                }
                (Some(_), true) | (None, false) => {}
            }
            Ok(service)
        })
        .await
    }
}

/// The member's role; none where there is no such member.
async fn role(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<Option<Role>, Trouble> {
    let found = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(organization_id))
        .filter(membership::Column::UserId.eq(user_id))
        .one(tx)
        .await?;
    Ok(found.map(|found| found.role))
}
