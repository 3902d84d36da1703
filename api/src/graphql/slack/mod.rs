//! Slack, as administrators connect it and as the bridge reports it, in GraphQL.

mod app;
mod channel;
mod connect;
pub(super) mod identity;
mod install;
mod installed;
pub(super) mod operation;
mod preview;
mod restore;
mod settings;
mod workspace;

pub(super) use self::{
    app::{SlackApp, SlackAppMutation, SlackAppQuery, find as find_app},
    channel::{SlackChannelQuery, SlackChannels},
    connect::SlackWorkspaceMutation,
    install::SlackInstallQuery,
    installed::SlackInstallMutation,
    preview::SlackPreviewQuery,
    settings::{SlackSettings, SlackSettingsMutation},
    workspace::{MissingScopes, SlackWorkspace, SlackWorkspaceQuery, find},
};
