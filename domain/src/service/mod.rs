//! Services: what breaks, and who owns it.

mod command;
mod managers;

pub use self::{
    command::{CreateService, create},
    managers::{ManagersOf, SetServiceManager, set_manager},
};
