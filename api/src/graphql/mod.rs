//! The GraphQL face: types, queries and mutations. A resolver takes what it needs out of its [`context`], calls one function of the domain, and
//! converts. Nothing below names this module.

mod api_key;
mod audit;
mod bridge_only;
mod conditions;
mod connector;
mod context;
mod delivery;
mod event;
mod failure;
mod incident;
mod node;
mod ordering;
mod organization;
mod paging;
mod personal_api_key;
mod postmortem;
mod schema;
mod sdl;
mod service;
mod session;
mod slack;
mod template;
mod timeline;
mod user;

pub(crate) use self::schema::build;
pub use self::{
    schema::Schema,
    sdl::{bridge_sdl, sdl},
};
