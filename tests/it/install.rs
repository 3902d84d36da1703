//! The Slack app is installed by OAuth, works, loses its tokens, and is installed again.

use std::time::Duration;

use reqwest::{StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tocsin_simulator::Farewell;
use tocsin_tests::{
    CHANNEL, Client, PATIENCE, Plan, Stack, World, on_each_stack, roots_of, shown_status, until,
};
use url::Url;

on_each_stack!(
    an_administrator_installs_the_app_and_its_incidents_are_posted,
    a_link_is_good_once_and_nobody_else_can_make_one,
    an_app_that_is_uninstalled_says_so_and_installed_again_delivers_what_is_still_true,
    tokens_that_expire_are_changed_in_time_by_one_worker_at_a_time,
    what_is_missing_is_asked_for_later,
    a_scope_that_was_taken_away_is_named_until_it_is_granted,
    old_buttons_of_a_disconnected_workspace_say_so,
);

const LINK: &str = "query($features: [SlackFeature!], $workspace: ID, $to: String) {
    slackInstallUrl(features: $features, workspaceId: $workspace, returnTo: $to) { url expiresAt scopes userErrors { code message } } }";
const WORKSPACES: &str =
    "{ slackWorkspaces { id name status reasonCode reason teamName features manifestIsCurrent lastDeliveredAt
    missingScopes { feature scopes } connectorCount } }";
const DISCONNECT: &str =
    "mutation($input: DisconnectSlackWorkspaceInput!) { disconnectSlackWorkspace(input: $input) {
    workspace { status } userErrors { code } } }";

/// A world whose workspace has not installed the app yet.
fn not_installed(stack: Stack) -> Plan {
    World::on(stack).slack(|slack| slack.installed = false)
}

async fn link(world: &World, variables: Value) -> anyhow::Result<(Url, Vec<String>)> {
    link_for(world.admin(), variables).await
}

async fn link_for(admin: &Client, variables: Value) -> anyhow::Result<(Url, Vec<String>)> {
    let answer = admin.ask(LINK, &variables).await?["slackInstallUrl"].clone();
    assert_eq!(answer["userErrors"], json!([]), "{answer}");
    let url = answer["url"].as_str().expect("a link").parse()?;
    Ok((url, serde_json::from_value(answer["scopes"].clone())?))
}

/// Where the person's browser comes to who goes to the address that Slack has sent them to.
async fn go(world: &World, sent_to: &Url) -> anyhow::Result<(StatusCode, Option<Url>, String)> {
    // The public address leads to the bridge, as it does behind a proxy.
    let query = sent_to.query().unwrap_or_default();
    let url = format!(
        "{}{}?{query}",
        world.bridge(0).base().trim_end_matches('/'),
        sent_to.path()
    );
    let browser = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()?;
    let answer = browser.get(url).send().await?;
    let location = answer
        .headers()
        .get("location")
        .and_then(|to| to.to_str().ok()?.parse().ok());
    Ok((answer.status(), location, answer.text().await?))
}

fn told(location: Option<&Url>, name: &str) -> Option<String> {
    let (_, value) = location?.query_pairs().find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

/// Alice asks for a link, allows it, and goes back; gives the workspace's id.
async fn install(world: &World, variables: Value) -> anyhow::Result<String> {
    install_for(world, world.admin(), variables).await
}

/// The same for the organisation of this administrator.
pub(crate) async fn install_for(world: &World, admin: &Client, variables: Value) -> anyhow::Result<String> {
    let (url, _) = link_for(admin, variables).await?;
    let back = world.slack().person("alice").allow(&url)?;
    let (_, location, page) = go(world, &back).await?;
    assert_eq!(
        told(location.as_ref(), "code").as_deref(),
        Some("OK"),
        "{location:?} {page}"
    );
    Ok(told(location.as_ref(), "id").expect("the workspace's id"))
}

async fn until_workspace(world: &World, what: &str, so: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    until(what, async || {
        let answer = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
        let workspace = answer["slackWorkspaces"][0].clone();
        so(&workspace).then_some(workspace)
    })
    .await
}

async fn until_status(world: &World, status: &str) -> anyhow::Result<Value> {
    until_workspace(world, status, |workspace| workspace["status"] == status).await
}

async fn an_administrator_installs_the_app_and_its_incidents_are_posted(stack: Stack) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    let early = world.admin().trigger("Before Slack was there").await?;
    let (url, scopes) = link(&world, json!({"to": "/settings/slack?tab=1"})).await?;
    assert!(
        url.as_str()
            .starts_with(world.slack().url().join("oauth/v2/authorize")?.as_str()),
        "{url}"
    );
    assert!(
        scopes.contains(&"chat:write".to_owned()) && !scopes.contains(&"channels:manage".to_owned()),
        "{scopes:?}"
    );
    let back = world.slack().person("alice").allow(&url)?;
    let (status, location, _) = go(&world, &back).await?;
    assert!(status.is_redirection(), "{status}");
    let location = location.expect("the console");
    assert!(
        location
            .as_str()
            .starts_with("https://tocsin.example.com/settings/slack?tab=1&slack=connected&code=OK"),
        "{location}"
    );
    let workspace = until_status(&world, "ACTIVE").await?;
    assert_eq!(workspace["teamName"], "Tocsin Demo");
    assert_eq!(workspace["manifestIsCurrent"], true);
    assert_eq!(workspace["missingScopes"], json!([]));
    assert_eq!(workspace["connectorCount"], 1, "the first channel leads there");
    world
        .root(early.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    until_workspace(&world, "a delivery", |workspace| {
        !workspace["lastDeliveredAt"].is_null()
    })
    .await?;
    for process in world.processes() {
        let token = world.slack().token().expect("a token");
        assert!(!process.output().contains(&token), "a token in the log");
    }
    Ok(())
}

async fn a_link_is_good_once_and_nobody_else_can_make_one(stack: Stack) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    let alice = world.slack().person("alice");
    let (url, _) = link(&world, json!({"to": "/settings"})).await?;
    let (_, location, _) = go(&world, &alice.deny(&url)?).await?;
    assert_eq!(told(location.as_ref(), "code").as_deref(), Some("ACCESS_DENIED"));
    assert!(told(location.as_ref(), "reason").is_some_and(|reason| reason.contains("cancelled")));

    let (url, _) = link(&world, json!({})).await?;
    let back = alice.allow(&url)?;
    let (status, _, page) = go(&world, &back).await?;
    let organization = world
        .admin()
        .ask("{ organization { name } }", &Value::Null)
        .await?;
    let name = organization["organization"]["name"].as_str().expect("a name");
    let told = format!("The Slack workspace Tocsin Demo is connected to the organisation {name} of Tocsin.");
    assert!(status.is_success() && page.contains(&told), "{status} {page}");
    let (status, _, page) = go(&world, &back).await?;
    assert!(
        status == StatusCode::BAD_REQUEST && page.contains("LINK_USED"),
        "{status} {page}"
    );

    let mut forged = back.clone();
    forged
        .query_pairs_mut()
        .clear()
        .append_pair("code", "1")
        .append_pair("state", "sealed1.00000000.AAAA");
    let (status, _, page) = go(&world, &forged).await?;
    assert!(
        status == StatusCode::BAD_REQUEST && page.contains("LINK_INVALID"),
        "{status} {page}"
    );

    let responder = world.member("Rita", "rita@example.com", "RESPONDER").await?;
    let refused = responder.send(LINK, &json!({})).await?;
    assert_eq!(refused.code(), Some("FORBIDDEN"), "{}", refused.body);
    let elsewhere = world
        .admin()
        .send(LINK, &json!({"to": "https://evil.example"}))
        .await?;
    assert_eq!(elsewhere.code(), Some("INVALID_INPUT"));
    let all = world.admin().ask(WORKSPACES, &Value::Null).await?;
    assert_eq!(all["slackWorkspaces"].as_array().map(Vec::len), Some(1));
    Ok(())
}

async fn an_app_that_is_uninstalled_says_so_and_installed_again_delivers_what_is_still_true(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    let id = install(&world, json!({"to": "/"})).await?;
    let before = world.admin().trigger("Payments are failing").await?;
    world
        .root(before.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;

    world.slack().uninstall_app(Farewell::RevokedFirst);
    let workspace = until_status(&world, "FAILING").await?;
    let reason = workspace["reason"].as_str().expect("a reason");
    assert!(reason.contains("tocsin slack install-url"), "{reason}");
    world.admin().change("acknowledgeIncident", &before.id).await?;
    let meanwhile = world.admin().trigger("Search is slow").await?;

    let again = install(&world, json!({"workspace": id, "to": "/"})).await?;
    assert_eq!(again, id, "the same workspace");
    until_status(&world, "ACTIVE").await?;
    world
        .root(before.number, |root| shown_status(root) == Some("ACKNOWLEDGED"))
        .await?;
    world
        .root(meanwhile.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let channel = world.channel()?;
    for incident in [&before, &meanwhile] {
        assert_eq!(roots_of(&channel, incident.number).len(), 1);
    }
    Ok(())
}

async fn tokens_that_expire_are_changed_in_time_by_one_worker_at_a_time(stack: Stack) -> anyhow::Result<()> {
    let plan = not_installed(stack).bridges(2);
    let rotating = plan.slack(|slack| {
        slack.token_rotation = true;
        slack.token_lives = Duration::from_secs(16);
        slack.refresh_grace = Duration::ZERO;
    });
    let world = rotating.start().await?;
    install(&world, json!({"to": "/"})).await?;
    until_status(&world, "ACTIVE").await?;
    let first = world.slack().token().expect("a token");
    let mut seen = vec![first];
    while seen.len() < 3 {
        let last = seen.last().cloned();
        let next = until("another token", async || {
            world.slack().token().filter(|token| Some(token) != last.as_ref())
        });
        seen.push(next.await?);
        let incident = world.admin().trigger("Payments are failing").await?;
        world
            .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
            .await?;
    }
    let calls = world.slack().calls();
    let refused = calls
        .iter()
        .filter(|call| call.method == "oauth.v2.access" && call.error.is_some());
    assert_eq!(refused.count(), 0, "a pair was asked for twice");

    // Who starts begins with the newest pair, however old the first one is. The other bridge may have the one before still.
    let (one, other) = (world.bridge(0), world.bridge(1));
    one.terminate().await?;
    if !std::ptr::eq(one, other) {
        other.terminate().await?;
    }
    let before = world.slack().calls().len();
    one.start().await?;
    let incident = world.admin().trigger("Search is slow").await?;
    world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let since = world.slack().calls();
    let refused = since.iter().skip(before).filter(|call| call.error.is_some());
    assert_eq!(refused.count(), 0, "{:#?}", &since[before..]);
    assert_eq!(until_status(&world, "ACTIVE").await?["reasonCode"], Value::Null);
    Ok(())
}

async fn what_is_missing_is_asked_for_later(stack: Stack) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    let id = install(&world, json!({"features": ["NOTIFICATIONS"], "to": "/"})).await?;
    let workspace = until_status(&world, "ACTIVE").await?;
    assert_eq!(
        (&workspace["features"], &workspace["missingScopes"]),
        (&json!(["NOTIFICATIONS"]), &json!([]))
    );
    let (url, scopes) = link(
        &world,
        json!({"features": ["PREVIEWS"], "workspace": id, "to": "/"}),
    )
    .await?;
    assert_eq!(scopes, ["links:read", "links:write"], "only what is missing");
    let back = world.slack().person("alice").allow(&url)?;
    go(&world, &back).await?;
    let both = |workspace: &Value| {
        workspace["features"] == json!(["NOTIFICATIONS", "PREVIEWS"])
            && workspace["missingScopes"] == json!([])
    };
    until_workspace(&world, "both features", both).await?;
    Ok(())
}

async fn a_scope_that_was_taken_away_is_named_until_it_is_granted(stack: Stack) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    let id = install(&world, json!({"to": "/"})).await?;
    until_status(&world, "ACTIVE").await?;
    world.slack().take_scopes(&["chat:write", "chat:write.public"]);
    let incident = world.admin().trigger("Payments are failing").await?;
    let is_told = |workspace: &Value| {
        workspace["status"] == "FAILING"
            && workspace["missingScopes"]
                == json!([{"feature": "NOTIFICATIONS", "scopes": ["chat:write", "chat:write.public"]}])
    };
    until_workspace(&world, "what is missing", is_told).await?;
    let (_, scopes) = link(&world, json!({"workspace": id, "to": "/"})).await?;
    assert_eq!(
        scopes,
        ["chat:write", "chat:write.public"],
        "only what is missing"
    );
    // That Slack takes the token says nothing of what it may do.
    let test = "mutation($input: TestSlackConnectionInput!) { testSlackConnection(input: $input) {
        operation { id } userErrors { code } } }";
    let asked = world
        .admin()
        .ask(test, &json!({"input": {"workspaceId": id}}))
        .await?;
    let operation = asked["testSlackConnection"]["operation"]["id"].clone();
    until("the connection is tested", async || {
        let read = "query($id: ID!) { slackOperation(id: $id) { state } }";
        let seen = world.admin().ask(read, &json!({"id": operation})).await.ok()?;
        (seen["slackOperation"]["state"] == "SUCCEEDED").then_some(())
    })
    .await?;
    let now = world.admin().ask(WORKSPACES, &Value::Null).await?;
    assert_eq!(now["slackWorkspaces"][0]["status"], "FAILING", "{now}");

    install(&world, json!({"workspace": id, "to": "/"})).await?;
    until_status(&world, "ACTIVE").await?;
    let root = world.root(incident.number, |root| shown_status(root) == Some("TRIGGERED"));
    root.await.map(|_| ())
}

async fn old_buttons_of_a_disconnected_workspace_say_so(stack: Stack) -> anyhow::Result<()> {
    let world = not_installed(stack).start().await?;
    world.member("Bob", "bob@example.com", "RESPONDER").await?;
    let id = install(&world, json!({"to": "/"})).await?;
    let incident = world.admin().trigger("Payments are failing").await?;
    let root = world
        .root(incident.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    world
        .admin()
        .ask(DISCONNECT, &json!({"input": {"id": id}}))
        .await?;
    until_status(&world, "DISCONNECTED").await?;
    until("the bridge has heard of it", async || {
        let log = world.bridge(0).log();
        let mut lines = log.iter().map(tocsin_tests::LogLine::message);
        lines
            .any(|line| line.contains("no longer worked in"))
            .then_some(())
    })
    .await?;
    world
        .slack()
        .person("bob")
        .click(CHANNEL, &root.ts, "Acknowledge")
        .await?;
    let told = |snapshot: &tocsin_simulator::Snapshot| {
        let ephemeral = &snapshot.channel(CHANNEL)?.ephemeral;
        ephemeral
            .iter()
            .find(|message| message.text.contains("not connected"))
            .map(|message| message.text.clone())
    };
    let text = world.slack().wait_for(told, PATIENCE).await?;
    assert!(text.contains("NOT_CONNECTED"), "{text}");
    let now = world.admin().incident(incident.number).await?;
    assert_eq!(now.status, "TRIGGERED");
    Ok(())
}
