//! Slack workspaces and Slack apps, as administrators connect them. Nothing here speaks to Slack: the bridge follows what is written here, and
//! what it has found is read from its tables.

pub mod app;
mod connect;
mod default;
mod install;
mod installed;
mod query;
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
    install::{InstallLink, InstallRequest, link},
    installed::{CompleteSlackInstall, complete},
    query::{connector_count, find, is_servers, list},
    scopes::missing_scopes,
    servers::last_delivered_at as servers_last_delivered_at,
};
pub(crate) use self::{
    default::{
        WorkspaceChoice, choose_workspace, need_connected, none_yet, of_query, workspace as meant_workspace,
    },
    reseal::run as reseal,
    team::of_workspace as team_id,
};
