//! Slack's Web API and Tocsin's API, acted: each test says what is answered, and a question without an answer fails it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Map, Value, json};
use url::Url;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// A method of Slack's, an operation's name, or `respond` for a response address.
    pub(crate) name: String,
    pub(crate) arguments: Value,
    pub(crate) organization: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    /// The bearer's token.
    pub(crate) token: String,
}

#[derive(Debug, Default)]
struct Script {
    once: HashMap<String, VecDeque<(StatusCode, Value)>>,
    always: HashMap<String, Value>,
    /// By token and name.
    to_token: HashMap<(String, String), Value>,
    calls: Vec<Call>,
}

/// Both APIs, at one address.
#[derive(Debug, Clone)]
pub(crate) struct Acted {
    address: String,
    script: Arc<Mutex<Script>>,
}

impl Acted {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let acted = Self {
            address,
            script: Arc::default(),
        };
        let router = Router::new()
            .route("/slack/{method}", post(slack))
            .route("/respond", post(respond))
            .route("/graphql", post(graphql))
            .with_state(acted.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        acted
    }

    pub(crate) fn slack_url(&self) -> Url {
        format!("{}/slack", self.address).parse().expect("a URL")
    }

    pub(crate) fn api_url(&self) -> Url {
        self.address.parse().expect("a URL")
    }

    pub(crate) fn response_url(&self) -> String {
        format!("{}/respond", self.address)
    }

    /// From now on, the answer is this.
    pub(crate) fn answer(&self, name: &str, answer: Value) {
        self.script().always.insert(name.to_owned(), answer);
    }

    /// From now on, whoever has this token is answered so.
    pub(crate) fn answer_to(&self, token: &str, name: &str, answer: Value) {
        let key = (token.to_owned(), name.to_owned());
        self.script().to_token.insert(key, answer);
    }

    /// All that was asked.
    pub(crate) fn all(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    /// The next answer is this, whatever comes after.
    pub(crate) fn answer_once(&self, name: &str, status: StatusCode, answer: Value) {
        self.script()
            .once
            .entry(name.to_owned())
            .or_default()
            .push_back((status, answer));
    }

    /// What was to be answered next is not.
    pub(crate) fn forget_once(&self, name: &str) {
        self.script().once.remove(name);
    }

    /// What was asked under this name.
    pub(crate) fn calls(&self, name: &str) -> Vec<Call> {
        self.script()
            .calls
            .iter()
            .filter(|call| call.name == name)
            .cloned()
            .collect()
    }

    /// The one question under this name.
    pub(crate) fn call(&self, name: &str) -> Call {
        let calls = self.calls(name);
        assert_eq!(calls.len(), 1, "{name}: {calls:?}");
        calls[0].clone()
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().expect("no test has panicked with it")
    }

    fn take(&self, call: Call) -> Option<(StatusCode, Value)> {
        let mut script = self.script();
        let (name, token) = (call.name.clone(), call.token.clone());
        script.calls.push(call);
        let once = script.once.get_mut(&name).and_then(VecDeque::pop_front);
        once.or_else(|| {
            let to_token = script.to_token.get(&(token, name.clone()));
            to_token
                .or_else(|| script.always.get(&name))
                .map(|answer| (StatusCode::OK, answer.clone()))
        })
    }
}

async fn slack(
    State(acted): State<Acted>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers
        .get("content-type")
        .is_some_and(|kind| kind.to_str().unwrap_or_default().contains("json"));
    let arguments = if is_json {
        serde_json::from_slice(&body).expect("JSON")
    } else {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).expect("a form");
        Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)))
                .collect::<Map<_, _>>(),
        )
    };
    let call = Call {
        name: method,
        arguments,
        organization: None,
        on_behalf_of: None,
        token: bearer(&headers),
    };
    let (status, answer) = acted
        .take(call)
        .unwrap_or((StatusCode::OK, json!({"ok": false, "error": "not_acted"})));
    (status, Json(answer)).into_response()
}

fn bearer(headers: &HeaderMap) -> String {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    given.unwrap_or_default().trim_start_matches("Bearer ").to_owned()
}

async fn respond(State(acted): State<Acted>, Json(arguments): Json<Value>) -> Response {
    let call = Call {
        name: "respond".to_owned(),
        arguments,
        organization: None,
        on_behalf_of: None,
        token: String::new(),
    };
    let (status, answer) = acted.take(call).unwrap_or((StatusCode::NOT_FOUND, json!({})));
    (status, Json(answer)).into_response()
}

async fn graphql(State(acted): State<Acted>, headers: HeaderMap, Json(request): Json<Value>) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    assert_eq!(header("authorization").as_deref(), Some("Bearer bridge-token"));
    let call = Call {
        name: request["operationName"]
            .as_str()
            .expect("an operation")
            .to_owned(),
        arguments: request["variables"].clone(),
        organization: header("tocsin-organization"),
        on_behalf_of: header("tocsin-on-behalf-of"),
        token: bearer(&headers),
    };
    let not_acted = json!({"errors": [{"message": "not acted", "extensions": {"code": "NOT_ACTED"}}]});
    let (status, answer) = acted.take(call).unwrap_or((StatusCode::OK, not_acted));
    (status, Json(answer)).into_response()
}
