//! Connectors: the Slack channels that an organisation's incidents go to, and the rules that lead there.

mod command;
mod event;
mod fallback;
mod input;
mod moving;
mod nowhere;
mod place;
mod query;
mod renumber;
mod route;
mod routing;
pub mod rule;
mod scope;
mod state;

pub use self::{
    command::{CreateConnector, DeleteConnector, UpdateConnector, create, delete, update},
    event::read as events,
    moving::{MoveConnectors, relocate},
    nowhere::shown_nowhere,
    place::{connectors_held_back, is_taken},
    query::{SupposedIncident, dry_run, find, list},
    renumber::{RecordSlackChannelChange, record},
    routing::{
        ConnectorRoute, RouteHeldBack, RoutingTable, RoutingTableOf, of_incident as routes_of_incident,
    },
    state::{ConnectorHealth, of as state},
};
pub(crate) use self::{
    command::{managed, plain},
    place::is_free,
    routing::is_synced,
    scope::ConnectorScope,
};
