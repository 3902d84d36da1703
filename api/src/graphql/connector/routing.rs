//! Where an incident goes, in GraphQL.

use async_graphql::{ComplexObject, Context, Enum, SimpleObject};
use tocsin_domain::connector::{ConnectorRoute, RouteHeldBack};

use super::{rule::ConnectorRule, types::Connector};
use crate::graphql::{context::request, failure::Result};

/// The reason why a connector that applies to an incident is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RouteHeldBack")]
pub(crate) enum SlackRouteHeldBack {
    /// The incident isn't urgent enough for the connector's urgency filter.
    UrgencyFilter,
    /// Another connector that applies leads to the same channel.
    SameChannel,
}

/// A connector that applies to an incident, and the reason.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct SlackRoute {
    /// The connector that applies to the incident.
    connector: Connector,
    /// The rules that lead the incident to the connector; empty for a default connector, which applies if no rule leads the incident anywhere.
    rules: Vec<ConnectorRule>,
    /// The reason why the connector is passed over; null if the incident goes to the connector. If the incident is already in the connector's
    /// channel, the message there is kept up to date all the same.
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
    /// The route in words: why the connector applies, whether the connector is passed over, and, while the channel accepts no messages, where the
    /// incident goes instead.
    async fn explanation(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.route.explanation(&request(ctx)).await?)
    }
}
