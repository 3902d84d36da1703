//! Socket Mode: what comes down WebSockets is received as over HTTP, and acknowledged when it is stored or answered.

mod envelopes;

use std::{collections::BTreeMap, sync::Arc};

use futures::FutureExt;
use tocsin_entity::id::SlackAppId;
use tocsin_slack_client::{
    pacer::Pacer,
    socket::{self, SocketConfig, SocketHandler, SocketMode, SocketReporter},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{inbound::Inbound, pace::WorkspacePace};

/// Connections that each process keeps for an organisation's own app.
const OF_AN_APP: u8 = 2;

/// Keeps the connections open until the shutdown, of the server's app and of the organisations'. Without an app-level token there is nothing to do.
pub(crate) async fn run(inbound: &Arc<Inbound>, shutdown: CancellationToken) {
    socket::describe();
    let own = async {
        if let Some(socket) = inbound.slack.socket.clone() {
            keep(Arc::clone(inbound), None, socket, shutdown.clone()).await;
        }
    };
    tokio::join!(own, follow_apps(inbound, shutdown.clone()));
}

/// Keeps the connections of the apps that organisations have made known, each until it is changed or forgotten.
async fn follow_apps(inbound: &Arc<Inbound>, shutdown: CancellationToken) {
    let mut changed = inbound.apps.subscribe();
    let (tracker, mut kept) = (TaskTracker::new(), BTreeMap::new());
    loop {
        changed.mark_unchanged();
        let apps = inbound.apps.all();
        kept.retain(|key: &(SlackAppId, i64), until: &mut CancellationToken| {
            let stays = apps.iter().any(|app| (app.id, app.version) == *key);
            if !stays {
                until.cancel();
                inbound.socket_trouble.set(Some(key.0), None);
            }
            stays
        });
        for app in apps {
            let Some(token) = app.socket_token else { continue };
            kept.entry((app.id, app.version)).or_insert_with(|| {
                let until = shutdown.child_token();
                let socket = SocketConfig::new(token, OF_AN_APP);
                tracker.spawn(keep(Arc::clone(inbound), Some(app.id), socket, until.clone()));
                until
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

/// Keeps the connections of one app.
async fn keep(
    inbound: Arc<Inbound>,
    app: Option<SlackAppId>,
    config: SocketConfig,
    shutdown: CancellationToken,
) {
    let (workers, troubles) = (Arc::clone(&inbound), inbound.socket_trouble.clone());
    let handler: SocketHandler = Arc::new(move |envelope| {
        let inbound = Arc::clone(&workers);
        async move { envelopes::take(&inbound, app, envelope).await }.boxed()
    });
    let report: SocketReporter = Arc::new(move |trouble| troubles.set(app, trouble));
    let mode = SocketMode {
        http: inbound.http.clone(),
        pacer: pacer(&inbound),
        config,
        handler,
        report,
    };
    mode.keep(shutdown).await;
}

/// The pace of asking for connections, of all apps together.
fn pacer(inbound: &Inbound) -> Arc<dyn Pacer> {
    let (database, clock) = (inbound.database.clone(), inbound.clock.clone());
    Arc::new(WorkspacePace::new(database, clock, inbound.slack.pace, "app"))
}
