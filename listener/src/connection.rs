//! One connection, from its acceptance to its end.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Error, Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    http::{Request, Response, StatusCode},
};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    body::BoundedBody,
    registry::{ConnectionEntry, ConnectionRegistry, ConnectionState, Phase},
    stream::WatchedStream,
};

/// What a client reads for which there is no room.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-type: text/plain\r\n\
    content-length: 61\r\n\r\nThe server has as many connections as it may hold: try again.";

/// Turns a connection away. The words are written if there is room for them; nothing is waited for.
pub(crate) fn refuse(stream: &TcpStream) {
    if let Err(error) = stream.try_write(FULL) {
        tracing::debug!("a connection was refused without words: {error}");
    }
}

/// A connection that is served.
pub(crate) struct ServedConnection {
    stream: TcpStream,
    peer: SocketAddr,
    entry: Arc<ConnectionEntry>,
    router: Router,
    registry: Arc<ConnectionRegistry>,
}

impl ServedConnection {
    pub(crate) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        entry: Arc<ConnectionEntry>,
        router: Router,
        registry: Arc<ConnectionRegistry>,
    ) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("a connection keeps its delay: {error}");
        }
        Self {
            stream,
            peer,
            entry,
            router,
            registry,
        }
    }

    /// Serves requests until the client closes, a limit is met, or `stop` is cancelled and the last request answered.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self {
            stream,
            peer,
            entry,
            router,
            registry,
        } = self;
        let stream = WatchedStream::new(stream, Arc::clone(&entry), Arc::clone(&registry));
        let (own, shared) = (Arc::clone(&entry), Arc::clone(&registry));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            answer(router.clone(), request, Arc::clone(&own), Arc::clone(&shared))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(registry.limits.head_bytes_max)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let mut is_stopping = false;
        loop {
            tokio::select! {
                outcome = connection.as_mut() => {
                    if let Err(error) = outcome {
                        tracing::debug!("a connection broke: {error}");
                    }
                    return;
                }
                () = entry.closing.cancelled() => return,
                () = overdue(&entry, &registry) => return,
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Returns when the connection has waited for its client for too long.
async fn overdue(entry: &ConnectionEntry, registry: &ConnectionRegistry) {
    let limits = &registry.limits;
    loop {
        let ConnectionState { phase, since, .. } = entry.state();
        let wait = match phase {
            Phase::Idle => Some((limits.idle_max, "idle")),
            Phase::Head => Some((limits.head_within, "head")),
            // A body ends by itself, an answer by its reader, and a WebSocket has limits of its own.
            Phase::Body | Phase::Working | Phase::Upgraded => None,
        };
        let Some((most, reason)) = wait else {
            entry.changed.notified().await;
            continue;
        };
        let left = most.saturating_sub(since.elapsed());
        if left.is_zero() {
            registry.count(reason);
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = entry.changed.notified() => {}
        }
    }
}

/// Answers one request.
async fn answer(
    router: Router,
    request: Request<Incoming>,
    entry: Arc<ConnectionEntry>,
    registry: Arc<ConnectionRegistry>,
) -> Result<Response<Body>, Infallible> {
    let (parts, incoming) = request.into_parts();
    let share = if incoming.is_end_stream() {
        entry.enter(Phase::Working);
        None
    } else {
        entry.enter(Phase::Body);
        Some(registry.bodies.share())
    };
    let body = share.as_ref().map_or_else(Body::empty, |share| {
        BoundedBody::bounded(
            incoming,
            registry.limits.body_within,
            Arc::clone(share),
            Arc::clone(&entry),
        )
    });
    let Ok(mut response) = router.oneshot(Request::from_parts(parts, body)).await;
    if let Some(refusal) = share.as_ref().and_then(|share| share.refusal()) {
        response = axum::response::IntoResponse::into_response(refusal);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        entry.enter(Phase::Upgraded);
        return Ok(response);
    }
    entry.enter(Phase::Working);
    Ok(response.map(|body| {
        Body::new(AnswerBody {
            inner: body,
            _answered: Answered(entry),
        })
    }))
}

/// Marks the end of an answer, however it ends.
struct Answered(Arc<ConnectionEntry>);

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// The body of an answer. The connection is being worked for until it is written.
struct AnswerBody {
    inner: Body,
    _answered: Answered,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
