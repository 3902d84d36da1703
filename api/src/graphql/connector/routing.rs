//! Where an incident goes, in GraphQL.

use async_graphql::{ComplexObject, Context, Enum, SimpleObject};
use tocsin_domain::connector::{ConnectorRoute, RouteHeldBack};

use super::{rule::ConnectorRule, types::Connector};
use crate::graphql::{context::request, failure::Result};

/// Why a connector that applies is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RouteHeldBack")]
pub(crate) enum SlackRouteHeldBack {
    /// The incident is not urgent enough for its urgency filter.
    UrgencyFilter,
    /// Another connector that applies leads to the same channel.
    SameChannel,
}

/// A connector that applies to an incident, and why.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct SlackRoute {
    /// The connector.
    connector: Connector,
    /// The rules that lead there; none where it is a default connector and no rule leads anywhere.
    rules: Vec<ConnectorRule>,
    /// Why it is passed over; null where the incident goes there. One where the incident stands already keeps it true all the same.
    held_back: Option<SlackRouteHeldBack>,
    #[graphql(skip)]
    route: ConnectorRoute,
}

impl From<ConnectorRoute> for SlackRoute {
    fn from(route: ConnectorRoute) -> Self {
        Self {
            connector: Connector(route.connector.clone()),
            rules: route.rules.iter().cloned().map(ConnectorRule).collect(),
            held_back: route.held_back.map(Into::into),
            route,
        }
    }
}

#[ComplexObject]
impl SlackRoute {
    /// All of that for people; where its channel takes nothing at the moment, also where the incident goes meanwhile.
    async fn explanation(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.route.explanation(&request(ctx)).await?)
    }
}
