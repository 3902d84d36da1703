//! Connectors: the Slack channels that an organisation's incidents go to, and the rules that lead there.

mod command;
mod event;
mod input;
mod moving;
mod place;
mod query;
mod reach;
mod renumber;
mod route;
mod routing;
pub mod rule;
mod stand_in;
mod state;

pub use self::{
    command::{CreateConnector, DeleteConnector, UpdateConnector, create, delete, update},
    event::read as events,
    moving::{MoveConnectors, relocate},
    place::{connectors_held_back, is_taken},
    query::{SupposedIncident, dry_run, find, list},
    renumber::{RecordSlackChannelChange, record},
    routing::{Route, RouteHeldBack, Routing, RoutingOf, of_incident as routes_of_incident},
    state::{State, of as state},
};
pub(crate) use self::{
    command::{managed, plain},
    place::is_free,
    reach::Reach,
    routing::is_synced,
};
