//! No secret is in a log, an answer, a metric or the database, whatever goes wrong.
//!
//! A world is started with secrets that can be recognised, at the most talkative level of logs. It is led through what is done with them and
//! through failures of every kind; then all that was given away is searched. What is searched for is planted as well: a search that finds
//! nothing where there is something fails.

mod given_away;
mod installing;
mod signing_in;
mod trouble;

use serde_json::{Value, json};
use tocsin_simulator::{DEFAULT_CLIENT_ID, FunctionOutcome};
use tocsin_tests::{PATIENCE, Stack, World, on_each_stack, until};

use given_away::GivenAway;

on_each_stack!(
    no_secret_is_given_away_over_http,
    no_secret_is_given_away_by_socket_mode,
);

const BOT_TOKEN: &str = "xoxb-1111111111-recognisable-bot-token";
const SIGNING_SECRET: &str = "recognisable-signing-secret-5e1";
const APP_TOKEN: &str = "xapp-1-A0TOCSIN-recognisable-app-token";
const BRIDGE_TOKEN: &str = "recognisable-bridge-token-0123456789abcdef";
const CLIENT_SECRET: &str = "recognisable-client-secret-77";
const SECRET_KEY: &str = "cmVjb2duaXNhYmxlLWtleS1vZi0zMi1ieXRlcyEhISE=";

/// Of a workspace that is connected, and refuses it.
const REFUSED_TOKEN: &str = "xoxb-2222222222-recognisable-refused-token";

/// Given where a bot token belongs.
const PERSONS_TOKEN: &str = "xoxp-3333333333-recognisable-persons-token";

/// How tokens of workflows begin; they are made by Slack.
const WORKFLOW_TOKEN: &str = "xwfp-";

/// How tokens begin that expire, and those by which they are renewed; they are made by Slack.
const ROTATING: [&str; 2] = ["xoxe.xoxb-1-", "xoxe-1-"];

/// In everything that is said with it, and no secret.
const MARKER: &str = "no-secret-but-a-marker";

/// All that must not be found.
const SECRETS: [&str; 9] = [
    BOT_TOKEN,
    SIGNING_SECRET,
    APP_TOKEN,
    BRIDGE_TOKEN,
    CLIENT_SECRET,
    SECRET_KEY,
    REFUSED_TOKEN,
    PERSONS_TOKEN,
    WORKFLOW_TOKEN,
];

async fn no_secret_is_given_away_over_http(stack: Stack) -> anyhow::Result<()> {
    search(stack, false).await
}

async fn no_secret_is_given_away_by_socket_mode(stack: Stack) -> anyhow::Result<()> {
    search(stack, true).await
}

async fn search(stack: Stack, socket_mode: bool) -> anyhow::Result<()> {
    let plan = World::on(stack)
        .slack(|slack| {
            BOT_TOKEN.clone_into(&mut slack.bot_token);
            SIGNING_SECRET.clone_into(&mut slack.signing_secret);
            APP_TOKEN.clone_into(&mut slack.app_token);
            CLIENT_SECRET.clone_into(&mut slack.client_secret);
            slack.token_rotation = true;
        })
        .setting("TOCSIN_LOG", "trace")
        .setting("TOCSIN_BRIDGE_TOKEN", BRIDGE_TOKEN)
        .setting("TOCSIN_SECRET_KEY", SECRET_KEY)
        .setting("SLACK_CLIENT_ID", DEFAULT_CLIENT_ID)
        .setting("SLACK_CLIENT_SECRET", CLIENT_SECRET);
    let plan = if socket_mode { plan.socket_mode() } else { plan };
    let world = plan.start().await?;
    let mut given_away = GivenAway::default();

    work(&world).await?;
    connect(&world, &mut given_away).await?;
    installing::by_oauth(&world, &mut given_away).await?;
    installing::own_app(&world, &mut given_away).await?;
    signing_in::by_link(&world, &mut given_away).await?;
    trouble::answers(&world, &mut given_away).await?;
    trouble::slack(&world).await?;
    trouble::operations(&world, &mut given_away).await?;
    given_away.collect(&world).await?;

    given_away.assert_marked();
    given_away.assert_free_of(world.admin().key());
    given_away.assert_free_of_forbidden();
    for secret in SECRETS.into_iter().chain(ROTATING) {
        given_away.assert_free_of(secret);
    }
    given_away.assert_finds(BOT_TOKEN);
    Ok(())
}

/// What a world does all day, with the workflow's token among it.
async fn work(world: &World) -> anyhow::Result<()> {
    world
        .member("Alice Archer", "alice@example.com", "RESPONDER")
        .await?;
    let incident = world.admin().trigger(MARKER).await?;
    let root = world
        .root(incident.number, |root| root.text.contains(MARKER))
        .await?;
    let alice = world.slack().person("alice");
    alice.click("incidents", &root.ts, "acknowledge").await?;
    world
        .admin()
        .until(incident.number, |now| now.status == "ACKNOWLEDGED")
        .await?;
    let inputs = json!({"title": MARKER, "reporter": "me"});
    alice.run_function(
        "trigger_incident",
        inputs.as_object().cloned().unwrap_or_default(),
    )?;
    let done = world.slack().wait_for(
        |snapshot| match &snapshot.executions.first()?.outcome {
            FunctionOutcome::Succeeded { .. } | FunctionOutcome::Failed { .. } => Some(()),
            FunctionOutcome::Running => None,
        },
        PATIENCE,
    );
    done.await?;
    world.settled().await
}

/// A workspace that works, one that does not, and everything that may be read of them.
async fn connect(world: &World, given_away: &mut GivenAway) -> anyhow::Result<()> {
    const CONNECT: &str =
        "mutation($input: ConnectSlackWorkspaceInput!) { connectSlackWorkspace(input: $input) {
        workspace { id name status } userErrors { code message field } } }";
    const UPDATE: &str =
        "mutation($input: UpdateSlackWorkspaceInput!) { updateSlackWorkspace(input: $input) {
        workspace { id name status } userErrors { code message field } } }";
    const WORKSPACES: &str = "{ slackWorkspaces { id name status reasonCode reason teamId teamName grantedScopes connectorCount } }";
    let connect = |token: &str, key: &str| {
        let input = json!({"name": format!("{MARKER} {key}"), "botToken": token, "idempotencyKey": key});
        json!({"input": input})
    };
    let works = given_away
        .ask(world, CONNECT, &connect(BOT_TOKEN, "works"))
        .await?;
    given_away
        .ask(world, CONNECT, &connect(REFUSED_TOKEN, "refused"))
        .await?;
    given_away
        .ask(world, CONNECT, &connect(PERSONS_TOKEN, "persons"))
        .await?;
    // The same key with another token is refused, and says so.
    given_away
        .ask(world, CONNECT, &connect(REFUSED_TOKEN, "works"))
        .await?;
    for status in ["ACTIVE", "FAILING"] {
        until(status, async || {
            let workspaces = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
            let all = workspaces["slackWorkspaces"].as_array()?.clone();
            all.iter()
                .any(|workspace| workspace["status"] == status)
                .then_some(())
        })
        .await?;
    }
    given_away.ask(world, WORKSPACES, &Value::Null).await?;
    let id = &works["data"]["connectSlackWorkspace"]["workspace"]["id"];
    for token in [BOT_TOKEN, PERSONS_TOKEN] {
        let input = json!({"input": {"id": id, "botToken": token}});
        given_away.ask(world, UPDATE, &input).await?;
    }
    Ok(())
}
