//! GraphQL over HTTP.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header, request},
};
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use url::Url;

use super::served::router;
use crate::http::endpoint::TransportSettings;

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

pub(super) struct Reply {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) text: String,
    pub(super) body: Json,
}

impl Reply {
    pub(super) fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or("no code")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("no header")
    }
}

pub(super) async fn send_within(settings: TransportSettings, request: Request<Body>) -> Reply {
    let response = router(settings).oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or(Json::Null),
    }
}

async fn send(request: Request<Body>) -> Reply {
    send_within(TransportSettings::default(), request).await
}

fn to_graphql(method: Method) -> request::Builder {
    Request::builder()
        .method(method)
        .uri("/graphql")
        .header(header::AUTHORIZATION, "Bearer good")
}

pub(super) fn post(body: impl Into<Body>) -> Request<Body> {
    to_graphql(Method::POST)
        .header(header::CONTENT_TYPE, JSON)
        .body(body.into())
        .expect("a request")
}

/// A POST of this JSON, with the answer's type wished for.
async fn ask(accept: &str, body: Json) -> Reply {
    let mut request = post(body.to_string());
    let accept = accept.parse().expect("a header value");
    request.headers_mut().insert(header::ACCEPT, accept);
    send(request).await
}

async fn get(query_string: &str) -> Reply {
    let request = Request::get(format!("/graphql?{query_string}"))
        .body(Body::empty())
        .expect("a request");
    send(request).await
}

#[tokio::test]
async fn a_query_is_answered_in_the_type_asked_for() {
    for accept in [GRAPHQL_RESPONSE, JSON] {
        let reply = ask(accept, json!({"query": "{ hello }"})).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.header("content-type").starts_with(accept));
        assert_eq!(reply.body, json!({"data": {"hello": "hello you"}}));
    }
    let reply = ask("text/html", json!({"query": "{ hello }"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE")
    );
}

#[tokio::test]
async fn what_cannot_be_executed_has_no_data_and_a_status_by_type() {
    let cases = [
        (json!({"query": "{"}), "GRAPHQL_PARSE_FAILED"),
        (json!({"query": "{ nothing }"}), "GRAPHQL_VALIDATION_FAILED"),
        (
            json!({"query": "query A { hello }", "operationName": "B"}),
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (
            json!({"query": "subscription { idle }"}),
            "SUBSCRIPTION_NEEDS_WEBSOCKET",
        ),
        (
            json!({"query": "query($n: Int!) { big(bytes: $n) }"}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"query": "query($n: Int!) { big(bytes: $n) }", "variables": {"n": "many"}}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"query": "query($p: Point!) { sum(point: $p) }", "variables": {"p": {"y": 1}}}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"query": "query($p: Point!) { sum(point: $p) }", "variables": {"p": {"x": 1, "z": 1}}}),
            "BAD_USER_INPUT",
        ),
    ];
    for (body, code) in cases {
        for (accept, status) in [(GRAPHQL_RESPONSE, 400), (JSON, 200)] {
            let reply = ask(accept, body.clone()).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{body}");
            assert_eq!(reply.body.get("data"), None, "{body}: {}", reply.text);
            assert_eq!(
                reply.body["errors"].as_array().map(Vec::len),
                Some(1),
                "{}",
                reply.text
            );
        }
    }
}

#[tokio::test]
async fn variables_that_fit_are_taken() {
    let sum = "query($p: Point!) { sum(point: $p) }";
    let reply = ask(JSON, json!({"query": sum, "variables": {"p": {"x": 1}}})).await;
    assert_eq!(reply.body, json!({"data": {"sum": 1}}));
    let greet = "query($name: String = \"Ada\") { hello(name: $name) }";
    let reply = ask(JSON, json!({"query": greet})).await;
    assert_eq!(reply.body, json!({"data": {"hello": "hello Ada"}}));
}

#[tokio::test]
async fn what_failed_while_executing_has_data() {
    let reply = ask(GRAPHQL_RESPONSE, json!({"query": "{ hello fails }"})).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["data"], json!({"hello": "hello you", "fails": null}));
    let reply = ask(GRAPHQL_RESPONSE, json!({"query": "{ failsWhole }"})).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body.get("data"), Some(&Json::Null));
}

#[tokio::test]
async fn malformed_requests_are_400_under_both_types() {
    let cases = [
        ("{ \"not", "BAD_REQUEST"),
        ("", "BAD_REQUEST"),
        ("\"{ hello }\"", "BAD_REQUEST"),
        ("{}", "BAD_REQUEST"),
        (r#"{"query": 1}"#, "BAD_REQUEST"),
        (r#"{"query": "{ hello }", "variables": []}"#, "BAD_REQUEST"),
        (r#"{"query": "{ hello }", "operationName": {}}"#, "BAD_REQUEST"),
        (r#"{"query": "{ hello }", "extensions": "x"}"#, "BAD_REQUEST"),
        (r#"[{"query": "{ hello }"}]"#, "BATCHING_NOT_SUPPORTED"),
        (
            r#"{"extensions": {"persistedQuery": {}}}"#,
            "PERSISTED_QUERY_NOT_SUPPORTED",
        ),
    ];
    for (body, code) in cases {
        for accept in [GRAPHQL_RESPONSE, JSON] {
            let mut request = post(body);
            let accept = accept.parse().expect("a header value");
            request.headers_mut().insert(header::ACCEPT, accept);
            let reply = send(request).await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::BAD_REQUEST, code),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn a_post_that_a_form_could_send_is_refused() {
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
    ] {
        let mut request = post(json!({"query": "mutation { set(to: 1) }"}).to_string());
        let content_type = content_type.parse().expect("a header value");
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        let reply = send(request).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
        );
    }
}

#[tokio::test]
async fn a_get_runs_queries_and_nothing_else() {
    let reply =
        get("query=query+A%7Bhello%7D+query+B%7B__typename%7D&operationName=A&variables=%7B%7D").await;
    assert_eq!(reply.body, json!({"data": {"hello": "hello you"}}));
    let reply = get("query=mutation%7Bset(to%3A1)%7D").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(reply.header("allow"), "GET, POST");
    let reply = get("query=%7Bhello%7D&variables=%7B").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::BAD_REQUEST, "BAD_REQUEST")
    );
    let reply = get("").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::BAD_REQUEST, "BAD_REQUEST")
    );
    let put = to_graphql(Method::PUT).body(Body::empty()).expect("a request");
    assert_eq!(send(put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_not() {
    let of_size = |bytes: usize| {
        let frame = json!({"query": "{ hello }", "padding": ""}).to_string().len();
        post(json!({"query": "{ hello }", "padding": "x".repeat(bytes - frame)}).to_string())
    };
    let reply = send(of_size(1 << 20)).await;
    assert_eq!(reply.status, StatusCode::OK);
    let reply = send(of_size((1 << 20) + 1)).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_bad_key_is_401_and_no_key_may_ask_but_hears_no_suggestions() {
    let misspelt = json!({"query": "{ helo }"});
    let reply = ask(JSON, misspelt.clone()).await;
    assert!(reply.text.contains("Did you mean"), "{}", reply.text);

    let mut anonymous = post(misspelt.to_string());
    anonymous.headers_mut().remove(header::AUTHORIZATION);
    let reply = send(anonymous).await;
    assert_eq!(reply.code(), "GRAPHQL_VALIDATION_FAILED");
    assert!(!reply.text.contains("Did you mean"), "{}", reply.text);

    for authorization in ["Bearer bad", "Basic Z29vZA==", "good", "Bearer "] {
        let mut request = post(json!({"query": "{ hello }"}).to_string());
        let authorization = authorization.parse().expect("a header value");
        request.headers_mut().insert(header::AUTHORIZATION, authorization);
        let reply = send(request).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
        );
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_request_id_goes_in_through_and_out() {
    let with_id = |id: &str| {
        let mut request = post(json!({"query": "{ requestId }"}).to_string());
        let id = id.parse().expect("a header value");
        request.headers_mut().insert("x-request-id", id);
        request
    };
    let reply = send(with_id("from-slack-7")).await;
    assert_eq!(reply.header("x-request-id"), "from-slack-7");
    assert_eq!(reply.body, json!({"data": {"requestId": "from-slack-7"}}));
    for insane in ["", "a b", &"x".repeat(129)] {
        let reply = send(with_id(insane)).await;
        assert_eq!(reply.body["data"]["requestId"], reply.header("x-request-id"));
        assert_ne!(reply.header("x-request-id"), insane);
    }
    let reply = ask(JSON, json!({"query": "{ nothing }"})).await;
    assert_eq!(
        reply.body["errors"][0]["extensions"]["requestId"],
        reply.header("x-request-id")
    );
}

#[tokio::test]
async fn a_resolver_that_panics_is_an_error_with_a_request_id() {
    let reply = ask(JSON, json!({"query": "{ panics }"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR")
    );
    assert_eq!(
        reply.body["errors"][0]["extensions"]["requestId"],
        reply.header("x-request-id")
    );
    assert!(!reply.text.contains("on demand"), "{}", reply.text);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let settings = TransportSettings {
        execution_max: Duration::from_millis(20),
        ..TransportSettings::default()
    };
    let reply = send_within(settings, post(json!({"query": "{ never }"}).to_string())).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "EXECUTION_TIMEOUT")
    );
}

#[tokio::test]
async fn a_document_that_is_too_deep_or_too_long_says_so() {
    let nested = |depth| format!("{{{}hello{}}}", "deeper{".repeat(depth), "}".repeat(depth));
    for query in [
        nested(8),
        nested(40),
        format!("{{ hello # {} \n }}", "x".repeat(100_000)),
    ] {
        let reply = ask(GRAPHQL_RESPONSE, json!({"query": query})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX")
        );
    }
    assert_eq!(ask(JSON, json!({"query": nested(7)})).await.code(), "no code");
}

#[tokio::test]
async fn a_browser_is_shown_to_graphiql() {
    let request = Request::get("/graphql")
        .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
        .body(Body::empty())
        .expect("a request");
    let reply = send(request).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (StatusCode::SEE_OTHER, "graphiql")
    );
}

#[tokio::test]
async fn pages_load_nothing_that_is_not_served_here() {
    for path in [
        "/",
        "/graphiql",
        "/incidents/42",
        "/incidents/42/postmortem",
        "/link",
        "/sign-in",
    ] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let page = send(request).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(
            !page.text.contains("<script>") && !page.text.contains("http"),
            "{path}"
        );
        let base = Url::parse("http://tocsin.test").expect("a URL");
        let base = base.join(path).expect("the page's URL");
        let loaded: Vec<_> = page
            .text
            .split('"')
            .filter(|part| part.contains("assets/"))
            .collect();
        assert!(!loaded.is_empty(), "{path}");
        for asset in loaded {
            assert!(!asset.starts_with('/'), "{asset} of {path} is not relative");
            let asset = base.join(asset).expect("the asset's URL");
            let request = Request::get(asset.path()).body(Body::empty()).expect("a request");
            assert_eq!(send(request).await.status, StatusCode::OK, "{asset} of {path}");
        }
    }
    let request = Request::get("/incidents/none")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(send(request).await.status, StatusCode::NOT_FOUND);
}
