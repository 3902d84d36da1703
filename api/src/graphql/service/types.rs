//! Services: what breaks, and who owns it.

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use time::OffsetDateTime;
use tocsin_domain::paging::PageRequest;
use tocsin_entity::{kinds::Urgency, service};

use crate::graphql::{
    context::{given_key, request},
    failure::{Result, UserError, into_payload},
    paging::connect,
    user::User,
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
        super::managers::of(ctx, &self.0).await
    }

    /// When it was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

/// A service that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Service>> {
    let found = tocsin_domain::service::find(&request(ctx), id).await?;
    Ok(found.map(Service))
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
    #[graphql(complexity = "crate::graphql::paging::weight(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<ServiceFilter>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Service, EmptyFields, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let searched = filter.and_then(|filter| filter.search);
        let page = tocsin_domain::service::list(&request(ctx), searched, page).await?;
        Ok(connect(page, EmptyFields, |row| row.id.to_string(), Service))
    }
}

/// A new service.
#[derive(Debug, InputObject)]
pub(crate) struct CreateServiceInput {
    /// The name people read; at most 100 characters, unique in the organisation.
    name: String,
    /// What it is; at most 100,000 characters.
    description_markdown: Option<String>,
    /// The urgency of an incident that names none; `HIGH` by default.
    default_urgency: Option<Urgency>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl CreateServiceInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::service::CreateService> {
        Ok(tocsin_domain::service::CreateService {
            name: self.name,
            description_markdown: self.description_markdown,
            default_urgency: self.default_urgency,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
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
        let (service, user_errors) =
            into_payload(tocsin_domain::service::create(&request(ctx), input.command(ctx)?).await)?;
        Ok(ServicePayload {
            service: service.map(Service),
            user_errors,
        })
    }
}
