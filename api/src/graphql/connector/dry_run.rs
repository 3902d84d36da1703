//! Where an incident would go, without one.

use async_graphql::{Context, ID, InputObject, Object};
use tocsin_domain::connector::{self, SupposedIncident};
use tocsin_entity::kinds::{Severity, Urgency};

use super::routing::SlackRoute;
use crate::graphql::{
    context::{request, text},
    failure::Result,
    incident::{TagInput, tag_values},
};

/// An incident that may be.
#[derive(Debug, InputObject)]
pub(crate) struct SlackRoutingInput {
    /// The service that is broken; the default one where it is left out.
    service_id: Option<ID>,
    /// How soon a person must look; the service's default where it is left out.
    urgency: Option<Urgency>,
    /// How much is broken.
    severity: Option<Severity>,
    /// Its labels.
    tags: Option<Vec<TagInput>>,
}

/// The query for where incidents go.
#[derive(Default)]
pub(crate) struct RoutingQuery;

#[Object]
impl RoutingQuery {
    /// Where an incident goes in Slack, and why: one that is there, or one that may be. Nothing is sent.
    async fn slack_routing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An incident that is there.")] incident_id: Option<ID>,
        #[graphql(desc = "One that may be.")] incident: Option<SlackRoutingInput>,
    ) -> Result<Vec<SlackRoute>> {
        let routes = connector::dry_run(&request(ctx), text(incident_id), incident.map(Into::into)).await?;
        Ok(routes.into_iter().map(SlackRoute::from).collect())
    }
}

impl From<SlackRoutingInput> for SupposedIncident {
    fn from(input: SlackRoutingInput) -> Self {
        let tags = input.tags.unwrap_or_default();
        Self {
            service_id: text(input.service_id),
            urgency: input.urgency,
            severity: input.severity,
            tags: tag_values(tags),
        }
    }
}
