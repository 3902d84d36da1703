//! Connectors: the Slack channels that an organisation's incidents go to, and the rules that lead there.

mod command;
mod dry_run;
mod event;
mod graphql;
mod input;
mod moving;
mod place;
mod reach;
mod renumber;
mod route;
mod routing;
mod rule;
mod stand_in;
mod state;

pub use self::place::connectors_held_back;
pub(crate) use self::{
    command::{ConnectorMutation, managed, plain},
    dry_run::RoutingQuery,
    graphql::{Connector, ConnectorQuery, find},
    moving::MovingMutation,
    place::is_free,
    reach::Reach,
    renumber::RenumberMutation,
    routing::{SlackRoute, is_synced, of_incident},
    rule::RuleMutation,
};
