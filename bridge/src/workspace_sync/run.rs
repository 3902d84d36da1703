//! Looks after each workspace: whether its token works, and what begins to work again.

use std::{collections::BTreeMap, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{
    record::HealthRecord,
    rotate::{Rotation, TokenRotator},
};
use crate::workspace::{SlackHealth, Workspace, Workspaces};

/// Looks after workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct WorkspaceKeeper {
    /// Whether the server has a workspace of its own, by `SLACK_BOT_TOKEN`.
    pub(crate) has_own: bool,
    pub(crate) record: HealthRecord,
    pub(crate) rotator: TokenRotator,
    pub(crate) workspaces: Workspaces,
}

impl WorkspaceKeeper {
    /// Looks after all workspaces until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let workspaces = &self.workspaces;
        if !self.has_own {
            self.record.forget_servers().await;
        }
        let mut changed = workspaces.subscribe();
        let (tracker, mut kept) = (TaskTracker::new(), BTreeMap::new());
        loop {
            changed.mark_unchanged();
            let all = workspaces.all();
            kept.retain(
                |id, (workspace, until): &mut (Arc<Workspace>, CancellationToken)| {
                    let stays = all
                        .iter()
                        .any(|other| other.id == *id && Arc::ptr_eq(other, workspace));
                    if !stays {
                        until.cancel();
                    }
                    stays
                },
            );
            for workspace in all {
                kept.entry(workspace.id).or_insert_with(|| {
                    let until = shutdown.child_token();
                    let (keeper, kept, end) = (self.clone(), Arc::clone(&workspace), until.clone());
                    tracker.spawn(async move { keeper.keep(&kept, end).await });
                    (workspace, until)
                });
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                changed = changed.changed() => if changed.is_err() { break },
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    async fn keep(&self, workspace: &Workspace, until: CancellationToken) {
        let name = if workspace.id.is_some() {
            workspace.name.as_str()
        } else {
            "the server's own"
        };
        // Of several, the logs say which one has trouble.
        let span = tracing::info_span!("workspace", slack.workspace = name);
        let kept = async {
            let mut rotation = Rotation::of(&self.rotator, workspace);
            if let Some(rotation) = &mut rotation {
                rotation.begin(&until).await;
            }
            let rotate = async {
                if let Some(rotation) = rotation {
                    rotation.run(until.clone()).await;
                }
            };
            tokio::join!(
                workspace.monitor.run(&workspace.slack, until.clone()),
                heal(&self.workspaces, workspace, until.clone()),
                rotate,
                self.record.run(workspace, until.clone()),
            )
        };
        kept.instrument(span).await;
    }
}

/// Tells when the token works again, or a channel takes posts again.
async fn heal(workspaces: &Workspaces, workspace: &Workspace, until: CancellationToken) {
    let mut health = workspace.monitor.subscribe();
    let (mut was_well, mut was_ill) = (false, false);
    loop {
        let (is_well, is_ill) = match &*health.borrow_and_update() {
            SlackHealth::Healthy(_) => (true, false),
            SlackHealth::Unhealthy { .. } => (false, true),
            SlackHealth::Unknown => (false, false),
        };
        if is_well && !was_well {
            // After a start too: the trouble may have been seen by a process that is gone.
            if was_ill {
                tracing::info!("Slack is usable again: what has failed is tried again now");
            }
            workspace.channels.forget_troubles();
            workspaces.heal();
        }
        (was_well, was_ill) = (is_well, is_ill);
        tokio::select! {
            () = until.cancelled() => return,
            () = workspace.channels.healed() => {
                tracing::info!("a channel takes posts again: what has failed is tried again now");
                workspaces.heal();
            }
            changed = health.changed() => if changed.is_err() { return },
        }
    }
}
