//! How the Slack app comes into a workspace and leaves it, and how members come back from Slack who have signed in there.

mod callback;
mod lifecycle;
mod page;
mod session;
pub(crate) mod sign_in;
mod state;

pub(crate) use self::{
    callback::{SlackInstall, of_link, router},
    lifecycle::{REVOKED, UNINSTALLED},
    page::{InstallResult, OK},
    sign_in::SlackSignIn,
    state::OneTimeLinks,
};
