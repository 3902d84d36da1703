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

/// A hypothetical incident, to see where the incident would go.
#[derive(Debug, InputObject)]
pub(crate) struct SlackRoutingInput {
    /// The id of the service that is broken; the organisation's default service by default.
    service_id: Option<ID>,
    /// The urgency of the incident: how soon a person must look; the service's default urgency by default.
    urgency: Option<Urgency>,
    /// The severity of the incident: how much is broken; no severity by default.
    severity: Option<Severity>,
    /// The tags of the incident, at most 50; no tags by default.
    tags: Option<Vec<TagInput>>,
}

/// The query for where incidents go.
#[derive(Default)]
pub(crate) struct RoutingQuery;

#[Object]
impl RoutingQuery {
    /// The connectors that an existing or a hypothetical incident goes to in Slack, and why. Give either `incidentId` or `incident`. Nothing is sent.
    async fn slack_routing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of an existing incident; leave out if you give `incident`.")]
        incident_id: Option<ID>,
        #[graphql(desc = "A hypothetical incident; leave out if you give `incidentId`.")] incident: Option<
            SlackRoutingInput,
        >,
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
