//! What is wrong is refused with a clear error and a stable code, and nothing is written.

use anyhow::Context;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tocsin_simulator::sign;
use tocsin_tests::{Client, Stack, Triggered, World, on_each_stack};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

on_each_stack!(
    what_is_unknown_or_malformed_is_refused,
    what_a_role_or_a_key_may_not_is_refused,
    what_does_not_fit_what_was_done_before_is_refused,
    what_belongs_to_another_organisation_is_not_there,
    a_request_that_is_no_graphql_is_refused_with_a_status_and_a_code,
    what_is_not_from_slack_is_refused,
);

const TRIGGER: &str = "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) { incident { id } userErrors { code message field } } }";
const ACKNOWLEDGE: &str = "mutation($input: AcknowledgeIncidentInput!) { acknowledgeIncident(input: $input) { incident { id } userErrors { code message field } } }";
const REOPEN: &str = "mutation($input: ReopenIncidentInput!) { reopenIncident(input: $input) { incident { id } userErrors { code message field } } }";
const COMMENT: &str = "mutation($input: AddCommentInput!) { addComment(input: $input) { entry { id } userErrors { code message field } } }";
const USER: &str = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code message field } } }";

/// Whatever is done, the tables have as many rows as before.
async fn writes_nothing<T>(
    world: &World,
    what: &str,
    done: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let before = world.rows().await?;
    let outcome = done.await.with_context(|| what.to_owned())?;
    assert_eq!(world.rows().await?, before, "{what}: something was written");
    Ok(outcome)
}

/// A key of the organisation with these scopes.
async fn key(world: &World, scopes: &[&str]) -> anyhow::Result<Client> {
    const KEY: &str = "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code message } } }";
    let input = json!({"name": "limited", "scopes": scopes});
    let data = world.admin().ask(KEY, &json!({"input": input})).await?;
    let secret = data["createApiKey"]["secret"].as_str().context("a secret")?;
    Ok(world.admin().with_key(secret))
}

/// Sends a mutation, and sees that it is refused with this code in words that people can read.
async fn refuses(
    world: &World,
    client: &Client,
    document: &str,
    input: Value,
    code: &str,
) -> anyhow::Result<()> {
    let what = format!("{input} in {document}");
    let variables = json!({"input": input});
    let answer = writes_nothing(world, &what, client.send(document, &variables)).await?;
    assert_eq!(answer.status, StatusCode::OK, "{what}: {}", answer.body);
    assert_eq!(answer.code(), Some(code), "{what}: {}", answer.body);
    let data = answer.body["data"].as_object().context("data")?;
    let error = &data.values().next().context("a payload")?["userErrors"][0];
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.split_whitespace().count() > 2, "{what}: {error}");
    Ok(())
}

async fn what_is_unknown_or_malformed_is_refused(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let incident = settled_incident(&world).await?;
    let unknown = "inc_00000000000000000000000000000000";
    let service = "svc_00000000000000000000000000000000";
    let id = &incident.id;

    for (document, input) in [
        (ACKNOWLEDGE, json!({"id": unknown})),
        (ACKNOWLEDGE, json!({"id": service})),
        (ACKNOWLEDGE, json!({"id": "42"})),
        (COMMENT, json!({"incidentId": unknown, "bodyMarkdown": "?"})),
        (TRIGGER, json!({"title": "T", "serviceId": service})),
        (TRIGGER, json!({"title": "T", "assigneeIds": [unknown]})),
    ] {
        refuses(&world, admin, document, input, "NOT_FOUND").await?;
    }
    for (document, input) in [
        (TRIGGER, json!({"title": "  "})),
        (TRIGGER, json!({"title": "t".repeat(201)})),
        (COMMENT, json!({"incidentId": id, "bodyMarkdown": ""})),
        (
            COMMENT,
            json!({"incidentId": id, "bodyMarkdown": "c".repeat(200_001)}),
        ),
        (USER, json!({"name": "N", "email": "nobody", "role": "ADMIN"})),
    ] {
        refuses(&world, admin, document, input, "INVALID_INPUT").await?;
    }
    let taken = json!({"name": "N", "email": "alice@example.com", "role": "ADMIN"});
    refuses(&world, admin, USER, taken, "ALREADY_EXISTS").await
}

async fn what_a_role_or_a_key_may_not_is_refused(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let responder = world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let stakeholder = world
        .member("Bob Baker", "bob@example.com", "STAKEHOLDER")
        .await?;
    let reader = key(&world, &["READ"]).await?;
    let monitoring = key(&world, &["INCIDENTS_TRIGGER"]).await?;
    let incident = settled_incident(&world).await?;
    let id = json!({"id": incident.id});
    let comment = json!({"incidentId": incident.id, "bodyMarkdown": "?"});
    let owner = json!({"name": "N", "email": "n@example.com", "role": "OWNER"});
    let mut as_slack = comment.clone();
    as_slack["slackAuthor"] = json!({"name": "Mallory"});

    for (client, document, input) in [
        (&stakeholder, TRIGGER, json!({"title": "T"})),
        (&stakeholder, ACKNOWLEDGE, id.clone()),
        (&stakeholder, COMMENT, comment.clone()),
        (&responder, USER, owner),
        (&reader, ACKNOWLEDGE, id.clone()),
        (&reader, COMMENT, comment.clone()),
        (&monitoring, ACKNOWLEDGE, id),
        (&monitoring, COMMENT, comment),
    ] {
        refuses(&world, client, document, input, "FORBIDDEN").await?;
    }
    // Only the bridge says who has said something in Slack: for others there is no such field.
    let variables = json!({"input": as_slack});
    let what = "a comment in Slack's name";
    let answer = writes_nothing(&world, what, world.admin().send(COMMENT, &variables)).await?;
    assert_eq!(
        answer.code(),
        Some("GRAPHQL_VALIDATION_FAILED"),
        "{}",
        answer.body
    );
    let now = world.admin().incident(incident.number).await?;
    assert_eq!((now.version, now.kinds()), (1, vec!["TRIGGERED"]));
    Ok(())
}

async fn what_does_not_fit_what_was_done_before_is_refused(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let input = json!({"title": "Payments are failing", "idempotencyKey": "used"});
    let incident = admin.trigger_with(input).await?;
    admin.change("resolveIncident", &incident.id).await?;
    world
        .root(incident.number, |root| root.replies.len() == 1)
        .await?;
    world.settled().await?;
    let over = json!({"id": incident.id});
    refuses(&world, admin, ACKNOWLEDGE, over, "WRONG_STATUS").await?;
    let other = json!({"title": "Something else", "idempotencyKey": "used"});
    refuses(&world, admin, TRIGGER, other, "IDEMPOTENCY_KEY_REUSED").await
}

/// An incident of which everything has been told.
async fn settled_incident(world: &World) -> anyhow::Result<Triggered> {
    let incident = world.admin().trigger("Payments are failing").await?;
    world.root(incident.number, |_| true).await?;
    world.settled().await?;
    Ok(incident)
}

async fn what_belongs_to_another_organisation_is_not_there(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let other = world.organization("Another organisation", "#general").await?;
    let theirs = other.trigger("Theirs").await?;
    let comment = json!({"incidentId": theirs.id, "bodyMarkdown": "Theirs too"});
    other.change_with("addComment", comment.clone()).await?;
    world.settled().await?;
    let entry = other.incident(theirs.number).await?.timeline()[0].id.clone();
    let ours = world.admin();

    for (what, document, input) in [
        ("acknowledging", ACKNOWLEDGE, json!({"id": theirs.id})),
        ("reopening", REOPEN, json!({"id": theirs.id})),
        ("commenting", COMMENT, comment),
    ] {
        let variables = json!({"input": input});
        let asked = ours.send(document, &variables);
        let answer = writes_nothing(&world, what, asked).await?;
        assert_eq!(answer.code(), Some("NOT_FOUND"), "{what}: {}", answer.body);
    }
    let read = "query($id: ID!, $entry: ID!) { incident(id: $id) { id } node(id: $id) { id } entry: node(id: $entry) { id } \
        incidents { totalCount } }";
    let data = ours.ask(read, &json!({"id": theirs.id, "entry": entry})).await?;
    assert_eq!(
        data,
        json!({"incident": null, "node": null, "entry": null, "incidents": {"totalCount": 0}})
    );
    Ok(())
}

/// Sends a request, and sees that it is refused so.
async fn refused(
    world: &World,
    what: &str,
    request: RequestBuilder,
    status: StatusCode,
    code: &str,
) -> anyhow::Result<()> {
    let answer = writes_nothing(world, what, async { Ok(request.send().await?) }).await?;
    assert_eq!(answer.status(), status, "{what}");
    let body: Value = answer
        .json()
        .await
        .with_context(|| format!("{what}: an answer in JSON"))?;
    let told = body["errors"][0]["extensions"]["code"]
        .as_str()
        .or(body["error"]["code"].as_str());
    assert_eq!(told, Some(code), "{what}: {body}");
    Ok(())
}

/// Announces a body of this length, and sends none of it: who is answered before, and goes on sending, may find the connection closed.
async fn announce(base: &str, path: &str, length: usize) -> anyhow::Result<String> {
    let address = base.trim_start_matches("http://");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn a_request_that_is_no_graphql_is_refused_with_a_status_and_a_code(
    stack: Stack,
) -> anyhow::Result<()> {
    const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
    let world = World::on(stack).start().await?;
    let url = format!("{}/graphql", world.admin().base());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let request = |method: Method| {
        http.request(method, &url)
            .header("Accept", GRAPHQL_RESPONSE)
            .bearer_auth(world.admin().key())
    };
    let post = |body: String| {
        request(Method::POST)
            .header("Content-Type", "application/json")
            .body(body)
    };
    let trigger = r#"{"query": "mutation { triggerIncident(input: {title: \"T\"}) { incident { id } } }"}"#;
    let deep = format!("{{ incidents {{ nodes {} }} }}", nested(12));
    let keyless = http
        .post(&url)
        .header("Accept", GRAPHQL_RESPONSE)
        .header("Content-Type", "application/json")
        .body(trigger);
    let wrong = keyless
        .try_clone()
        .context("a copy")?
        .bearer_auth("tocsin_wrong_key_0123456789");
    let cases = [
        (
            "no JSON",
            post("{".to_owned()),
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
        ),
        (
            "no query",
            post("{}".to_owned()),
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
        ),
        (
            "a batch",
            post(format!("[{trigger}]")),
            StatusCode::BAD_REQUEST,
            "BATCHING_NOT_SUPPORTED",
        ),
        (
            "no GraphQL",
            post(json!({"query": "mutation {"}).to_string()),
            StatusCode::BAD_REQUEST,
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "an unknown field",
            post(json!({"query": "{ nothing }"}).to_string()),
            StatusCode::BAD_REQUEST,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "too deep",
            post(json!({"query": deep}).to_string()),
            StatusCode::BAD_REQUEST,
            "QUERY_TOO_COMPLEX",
        ),
        (
            "a body too large",
            post(json!({"query": "{ viewer { role } }", "x": "x".repeat(2 << 20)}).to_string()),
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
        ),
        (
            "a form",
            request(Method::POST)
                .header("Content-Type", "text/plain")
                .body(trigger),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "a mutation by GET",
            request(Method::GET).query(&[(
                "query",
                "mutation { triggerIncident(input: {title: \"T\"}) { incident { id } } }",
            )]),
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
        ),
        ("no key", keyless, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        ("a wrong key", wrong, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
    ];
    for (what, request, status, code) in cases {
        refused(&world, what, request, status, code).await?;
    }
    assert_eq!(world.count("incident").await?, 0);
    Ok(())
}

/// Incidents of services of incidents, as deep as asked for.
fn nested(depth: usize) -> String {
    match depth {
        0 => "{ id }".to_owned(),
        _ => format!("{{ postmortem {{ incident {} }} }}", nested(depth - 1)),
    }
}

async fn what_is_not_from_slack_is_refused(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world.root(incident.number, |_| true).await?;
    world.settled().await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let secret = world.slack().signing_secret().to_owned();
    let now = tocsin_clock::machine_now().unix_timestamp();
    let channel = world.channel()?.id;
    let event = |id: &str| {
        json!({"type": "event_callback", "team_id": "T0TOCSINDEMO", "event_id": id,
            "event": {"type": "message", "channel": channel, "user": "U0ALICE", "ts": "1.1", "thread_ts": root.ts, "text": "Forged"}})
        .to_string()
    };
    let send = |path: &str, body: String, timestamp: i64, secret: &str| {
        let timestamp = timestamp.to_string();
        let signature = sign(secret, &timestamp, body.as_bytes());
        http.post(format!("{}/slack/{path}", world.bridge(0).base()))
            .header("Content-Type", "application/json")
            .header("X-Slack-Request-Timestamp", timestamp)
            .header("X-Slack-Signature", signature)
            .body(body)
    };
    let unsigned = http
        .post(format!("{}/slack/events", world.bridge(0).base()))
        .header("Content-Type", "application/json")
        .body(event("Ev1"));
    let cases = [
        (
            "no signature",
            unsigned,
            StatusCode::UNAUTHORIZED,
            "SIGNATURE_MISSING",
        ),
        (
            "another secret",
            send("events", event("Ev2"), now, "another-secret-0123456789"),
            StatusCode::UNAUTHORIZED,
            "SIGNATURE_MISMATCH",
        ),
        (
            "six minutes old",
            send("events", event("Ev3"), now - 360, &secret),
            StatusCode::UNAUTHORIZED,
            "SIGNATURE_STALE",
        ),
        (
            "from the future",
            send("events", event("Ev4"), now + 360, &secret),
            StatusCode::UNAUTHORIZED,
            "SIGNATURE_STALE",
        ),
        (
            "no JSON",
            send("events", "{".to_owned(), now, &secret),
            StatusCode::BAD_REQUEST,
            "BODY_MALFORMED",
        ),
        (
            "no payload",
            send("interactions", "a=b".to_owned(), now, &secret),
            StatusCode::BAD_REQUEST,
            "BODY_MALFORMED",
        ),
    ];
    for (what, request, status, code) in cases {
        refused(&world, what, request, status, code).await?;
    }
    let bridge = world.bridge(0).base();
    let announced = announce(&bridge, "/slack/events", 4_200_000);
    let answer = writes_nothing(&world, "too large", announced).await?;
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("BODY_TOO_LARGE"),
        "{answer}"
    );
    world.settled().await?;
    assert!(
        world
            .admin()
            .incident(incident.number)
            .await?
            .comments()
            .is_empty()
    );
    Ok(())
}
