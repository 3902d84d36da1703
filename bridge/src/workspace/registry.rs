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

use super::{Bot, Setting, Workspace};
use crate::app::App;

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
    /// The teams of those that administrators have disconnected.
    left: Arc<RwLock<BTreeSet<String>>>,
    /// Whether it has been read which there are.
    are_read: Arc<AtomicBool>,
    /// The only organisation of the server, where there is only one.
    only: Arc<RwLock<Option<OrganizationId>>>,
    changed: Arc<watch::Sender<()>>,
    healed: Arc<Notify>,
}

/// The workspaces that some work is about: who the bot is in each, or why no call can be made there.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    bots: BTreeMap<Option<WorkspaceId>, Result<Bot, String>>,
    /// Those where no call can work until a person acts.
    broken: BTreeSet<Option<WorkspaceId>>,
}

impl Reach {
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
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            known: Arc::default(),
            nowhere: Arc::new(Workspace::nowhere(setting)),
            left: Arc::default(),
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

    /// The workspace that Slack calls so, preferably one where the bot works. A team that is in none, as those of people from elsewhere
    /// and of whole enterprises are, is taken for the first; one that was disconnected is nowhere.
    pub(crate) fn of_team(&self, team: Option<&str>) -> Arc<Workspace> {
        self.of(None, team)
    }

    /// The same, by the app that has asked: what opens a dialog is good for that app alone.
    pub(crate) fn of(&self, app: Option<SlackAppId>, team: Option<&str>) -> Arc<Workspace> {
        let all = self.all();
        let theirs = all.iter().filter(|workspace| {
            let installation = workspace.installation();
            installation.is_some_and(|bot| Some(bot.team_id.as_str()) == team)
        });
        let best = theirs.min_by_key(|workspace| (workspace.is_disconnected(), workspace.app != app));
        if best.is_none() && team.is_some_and(|team| self.was_left(team)) {
            return Arc::clone(&self.nowhere);
        }
        best.or(all.first()).unwrap_or(&self.nowhere).clone()
    }

    fn was_left(&self, team: &str) -> bool {
        let left = self.left.read().unwrap_or_else(PoisonError::into_inner);
        left.contains(team)
    }

    /// These are the teams of workspaces that administrators have disconnected.
    pub(crate) fn leave(&self, teams: BTreeSet<String>) {
        *self.left.write().unwrap_or_else(PoisonError::into_inner) = teams;
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
    pub(crate) async fn reach(&self, ids: impl IntoIterator<Item = Option<WorkspaceId>>) -> Reach {
        let ids: BTreeSet<_> = ids.into_iter().collect();
        let bots = ids.into_iter().map(async |id| {
            let workspace = self.get(id);
            let answer = workspace.watcher.first_answer(FIRST_ANSWER).await;
            // One that is not known here may have been connected a moment ago.
            let is_broken = workspace.id == id && workspace.is_disconnected();
            let bot = answer.map(|installation| Bot {
                workspace,
                installation,
            });
            (id, bot, is_broken)
        });
        let mut reach = Reach::default();
        for (id, bot, is_broken) in join_all(bots).await {
            reach.bots.insert(id, bot);
            reach.broken.extend(is_broken.then_some(id));
        }
        reach
    }

    /// All of them, that of the environment's token first.
    pub(crate) fn all(&self) -> Vec<Arc<Workspace>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
    }

    /// Whether it may soon be known which workspace a team is: one that was connected has not answered since the start.
    pub(crate) fn may_come_to_know(&self, team: &str) -> bool {
        let all = self.all();
        let installations = all
            .iter()
            .map(|workspace| (workspace.id, workspace.installation()));
        let mut is_coming = self.are_unread();
        for (id, installation) in installations {
            match installation {
                Some(bot) if bot.team_id == team => return false,
                Some(_) => {}
                None => is_coming |= id.is_some(),
            }
        }
        is_coming
    }

    /// Whether it may soon be known in which team an app is: a workspace that is connected through it has not answered since the start.
    pub(crate) fn is_coming(&self, app: SlackAppId) -> bool {
        let all = self.all();
        let mut through_it = all.iter().filter(|workspace| workspace.app == Some(app));
        self.are_unread() || through_it.any(|workspace| workspace.installation().is_none())
    }

    /// Whether this user is the bot in one of the workspaces.
    pub(crate) fn is_bot(&self, user: &str) -> bool {
        let all = self.all();
        let mut bots = all.iter().filter_map(|workspace| workspace.installation());
        bots.any(|bot| bot.bot_user_id == user)
    }

    /// Whether what people do in a team may be done in an organisation: the environment's workspace serves all, any other its own alone, since its
    /// administrators say there who has which e-mail address.
    pub(crate) fn serves(&self, team: &str, organization: OrganizationId) -> bool {
        let all = self.all();
        let mut theirs = all
            .iter()
            .filter(|workspace| workspace.installation().is_some_and(|bot| bot.team_id == team))
            .peekable();
        let serves =
            |workspace: &Arc<Workspace>| workspace.organization.is_none_or(|own| own == organization);
        if theirs.peek().is_none() {
            return serves(&self.of_team(Some(team)));
        }
        theirs.any(serves)
    }

    /// Whether all that is connected in a team is the organisation's whose app this is, and the app is installed there.
    pub(crate) fn are_all_of(&self, app: &App, team: &str) -> bool {
        let all = self.all();
        let is_there =
            |workspace: &&Arc<Workspace>| workspace.installation().is_some_and(|bot| bot.team_id == team);
        let mut theirs = all.iter().filter(is_there).peekable();
        let is_installed = all
            .iter()
            .filter(is_there)
            .any(|workspace| workspace.app == Some(app.id));
        // The server's own workspace serves all organisations, and so the only one alone.
        let only = *self.only.read().unwrap_or_else(PoisonError::into_inner);
        theirs.peek().is_some()
            && is_installed
            && theirs.all(|workspace| workspace.organization.or(only) == Some(app.organization))
    }

    /// The organisations of which people in a team may be members, as [`Self::serves`] says; none where they may be of any.
    pub(crate) fn served(&self, team: &str) -> Option<Vec<OrganizationId>> {
        let all = self.all();
        let theirs = all
            .iter()
            .filter(|workspace| workspace.installation().is_some_and(|bot| bot.team_id == team));
        let own: Vec<_> = theirs.map(|workspace| workspace.organization).collect();
        if own.is_empty() {
            return self.of_team(Some(team)).organization.map(|own| vec![own]);
        }
        own.into_iter().collect()
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
    use tocsin_entity::database::Database;
    use url::Url;

    use super::*;
    use crate::{
        config::Pace,
        slack::{Http, Installation, SlackHealth, installation::Watcher},
    };

    async fn setting() -> Setting {
        // The first test to come here installs it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let nowhere = Url::parse("http://127.0.0.1:9").expect("a URL");
        Setting {
            database: Database::open("sqlite::memory:", 1).await.expect("a database"),
            http: Http::new(&nowhere).expect("a client"),
            pace: Pace::Unlimited,
        }
    }

    fn workspace(
        setting: &Setting,
        own: Option<(WorkspaceId, OrganizationId)>,
        team: Option<&str>,
    ) -> Workspace {
        let health = team.map_or(SlackHealth::Unasked, |team| {
            let installation = Installation {
                team_id: team.to_owned(),
                team_name: String::new(),
                bot_user_id: format!("U{team}"),
                bot_name: None,
                bot_id: None,
                app_id: None,
                scopes: std::collections::BTreeSet::new(),
            };
            SlackHealth::Well(Arc::new(installation))
        });
        Workspace {
            organization: own.map(|(_, organization)| organization),
            watcher: Watcher::of(health),
            ..Workspace::new(setting, own.map(|(id, _)| id), team.unwrap_or_default(), None)
        }
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
        assert_eq!(workspaces.of_team(Some("T1")).organization, Some(ours));
        assert!(workspaces.is_bot("UT1") && !workspaces.is_bot("U1"));
    }

    #[tokio::test]
    async fn what_comes_from_a_team_that_may_come_to_be_known_waits() {
        let setting = setting().await;
        let workspaces = Workspaces::new(&setting);
        workspaces.add(workspace(&setting, None, Some("T0")));
        assert!(
            workspaces.may_come_to_know("T1"),
            "nobody knows what is connected"
        );
        assert!(!workspaces.may_come_to_know("T0"));
        workspaces.have_been_read(&[]);
        assert!(!workspaces.may_come_to_know("T1"), "nothing is connected");
        let own = (WorkspaceId::new(), OrganizationId::new());
        workspaces.add(workspace(&setting, Some(own), None));
        assert!(workspaces.may_come_to_know("T1"));
        assert!(!workspaces.may_come_to_know("T0"), "it is known");
        workspaces.add(workspace(&setting, Some(own), Some("T1")));
        assert!(!workspaces.may_come_to_know("T2"), "all have answered");
    }

    #[tokio::test]
    async fn one_that_is_not_known_yet_is_not_taken_for_one_that_is_broken() {
        let setting = setting().await;
        let workspaces = Workspaces::new(&setting);
        let id = Some(WorkspaceId::new());
        let reach = workspaces.reach([id]).await;
        assert!(reach.bot(id).is_err() && !reach.is_broken(id));
    }

    #[tokio::test]
    async fn an_app_of_ones_own_speaks_where_all_that_is_connected_is_the_organisation_s() {
        let setting = setting().await;
        let (ours, theirs) = (OrganizationId::new(), OrganizationId::new());
        let app = App {
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
        assert!(workspaces.is_coming(app.id), "nobody knows what is connected");
        workspaces.have_been_read(&[ours, theirs]);
        assert!(!workspaces.is_coming(app.id) && !workspaces.are_all_of(&app, "T1"));
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
        assert!(workspaces.is_coming(app.id), "one has not answered");
    }
}
