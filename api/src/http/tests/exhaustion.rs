//! What one request may cost, and what it is told when it costs more; and that no message repeats what a request brought.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value as Json, json};

use super::{
    over_http::{post, send_within},
    over_websocket::Client,
    served::Served,
};
use crate::http::{Introspection, endpoint::TransportSettings, socket::SocketLimits};

/// Stands where a secret might.
const SECRET: &str = "xoxb_111_recognisable_token";

fn asked_by(introspection: Introspection) -> TransportSettings {
    TransportSettings {
        introspection,
        ..TransportSettings::default()
    }
}

fn anonymous(body: &Json) -> Request<Body> {
    let mut request = post(body.to_string());
    request.headers_mut().remove(header::AUTHORIZATION);
    request
}

#[tokio::test]
async fn the_schema_is_told_to_those_who_may_ask_and_to_no_other() {
    let question = json!({"query": "{ ...F } fragment F on Query { __schema { queryType { name } } }"});
    let about_a_type = json!({"query": "{ __type(name: \"Query\") { name } }"});
    for (who, stranger, with_key) in [
        (Introspection::Public, "no code", "no code"),
        (Introspection::Authenticated, "UNAUTHENTICATED", "no code"),
        (
            Introspection::Off,
            "INTROSPECTION_DISABLED",
            "INTROSPECTION_DISABLED",
        ),
    ] {
        for body in [&question, &about_a_type] {
            let reply = send_within(asked_by(who), anonymous(body)).await;
            assert_eq!(reply.code(), stranger, "{who:?}: {}", reply.text);
            let reply = send_within(asked_by(who), post(body.to_string())).await;
            assert_eq!(reply.code(), with_key, "{who:?}: {}", reply.text);
        }
    }
    let reply = send_within(TransportSettings::default(), anonymous(&question)).await;
    assert_eq!(
        (reply.status, reply.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    let reply = send_within(
        TransportSettings::default(),
        anonymous(&json!({"query": "{ __typename }"})),
    )
    .await;
    assert_eq!(reply.body, json!({"data": {"__typename": "Query"}}));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_given_up_with_a_code() {
    let ask = async |query: &str| {
        send_within(
            TransportSettings::default(),
            post(json!({"query": query}).to_string()),
        )
        .await
    };
    let reply = ask("{ big(bytes: 9000000) }").await;
    assert_eq!(reply.code(), "ANSWER_TOO_LARGE");
    assert_eq!(reply.body.get("data"), None);
    let halves = "{ a: big(bytes: 3000000) b: deeper { big(bytes: 3000000) } c: big(bytes: 3000000) }";
    assert_eq!(ask(halves).await.code(), "ANSWER_TOO_LARGE");
    let fits = ask("{ big(bytes: 8000000) }").await;
    assert_eq!(fits.code(), "no code");
}

#[tokio::test]
async fn an_event_that_is_too_large_ends_its_subscription_and_many_small_ones_do_not() {
    let served = Served::start().await;
    let mut client = Client::initialised(&served, "good").await;
    client.subscribe("1", "subscription { flood }").await;
    // Together far more than one answer may be.
    for _ in 0..100 {
        assert_eq!(client.receive().await["type"], "next");
    }
    client.send(json!({"id": "1", "type": "complete"})).await;
    client
        .subscribe("2", "{ a: big(bytes: 5000000) b: big(bytes: 5000000) }")
        .await;
    loop {
        let message = client.receive().await;
        if message["id"] == "2" {
            assert_eq!(message["type"], "error");
            assert_eq!(message["payload"][0]["extensions"]["code"], "ANSWER_TOO_LARGE");
            return;
        }
    }
}

#[tokio::test]
async fn a_stranger_may_send_less_than_somebody_with_a_key() {
    let body = json!({"query": "{ hello }", "variables": {"x": "x".repeat(100_000)}});
    let reply = send_within(TransportSettings::default(), anonymous(&body)).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
    );
    let reply = send_within(TransportSettings::default(), post(body.to_string())).await;
    assert_eq!(reply.status, StatusCode::OK);
}

fn with_sockets(sockets: SocketLimits) -> TransportSettings {
    TransportSettings {
        sockets,
        ..TransportSettings::default()
    }
}

#[tokio::test]
async fn a_socket_without_a_key_makes_room_and_one_with_a_key_does_not() {
    let served = Served::start_with(with_sockets(SocketLimits {
        waiting_max: 2,
        ..SocketLimits::default()
    }))
    .await;
    let mut with_key = Client::initialised(&served, "good").await;
    let mut longest = Client::connect(&served).await;
    let mut others = [Client::connect(&served).await, Client::connect(&served).await];
    assert_eq!(longest.closed().await.0, 4408);
    for client in others.iter_mut().chain([&mut with_key]) {
        client.send(json!({"type": "ping"})).await;
        assert_eq!(client.receive().await, json!({"type": "pong"}));
    }
}

#[tokio::test]
async fn a_key_has_so_many_sockets_and_another_key_has_its_own() {
    let served = Served::start_with(with_sockets(SocketLimits {
        per_key_max: 1,
        ..SocketLimits::default()
    }))
    .await;
    let first = Client::initialised(&served, "good").await;
    let _other = Client::initialised(&served, "revocable").await;
    let mut second = Client::connect(&served).await;
    second
        .send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer good"}}))
        .await;
    assert_eq!(
        second.closed().await,
        (1013, "This key has as many sockets as it may".to_owned())
    );
    drop(first);
    // Its place is free once the server has seen the end of it.
    loop {
        let mut again = Client::connect(&served).await;
        again
            .send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer good"}}))
            .await;
        if again.receive_or_close().await {
            return;
        }
    }
}

#[tokio::test]
async fn a_key_has_so_many_operations_on_all_its_sockets() {
    let served = Served::start_with(with_sockets(SocketLimits {
        operations_per_key_max: 1,
        ..SocketLimits::default()
    }))
    .await;
    let mut one = Client::initialised(&served, "good").await;
    one.subscribe("1", "subscription { idle }").await;
    served.open_subscriptions(1).await;
    let mut other = Client::initialised(&served, "good").await;
    other.subscribe("1", "{ hello }").await;
    let refused = other.receive().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
    one.send(json!({"id": "1", "type": "complete"})).await;
    served.open_subscriptions(0).await;
    other.subscribe("2", "{ hello }").await;
    assert_eq!(other.receive().await["type"], "next");
}

#[tokio::test]
async fn nothing_that_a_request_brings_is_repeated_in_a_message() {
    let s = SECRET;
    let documents = [
        format!("{{ hello(name: \"{s}\" "),
        format!("{{ hello(name: \"{s}) }}"),
        format!("{{ hello(name: {s}-) }}"),
        format!("{{ hello(name: {s}) }}"),
        format!("{{ hello(name: [{s}]) }}"),
        format!("{{ hello({s}: 1) }}"),
        format!("{{ {s} }}"),
        format!("{{ hello {{ {s} }} }}"),
        format!("{{ ...{s} }}"),
        format!("{{ ... on {s} {{ hello }} }}"),
        format!("{{ hello @{s} }}"),
        format!("{{ hello @skip({s}: true) }}"),
        format!("{{ hello @skip(if: {s}) }}"),
        format!("{{ hello @skip(if: ${s}) }}"),
        format!("query(${s}: Int) {{ hello }}"),
        format!("query($x: {s}) {{ hello(name: $x) }}"),
        format!("query(${s}: String!) {{ hello(name: ${s}) }}"),
        format!("query(${s}: Int) {{ hello(name: ${s}) }}"),
        format!("query($x: Int = \"{s}\") {{ big(bytes: $x) }}"),
        format!("query {s} {{ hello }} query {s} {{ hello }}"),
        format!("{{ hello }} fragment {s} on Query {{ hello }}"),
        format!("{{ hello }} fragment {s} on Query {{ ...{s} }}"),
        format!("{{ ...{s} }} fragment {s} on Query {{ ...{s} }}"),
        format!("{{ {s}: hello {s}: requestId }}"),
        format!("{{ big(bytes: \"{s}\") }}"),
        format!("{{ big(bytes: {s}) }}"),
        format!("{{ sum(point: {{x: \"{s}\"}}) }}"),
        format!("{{ sum(point: {{x: 1, {s}: 1}}) }}"),
        format!("mutation {{ set(to: \"{s}\") }}"),
        format!("subscription {{ {s} }}"),
        s.to_owned(),
        format!("{{ hello }} {s}"),
    ];
    for document in &documents {
        assert_hidden(post(json!({"query": document}).to_string())).await;
    }
    let sum = "query($point: Point!) { sum(point: $point) }";
    for variables in [
        json!({"point": s}),
        json!({"point": {"x": s}}),
        json!({"point": {"x": [s]}}),
        json!({"point": {"x": 1, s: 1}}),
        json!({"point": {"x": 1, "a\" b": s, format!("\"{s}\""): s}}),
        json!({s: 1}),
        json!([s]),
        json!(s),
    ] {
        assert_hidden(post(json!({"query": sum, "variables": variables}).to_string())).await;
    }
    for body in [
        format!("{{\"query\": \"{s}"),
        format!("{{\"query\": {s}}}"),
        s.to_owned(),
        format!("[\"{s}\"]"),
        json!({"query": [s]}).to_string(),
        json!({"query": "{ hello }", "operationName": s}).to_string(),
        json!({"query": "query A { hello } query B { hello }", "operationName": s}).to_string(),
        json!({"query": "{ hello }", "operationName": [s]}).to_string(),
        json!({"query": "{ hello }", "extensions": s}).to_string(),
    ] {
        assert_hidden(post(body)).await;
    }
}

#[tokio::test]
async fn a_message_still_says_where_the_fault_is_and_what_was_meant() {
    let message = async |query: &str| {
        let reply = send_within(
            TransportSettings::default(),
            post(json!({"query": query}).to_string()),
        )
        .await;
        let error = reply.body["errors"][0].clone();
        assert!(error["locations"][0]["line"].is_number(), "{error}");
        error["message"].as_str().map(str::to_owned)
    };
    assert_eq!(
        message("{ helo }").await.as_deref(),
        Some("Unknown field \"…\" on type \"Query\". Did you mean \"hello\"?")
    );
    assert_eq!(
        message("query($point: Point!) { sum(point: $point) }")
            .await
            .as_deref(),
        Some("Variable \"$point\" is required (Point!) but was not given.")
    );
    let syntax = message("{\n  hello(\n}").await.unwrap_or_default();
    assert!(
        syntax.starts_with("Syntax error at line 3, column 1: expected "),
        "{syntax}"
    );
}

async fn assert_hidden(request: Request<Body>) {
    let reply = send_within(TransportSettings::default(), request).await;
    // What is answered all the same, such as a fragment that nobody uses, tells nothing either.
    if reply.body["errors"].is_null() {
        assert!(!reply.text.contains(SECRET), "{}", reply.text);
    }
    // An alias or an argument is repeated by what it names, and never in a message.
    let messages = reply.body["errors"].to_string();
    assert!(!messages.contains(SECRET), "{messages}");
}

#[tokio::test]
async fn nothing_that_a_message_on_a_socket_brings_is_repeated() {
    let served = Served::start().await;
    for message in [
        json!({"type": SECRET}),
        json!({"type": "subscribe", "id": "1", "payload": SECRET}),
        json!({"type": "subscribe", "id": [SECRET]}),
        json!({"type": "ping", "payload": SECRET}),
        json!({SECRET: 1}),
    ] {
        let mut client = Client::initialised(&served, "good").await;
        client.send(message).await;
        let (_, reason) = client.closed().await;
        assert!(!reason.contains(SECRET), "{reason}");
    }
    let mut client = Client::initialised(&served, "good").await;
    for query in [
        format!("{{ {SECRET}"),
        format!("{{ {SECRET} }}"),
        format!("{{ hello(name: {SECRET}) }}"),
    ] {
        client.subscribe("1", &query).await;
        let error = client.receive().await;
        assert_eq!(error["type"], "error");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
