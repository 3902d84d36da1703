//! What goes wrong with a secret in it.

use serde_json::json;
use tocsin_simulator::{Fault, FaultKind, sign};
use tocsin_tests::{World, until};

use super::{
    APP_TOKEN, BOT_TOKEN, MARKER, PERSONS_TOKEN, REFUSED_TOKEN, SIGNING_SECRET,
    given_away::{GivenAway, http},
};

/// The method that is made to fail.
const POST: &str = "chat.postMessage";

/// Requests that are refused, with secrets where they do not belong.
pub(super) async fn answers(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    const CONNECT: &str = "mutation($input: ConnectSlackWorkspaceInput!) { connectSlackWorkspace(input: $input) { workspace { id } userErrors { message } } }";
    for input in [
        json!({"name": MARKER, "botToken": [REFUSED_TOKEN, 7]}),
        json!({"name": MARKER, "botToken": {"token": REFUSED_TOKEN}}),
        json!({"name": 7, "botToken": REFUSED_TOKEN}),
        json!({"name": MARKER, "token": REFUSED_TOKEN}),
        json!({"name": "", "botToken": REFUSED_TOKEN}),
        json!({"name": MARKER, "botToken": format!("{REFUSED_TOKEN}\n")}),
        json!({"name": MARKER, "botToken": REFUSED_TOKEN.repeat(1_000)}),
        json!(REFUSED_TOKEN),
    ] {
        given_away.ask(world, CONNECT, &json!({"input": input})).await?;
    }
    let graphql = format!("{}/graphql", world.admin().base());
    given_away.forbid(REFUSED_TOKEN.replace('-', "_"));
    for document in documents() {
        given_away.ask(world, &document, &json!({})).await?;
        given_away
            .ask(world, &document, &json!({"botToken": [REFUSED_TOKEN]}))
            .await?;
    }
    for token in [BOT_TOKEN, PERSONS_TOKEN] {
        let request = http()
            .post(&graphql)
            .bearer_auth(token)
            .json(&json!({"query": "{ viewer { scopes } }"}));
        given_away.keep("GraphQL to a stranger", request).await?;
    }
    let cut = format!(r#"{{"query": "{{ viewer }}", "variables": {{"botToken": "{REFUSED_TOKEN}""#);
    let request = http()
        .post(&graphql)
        .bearer_auth(world.admin().key())
        .header("Content-Type", "application/json")
        .body(cut);
    given_away.keep("GraphQL to half a request", request).await?;
    forged(world, given_away).await
}

/// Documents with a secret in them, each wrong in another way.
fn documents() -> Vec<String> {
    let call = |input: &str| {
        format!("mutation {{ connectSlackWorkspace(input: {input}) {{ workspace {{ id }} }} }}")
    };
    let sound = format!(r#"{{name: "{MARKER}", botToken: "{REFUSED_TOKEN}"}}"#);
    let as_a_name = REFUSED_TOKEN.replace('-', "_");
    let mut documents = vec![
        call(&sound).trim_end_matches('}').to_owned(),
        call(sound.trim_end_matches('}')),
        call(&sound.replace("botToken: \"", "botToken: ")),
        call(&sound.replace("\"}", "}")),
        call(&sound.replace("botToken", "token")),
        call(&format!("[{sound}, {sound}]")),
        call(&format!("\"{REFUSED_TOKEN}\"")),
        call(&format!(
            "{{name: \"a\", botToken: {{token: \"{REFUSED_TOKEN}\"}}}}"
        )),
        format!("query($botToken: String = \"{REFUSED_TOKEN}\" {{ viewer {{ scopes }} }}"),
        format!("query($botToken: Int = \"{REFUSED_TOKEN}\") {{ viewer {{ scopes }} }}"),
        format!("{{ incident(id: \"{REFUSED_TOKEN}\") {{ id }} }}"),
        format!("{{ node(id: \"{REFUSED_TOKEN}\") {{ id }} }}"),
        format!("{{ incidents(first: \"{REFUSED_TOKEN}\") {{ nodes {{ id }} }} }}"),
        format!("{{ incidents(after: \"{REFUSED_TOKEN}\") {{ nodes {{ id }} }} }}"),
    ];
    for place in [
        "{ NAME }",
        "{ viewer { NAME } }",
        "{ ...NAME }",
        "{ viewer @NAME { scopes } }",
        "{ viewer(NAME: 1) { scopes } }",
    ] {
        documents.push(place.replace("NAME", &as_a_name));
    }
    documents
}

/// What comes as if from Slack: not signed, signed with another secret, signed and of no shape.
async fn forged(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    let now = tocsin_clock::machine_now().unix_timestamp().to_string();
    let base = world.bridge(0).base();
    let bodies = [
        json!({"type": "event_callback", "token": REFUSED_TOKEN, "event_id": "Ev1", "event": {"type": 7}})
            .to_string(),
        format!(r#"{{"type": "event_callback", "event_id": "{BOT_TOKEN}"#),
        format!("payload=%7B%22token%22%3A%22{APP_TOKEN}%22"),
        format!("token={PERSONS_TOKEN}&command=%FF&text={}", "7".repeat(100_000)),
    ];
    for body in bodies {
        for path in ["events", "interactions", "commands", "options"] {
            let what = format!("/slack/{path}");
            for secret in [SIGNING_SECRET, "another"] {
                let request = http()
                    .post(format!("{base}{what}"))
                    .header("X-Request-Id", MARKER)
                    .header("X-Slack-Request-Timestamp", &now)
                    .header("X-Slack-Signature", sign(secret, &now, body.as_bytes()))
                    .body(body.clone());
                given_away.keep(&what, request).await?;
            }
            given_away
                .keep(&what, http().post(format!("{base}{what}")).body(body.clone()))
                .await?;
        }
    }
    Ok(())
}

/// Slack fails in each way that it has.
pub(super) async fn slack(world: &World) -> anyhow::Result<()> {
    let error = |error: &str| FaultKind::Error {
        error: error.to_owned(),
    };
    for kind in [
        FaultKind::HttpError { status: 500 },
        FaultKind::Drop,
        FaultKind::RateLimited { retry_after: 1 },
        error("internal_error"),
        error("channel_not_found"),
        error("missing_scope"),
        error("invalid_auth"),
        error("token_revoked"),
    ] {
        let before = failures(world);
        world.slack().add_fault(Fault::on(POST, kind));
        world.admin().trigger(MARKER).await?;
        until("Slack has failed", async || {
            (failures(world) > before).then_some(())
        })
        .await?;
    }
    world.settled().await
}

/// How many posts have failed so far.
fn failures(world: &World) -> usize {
    let calls = world.slack().calls();
    let failed = calls
        .iter()
        .filter(|call| call.method == POST && call.error.is_some());
    failed.count()
}

/// What operators look at, and run.
pub(super) async fn operations(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    for process in world.processes() {
        for path in ["/metrics", "/readyz", "/healthz"] {
            given_away
                .keep(path, http().get(format!("{}{path}", process.base())))
                .await?;
        }
    }
    for command in [
        &["doctor"][..],
        &["migrate"],
        &["manifest", "--features", "all"],
        &["key", "create", MARKER],
    ] {
        let printed = world.command(command).await?;
        let what = if command == ["doctor"] {
            "the doctor"
        } else {
            "a command"
        };
        given_away.keep_text(what, printed);
    }
    Ok(())
}
