//! Socket Mode: what comes down WebSockets is received as over HTTP, and acknowledged when it is stored or answered.

mod envelopes;

use std::{collections::BTreeMap, sync::Arc};

use futures::FutureExt;
use tocsin_entity::id::SlackAppId;
use tocsin_slack_client::{
    pacer::Pacer,
    socket::{self, Handler, Report, SocketConfig, SocketMode},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{pace::Limits, parts::Parts};

/// Connections that each process keeps for an organisation's own app.
const OF_AN_APP: u8 = 2;

/// Keeps the connections open until the shutdown, of the server's app and of the organisations'. Without an app-level token there is nothing to do.
pub(crate) async fn run(parts: &Arc<Parts>, shutdown: CancellationToken) {
    socket::describe();
    let own = async {
        if let Some(socket) = parts.config.slack.socket.clone() {
            keep(Arc::clone(parts), None, socket, shutdown.clone()).await;
        }
    };
    tokio::join!(own, follow_apps(parts, shutdown.clone()));
}

/// Keeps the connections of the apps that organisations have made known, each until it is changed or forgotten.
async fn follow_apps(parts: &Arc<Parts>, shutdown: CancellationToken) {
    let mut changed = parts.apps.subscribe();
    let (tracker, mut kept) = (TaskTracker::new(), BTreeMap::new());
    loop {
        changed.mark_unchanged();
        let apps = parts.apps.all();
        kept.retain(|key: &(SlackAppId, i64), until: &mut CancellationToken| {
            let stays = apps.iter().any(|app| (app.id, app.version) == *key);
            if !stays {
                until.cancel();
                parts.socket_trouble.set(Some(key.0), None);
            }
            stays
        });
        for app in apps {
            let Some(token) = app.socket_token else { continue };
            kept.entry((app.id, app.version)).or_insert_with(|| {
                let until = shutdown.child_token();
                let socket = SocketConfig::new(token, OF_AN_APP);
                tracker.spawn(keep(Arc::clone(parts), Some(app.id), socket, until.clone()));
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
async fn keep(parts: Arc<Parts>, app: Option<SlackAppId>, config: SocketConfig, shutdown: CancellationToken) {
    let (workers, troubles) = (Arc::clone(&parts), parts.socket_trouble.clone());
    let handler: Handler = Arc::new(move |envelope| {
        let parts = Arc::clone(&workers);
        async move { envelopes::take(&parts, app, envelope).await }.boxed()
    });
    let report: Report = Arc::new(move |trouble| troubles.set(app, trouble));
    let mode = SocketMode {
        http: parts.http.clone(),
        pacer: pacer(&parts),
        config,
        handler,
        report,
    };
    mode.keep(shutdown).await;
}

/// The pace of asking for connections, of all apps together.
fn pacer(parts: &Parts) -> Arc<dyn Pacer> {
    let (database, clock) = (parts.database.clone(), parts.clock.clone());
    Arc::new(Limits::new(database, clock, parts.config.slack.pace, "app"))
}
