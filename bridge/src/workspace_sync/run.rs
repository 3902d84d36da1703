//! Looks after each workspace: whether its token works, and what begins to work again.

use std::{collections::BTreeMap, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{record, rotate::Rotation};
use crate::{
    parts::Parts,
    workspace::{SlackHealth, Workspace, Workspaces},
};

/// Looks after all workspaces until the shutdown.
pub(crate) async fn run(parts: &Arc<Parts>, shutdown: CancellationToken) {
    let workspaces = &parts.workspaces;
    if parts.config.slack.bot_token.is_none() {
        record::forget_servers(&parts.database).await;
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
                tracker.spawn(keep(Arc::clone(parts), Arc::clone(&workspace), until.clone()));
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

async fn keep(parts: Arc<Parts>, workspace: Arc<Workspace>, until: CancellationToken) {
    let name = if workspace.id.is_some() {
        workspace.name.as_str()
    } else {
        "the server's own"
    };
    // Of several, the logs say which one has trouble.
    let span = tracing::info_span!("workspace", slack.workspace = name);
    let kept = async {
        let mut rotation = Rotation::of(&parts, &workspace);
        if let Some(rotation) = &mut rotation {
            rotation.begin(&until).await;
        }
        let rotate = async {
            if let Some(rotation) = rotation {
                rotation.run(until.clone()).await;
            }
        };
        tokio::join!(
            workspace.watcher.run(&workspace.slack, until.clone()),
            heal(&parts.workspaces, &workspace, until.clone()),
            rotate,
            record::run(&parts, &workspace, until.clone()),
        )
    };
    kept.instrument(span).await;
}

/// Tells when the token works again, or a channel takes posts again.
async fn heal(workspaces: &Workspaces, workspace: &Workspace, until: CancellationToken) {
    let mut health = workspace.watcher.subscribe();
    let (mut was_well, mut was_ill) = (false, false);
    loop {
        let (is_well, is_ill) = match &*health.borrow_and_update() {
            SlackHealth::Well(_) => (true, false),
            SlackHealth::Ill { .. } => (false, true),
            SlackHealth::Unasked => (false, false),
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
