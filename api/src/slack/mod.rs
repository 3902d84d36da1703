//! Slack, as administrators connect it. Nothing here speaks to Slack: the bridge follows what is written here, and what it has found is read from
//! its tables.

mod app;
mod channel;
mod connect;
mod default;
mod identity;
mod install;
mod installed;
mod operation;
mod reseal;
mod seal;
mod servers;
mod settings;
mod team;
mod workspace;

pub(crate) use self::{
    app::{SlackAppMutation, SlackAppQuery},
    channel::{SlackChannelQuery, SlackChannels},
    connect::SlackWorkspaceMutation,
    default::{Meant, meant, need_connected, workspace as meant_workspace},
    identity::{
        SlackIdentity, SlackIdentityMutation, SlackIdentityQuery, SlackMemberQuery, SlackSignInMutation,
    },
    install::SlackInstallQuery,
    installed::SlackInstallMutation,
    operation::{
        SlackOperation, SlackOperationMutation, SlackOperationQuery, SlackOperationSubscription,
        SlackReportMutation, SlackReportQuery, find as find_operation,
    },
    reseal::run as reseal,
    settings::{SlackSettings, SlackSettingsMutation, takes_unmatched},
    workspace::{SlackWorkspace, SlackWorkspaceQuery, find},
};
