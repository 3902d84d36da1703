//! Slack workspaces and Slack apps, as administrators connect them. Nothing here speaks to Slack: the bridge follows what is written here, and
//! what it has found is read from its tables.

pub(crate) mod app;
mod connect;
mod default;
mod install;
mod installed;
mod reseal;
mod scopes;
mod seal;
mod servers;
pub(crate) mod settings;
mod team;

pub(crate) use self::{
    connect::{
        ConnectSlackWorkspace, DisconnectSlackWorkspace, UpdateSlackWorkspace, connect, disconnect, update,
    },
    default::{Meant, meant, need_connected, none_yet, of_query, workspace as meant_workspace},
    install::{Wish, link},
    installed::{CompleteSlackInstall, complete},
    reseal::run as reseal,
    scopes::missing_scopes,
    servers::{id_of as servers_id, last_delivered_at as servers_last_delivered_at, of as servers},
    team::of_workspace as team_id,
};
