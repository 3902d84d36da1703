//! Follows which workspaces administrators have connected: looks when told, and from time to time.

use std::time::Duration;

use secrecy::SecretString;
use tocsin_client::{ApiError, SealedToken, SlackWorkspace};
use tocsin_entity::{
    id::WorkspaceId,
    slack::installation::{SECRET_KEY_MISMATCH, SECRET_KEY_MISSING},
};
use tocsin_queue::{JobError, jobs::RefreshSlackWorkspaces};
use tocsin_slack_app::sealing::token_place;
use tokio_util::sync::CancellationToken;

use super::WorkspaceSync;
use crate::polling::{FailureLog, ends_within};
use crate::texts::health as texts;
use crate::workspace::{RotatingTokenPair, Workspace};

/// How often is looked without being told.
const LOOK: Duration = Duration::from_secs(15);

/// How often is looked while the queue fails, so that nobody is told.
const LOOK_WITHOUT_QUEUE: Duration = Duration::from_secs(3);

/// How soon is looked again before it has succeeded once: until then nothing is known of what is connected.
const FIRST_AGAIN: Duration = Duration::from_secs(1);

/// How long the start of all work waits for the first look: what comes from a workspace that is not known yet waits.
const FIRST_LOOK: Duration = Duration::from_secs(2);

impl WorkspaceSync {
    /// Looks once, before anything is worked.
    pub(crate) async fn look_first(&self) {
        match tokio::time::timeout(FIRST_LOOK, self.look()).await {
            Ok(Ok(())) => {}
            // It is looked again soon; without the API nothing can be worked anyway.
            Ok(Err(error)) => tracing::debug!("the Slack workspaces can't be read yet: {error}"),
            Err(_) => tracing::debug!("the Slack workspaces can't be read in time"),
        }
    }

    /// Handles the job: looks at once.
    pub(crate) async fn refresh(&self, _job: RefreshSlackWorkspaces) -> Result<(), JobError> {
        self.look().await.map_err(JobError::retry)
    }

    /// Looks from time to time, until the shutdown. Another replica may have got the job, so each looks for itself.
    pub(crate) async fn follow(&self, shutdown: CancellationToken) {
        let mut failures = FailureLog::new("the Slack workspaces can't be read");
        loop {
            failures.note(&self.look().await);
            if ends_within(&shutdown, self.until_next_look()).await {
                return;
            }
        }
    }

    fn until_next_look(&self) -> Duration {
        if self.workspaces.are_unread() {
            FIRST_AGAIN
        } else if self.queue.works() {
            LOOK
        } else {
            LOOK_WITHOUT_QUEUE
        }
    }

    /// Looks once where there is one among these that is not known: another replica may have been told of it.
    pub(crate) async fn look_for(&self, ids: impl IntoIterator<Item = WorkspaceId>) -> Result<(), ApiError> {
        if ids.into_iter().all(|id| self.workspaces.has(id)) {
            return Ok(());
        }
        self.look().await
    }

    /// Looks once.
    pub(crate) async fn look(&self) -> Result<(), ApiError> {
        let apps = self.api.slack_apps().await?;
        self.apps.set(self.sealer.as_ref(), apps);
        let organizations = self.api.organizations().await?;
        let wanted = self.api.slack_workspaces().await?;
        for workspace in self.workspaces.all() {
            let is_wanted = |wanted: &SlackWorkspace| {
                let version = wanted.token.as_ref().map(|token| token.version);
                Some(wanted.id) == workspace.id && version == Some(workspace.token_version)
            };
            if workspace.id.is_some() && !wanted.iter().any(is_wanted) {
                tracing::info!(
                    workspace = workspace.name,
                    "a Slack workspace is no longer worked in, or not with this token"
                );
                self.workspaces.remove(workspace.id);
            }
        }
        self.forget(&wanted).await;
        for wanted in wanted {
            let Some(token) = &wanted.token else { continue };
            if !self.workspaces.has(wanted.id) {
                self.connect(&wanted, token);
            }
            let workspace = self.workspaces.get(Some(wanted.id));
            workspace.monitor.want(&wanted.features);
        }
        let organizations: Vec<_> = organizations.iter().map(|organization| organization.id).collect();
        self.workspaces.have_been_read(&organizations);
        Ok(())
    }

    fn connect(&self, wanted: &SlackWorkspace, given: &SealedToken) {
        let token = self.open(wanted, &given.sealed);
        let (token, unopened) = match token {
            Ok(token) => (Some(token), None),
            Err(unopened) => (None, Some(unopened)),
        };
        let workspace = Workspace::new(&self.setting, Some(wanted.id), &pace_of(wanted), token);
        let monitor = workspace.monitor.clone();
        if let Some(Unopened { code, reason }) = unopened {
            tracing::error!(
                workspace = wanted.name,
                error.code = code,
                "{}: {reason}",
                wanted.name
            );
            monitor.unopened(code, reason);
        }
        self.workspaces.add(Workspace {
            monitor: if given.rotating.is_some() {
                monitor.rotating()
            } else {
                monitor
            },
            organization: Some(wanted.organization),
            name: wanted.name.clone(),
            connected_team: wanted.team_id.clone(),
            app: wanted.app_id,
            rotating: given
                .rotating
                .as_ref()
                .map(|(refresh, expires_at)| RotatingTokenPair {
                    sealed_access: given.sealed.clone(),
                    sealed_refresh: refresh.clone(),
                    expires_at: *expires_at,
                }),
            token_version: given.version,
            ..workspace
        });
    }

    fn open(&self, wanted: &SlackWorkspace, token: &str) -> Result<SecretString, Unopened> {
        let Some(sealer) = &self.sealer else {
            return Err(Unopened {
                code: SECRET_KEY_MISSING,
                reason: texts::KEY_MISSING.to_owned(),
            });
        };
        sealer
            .open(&token_place(wanted.id), token)
            .map_err(|error| Unopened {
                code: SECRET_KEY_MISMATCH,
                reason: texts::key_mismatch(&error.to_string()),
            })
    }
}

/// Under which name its calls are counted: Slack counts those of an app in a team, whoever is connected there.
fn pace_of(wanted: &SlackWorkspace) -> String {
    let Some(team) = &wanted.team_id else {
        return wanted.id.to_string();
    };
    wanted
        .app_id
        .map_or_else(|| team.clone(), |app| format!("{team} {app}"))
}

/// Why a token can't be opened: as a code, and for people.
struct Unopened {
    code: &'static str,
    reason: String,
}
