//! Services: what breaks, and who owns it.

mod managers;

use async_graphql::{
    Context, ID, InputObject, Object, Result, SimpleObject,
    connection::{Connection, EmptyFields},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;
use tocsin_entity::{id::ServiceId, kinds::Urgency, service};

pub(crate) use self::managers::ServiceManagerMutation;
use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, told},
    idempotency, limits,
    node::{domain, load_owned},
    paging::Page,
    search,
    user::User,
    viewer::{Need, Viewer},
};

/// A service.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) service::Model);

/// Something that can break: the owner of incidents.
#[Object]
impl Service {
    /// The service's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name people read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is.
    async fn description_markdown(&self) -> &str {
        &self.0.description_markdown
    }

    /// The urgency of an incident that names none.
    async fn default_urgency(&self) -> Urgency {
        self.0.default_urgency
    }

    /// Whether incidents that name no service are its.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// Who manages its connectors and its rules, beside the administrators.
    async fn managers(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        managers::of(ctx, &self.0).await
    }

    /// When it was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// A service that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Service>> {
    Ok(load_owned::<ServiceId, service::Model>(ctx, Need::Read, id)
        .await?
        .map(Service))
}

/// Which services are wanted.
#[derive(Debug, Default, InputObject)]
pub(crate) struct ServiceFilter {
    /// Those whose name contains this, in any case.
    search: Option<String>,
}

/// The queries for services.
#[derive(Default)]
pub(crate) struct ServiceQuery;

#[Object]
impl ServiceQuery {
    /// The organisation's services, oldest first.
    #[graphql(complexity = "crate::paging::weight(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Service, EmptyFields, EmptyFields>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        let page = Page::new(first, after, last, before)?;
        let mut own = service::Entity::find().filter(service::Column::OrganizationId.eq(organization_id));
        if let Some(text) = filter.and_then(|filter| filter.search) {
            own = own.filter(search::contains(service::Column::Name, &text)?);
        }
        let find = page.cut::<_, ServiceId>(own, service::Column::Id)?;
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(page.connect(rows, EmptyFields, |row| row.id.to_string(), Service))
    }
}

/// A new service.
#[derive(Debug, InputObject)]
pub(crate) struct CreateServiceInput {
    /// The name people read; at most 100 characters, unique in the organisation.
    name: String,
    /// What it is; at most 20,000 characters.
    description_markdown: Option<String>,
    /// The urgency of an incident that names none; `HIGH` by default.
    default_urgency: Option<Urgency>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of a change of a service.
#[derive(SimpleObject)]
pub(crate) struct ServicePayload {
    /// The service as it is now; none where the change was refused.
    service: Option<Service>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of services.
#[derive(Default)]
pub(crate) struct ServiceMutation;

#[Object]
impl ServiceMutation {
    /// Adds a service. Needs the role ADMIN or OWNER.
    async fn create_service(&self, ctx: &Context<'_>, input: CreateServiceInput) -> Result<ServicePayload> {
        let (service, user_errors) = told(create(ctx, input).await)?;
        Ok(ServicePayload { service, user_errors })
    }
}

async fn create(ctx: &Context<'_>, input: CreateServiceInput) -> Result<Service, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let name = limits::name("name", &input.name)?;
    let description = limits::note("descriptionMarkdown", input.description_markdown)?;
    let row = service::ActiveModel {
        id: Set(ServiceId::new()),
        organization_id: Set(organization_id),
        name: Set(name),
        description_markdown: Set(description.unwrap_or_default()),
        default_urgency: Set(input.default_urgency.unwrap_or(Urgency::High)),
        is_default: Set(false),
        created_at: Set(OffsetDateTime::now_utc()),
    };
    let id_of = |row: &service::Model| row.id;
    let row = idempotency::once(ctx, organization_id, key, "service", id_of, async |tx| {
        let row = row.insert(tx).await.map_err(Trouble::or_name_taken("service"))?;
        Trail::of(ctx, organization_id).made(tx, &row).await?;
        Ok(row)
    })
    .await?;
    Ok(Service(row))
}
