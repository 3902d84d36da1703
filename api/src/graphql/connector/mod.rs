//! Connectors and the rules that lead there, in GraphQL.

mod dry_run;
mod moving;
mod mutation;
mod renumber;
mod routing;
mod rule;
mod types;

pub(super) use self::{
    dry_run::RoutingQuery,
    moving::MovingMutation,
    mutation::ConnectorMutation,
    renumber::RenumberMutation,
    routing::SlackRoute,
    rule::{ConnectorRule, RuleMutation, find as find_rule},
    types::{Connector, ConnectorQuery, find},
};
