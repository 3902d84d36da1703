//! For which installation of a Slack app a request is: decided once, when it comes in.
//!
//! Slack names the workspace of a request in up to ten fields, and which of them is there depends on the kind of request. An organisation that has a
//! Slack app of its own knows its signing secret, so it can write anything into any field. So one place reads these fields ([`request_origin`]), beside the app
//! whose secret has verified the request ([`decide`]), and the decision is stored with the request. Handlers are given an [`AppInstallation`]: it can
//! be made here alone, and workspace, token, team and organisations are taken from it and never from the payload.
//!
//! Nothing falls back to another workspace. What names no team, names two, or names one that is not connected through the app, is refused and counted.

mod find;
mod request_origin;

use std::sync::Arc;

use tocsin_entity::{
    id::{OrganizationId, SlackAppId},
    slack::{home, inbox, post},
};
use tocsin_slack::installation::Installation;
use tocsin_slack_client::Slack;

pub(crate) use find::{Lookup, Rejection, decide, find};
pub(crate) use request_origin::{ActingUser, ClaimedOrigin};

use crate::workspace::{CommandName, Workspace, Workspaces};

/// Which app and which team a request is for. Whether the team is connected is another question, since that changes: see [`find`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstallationKey {
    app: Option<SlackAppId>,
    team_id: String,
}

impl InstallationKey {
    /// As it was decided when the request came in. None for rows of a version that did not store it.
    pub(crate) fn of_inbox(row: &inbox::Model) -> Option<Self> {
        Some(Self {
            app: row.app_id,
            team_id: row.team_id.clone()?,
        })
    }

    /// Through which a Home tab was opened last.
    pub(crate) fn of_home(row: &home::Model) -> Self {
        Self {
            app: row.app_id,
            team_id: row.team_id.clone(),
        }
    }

    /// Through which a message was posted.
    pub(crate) fn of_post(workspaces: &Workspaces, post: &post::Model) -> Self {
        Self {
            app: workspaces.of_post(post).app,
            team_id: post.team_id.clone(),
        }
    }

    /// The organisation's own Slack app; none for the server's.
    pub(crate) fn app(&self) -> Option<SlackAppId> {
        self.app
    }

    /// Slack's id of the workspace, or of the enterprise where the app is installed for a whole one.
    pub(crate) fn team_id(&self) -> &str {
        &self.team_id
    }
}

/// An app as it is installed in a team, with the organisations that have connected it. Only [`find`] makes one.
#[derive(Clone, Debug)]
pub(crate) struct AppInstallation {
    key: InstallationKey,
    /// Those that are connected in the team through the app, the best first; never empty.
    connected: Vec<Arc<Workspace>>,
    /// The bots that organisations have in the team, whichever app they are of: what they say is no person's word.
    bots: Vec<String>,
    /// Whose workspaces are connected in the team, whichever app they are of; none for the server's own.
    owners: Vec<Option<OrganizationId>>,
}

impl AppInstallation {
    /// The organisation's own Slack app; none for the server's.
    pub(crate) fn app(&self) -> Option<SlackAppId> {
        self.key.app
    }

    /// Slack's id of the workspace.
    pub(crate) fn team_id(&self) -> &str {
        &self.key.team_id
    }

    /// What stands before Slack's ids where they are a key. A channel's id and a message's time mean something in one team alone, since a channel that
    /// two companies share is in both; and what an organisation's own app says of them, which the organisation may have made up, is no other's.
    pub(crate) fn scope(&self) -> String {
        match self.key.app {
            Some(app) => format!("{app}/{}", self.key.team_id),
            None => self.key.team_id.clone(),
        }
    }

    /// Whether what the request says was signed with a secret that an organisation knows: Slack is asked before it is believed.
    pub(crate) fn may_be_forged(&self) -> bool {
        self.key.app.is_some()
    }

    /// Where calls are made.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.connected[0]
    }

    /// The one that an organisation has connected there, or else the one that serves all.
    pub(crate) fn workspace_of(&self, organization: OrganizationId) -> &Arc<Workspace> {
        let is_of = |workspace: &&Arc<Workspace>| workspace.organization == Some(organization);
        let is_for_all = |workspace: &&Arc<Workspace>| workspace.organization.is_none();
        let mut connected = self.connected.iter();
        let own = connected.clone().find(is_of);
        own.or_else(|| connected.find(is_for_all))
            .unwrap_or(&self.connected[0])
    }

    /// All workspaces that are connected by it: one for each organisation.
    pub(crate) fn workspaces(&self) -> &[Arc<Workspace>] {
        &self.connected
    }

    /// Slack's Web API, with the installation's own token.
    pub(crate) fn slack(&self) -> &Slack {
        &self.workspace().slack
    }

    /// Who the bot is there, once Slack has said it.
    pub(crate) fn bot(&self) -> Option<Arc<Installation>> {
        self.workspace().installation()
    }

    /// Whether a user is a bot of ours in the team.
    pub(crate) fn is_bot(&self, user: &str) -> bool {
        self.bots.iter().any(|bot| bot == user)
    }

    /// The users that our bots are in the team.
    pub(crate) fn bots(&self) -> &[String] {
        &self.bots
    }

    /// Whether what people do there may be done in an organisation: the environment's workspace serves all, any other its own alone, since its
    /// administrators say there who has which e-mail address.
    pub(crate) fn serves(&self, organization: OrganizationId) -> bool {
        let mut connected = self.connected.iter();
        connected.any(|workspace| workspace.serves(organization))
    }

    /// The organisations of which people there may be members, as [`Self::serves`] says; none where they may be of any.
    pub(crate) fn served(&self) -> Option<Vec<OrganizationId>> {
        let connected = self.connected.iter();
        connected.map(|workspace| workspace.organization).collect()
    }

    /// The organisations that have connected the team, through whichever app.
    pub(crate) fn owners(&self) -> Vec<OrganizationId> {
        self.owners.iter().copied().flatten().collect()
    }

    /// Whether the team is that of the server's own workspace.
    pub(crate) fn is_servers(&self) -> bool {
        self.owners.iter().any(Option::is_none)
    }

    /// What people there call the slash command, if the app is to have one.
    pub(crate) fn slash_command(&self) -> CommandName {
        self.workspace().slash_command()
    }
}

/// Two are the same where they are for the same app and team.
impl PartialEq for AppInstallation {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for AppInstallation {}
