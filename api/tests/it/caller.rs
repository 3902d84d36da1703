//! Whoever asks the API, and what they are told.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use futures::{SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use tower::ServiceExt;
use uuid::Uuid;

use crate::world::Replica;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who asks the API.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) replica: Replica,
    pub(crate) bearer: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) on_behalf_of: Option<String>,
    /// The secret of a session, as a browser keeps it.
    pub(crate) session: Option<String>,
    /// The page that has the browser ask.
    pub(crate) origin: Option<String>,
}

/// An answer as a client reads it.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    /// The data of an answer without top-level errors.
    #[track_caller]
    pub(crate) fn data(self) -> Value {
        assert!(self.0.get("errors").is_none(), "{:#}", self.0);
        self.0["data"].clone()
    }

    /// The code of the first top-level error.
    #[track_caller]
    pub(crate) fn error_code(&self) -> String {
        let code = &self.0["errors"][0]["extensions"]["code"];
        code.as_str()
            .unwrap_or_else(|| panic!("no code in {:#}", self.0))
            .to_owned()
    }
}

/// What a mutation's payload says.
#[derive(Debug)]
pub(crate) struct Payload(pub(crate) Value);

impl Payload {
    /// The payload of a mutation that was done.
    #[track_caller]
    pub(crate) fn done(self) -> Value {
        assert_eq!(self.0["userErrors"], json!([]), "{:#}", self.0);
        self.0
    }

    /// The code of the one user error. Everything else in the payload is null.
    #[track_caller]
    pub(crate) fn refused(&self) -> String {
        let errors = self.0["userErrors"].as_array().expect("user errors");
        assert_eq!(errors.len(), 1, "{:#}", self.0);
        let rest = self.0.as_object().expect("a payload");
        for (name, value) in rest.iter().filter(|(name, _)| *name != "userErrors") {
            assert!(value.is_null(), "{name} of a refusal: {:#}", self.0);
        }
        let message = errors[0]["message"].as_str().expect("a message");
        assert!(!message.is_empty());
        errors[0]["code"].as_str().expect("a code").to_owned()
    }

    /// What the one who is refused is told.
    #[track_caller]
    pub(crate) fn told(&self) -> String {
        self.refused();
        text(&self.0["userErrors"][0]["message"])
    }

    /// The last name in the path of the field that the one user error is about.
    #[track_caller]
    pub(crate) fn refused_field(&self) -> String {
        let field = self.0["userErrors"][0]["field"].as_array();
        let last = field.and_then(|path| path.last()).and_then(Value::as_str);
        last.unwrap_or_else(|| panic!("no field in {:#}", self.0))
            .to_owned()
    }
}

/// What is read of a payload's object.
fn selection(mutation: &str) -> &'static str {
    match mutation {
        "addComment" | "editComment" | "retractComment" => {
            "entry { id version changedVersion kind source bodyMarkdown editedAt retractedAt retractedBy { name } \
             revisions { bodyMarkdown } author { name email } } incident { id version status }"
        }
        "createConnector" | "updateConnector" => "connector { id name channel replyMode }",
        "connectSlackWorkspace" | "updateSlackWorkspace" | "disconnectSlackWorkspace" => {
            "workspace { id name status disconnectedAt botTokenSet }"
        }
        "linkSlackIdentity" => "url expiresAt link { user { id } teamId slackUserId matchedBy }",
        "confirmSlackIdentity" | "recordSlackLink" => "link { user { id } teamId slackUserId matchedBy }",
        "unlinkSlackIdentity" => "user { id }",
        "updateSlackSettings" => "settings { unmatchedPolicy }",
        "testSlackConnection"
        | "sendSlackTestMessage"
        | "testSlackIdentity"
        | "refreshSlackChannels"
        | "createSlackChannel"
        | "finishSlackOperation" => {
            "operation { id kind state code message connection { teamId missingScopes { feature scopes } } \
             testMessage { channelId channel ts permalink } identity { slackUserId slackName match } channelCount \
             channel { id name isPrivate } channelName channelIsPrivate linkedSlackUserId requestedBy { id } finishedAt }"
        }
        "recordSlackChannelChange" => "connectors { id name channel }",
        "reportRestore" => "isNews",
        "moveConnectors" => "connectors { id name channel workspace { id } }",
        "createSlackApp" | "updateSlackApp" => {
            "app { id name clientId clientSecretSet signingSecretSet appTokenSet }"
        }
        "completeSlackInstall" => "workspace { id name teamId status features botTokenSet disconnectedAt }",
        "createConnectorRule" | "updateConnectorRule" => "rule { id }",
        "createSlackTemplate" | "updateSlackTemplate" => "template { id name title body }",
        "deleteConnector" | "deleteConnectorRule" | "deleteSlackApp" | "deleteSlackTemplate" => "deletedId",
        "addServiceManager" | "removeServiceManager" => "service { id managers { id name } }",
        "createUser" | "updateUser" => "user { id name email role deactivatedAt }",
        "createApiKey" => {
            "secret apiKey { id name hint scopes revokedAt expiresAt user { id } createdBy { name } }"
        }
        "createPersonalApiKey" => "secret apiKey { id name scopes expiresAt user { id } createdBy { name } }",
        "revokeApiKey" => "apiKey { id revokedAt }",
        "revokeSession" => "session { id revokedAt }",
        "createSignInLink" => "url expiresAt",
        "createService" | "updateService" | "archiveService" | "unarchiveService" => {
            "service { id name descriptionMarkdown defaultUrgency isDefault archivedAt }"
        }
        "updateOrganization" => "organization { id name slug }",
        "updateApiKey" => "apiKey { id name expiresAt }",
        "acknowledgeIncidents" | "resolveIncidents" | "reassignIncidents" => {
            "results { incidentId entry { kind bodyMarkdown } incident { id status assignees { id } } \
             userErrors { code message field } }"
        }
        "createPostmortem" | "updatePostmortem" | "requestPostmortemReview" | "publishPostmortem" => {
            "postmortem { id title bodyMarkdown status version incident { id } }"
        }
        _ => {
            "incident { id number title status urgency severity url version source dedupKey snoozedUntil \
             acknowledgedBy { id } resolvedBy { id } acknowledgedAt resolvedAt resolutionNoteMarkdown assignees { id } \
             tags { key value } service { id } }"
        }
    }
}

/// How the schema describes a mutation.
fn description(mutation: &str) -> &'static str {
    const SCHEMA: &str = include_str!("../../../bridge.graphql");
    let (_, mutations) = SCHEMA.split_once("\ntype Mutation {").expect("mutations");
    let (described, _) = mutations
        .split_once(&format!("\n\t{mutation}("))
        .expect("the mutation");
    let described = described.trim_end().trim_end_matches("\"\"\"");
    described.rsplit("\"\"\"").next().unwrap_or_default()
}

impl Caller {
    /// What a browser sends by itself.
    fn browser_headers(&self) -> Vec<(&'static str, String)> {
        let cookie = self
            .session
            .as_ref()
            .map(|secret| format!("__Host-tocsin_session={secret}"));
        [("cookie", cookie), ("origin", self.origin.clone())]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The headers that say who asks.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let bearer = self.bearer.as_ref().map(|key| format!("Bearer {key}"));
        [
            ("authorization", bearer),
            ("tocsin-organization", self.organization.clone()),
            ("tocsin-on-behalf-of", self.on_behalf_of.clone()),
            ("x-request-id", Some(format!("req-{}", Uuid::now_v7().simple()))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        let router = self.replica.router.clone();
        router.oneshot(request).await.expect("an answer")
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.ask_with(json!({ "query": query, "variables": variables }))
            .await
    }

    /// Asks with all the parameters of a request.
    pub(crate) async fn ask_with(&self, parameters: Value) -> Answer {
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        for (name, value) in self.headers().into_iter().chain(self.browser_headers()) {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(parameters.to_string()))
            .expect("a request");
        let response = self.send(request).await;
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer(serde_json::from_slice(&body).expect("JSON"))
    }

    /// Asks through a proxy on this machine, for a client with this address.
    pub(crate) async fn ask_from(&self, address: &str, query: &str) -> Value {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let body = json!({ "query": query }).to_string();
        let mut request = format!(
            "POST /graphql HTTP/1.1\r\nhost: tocsin\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-forwarded-for: 192.0.2.66, {address}\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in self.headers() {
            request.extend([name, ": ", &value, "\r\n"]);
        }
        let mut connection = tokio::net::TcpStream::connect(self.replica.address)
            .await
            .expect("a connection");
        let request = format!("{request}\r\n{body}");
        connection.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Sends JSON as a page in the caller's browser does, with more headers: the status, the cookie that is set, and what is answered.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Value,
    ) -> (StatusCode, Option<String>, Value) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in self.browser_headers() {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let response = self.send(request).await;
        let (status, cookie) = (
            response.status(),
            response.headers().get(header::SET_COOKIE).cloned(),
        );
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let cookie = cookie.map(|cookie| cookie.to_str().expect("text").to_owned());
        (
            status,
            cookie,
            serde_json::from_slice(&body).unwrap_or(Value::Null),
        )
    }

    /// Why the caller is not let in.
    pub(crate) async fn turned_away(&self) -> String {
        let answer = self.ask("{ __typename }", json!({})).await;
        if answer.0.get("errors").is_none() {
            "let in".to_owned()
        } else {
            answer.error_code()
        }
    }

    pub(crate) async fn read(&self, query: &str) -> Value {
        self.ask(query, json!({})).await.data()
    }

    /// A mutation with this input, its answer as it comes.
    pub(crate) async fn attempt(&self, mutation: &str, input: Value) -> Answer {
        let mut kind = mutation.to_owned();
        kind[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {} userErrors {{ code message field }} }} }}",
            selection(mutation)
        );
        let answer = self.ask(&query, json!({ "input": input })).await;
        let payload = &answer.0["data"][mutation];
        let results = payload["results"].as_array().into_iter().flatten();
        for errors in results.chain([payload]).map(|told| &told["userErrors"]) {
            for code in errors
                .as_array()
                .into_iter()
                .flatten()
                .map(|error| text(&error["code"]))
            {
                let is_described = description(mutation).contains(&format!("`{code}`"));
                assert!(
                    is_described,
                    "{mutation} answers {code}, and its description doesn't say so"
                );
            }
        }
        answer
    }

    /// A mutation with this input, its payload.
    pub(crate) async fn change(&self, mutation: &str, input: Value) -> Payload {
        Payload(self.attempt(mutation, input).await.data()[mutation].clone())
    }

    /// Triggers an incident and gives it back.
    pub(crate) async fn trigger(&self, title: &str) -> Value {
        self.change("triggerIncident", json!({ "title": title }))
            .await
            .done()["incident"]
            .clone()
    }

    /// Adds a comment.
    pub(crate) async fn comment(&self, incident: &Value, body: &str) -> Payload {
        let input = json!({ "incidentId": incident["id"], "bodyMarkdown": body });
        self.change("addComment", input).await
    }

    pub(crate) async fn make_user(&self, name: &str, role: &str) -> String {
        let email = format!("{}@example.com", name.to_lowercase());
        let input = json!({ "name": name, "email": email, "role": role });
        text(&self.change("createUser", input).await.done()["user"]["id"])
    }

    pub(crate) async fn make_key(&self, scopes: &[&str], user: Option<&str>) -> String {
        let input = json!({ "name": "a key", "scopes": scopes, "userId": user });
        text(&self.change("createApiKey", input).await.done()["secret"])
    }

    /// The timeline's kinds and bodies, oldest first.
    pub(crate) async fn timeline(&self, incident: &Value) -> Vec<Value> {
        let query = "query($id: ID!) { incident(id: $id) { timeline(first: 100) { nodes {
            kind version source bodyMarkdown changes author { name email user { id } } } } } }";
        let data = self.ask(query, json!({ "id": incident["id"] })).await.data();
        let nodes = &data["incident"]["timeline"]["nodes"];
        nodes
            .as_array()
            .unwrap_or_else(|| panic!("no timeline in {data:#}"))
            .clone()
    }

    /// The whole event log, oldest first.
    pub(crate) async fn log(&self) -> Vec<Value> {
        let query = "query($after: String) { eventLog(after: $after, first: 100) {
            nodes { cursor kind incident { id number } entry { version bodyMarkdown } } pageInfo { hasNextPage endCursor } } }";
        let (mut all, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.ask(query, json!({ "after": after })).await.data()["eventLog"].clone();
            all.extend(page["nodes"].as_array().expect("events").iter().cloned());
            if page["pageInfo"]["hasNextPage"] == false {
                return all;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// The cursor of the newest event there is.
    pub(crate) async fn newest(&self) -> Value {
        self.log().await.last().expect("an event")["cursor"].clone()
    }

    /// Follows events after a cursor, or from now on: each message as the server sends it, until it completes or errs.
    pub(crate) async fn follow(
        &self,
        after: Value,
        filter: Value,
    ) -> impl Stream<Item = Value> + Unpin + use<> {
        let query = "subscription($after: String, $filter: IncidentFilter) { incidentEvents(after: $after, filter: $filter) {
            cursor kind requestId incident { number status } entry { version kind bodyMarkdown author { name } } } }";
        self.subscribe(query, json!({ "after": after, "filter": filter }))
            .await
    }

    /// A subscription over a WebSocket of its own.
    pub(crate) async fn subscribe(
        &self,
        query: &str,
        variables: Value,
    ) -> impl Stream<Item = Value> + Unpin + use<> {
        let url = format!("ws://{}/graphql", self.replica.address);
        let mut request = url.into_client_request().expect("a request");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        for (name, value) in self.browser_headers() {
            request
                .headers_mut()
                .insert(name, value.parse().expect("a header"));
        }
        let (mut socket, _) = connect_async(request).await.expect("a socket");
        let payload: serde_json::Map<_, _> = self
            .headers()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let operation = json!({ "query": query, "variables": variables });
        for message in [
            json!({ "type": "connection_init", "payload": payload }),
            json!({ "type": "subscribe", "id": "1", "payload": operation }),
        ] {
            socket
                .send(Message::text(message.to_string()))
                .await
                .expect("sent");
        }
        Box::pin(futures::stream::unfold(socket, async |mut socket| {
            loop {
                let frame = tokio::time::timeout(PATIENCE, socket.next())
                    .await
                    .expect("a message in time");
                let Message::Text(text) = frame?.ok()? else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                match message["type"].as_str() {
                    Some("next") => return Some((message["payload"].clone(), socket)),
                    Some("error") => return Some((json!({ "errors": message["payload"] }), socket)),
                    Some("complete") => return None,
                    _ => {}
                }
            }
        }))
    }
}

/// A JSON text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value:#}"))
        .to_owned()
}
