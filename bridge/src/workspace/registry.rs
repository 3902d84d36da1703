//! Which workspaces there are, and which one is meant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::future::join_all;
use tocsin_entity::{
    id::{OrganizationId, WorkspaceId},
    slack::post,
};
use tokio::sync::{Notify, watch};

use super::{Bot, Setting, Workspace};

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
    changed: Arc<watch::Sender<()>>,
    healed: Arc<Notify>,
}

/// The workspaces that some work is about: who the bot is in each, or why no call can be made there.
#[derive(Debug)]
pub(crate) struct Reach(BTreeMap<Option<WorkspaceId>, Result<Bot, String>>);

impl Reach {
    pub(crate) fn bot(&self, id: Option<WorkspaceId>) -> Result<&Bot, &str> {
        match self.0.get(&id) {
            Some(Ok(bot)) => Ok(bot),
            Some(Err(trouble)) => Err(trouble),
            None => Err("it has not been asked whether the workspace can be reached"),
        }
    }
}

impl Workspaces {
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            known: Arc::default(),
            nowhere: Arc::new(Workspace::nowhere(setting)),
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
    /// and of whole enterprises are, is taken for the first.
    pub(crate) fn of_team(&self, team: Option<&str>) -> Arc<Workspace> {
        let all = self.all();
        let mut theirs = all.iter().filter(|workspace| {
            let installation = workspace.installation();
            installation.is_some_and(|bot| Some(bot.team_id.as_str()) == team)
        });
        let found = match theirs.clone().find(|workspace| !workspace.is_disconnected()) {
            Some(usable) => Some(usable),
            None => theirs.next(),
        };
        found.or(all.first()).unwrap_or(&self.nowhere).clone()
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
            let bot = answer.map(|installation| Bot {
                workspace,
                installation,
            });
            (id, bot)
        });
        Reach(join_all(bots).await.into_iter().collect())
    }

    /// All of them, that of the environment's token first.
    pub(crate) fn all(&self) -> Vec<Arc<Workspace>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
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

    pub(crate) fn has(&self, id: WorkspaceId) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&Some(id))
    }

    pub(crate) fn remove(&self, id: Option<WorkspaceId>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(&id);
        drop(known);
        self.changed.send_replace(());
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
    pub(super) fn heal(&self) {
        self.healed.notify_one();
    }

    /// Waits until something works again that did not.
    pub(crate) async fn healed(&self) {
        self.healed.notified().await;
    }
}
