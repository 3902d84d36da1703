//! What an administrator tries in Slack, and finds there.

use serde_json::{Value, json};
use tocsin_tests::{Client, Stack, World, on_each_stack, until};

on_each_stack!(
    a_connector_is_tried_and_its_channel_found_by_whichever_process_does_it,
    a_channel_that_was_made_and_archived_is_not_given_for_a_new_one,
);

const READ: &str =
    "query($id: ID!) { slackOperation(id: $id) { state code message testMessage { channel ts permalink }
    connection { teamName missingScopes { feature } } identity { slackUserId match } channelCount } }";
const CHANNELS: &str = "{ slackChannels(search: \"incidents\") { nodes { name isMember } refreshedAt } }";

/// Asks for something, and waits for what comes of it.
async fn comes_of(client: &Client, mutation: &str, input: Value) -> anyhow::Result<Value> {
    let mut kind = mutation.to_owned();
    kind[..1].make_ascii_uppercase();
    let document = format!(
        "mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ operation {{ id }} userErrors {{ code message }} }} }}"
    );
    let asked = client.ask(&document, &json!({"input": input})).await?;
    let id = asked[mutation]["operation"]["id"].clone();
    until("the operation is over", async || {
        let seen = client.ask(READ, &json!({"id": id})).await.ok()?;
        let seen = seen["slackOperation"].clone();
        (seen["state"] != "PENDING").then_some(seen)
    })
    .await
}

async fn a_connector_is_tried_and_its_channel_found_by_whichever_process_does_it(
    stack: Stack,
) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let connection = comes_of(admin, "testSlackConnection", json!({})).await?;
    assert_eq!(
        connection["connection"]["teamName"], "Tocsin Demo",
        "{connection}"
    );

    let connectors = admin.ask("{ connectors { id channel } }", &Value::Null).await?;
    let id = connectors["connectors"][0]["id"].clone();
    let sent = comes_of(admin, "sendSlackTestMessage", json!({"connectorId": id})).await?;
    let message = &sent["testMessage"];
    let channel = world.channel()?;
    let there: Vec<_> = channel.messages.iter().filter(|one| one.is_from_app).collect();
    assert_eq!(there.len(), 1, "{there:#?}");
    assert_eq!(message["ts"], json!(there[0].ts), "{sent}");
    assert!(there[0].words().contains("nothing has happened"));

    let refreshed = comes_of(admin, "refreshSlackChannels", json!({})).await?;
    assert!(refreshed["channelCount"].as_u64() >= Some(2), "{refreshed}");
    let found = admin.ask(CHANNELS, &Value::Null).await?["slackChannels"].clone();
    assert_eq!(found["nodes"], json!([{"name": "incidents", "isMember": true}]));
    assert!(found["refreshedAt"].is_string());

    admin
        .ask(
            "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code } } }",
            &json!({"input": {"name": "Alice", "email": "alice@example.com", "role": "RESPONDER"}}),
        )
        .await?;
    let users = admin
        .ask("{ users { nodes { id email } } }", &Value::Null)
        .await?;
    let users = users["users"]["nodes"].as_array().cloned().unwrap_or_default();
    let alice = users.iter().find(|user| user["email"] == "alice@example.com");
    let input = json!({"userId": alice.expect("a member")["id"]});
    let found = comes_of(admin, "testSlackIdentity", input).await?;
    assert_eq!(found["identity"]["match"], "EMAIL", "{found}");
    Ok(())
}

async fn a_channel_that_was_made_and_archived_is_not_given_for_a_new_one(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let made = comes_of(admin, "createSlackChannel", json!({"name": "inc-1"})).await?;
    assert_eq!(made["state"], "SUCCEEDED", "{made}");
    world.slack().person("alice").join("inc-1")?;
    world.slack().person("alice").archive("inc-1", true)?;
    let again = comes_of(admin, "createSlackChannel", json!({"name": "inc-1"})).await?;
    assert_eq!(
        (&again["state"], &again["code"]),
        (&json!("FAILED"), &json!("name_taken")),
        "{again}"
    );
    Ok(())
}
