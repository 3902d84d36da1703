//! The Slack workspaces that the bridge works in: that of the environment's token, and those that administrators have connected.

pub(crate) mod apps;
pub(crate) mod channels;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod lookup;
mod registry;
pub(crate) mod sockets;
pub(crate) mod unknown_emails;

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, WorkspaceId},
    kinds::SlackFeature,
};
use tocsin_queue::JobError;
use tocsin_slack::{error::SlackError, installation::Installation};
use tocsin_slack_client::{Http, Slack, Token};
use tokio::sync::watch;

use self::{channels::ChannelResolver, groups::Groups, lookup::Lookups, unknown_emails::UnknownEmails};
pub(crate) use self::{
    health::{HealthMonitor, SlackHealth},
    registry::{ReachableWorkspaces, Workspaces},
    sockets::SocketTroubles,
};
use crate::{config::Pace, pace::WorkspacePace};

/// The slash command of the app in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandName {
    /// The app has none there: nobody is sent to it.
    Absent,
    /// It has one, and nobody has used it yet: each app calls its own as it likes.
    Unnamed,
    /// What people call it, with its slash.
    Named(String),
}

/// One workspace, as one organisation is connected to it.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// None for that of the environment's token.
    pub(crate) id: Option<WorkspaceId>,
    /// Whose it is; that of the environment's token serves every organisation.
    pub(crate) organization: Option<OrganizationId>,
    /// In which team it is, as it was connected. What Slack says of the token goes before.
    pub(crate) connected_team: Option<String>,
    /// What administrators call it.
    pub(crate) name: String,
    /// The organisation's own Slack app that is installed there; none for the server's.
    pub(crate) app: Option<SlackAppId>,
    /// The pair of tokens that an administrator has given, where Slack changes them.
    pub(crate) rotating: Option<RotatingTokenPair>,
    pub(crate) token: Token,
    /// How often its token was set.
    pub(crate) token_version: i64,
    pub(crate) slack: Slack,
    /// The pace of its calls.
    pub(crate) limits: WorkspacePace,
    pub(crate) monitor: HealthMonitor,
    pub(crate) channels: ChannelResolver,
    pub(crate) lookups: Lookups,
    pub(crate) groups: Groups,
    pub(crate) unknown_emails: UnknownEmails,
    /// When Slack last took a message there.
    pub(crate) delivered_at: watch::Sender<Option<OffsetDateTime>>,
    /// What people there call the slash command, once one has used it.
    pub(crate) command: Mutex<Option<String>>,
}

/// A pair of tokens that Slack changes.
#[derive(Clone, Debug)]
pub(crate) struct RotatingTokenPair {
    pub(crate) sealed_access: String,
    pub(crate) sealed_refresh: String,
    pub(crate) expires_at: OffsetDateTime,
}

/// A workspace in which calls can be made, and who the bot is there. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) installation: Arc<Installation>,
}

/// What all workspaces are made with.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceServices {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) http: Http,
    pub(crate) pace: Pace,
}

impl Workspace {
    /// Whether what is said there may concern an organisation: the environment's workspace serves all, any other its own alone.
    pub(crate) fn serves(&self, organization: OrganizationId) -> bool {
        self.organization.is_none_or(|own| own == organization)
    }

    /// `name` tells the rows of its pace from those of others.
    pub(crate) fn new(
        setting: &WorkspaceServices,
        id: Option<WorkspaceId>,
        name: &str,
        token: Option<SecretString>,
    ) -> Self {
        let database = &setting.database;
        let limits = WorkspacePace::new(database.clone(), setting.clock.clone(), setting.pace, name);
        let token = Token::new(token);
        let monitor = HealthMonitor::new();
        let slack = setting
            .http
            .with_token(token.clone(), Arc::new(limits.clone()))
            .heard_by(Arc::new(monitor.clone()));
        Self {
            id,
            organization: None,
            connected_team: None,
            name: String::new(),
            app: None,
            rotating: None,
            token,
            token_version: 0,
            limits,
            monitor,
            channels: ChannelResolver::new(database.clone(), setting.clock.clone(), slack.clone()),
            lookups: Lookups::new(database.clone(), setting.clock.clone(), slack.clone()),
            groups: Groups::default(),
            unknown_emails: UnknownEmails::default(),
            delivered_at: watch::Sender::default(),
            command: Mutex::default(),
            slack,
        }
    }

    /// Where no call can be made.
    fn nowhere(setting: &WorkspaceServices) -> Self {
        Self {
            monitor: HealthMonitor::of_nowhere(),
            ..Self::new(setting, None, "nowhere", None)
        }
    }

    /// Slack took a message there.
    pub(crate) fn delivered(&self) {
        self.delivered_at.send_replace(Some(self.limits.now()));
    }

    /// Who the bot is there, also while Slack does not answer.
    pub(crate) fn installation(&self) -> Option<Arc<Installation>> {
        self.monitor.health().installation().cloned()
    }

    /// Whether it is in this team, or installed for this whole enterprise.
    pub(crate) fn is_in(&self, team: &str) -> bool {
        match self.installation() {
            Some(bot) => bot.team_id == team || bot.enterprise_id.as_deref() == Some(team),
            None => self.connected_team.as_deref() == Some(team),
        }
    }

    /// Whether it is not known where it is, and Slack may say so later of the same token.
    pub(crate) fn may_still_say_where_it_is(&self) -> bool {
        self.installation().is_none() && self.connected_team.is_none() && !self.is_disconnected()
    }

    /// What people there call the slash command, if the app is to have one.
    pub(crate) fn slash_command(&self) -> CommandName {
        let used = self
            .command
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match used {
            Some(name) => CommandName::Named(name),
            None if self.wants(SlackFeature::Commands) => CommandName::Unnamed,
            None => CommandName::Absent,
        }
    }

    /// Whether this is wanted of the app there.
    pub(crate) fn wants(&self, feature: SlackFeature) -> bool {
        self.monitor.wanted().contains(&feature)
    }

    /// Somebody has used the slash command under this name.
    pub(crate) fn command_was(&self, name: &str) {
        let mut command = self.command.lock().unwrap_or_else(PoisonError::into_inner);
        if command.as_deref() != Some(name) {
            *command = Some(name.to_owned());
        }
    }

    /// Whether Slack refuses the bot's token, so that nothing works until a person acts.
    pub(crate) fn is_disconnected(&self) -> bool {
        matches!(self.monitor.health(), SlackHealth::Unhealthy { broken: true, .. })
    }

    /// What a failed call that may be repeated without harm means for the job that made it.
    #[expect(
        clippy::unused_self,
        reason = "whoever calls has the workspace, and may come to need it"
    )]
    pub(crate) fn failed(&self, error: SlackError) -> JobError {
        match error {
            SlackError::RateLimited { retry_after, .. } => JobError::retry_after(retry_after, error),
            SlackError::Refused { .. } => JobError::fail(error),
            SlackError::Broken { .. } | SlackError::NotSent { .. } | SlackError::Unknown { .. } => {
                JobError::retry(error)
            }
        }
    }
}
