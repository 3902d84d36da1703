//! Which workspaces there are, and which one is meant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, WorkspaceId},
    slack::post,
};
use tokio::sync::{Notify, watch};

use super::{Bot, Workspace, WorkspaceServices};
use crate::workspace::apps::OrganizationApp;

/// How long the first answer of Slack is waited for after the start.
const FIRST_ANSWER: Duration = Duration::from_secs(2);

/// The workspaces by their ids; that of the environment's token comes first.
type Known = BTreeMap<Option<WorkspaceId>, Arc<Workspace>>;

/// All workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Workspaces {
    known: Arc<RwLock<Known>>,
    /// Stands for those that are unknown or disconnected: every call fails there, saying so.
    nowhere: Arc<Workspace>,
    /// Whether it has been read which there are.
    are_read: Arc<AtomicBool>,
    /// The only organisation of the server, where there is only one.
    only: Arc<RwLock<Option<OrganizationId>>>,
    changed: Arc<watch::Sender<()>>,
    healed: Arc<Notify>,
}

/// The workspaces that some work is about: who the bot is in each, or why no call can be made there.
#[derive(Debug, Default)]
pub(crate) struct ReachableWorkspaces {
    bots: BTreeMap<Option<WorkspaceId>, Result<Bot, String>>,
    /// Those where no call can work until a person acts.
    broken: BTreeSet<Option<WorkspaceId>>,
}

impl ReachableWorkspaces {
    pub(crate) fn bot(&self, id: Option<WorkspaceId>) -> Result<&Bot, &str> {
        match self.bots.get(&id) {
            Some(Ok(bot)) => Ok(bot),
            Some(Err(trouble)) => Err(trouble),
            None => Err("it has not been asked whether the workspace can be reached"),
        }
    }

    /// Whether no call can work there until a person acts.
    pub(crate) fn is_broken(&self, id: Option<WorkspaceId>) -> bool {
        self.broken.contains(&id)
    }
}

impl Workspaces {
    pub(crate) fn new(setting: &WorkspaceServices) -> Self {
        Self {
            known: Arc::default(),
            nowhere: Arc::new(Workspace::nowhere(setting)),
            are_read: Arc::default(),
            only: Arc::default(),
            changed: Arc::new(watch::Sender::new(())),
            healed: Arc::default(),
        }
    }

    /// The workspace with this id; without one, that of the environment's token.
    pub(crate) fn get(&self, id: Option<WorkspaceId>) -> Arc<Workspace> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).unwrap_or(&self.nowhere).clone()
    }

    /// Those in a team that are connected through an app: the server's where that is none.
    pub(crate) fn connected(
        &self,
        app: Option<SlackAppId>,
        team: &str,
    ) -> impl Iterator<Item = Arc<Workspace>> + use<> {
        self.in_team(team).filter(move |workspace| workspace.app == app)
    }

    /// Those in a team, through whichever app.
    pub(crate) fn in_team(&self, team: &str) -> impl Iterator<Item = Arc<Workspace>> + use<> {
        let team = team.to_owned();
        self.all()
            .into_iter()
            .filter(move |workspace| workspace.is_in(&team))
    }

    /// All that administrators have connected are known by now, and which organisations there are.
    pub(crate) fn have_been_read(&self, organizations: &[OrganizationId]) {
        let only = match organizations {
            [only] => Some(*only),
            _ => None,
        };
        *self.only.write().unwrap_or_else(PoisonError::into_inner) = only;
        self.are_read.store(true, Ordering::Release);
    }

    /// Whether it has not been read yet which there are.
    pub(crate) fn are_unread(&self) -> bool {
        !self.are_read.load(Ordering::Acquire)
    }

    /// The workspace through which a post was made.
    pub(crate) fn of_post(&self, post: &post::Model) -> Arc<Workspace> {
        self.get(post.workspace_id)
    }

    /// What can be reached now of these workspaces. Just after the start, the first answers are waited for.
    pub(crate) async fn reachable(
        &self,
        ids: impl IntoIterator<Item = Option<WorkspaceId>>,
    ) -> ReachableWorkspaces {
        let ids: BTreeSet<_> = ids.into_iter().collect();
        let bots = ids.into_iter().map(async |id| {
            let workspace = self.get(id);
            let answer = workspace.monitor.first_answer(FIRST_ANSWER).await;
            // One that is not known here may have been connected a moment ago.
            let is_broken = workspace.id == id && workspace.is_disconnected();
            let bot = answer.map(|installation| Bot {
                workspace,
                installation,
            });
            (id, bot, is_broken)
        });
        let mut reachable = ReachableWorkspaces::default();
        for (id, bot, is_broken) in join_all(bots).await {
            reachable.bots.insert(id, bot);
            reachable.broken.extend(is_broken.then_some(id));
        }
        reachable
    }

    /// All of them, that of the environment's token first.
    pub(crate) fn all(&self) -> Vec<Arc<Workspace>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
    }

    /// Whether it may soon be known in which team a workspace is that is connected through an app: it has not answered since the start, and may do so
    /// without anybody's doing.
    pub(crate) fn is_coming(&self, app: Option<SlackAppId>) -> bool {
        let all = self.all();
        let mut through_it = all.iter().filter(|workspace| workspace.app == app);
        self.are_unread() || through_it.any(|workspace| workspace.may_still_say_where_it_is())
    }

    /// Whether a team is connected and serves an organisation: the environment's workspace serves all, any other its own alone.
    pub(crate) fn serves(&self, team: &str, organization: OrganizationId) -> bool {
        self.in_team(team).any(|workspace| workspace.serves(organization))
    }

    /// Whether all that is connected in a team is the organisation's whose app this is, and the app is installed there.
    pub(crate) fn are_all_of(&self, app: &OrganizationApp, team: &str) -> bool {
        let theirs: Vec<_> = self.in_team(team).collect();
        let is_installed = theirs.iter().any(|workspace| workspace.app == Some(app.id));
        // The server's own workspace serves all organisations, and so the only one alone.
        let only = *self.only.read().unwrap_or_else(PoisonError::into_inner);
        is_installed
            && theirs
                .iter()
                .all(|workspace| workspace.organization.or(only) == Some(app.organization))
    }

    pub(crate) fn has(&self, id: WorkspaceId) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&Some(id))
    }

    /// Nothing is done there any more.
    pub(crate) fn remove(&self, id: Option<WorkspaceId>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let removed = known.remove(&id);
        drop(known);
        if removed.is_some() {
            self.changed.send_replace(());
        }
    }

    pub(crate) fn add(&self, workspace: Workspace) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(workspace.id, Arc::new(workspace));
        drop(known);
        self.changed.send_replace(());
    }

    /// Tells of workspaces that are added or removed.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Something works again in a workspace: what has failed is worth another try.
    pub(crate) fn heal(&self) {
        self.healed.notify_one();
    }

    /// Waits until something works again that did not.
    pub(crate) async fn healed(&self) {
        self.healed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use tocsin_database::Database;
    use tocsin_slack::installation::Installation;
    use tocsin_slack_client::Http;
    use url::Url;

    use super::*;
    use crate::{
        config::Pace,
        workspace::{HealthMonitor, SlackHealth},
    };

    async fn setting() -> WorkspaceServices {
        // The first test to come here installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let nowhere = Url::parse("http://127.0.0.1:9").expect("a URL");
        WorkspaceServices {
            clock: tocsin_clock::Clock::new(),
            database: Database::open("sqlite::memory:", 1).await.expect("a database"),
            http: Http::new(&nowhere).expect("a client"),
            pace: Pace::Unlimited,
        }
    }

    fn workspace(
        setting: &WorkspaceServices,
        own: Option<(WorkspaceId, OrganizationId)>,
        team: Option<&str>,
    ) -> Workspace {
        let health = team.map_or(SlackHealth::Unknown, |team| {
            let installation = Installation {
                team_id: team.to_owned(),
                team_name: String::new(),
                bot_user_id: format!("U{team}"),
                bot_name: None,
                bot_id: None,
                app_id: None,
                enterprise_id: None,
                scopes: std::collections::BTreeSet::new(),
            };
            SlackHealth::Healthy(Arc::new(installation))
        });
        Workspace {
            organization: own.map(|(_, organization)| organization),
            monitor: HealthMonitor::of(health),
            ..Workspace::new(setting, own.map(|(id, _)| id), team.unwrap_or_default(), None)
        }
    }

    #[tokio::test]
    async fn a_workspace_is_its_organisation_s_alone_and_that_of_the_environment_everybody_s() {
        let setting = setting().await;
        let (own, other) = (OrganizationId::new(), OrganizationId::new());
        let theirs = workspace(&setting, Some((WorkspaceId::new(), own)), Some("T1"));
        assert!(theirs.serves(own) && !theirs.serves(other));
        assert!(workspace(&setting, None, Some("T1")).serves(other));
    }

    #[tokio::test]
    async fn people_of_a_connected_workspace_are_known_to_its_own_organisation_alone() {
        let setting = setting().await;
        let (ours, theirs) = (OrganizationId::new(), OrganizationId::new());
        let workspaces = Workspaces::new(&setting);
        workspaces.add(workspace(&setting, None, Some("T0")));
        workspaces.add(workspace(&setting, Some((WorkspaceId::new(), ours)), Some("T1")));
        assert!(workspaces.serves("T0", ours) && workspaces.serves("T0", theirs));
        assert!(workspaces.serves("T1", ours));
        assert!(!workspaces.serves("T1", theirs));
        assert!(!workspaces.serves("T2", ours), "nobody has connected it");
    }

    #[tokio::test]
    async fn one_that_is_not_known_yet_is_not_taken_for_one_that_is_broken() {
        let setting = setting().await;
        let workspaces = Workspaces::new(&setting);
        let id = Some(WorkspaceId::new());
        let reachable = workspaces.reachable([id]).await;
        assert!(reachable.bot(id).is_err() && !reachable.is_broken(id));
    }

    #[tokio::test]
    async fn an_app_of_ones_own_speaks_where_all_that_is_connected_is_the_organisation_s() {
        let setting = setting().await;
        let (ours, theirs) = (OrganizationId::new(), OrganizationId::new());
        let app = OrganizationApp {
            id: SlackAppId::new(),
            organization: ours,
            version: 1,
            client: None,
            signing_secret: None,
            socket_token: None,
        };
        let through_it = |team: Option<&str>| Workspace {
            app: Some(app.id),
            ..workspace(&setting, Some((WorkspaceId::new(), ours)), team)
        };
        let workspaces = Workspaces::new(&setting);
        assert!(
            workspaces.is_coming(Some(app.id)),
            "nobody knows what is connected"
        );
        workspaces.have_been_read(&[ours, theirs]);
        assert!(!workspaces.is_coming(Some(app.id)) && !workspaces.are_all_of(&app, "T1"));
        workspaces.add(through_it(Some("T1")));
        assert!(workspaces.are_all_of(&app, "T1"));
        workspaces.add(workspace(&setting, None, Some("T1")));
        assert!(!workspaces.are_all_of(&app, "T1"), "the server's own serves all");
        workspaces.have_been_read(&[ours]);
        assert!(workspaces.are_all_of(&app, "T1"), "there is nobody else");
        workspaces.add(workspace(
            &setting,
            Some((WorkspaceId::new(), theirs)),
            Some("T1"),
        ));
        assert!(!workspaces.are_all_of(&app, "T1"));
        workspaces.add(through_it(None));
        assert!(workspaces.is_coming(Some(app.id)), "one has not answered");
    }
}
