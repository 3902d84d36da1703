//! Connectors: the Slack channels that an organisation's incidents go to, and the rules that lead there.

mod command;
mod event;
mod input;
mod moving;
mod place;
mod reach;
mod renumber;
mod route;
mod routing;
pub(crate) mod rule;
mod stand_in;
mod state;

pub use self::place::connectors_held_back;
pub(crate) use self::{
    command::{CreateConnector, DeleteConnector, UpdateConnector, create, delete, managed, plain, update},
    event::read as events,
    moving::{MoveConnectors, relocate},
    place::{is_free, is_taken},
    reach::Reach,
    renumber::{RecordSlackChannelChange, record},
    route::Facts,
    routing::{Route, RouteHeldBack, RoutingOf, is_synced, of as routes, of_incident as routes_of_incident},
    state::{State, of as state},
};
