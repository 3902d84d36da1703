//! An organisation's own words for its incidents' messages.

use serde_json::json;
use tocsin_simulator::MessageSnapshot;
use tocsin_tests::{CHANNEL, PATIENCE, Stack, World, on_each_stack};

on_each_stack!(a_connector_speaks_in_the_words_of_its_template);

const CREATE: &str = "mutation($input: CreateSlackTemplateInput!) { createSlackTemplate(input: $input) {
    template { id } userErrors { message } } }";
const CHANGE: &str = "mutation($input: UpdateSlackTemplateInput!) { updateSlackTemplate(input: $input) {
    template { id } userErrors { message } } }";
const USE: &str = "mutation($input: UpdateConnectorInput!) { updateConnector(input: $input) {
    connector { template { name } } userErrors { message } } }";

async fn a_connector_speaks_in_the_words_of_its_template(stack: Stack) -> anyhow::Result<()> {
    let world = World::on(stack).start().await?;
    let admin = world.admin();
    let title = "<{{ incident.url }}|{{ incident.key }} in {{ service.name }}>: {{ incident.title }}";
    let fields = json!([{"name": "Said by", "value": "{{ organization.name }}"}]);
    let input = json!({"input": {"name": "Ours", "title": title, "fields": fields}});
    let made = admin.ask(CREATE, &input).await?["createSlackTemplate"]["template"]["id"].clone();
    let connector = admin.ask("{ connectors { id } }", &json!(null)).await?["connectors"][0]["id"].clone();
    let input = json!({"input": {"id": connector, "templateId": made}});
    let used = admin.ask(USE, &input).await?;
    assert_eq!(
        used["updateConnector"]["connector"]["template"]["name"], "Ours",
        "{used}"
    );

    let incident = admin.trigger("Payments <!channel> are failing").await?;
    let words = until_said(&world, "Said by").await?;
    assert!(
        words.contains(": Payments &lt;!channel&gt; are failing"),
        "{words}"
    );

    // New words are in force from the incident's next change on; the footer is always Tocsin's.
    let input = json!({"input": {"id": made, "title": "Other words: {{ incident.status }}"}});
    admin.ask(CHANGE, &input).await?;
    admin.change("acknowledgeIncident", &incident.id).await?;
    until_said(&world, "Other words: Acknowledged").await?;
    Ok(())
}

/// Waits until the one message says that, and gives all that it says.
async fn until_said(world: &World, words: &str) -> anyhow::Result<String> {
    let said = |message: &&MessageSnapshot| message.words().contains(words);
    let found = world.slack().wait_for(
        |snapshot| {
            let channel = snapshot.channel(CHANNEL)?;
            channel
                .app_messages()
                .into_iter()
                .find(said)
                .map(MessageSnapshot::words)
        },
        PATIENCE,
    );
    let found = found.await?;
    assert_eq!(world.channel()?.app_messages().len(), 1);
    Ok(found)
}
