//! Slack, as administrators connect it. Nothing here speaks to Slack: the bridge follows what is written here, and what it has found is read from
//! its tables.

mod connect;
mod seal;
mod settings;
mod workspace;

pub(crate) use self::{
    connect::SlackWorkspaceMutation,
    settings::{SlackSettings, SlackSettingsMutation, takes_unmatched},
    workspace::{SlackWorkspace, SlackWorkspaceQuery, find},
};
