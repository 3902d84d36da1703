//! A service, in GraphQL.

use async_graphql::{Context, ID, Object};
use time::OffsetDateTime;
use tocsin_domain::paging::PageRequest;
use tocsin_entity::{kinds::Urgency, service};

use crate::graphql::{
    context::request,
    failure::Result,
    incident::{IncidentFilter, IncidentOrder, IncidentPage},
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

    /// When the service was archived; null for a service that takes new incidents.
    async fn archived_at(&self) -> Option<OffsetDateTime> {
        self.0.archived_at
    }

    /// The incidents of this service, the newest first by default.
    #[graphql(complexity = "crate::graphql::paging::weight(\"incidents\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of the service's incidents you want; all by default.")] filter: Option<
            IncidentFilter,
        >,
        #[graphql(desc = "The order of the list; the newest first by default.")] order_by: Option<
            IncidentOrder,
        >,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<IncidentPage> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        crate::graphql::incident::list(ctx, criteria.of_service(self.0.id), order_by, page).await
    }

    /// How many of the service's incidents aren't resolved.
    async fn open_incident_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(tocsin_domain::service::count_open_incidents(&request(ctx), &self.0).await?)
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
