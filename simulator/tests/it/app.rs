//! An app under test: takes signed requests and keeps them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tocsin_simulator::sign;
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

/// One request that the app took.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// JSON of an event; the `payload` of an interaction; the fields of a command.
    pub(crate) body: Value,
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// How the app answers, once.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Status(u16),
    NoRetry,
    Never,
    Json(Value),
    /// Gives the challenge back.
    Challenge,
}

#[derive(Default)]
struct Inner {
    taken: Vec<Taken>,
    replies: VecDeque<(&'static str, Reply)>,
}

#[derive(Clone)]
pub(crate) struct App {
    inner: Arc<Mutex<Inner>>,
    changed: watch::Sender<()>,
    secret: String,
    pub(crate) base: Url,
}

impl App {
    pub(crate) async fn start(secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let app = Self {
            inner: Arc::default(),
            changed: watch::Sender::new(()),
            secret: secret.to_owned(),
            base,
        };
        let router = Router::new()
            .route("/slack/{path}", post(take))
            .with_state(app.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        app
    }

    /// The next requests to `events`, `interactions` or `commands` are answered so, one each; then with
    /// 200 again.
    pub(crate) fn answer_next(&self, path: &'static str, replies: &[Reply]) {
        let replies = replies.iter().map(|reply| (path, reply.clone()));
        self.inner.lock().unwrap().replies.extend(replies);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.inner.lock().unwrap().taken.clone()
    }

    /// Waits for as many requests of this sort.
    pub(crate) async fn wait_for(&self, count: usize, wanted: impl Fn(&Taken) -> bool) -> Vec<Taken> {
        let mut changed = self.changed.subscribe();
        let search = async {
            loop {
                changed.mark_unchanged();
                let found: Vec<Taken> = self.taken().into_iter().filter(|t| wanted(t)).collect();
                if found.len() >= count {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), search).await;
        found.unwrap_or_else(|_| panic!("not {count} such requests; taken: {:#?}", self.bodies()))
    }

    /// Waits for one event of this type, and gives the inner event.
    pub(crate) async fn event(&self, kind: &str) -> Value {
        self.events(1, kind).await.remove(0)
    }

    pub(crate) async fn events(&self, count: usize, kind: &str) -> Vec<Value> {
        let found = self.wait_for(count, |t| t.body["event"]["type"] == kind).await;
        found.into_iter().map(|t| t.body["event"].clone()).collect()
    }

    fn bodies(&self) -> Vec<Value> {
        self.taken().into_iter().map(|t| t.body).collect()
    }
}

async fn take(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap, raw: Bytes) -> Response {
    let text = |name: &str| headers.get(name).unwrap().to_str().unwrap();
    let expected = sign(&app.secret, text("x-slack-request-timestamp"), &raw);
    assert_eq!(
        text("x-slack-signature"),
        expected,
        "every request is signed over its raw body"
    );
    let body: Value = if path == "events" {
        serde_json::from_slice(&raw).unwrap()
    } else {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&raw).unwrap();
        match fields.iter().find(|(name, _)| name == "payload") {
            Some((_, payload)) => serde_json::from_str(payload).unwrap(),
            None => fields
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)))
                .collect(),
        }
    };
    let challenge = body["challenge"].as_str().unwrap_or_default().to_owned();
    let reply = {
        let mut inner = app.inner.lock().unwrap();
        let due = inner.replies.iter().position(|(at, _)| *at == path);
        inner.taken.push(Taken {
            path,
            headers: headers.clone(),
            body,
        });
        due.and_then(|at| inner.replies.remove(at))
            .map(|(_, reply)| reply)
    };
    app.changed.send_replace(());
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::NoRetry) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [("x-slack-no-retry", "1")]).into_response()
        }
        Some(Reply::Never) => std::future::pending().await,
        Some(Reply::Challenge) => challenge.into_response(),
        Some(Reply::Json(json)) => axum::Json(json).into_response(),
    }
}
