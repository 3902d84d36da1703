//! Services: what breaks, and who owns it.

mod command;
mod managers;
mod query;

pub use self::{
    command::{CreateService, create},
    managers::{ManagersOf, SetServiceManager, set_manager},
    query::{find, list},
};
