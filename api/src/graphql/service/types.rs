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

/// A service: something that can break and that incidents belong to.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) service::Model);

/// A service: something that can break and that incidents belong to.
#[Object]
impl Service {
    /// The global id of the service.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name of the service; unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The description of the service, in Markdown; empty if nobody wrote a description.
    async fn description_markdown(&self) -> &str {
        &self.0.description_markdown
    }

    /// The urgency of an incident that is triggered without an urgency.
    async fn default_urgency(&self) -> Urgency {
        self.0.default_urgency
    }

    /// Whether this is the service of incidents that are triggered without a service.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// The time when the service was archived; null if the service takes new incidents.
    async fn archived_at(&self) -> Option<OffsetDateTime> {
        self.0.archived_at
    }

    /// The incidents of this service, newest first by default.
    #[graphql(complexity = "crate::graphql::paging::weight(\"incidents\", first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "Relay's own")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of the service's incidents to return; all by default.")] filter: Option<
            IncidentFilter,
        >,
        #[graphql(desc = "The order of the list; newest first by default.")] order_by: Option<IncidentOrder>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
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

    /// The number of the service's incidents that aren't resolved.
    async fn open_incident_count(&self, ctx: &Context<'_>) -> Result<u64> {
        Ok(tocsin_domain::service::count_open_incidents(&request(ctx), &self.0).await?)
    }

    /// The users who manage the service's connectors and rules, in addition to the administrators.
    async fn managers(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        super::managers::of(ctx, &self.0).await
    }

    /// The time when the service was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}
