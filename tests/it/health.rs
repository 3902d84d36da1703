//! What is wrong with a Slack workspace is seen where people look: in GraphQL, in the metrics, and on the connectors.

use serde_json::{Value, json};
use tocsin_simulator::{AppSeed, Fault, FaultKind, TeamSeed};
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, roots_of, shown_status, until};
use url::Url;

on_each_stack!(
    the_workspace_of_the_environment_is_listed_and_no_mutation_changes_it,
    a_token_that_is_revoked_shows_on_the_workspace_its_connectors_and_the_metrics,
    a_token_that_slack_does_not_renew_is_told_while_the_present_one_still_works,
    notifications_alone_are_posted_once_though_answers_are_lost,
    an_app_of_an_organisations_own_works_on_a_server_without_any,
);

const WORKSPACES: &str = "{ slackWorkspaces { id name setByEnvironment botTokenSet status reasonCode reason teamId teamName features grantedScopes
    missingScopes { feature } lastDeliveredAt connectorCount } }";
const CONNECTORS: &str = "{ connectors { name status reasonCode reason } }";

/// Waits until a workspace is so; the server's own is the last.
async fn until_workspace(world: &World, what: &str, so: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    until(what, async || {
        let answer = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
        let workspace = answer["slackWorkspaces"].as_array()?.last()?.clone();
        so(&workspace).then_some(workspace)
    })
    .await
}

/// What the bridge's metrics say of the server's own workspace.
async fn up(world: &World) -> Option<String> {
    let url = format!("{}/metrics", world.bridge(0).base().trim_end_matches('/'));
    let text = reqwest::get(url).await.ok()?.text().await.ok()?;
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with("tocsin_slack_workspace_up{workspace=\"server\""))
        .map(str::to_owned)
}

async fn the_workspace_of_the_environment_is_listed_and_no_mutation_changes_it(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let workspace = until_workspace(&world, "it is active", |it| it["status"] == "ACTIVE").await?;
    assert_eq!(
        (&workspace["setByEnvironment"], &workspace["teamName"]),
        (&json!(true), &json!("Tocsin Demo"))
    );
    assert_eq!(
        (&workspace["botTokenSet"], &workspace["connectorCount"]),
        (&json!(true), &json!(1))
    );
    let scopes = workspace["grantedScopes"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("chat:write")), "{scopes:?}");
    world.admin().trigger("Payments are failing").await?;
    until_workspace(&world, "it has delivered", |it| !it["lastDeliveredAt"].is_null()).await?;
    let other = world.organization("Another organisation", "#general").await?;
    let theirs = other.ask(WORKSPACES, &Value::Null).await?["slackWorkspaces"][0].clone();
    assert_eq!(
        (&theirs["status"], &theirs["lastDeliveredAt"]),
        (&json!("ACTIVE"), &Value::Null),
        "what others were sent is not theirs to know"
    );
    assert!(up(&world).await.is_some_and(|line| line.ends_with(" 1")));

    let id = workspace["id"].clone();
    for (mutation, input) in [
        (
            "updateSlackWorkspace",
            json!({"id": id, "botToken": "xoxb-another"}),
        ),
        ("disconnectSlackWorkspace", json!({"id": id})),
    ] {
        let kind = format!("{}Input", mutation[..1].to_uppercase() + &mutation[1..]);
        let document = format!(
            "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code message }} }} }}"
        );
        let answer = world.admin().send(&document, &json!({"input": input})).await?;
        assert_eq!(
            answer.code(),
            Some("SET_BY_ENVIRONMENT"),
            "{mutation}: {}",
            answer.body
        );
        assert!(
            answer.body.to_string().contains("SLACK_BOT_TOKEN"),
            "{}",
            answer.body
        );
    }
    let link = "query($id: ID!) { slackInstallUrl(workspaceId: $id) { url userErrors { code } } }";
    let answer = world.admin().send(link, &json!({"id": id})).await?;
    let code = &answer.body["data"]["slackInstallUrl"]["userErrors"][0]["code"];
    assert_eq!(code, "SET_BY_ENVIRONMENT", "{}", answer.body);
    let connector = "mutation($input: CreateConnectorInput!) { createConnector(input: $input) { connector { id } userErrors { code message } } }";
    let input = json!({"input": {"name": "named", "channel": "#general-2", "workspaceId": id}});
    world.admin().insist(connector, &input).await?;
    until_workspace(&world, "it has two connectors", |it| it["connectorCount"] == 2).await?;
    let node = "query($id: ID!) { node(id: $id) { ... on SlackWorkspace { status } } }";
    let node = world.admin().ask(node, &json!({"id": id})).await?;
    assert_eq!(node["node"]["status"], "ACTIVE");
    Ok(())
}

async fn a_token_that_is_revoked_shows_on_the_workspace_its_connectors_and_the_metrics(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    until_workspace(&world, "it is active", |it| it["status"] == "ACTIVE").await?;
    world.slack().revoke_bot_tokens();
    // Whoever makes the first call says so: here, one that reads channels.
    let refresh =
        "mutation { refreshSlackChannels(input: {}) { operation { id } userErrors { code message } } }";
    world.admin().insist(refresh, &Value::Null).await?;
    let workspace = until_workspace(&world, "it fails", |it| it["status"] == "FAILING").await?;
    assert_eq!(workspace["reasonCode"], "token_revoked", "{workspace}");
    assert_eq!(
        workspace["teamName"], "Tocsin Demo",
        "who the bot was stays known"
    );
    assert!(up(&world).await.is_some_and(|line| line.ends_with(" 0")));
    let connectors = world.admin().ask(CONNECTORS, &Value::Null).await?;
    let connector = &connectors["connectors"][0];
    assert_eq!(
        (&connector["status"], &connector["reasonCode"]),
        (&json!("FAILING"), &json!("workspace_unusable")),
        "{connectors}"
    );
    assert!(
        connector["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("token_revoked")),
        "{connector}"
    );
    Ok(())
}

async fn a_token_that_slack_does_not_renew_is_told_while_the_present_one_still_works(
    stack: Stack,
) -> anyhow::Result<()> {
    let rotating = World::on(stack).slack(|slack| {
        slack.installed = false;
        slack.token_rotation = true;
        slack.token_lives = std::time::Duration::from_secs(40);
    });
    let world = rotating.start().await?;
    crate::install::install_for(&world, world.admin(), json!({"to": "/"})).await?;
    until_workspace(&world, "it is active", |it| it["status"] == "ACTIVE").await?;
    let refused = FaultKind::Error {
        error: "invalid_refresh_token".to_owned(),
    };
    world
        .slack()
        .add_fault(Fault::on("oauth.v2.access", refused).times(None));
    let workspace = until_workspace(&world, "it fails", |it| it["status"] == "FAILING").await?;
    assert_eq!(workspace["reasonCode"], "token_not_renewed", "{workspace}");
    let reason = workspace["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("invalid_refresh_token") && reason.contains("tocsin slack install-url"),
        "{reason}"
    );
    world.slack().clear_faults();
    until_workspace(&world, "it is renewed after all", |it| it["status"] == "ACTIVE")
        .await
        .map(|_| ())
}

async fn notifications_alone_are_posted_once_though_answers_are_lost(stack: Stack) -> anyhow::Result<()> {
    // What `tocsin manifest --features notifications` asks for.
    const ALONE: [&str; 8] = [
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.customize",
        "chat:write.public",
        "groups:history",
        "groups:read",
    ];
    let alone = World::on(stack).slack(|slack| slack.scopes = ALONE.map(str::to_owned).to_vec());
    let world = alone.start().await?;
    world.slack().add_fault(Fault::lost_answer("chat.postMessage"));
    let incident = world.admin().trigger("Payments are failing").await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    world.settled().await?;
    world.admin().change("acknowledgeIncident", &incident.id).await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    world.settled().await?;
    assert_eq!(roots_of(&world.channel()?, incident.number).len(), 1);
    let workspace = until_workspace(&world, "it is active", |it| it["status"] == "ACTIVE").await?;
    assert_eq!(workspace["features"], json!(["NOTIFICATIONS"]));
    assert_eq!(workspace["missingScopes"], json!([]));
    Ok(())
}

async fn an_app_of_an_organisations_own_works_on_a_server_without_any(stack: Stack) -> anyhow::Result<()> {
    const APP: &str = "mutation($input: CreateSlackAppInput!) { createSlackApp(input: $input) { app { id } userErrors { code message } } }";
    const CONNECT: &str =
        "mutation($input: ConnectSlackWorkspaceInput!) { connectSlackWorkspace(input: $input) {
        workspace { id } userErrors { code message } } }";
    let without = World::on(stack)
        .slack(|slack| slack.installed = false)
        .setting("SLACK_CLIENT_ID", "")
        .setting("SLACK_CLIENT_SECRET", "")
        .setting("SLACK_SIGNING_SECRET", "");
    let world = without.start().await?;
    world.member("Bob", "bob@example.com", "RESPONDER").await?;
    let none = world.admin().ask(WORKSPACES, &Value::Null).await?;
    assert_eq!(none["slackWorkspaces"], json!([]));
    let app = AppSeed::new("Own");
    let secret = app.signing_secret.clone();
    let team = world.slack().add_team(
        TeamSeed::new("Second")
            .installed("xoxb-of-the-second")
            .with_app(app),
    );
    team.set_callbacks(&Url::parse(&world.bridge(0).base())?);
    let input = json!({"input": {"name": "Own", "signingSecret": secret}});
    let app = world.admin().insist(APP, &input).await?["createSlackApp"]["app"]["id"].clone();
    let input = json!({"input": {"name": "Second", "botToken": "xoxb-of-the-second", "appId": app}});
    world.admin().insist(CONNECT, &input).await?;
    until_workspace(&world, "it is active", |it| it["status"] == "ACTIVE").await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let status_is = async |status: &str| -> anyhow::Result<String> {
        let shown = team.wait_for(
            |snapshot| {
                let roots = roots_of(snapshot.channel(CHANNEL)?, incident.number);
                let mut roots = roots.into_iter();
                let root = roots.find(|root| shown_status(root) == Some(status));
                root.map(|root| root.ts.clone())
            },
            PATIENCE,
        );
        Ok(shown.await?)
    };
    let ts = status_is("TRIGGERED").await?;
    let answer = team.person("bob").click(CHANNEL, &ts, "Acknowledge").await?;
    assert!(answer.is_ok(), "signed with the app's own secret");
    status_is("ACKNOWLEDGED").await.map(|_| ())
}
