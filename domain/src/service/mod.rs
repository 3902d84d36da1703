//! Services: what breaks, and who owns it.

mod command;
mod managers;
mod open_incidents;
mod query;

pub use self::{
    command::{ArchiveService, CreateService, UpdateService, archive, create, update},
    managers::{SetServiceManager, managers, set_manager},
    open_incidents::count_open_incidents,
    query::{ServiceCriteria, ServiceOrderField, ServiceSort, count, find, list},
};
