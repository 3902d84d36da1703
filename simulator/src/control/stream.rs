//! A server-sent event for each change.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;

use crate::state::host::{ChangeHint, Host};

/// `{"version": 7, "channels": ["C…"]}`; a reader that falls behind is told to read everything again, by an
/// empty list of channels.
pub(super) async fn changes(
    State(host): State<Arc<Host>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let notices = host.notices.subscribe();
    let stream = stream::unfold((host, notices), |(host, mut notices)| async move {
        let notice = tokio::select! {
            () = host.stop.cancelled() => return None,
            notice = notices.recv() => match notice {
                Ok(notice) => notice,
                Err(RecvError::Lagged(_)) => {
                    ChangeHint { version: host.read(|ws| ws.version), channels: std::collections::BTreeSet::new() }
                }
                Err(RecvError::Closed) => return None,
            },
        };
        let event = Event::default().json_data(&notice).unwrap_or_default();
        Some((Ok(event), (host, notices)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
