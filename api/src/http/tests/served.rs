//! The small schema, served on a port of its own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{Context, InputObject, Object, Schema, SchemaBuilder, Subscription};
use axum::{Router, http::StatusCode};
use futures::{
    Stream, StreamExt,
    future::{self, BoxFuture},
    stream,
};
use tocsin_domain::viewer::Principal;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;

use crate::http::{
    PhaseExtension,
    endpoint::{Authenticator, Authenticators, Caller, Credentials, Endpoint, TransportSettings},
    refusal::HttpRefusal,
    routes,
};

/// The request id, as resolvers see it.
struct SeenRequestId(String);

#[derive(InputObject)]
struct Point {
    x: i32,
    #[graphql(default)]
    y: i32,
}

#[derive(Default)]
pub(super) struct Probe {
    /// Subscriptions that are open.
    pub(super) open: AtomicUsize,
    /// Rung when one opens or ends.
    pub(super) changed: Notify,
}

struct Open(Arc<Probe>);

impl Open {
    fn new(probe: Arc<Probe>) -> Self {
        probe.open.fetch_add(1, Ordering::SeqCst);
        probe.changed.notify_waiters();
        Self(probe)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

fn break_down() -> i32 {
    panic!("on demand")
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_else(|| "you".to_owned()))
    }
    async fn request_id(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<SeenRequestId>().0.clone()
    }
    async fn sum(&self, point: Point) -> i32 {
        point.x + point.y
    }
    async fn big(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }
    async fn fails(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(async_graphql::Error::new("it broke")))
    }
    #[expect(clippy::unused_async, reason = "resolvers are")]
    async fn fails_whole(&self) -> async_graphql::Result<i32> {
        Err(async_graphql::Error::new("it broke"))
    }
    async fn panics(&self) -> i32 {
        break_down()
    }
    async fn deeper(&self) -> Query {
        Query
    }
    async fn never(&self) -> i32 {
        std::future::pending().await
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn set(&self, to: i32) -> i32 {
        to
    }
}

struct Subscriptions;

#[Subscription]
impl Subscriptions {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }
    async fn idle(&self, ctx: &Context<'_>) -> impl Stream<Item = i32> {
        let open = Open::new(Arc::clone(ctx.data_unchecked::<Arc<Probe>>()));
        stream::pending().map(move |n: i32| {
            let _held = &open;
            n
        })
    }
    async fn flood(&self, ctx: &Context<'_>) -> impl Stream<Item = String> {
        let open = Open::new(Arc::clone(ctx.data_unchecked::<Arc<Probe>>()));
        stream::repeat_with(move || {
            let _held = &open;
            "x".repeat(100_000)
        })
    }
    #[expect(clippy::unused_async, reason = "resolvers are")]
    async fn refuses(&self) -> async_graphql::Result<stream::Empty<i32>> {
        Err(async_graphql::Error::new("no such cursor"))
    }
    async fn panics(&self) -> impl Stream<Item = i32> {
        stream::iter(1..=1).map(|_: i32| break_down())
    }
}

/// A server on a port of its own. It knows the keys `good` and `revocable`.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    pub(super) probe: Arc<Probe>,
    pub(super) revoked: Arc<AtomicBool>,
    pub(super) shutdown: CancellationToken,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn let_in(credentials: &Credentials, request_id: &str, revoked: &AtomicBool) -> Result<Caller, HttpRefusal> {
    assert!(!request_id.is_empty());
    let good = match credentials.bearer.as_deref() {
        None | Some("good") => true,
        Some("revocable") => !revoked.load(Ordering::SeqCst),
        Some(_) => false,
    };
    if !good {
        return Err(HttpRefusal::request(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The key is not valid.",
        ));
    }
    let who = match credentials.bearer {
        None => Principal::Anonymous,
        Some(_) => Principal::Bridge {
            organization_id: None,
            member: None,
        },
    };
    Ok(Caller::new(who, |request, id| {
        request.data(SeenRequestId(id.to_owned()))
    }))
}

fn schema(probe: &Arc<Probe>) -> SchemaBuilder<Query, Mutation, Subscriptions> {
    Schema::build(Query, Mutation, Subscriptions)
        .data(Arc::clone(probe))
        .limit_depth(8)
        .extension(PhaseExtension::default())
}

fn endpoint(
    settings: TransportSettings,
    probe: &Arc<Probe>,
    revoked: &Arc<AtomicBool>,
    shutdown: &CancellationToken,
) -> Endpoint<Schema<Query, Mutation, Subscriptions>> {
    let revoked = Arc::clone(revoked);
    let authenticator: Arc<Authenticator> =
        Arc::new(move |credentials, id: String| -> BoxFuture<'static, _> {
            Box::pin(future::ready(let_in(&credentials, &id, &revoked)))
        });
    let schema = schema(probe).finish();
    let authenticators = Authenticators {
        entrance: Arc::clone(&authenticator),
        recheck: authenticator,
        changes: tokio::sync::watch::channel(0).1,
        clock: tocsin_clock::Clock::new(),
    };
    Endpoint::new(schema, authenticators, settings, shutdown.child_token())
}

/// The routes alone, to be called without a port.
pub(super) fn router(settings: TransportSettings) -> Router {
    routes(endpoint(
        settings,
        &Arc::default(),
        &Arc::default(),
        &CancellationToken::new(),
    ))
}

impl Served {
    pub(super) async fn start() -> Self {
        Self::start_with(TransportSettings::default()).await
    }

    pub(super) async fn start_with(settings: TransportSettings) -> Self {
        let probe = Arc::new(Probe::default());
        let revoked = Arc::new(AtomicBool::new(false));
        let shutdown = CancellationToken::new();
        let endpoint = endpoint(settings, &probe, &revoked, &shutdown);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(
            axum::serve(listener, routes(endpoint))
                .with_graceful_shutdown(shutdown.clone().cancelled_owned())
                .into_future(),
        );
        Self {
            address,
            probe,
            revoked,
            shutdown,
        }
    }

    /// Waits until that many subscriptions are open.
    pub(super) async fn open_subscriptions(&self, count: usize) {
        let waiting = async {
            loop {
                let changed = self.probe.changed.notified();
                if self.probe.open.load(Ordering::SeqCst) == count {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .expect("the subscriptions to open or end");
    }
}
