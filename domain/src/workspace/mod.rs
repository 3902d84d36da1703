//! Slack workspaces and Slack apps, as administrators connect them. Nothing here speaks to Slack: the bridge follows what is written here, and
//! what it has found is read from its tables.

pub mod app;
mod connect;
mod default;
mod install;
mod installed;
mod reseal;
mod scopes;
mod seal;
mod servers;
pub mod settings;
mod team;

pub use self::{
    connect::{
        ConnectSlackWorkspace, DisconnectSlackWorkspace, UpdateSlackWorkspace, connect, disconnect, update,
    },
    default::of_query,
    install::{InstallLink, Wish, link},
    installed::{CompleteSlackInstall, complete},
    scopes::missing_scopes,
    servers::{id_of as servers_id, last_delivered_at as servers_last_delivered_at, of as servers},
    team::of_workspace as team_id,
};
pub(crate) use self::{
    default::{Meant, meant, need_connected, none_yet, workspace as meant_workspace},
    reseal::run as reseal,
};
