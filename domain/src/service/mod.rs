//! Services: what breaks, and who owns it.

mod command;
mod managers;
mod query;

pub use self::{
    command::{CreateService, create},
    managers::{SetServiceManager, managers, set_manager},
    query::{find, list},
};
