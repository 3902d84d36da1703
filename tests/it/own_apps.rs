//! A Slack app of an organisation's own, beside the server's: it works, says nothing of others' workspaces, and connectors move to it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tocsin_simulator::{AppSeed, TeamHandle, TeamSeed, sign};
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack, roots_of, shown_status, until};
use url::Url;

on_each_stack!(
    an_app_of_ones_own_is_worked_with_and_can_forge_nothing_of_others,
    an_app_in_a_workspace_that_others_share_says_that_it_is_not_listened_to,
    connectors_move_while_incidents_go_on_and_each_is_told_once,
    whoever_uses_a_command_in_a_workspace_that_is_not_connected_is_told_how_to_connect_it,
);

const APP: &str = "mutation($input: CreateSlackAppInput!) { createSlackApp(input: $input) { app { id } userErrors { code message } } }";
const CONNECT: &str = "mutation($input: ConnectSlackWorkspaceInput!) { connectSlackWorkspace(input: $input) {
    workspace { id } userErrors { code message } } }";
const MOVE: &str = "mutation($input: MoveConnectorsInput!) { moveConnectors(input: $input) {
    connectors { name } userErrors { code message } } }";
const WORKSPACES: &str = "{ slackWorkspaces { id status teamName reason } }";

/// A second team with an app of its own, connected to the organisation; and the workspace's id.
async fn second_team(world: &World) -> anyhow::Result<(TeamHandle, Value)> {
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
    let workspace =
        world.admin().insist(CONNECT, &input).await?["connectSlackWorkspace"]["workspace"]["id"].clone();
    until("the second workspace works", async || {
        let answer = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
        (answer["slackWorkspaces"][0]["status"] == "ACTIVE").then_some(())
    })
    .await?;
    Ok((team, workspace))
}

/// Moves all connectors of the server's own workspace there.
async fn move_all(world: &World, to: &Value) -> anyhow::Result<()> {
    let moved = world
        .admin()
        .insist(MOVE, &json!({"input": {"toWorkspaceId": to}}))
        .await?;
    assert_eq!(
        moved["moveConnectors"]["connectors"].as_array().map(Vec::len),
        Some(1),
        "{moved}"
    );
    Ok(())
}

async fn until_shown(team: &TeamHandle, number: i64, status: &str) -> anyhow::Result<String> {
    let shown = team.wait_for(
        |snapshot| {
            let roots = roots_of(snapshot.channel(CHANNEL)?, number);
            let mut roots = roots
                .into_iter()
                .filter(|root| shown_status(root) == Some(status));
            roots.next().map(|root| root.ts.clone())
        },
        PATIENCE,
    );
    Ok(shown.await?)
}

async fn an_app_of_ones_own_is_worked_with_and_can_forge_nothing_of_others(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    world.member("Bob", "bob@example.com", "RESPONDER").await?;
    let theirs = world.admin().trigger("In the server's own workspace").await?;
    let root = world
        .root(theirs.number, |root| shown_status(root) == Some("TRIGGERED"))
        .await?;
    let (team, workspace) = second_team(&world).await?;
    move_all(&world, &workspace).await?;
    let incident = world.admin().trigger("In the second").await?;
    let ts = until_shown(&team, incident.number, "TRIGGERED").await?;
    let answer = team.person("bob").click(CHANNEL, &ts, "Acknowledge").await?;
    assert!(answer.is_ok(), "signed with the app's own secret");
    until_shown(&team, incident.number, "ACKNOWLEDGED").await?;

    // Whoever has set the secret can sign anything with it.
    let (channel, other) = (world.channel()?.id, world.slack().id());
    let reply = |names: Value| {
        let mut forged = json!({"type": "event_callback", "event_id": format!("Ev{names}"),
            "event": {"type": "message", "channel": channel, "user": "U0ALICE", "ts": "1.1", "thread_ts": root.ts, "text": "Forged"}});
        forged
            .as_object_mut()
            .expect("fields")
            .extend(names.as_object().expect("fields").clone());
        ("/slack/events", forged.to_string())
    };
    let press = |names: Value| {
        let mut forged = json!({"type": "block_actions", "user": {"id": "U000000BOB"}, "trigger_id": names.to_string(),
            "container": {"type": "message", "message_ts": root.ts, "channel_id": channel}, "channel": {"id": channel},
            "actions": [{"type": "button", "action_id": "acknowledge", "value": theirs.id, "action_ts": "1.1"}]});
        forged
            .as_object_mut()
            .expect("fields")
            .extend(names.as_object().expect("fields").clone());
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("payload", &forged.to_string());
        ("/slack/interactions", form.finish())
    };
    let own = team.id();
    for (path, forged) in [
        reply(json!({"team_id": other})),
        reply(json!({"team_id": own, "authorizations": [{"team_id": other}]})),
        reply(json!({"team_id": null, "context_team_id": other})),
        reply(json!({})),
        press(json!({"team": {"id": other}})),
        press(json!({"team": null, "team_id": other})),
        press(json!({"team": {"id": own}, "team_id": other})),
        press(json!({"team": null})),
    ] {
        let now = tocsin_clock::machine_now().unix_timestamp().to_string();
        let request = reqwest::Client::builder().no_proxy().build()?;
        let request = request.post(format!("{}{path}", world.bridge(0).base()));
        let signed = request
            .header(
                "X-Slack-Signature",
                sign(team.signing_secret(), &now, forged.as_bytes()),
            )
            .header("X-Slack-Request-Timestamp", now)
            .body(forged.clone());
        let answer = signed.send().await?;
        if answer.status() == StatusCode::OK {
            // What a person did somewhere that is not connected is answered in words; they are told at the address that came with it.
            assert!(
                path == "/slack/interactions" && answer.bytes().await?.is_empty(),
                "{forged}"
            );
            continue;
        }
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{forged}");
        let body: Value = answer.json().await?;
        assert_eq!(body["error"]["code"], "FOREIGN_WORKSPACE", "{forged}");
    }
    world.settled().await?;
    let now = world.admin().incident(theirs.number).await?;
    assert!(
        now.timeline().iter().all(|entry| entry.kind != "COMMENT"),
        "{now:?}"
    );
    assert_eq!(now.status, "TRIGGERED");
    Ok(())
}

async fn an_app_in_a_workspace_that_others_share_says_that_it_is_not_listened_to(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    second_team(&world).await?;
    let other = world.organization("Another organisation", "#general").await?;
    let input = json!({"input": {"name": "Theirs", "botToken": "xoxb-of-the-second"}});
    let theirs = other.insist(CONNECT, &input).await?["connectSlackWorkspace"]["workspace"]["id"].clone();
    let until_status = async |status: &str| {
        until(status, async || {
            let answer = world.admin().ask(WORKSPACES, &Value::Null).await.ok()?;
            let workspace = answer["slackWorkspaces"][0].clone();
            (workspace["status"] == status).then_some(workspace)
        })
        .await
    };
    let told = until_status("FAILING").await?;
    let reason = told["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("others are connected"), "{told}");
    let disconnect =
        "mutation($input: DisconnectSlackWorkspaceInput!) { disconnectSlackWorkspace(input: $input) {
        workspace { status } userErrors { code } } }";
    other
        .insist(disconnect, &json!({"input": {"id": theirs}}))
        .await?;
    until_status("ACTIVE").await.map(|_| ())
}

async fn connectors_move_while_incidents_go_on_and_each_is_told_once(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let (team, workspace) = second_team(&world).await?;
    let mut all = Vec::new();
    for number in 0..12 {
        if number == 6 {
            move_all(&world, &workspace).await?;
        }
        all.push(world.admin().trigger(&format!("Incident {number}")).await?);
    }
    for incident in &all {
        world.admin().change("acknowledgeIncident", &incident.id).await?;
    }
    world.settled().await?;
    let (old, new) = (world.channel()?, team.channel(CHANNEL).expect("the channel"));
    for incident in &all {
        let roots: Vec<_> = [&old, &new]
            .into_iter()
            .flat_map(|channel| roots_of(channel, incident.number))
            .collect();
        assert_eq!(roots.len(), 1, "#{} is told once", incident.number);
        assert_eq!(
            shown_status(roots[0]),
            Some("ACKNOWLEDGED"),
            "#{} is kept true",
            incident.number
        );
    }
    let last = all.last().expect("an incident").number;
    assert_eq!(roots_of(&new, last).len(), 1, "what is new goes to the new place");
    Ok(())
}

async fn whoever_uses_a_command_in_a_workspace_that_is_not_connected_is_told_how_to_connect_it(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let stranger = world
        .slack()
        .add_team(TeamSeed::new("Stranger").installed("xoxb-of-a-stranger"));
    stranger.set_callbacks(&Url::parse(&world.bridge(0).base())?);
    let answer = stranger
        .person("bob")
        .command("general", "/incident", "ack 1")
        .await?;
    assert!(answer.is_ok(), "{answer:?}");
    let shown = stranger.wait_for(
        |snapshot| {
            let mut ephemeral = snapshot.channel("general")?.ephemeral.iter();
            ephemeral
                .find(|message| message.text.contains("(NOT_CONNECTED)"))
                .map(|message| message.text.clone())
        },
        PATIENCE,
    );
    assert!(shown.await?.contains("tocsin slack install-url"));
    let used = stranger.person("bob").shortcut("create_incident").await?;
    assert!(used.is_ok(), "Slack says nothing of a failure: {used:?}");
    assert!(stranger.calls().is_empty(), "nothing is asked there");
    Ok(())
}
