//! Where an incident goes, told beforehand: the same as delivery does.

use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tocsin_entity::{kinds::ConnectorStatus, slack::connector as found};

use crate::{
    found::{channel_of, directory_of, found_workspace},
    world::{Caller, World, on_each_database, text},
};

const ROUTING: &str = "query($incident: SlackRoutingInput!) { slackRouting(incident: $incident) {
    connector { name } heldBack explanation } }";

/// What the dry run says of an incident, by the names of the connectors.
async fn routes(caller: &Caller, incident: Value) -> Vec<(String, Value, String)> {
    let routes = caller.ask(ROUTING, json!({ "incident": incident })).await.data()["slackRouting"].clone();
    let routes = routes.as_array().expect("routes").iter();
    routes
        .map(|route| {
            let (name, why) = (&route["connector"]["name"], &route["explanation"]);
            (text(name), route["heldBack"].clone(), text(why))
        })
        .collect()
}

async fn connector(admin: &Caller, input: Value) -> Value {
    admin.change("createConnector", input).await.done()["connector"]["id"].clone()
}

/// The bridge has seen that the connector's channel takes nothing.
async fn fails(world: &World, id: &Value, code: &str) {
    let organization = text(&world.admin().read("{ organization { id } }").await["organization"]["id"]);
    let now = tocsin_clock::machine_now();
    let row = found::Model {
        connector_id: text(id).parse().expect("an id"),
        organization_id: organization.parse().expect("an id"),
        status: ConnectorStatus::Failing,
        reason_code: Some(code.to_owned()),
        reason: Some("It does not work.".to_owned()),
        failed_workspace_id: None,
        failed_channel: None,
        status_since: now,
        last_delivered_at: None,
        template_trouble: None,
        template_trouble_at: None,
        updated_at: now,
    };
    found::Entity::insert(row.into_active_model())
        .exec_without_returning(world.database.write())
        .await
        .expect("written");
}

on_each_database! {
    async fn a_channel_by_its_name_and_by_its_id_is_one(world) {
        let admin = world.admin();
        directory_of(world, "T1", true).await;
        channel_of(world, "T1", ["C1", "incidents"], [false, true, false]).await;
        let by_id = connector(&admin, json!({ "name": "by id", "channel": "C1" })).await;
        let told = routes(&admin, json!({})).await;
        assert_eq!((&told[0].1, &told[1].1), (&Value::Null, &json!("SAME_CHANNEL")), "{told:?}");
        assert!(told[1].2.contains("default leads to the same channel"), "{told:?}");

        // One that fails takes the channel from nobody.
        fails(world, &by_id, "not_in_channel").await;
        let told = routes(&admin, json!({})).await;
        assert_eq!((&told[0].1, &told[1].1), (&Value::Null, &Value::Null), "{told:?}");
    }

    async fn two_workspaces_of_one_team_lead_to_one_channel(world) {
        let admin = world.admin();
        directory_of(world, "T1", true).await;
        let input = json!({ "name": "Again", "botToken": "xoxb-1" });
        let again = admin.change("connectSlackWorkspace", input).await.done()["workspace"]["id"].clone();
        connector(&admin, json!({ "name": "again", "channel": "#Incidents", "workspaceId": again })).await;
        let told = routes(&admin, json!({})).await;
        assert_eq!(told[1].1, Value::Null, "nobody knows yet of which team it is: {told:?}");
        found_workspace(world, &admin, &again, |found| found.team_id = Some("T1".to_owned())).await;
        let told = routes(&admin, json!({})).await;
        assert_eq!(told[1].1, "SAME_CHANNEL", "{told:?}");
        admin.change("disconnectSlackWorkspace", json!({ "id": again })).await.done();
        let told = routes(&admin, json!({})).await;
        assert_eq!(told[1].1, Value::Null, "{told:?}");
        assert!(told[1].2.contains("Again is disconnected") && told[1].2.contains("no fallback"), "{told:?}");
    }

    async fn what_stands_in_for_a_channel_that_takes_nothing_is_named(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let last = connector(&admin, json!({ "name": "last", "channel": "#last", "isDefault": false })).await;
        let next = connector(&admin, json!({ "name": "next", "channel": "#next", "isDefault": false, "fallbackId": last })).await;
        let own = connector(&admin, json!({ "name": "own", "channel": "#own", "isDefault": false, "fallbackId": next })).await;
        let severe = json!({ "severity": "SEV1" });
        admin.change("createConnectorRule", json!({ "connectorId": own, "severity": "SEV1" })).await.done();
        assert_eq!(routes(&admin, severe.clone()).await[0].2, "A rule leads there.");

        fails(world, &own, "is_archived").await;
        let told = routes(&admin, severe.clone()).await.remove(0);
        assert_eq!(told.1, Value::Null);
        assert_eq!(
            told.2,
            "A rule leads there. Its channel takes nothing at the moment (is_archived): incidents go through the connector next to #next meanwhile."
        );
        fails(world, &next, "not_in_channel").await;
        let told = routes(&admin, severe.clone()).await.remove(0);
        assert!(told.2.contains("through the connector last to #last"), "{}", told.2);
        admin.change("updateConnector", json!({ "id": next, "fallbackId": null })).await.done();
        let told = routes(&admin, severe.clone()).await.remove(0);
        assert!(told.2.contains("its fallback takes nothing either"), "{}", told.2);

        connector(&theirs, json!({ "name": "theirs", "channel": "C0OWN" })).await;
        directory_of(world, "T1", true).await;
        channel_of(world, "T1", ["C0OWN", "own"], [false, true, false]).await;
        let told = routes(&admin, severe).await.remove(0);
        assert!(told.2.contains("(its channel is another organisation's)"), "{}", told.2);
    }

    async fn an_incident_that_goes_nowhere_says_so(world) {
        let admin = world.admin();
        let input = json!({ "name": "major", "channel": "#major", "isDefault": false, "urgencyFilter": "HIGH" });
        let major = connector(&admin, input).await;
        admin.change("createConnectorRule", json!({ "connectorId": major, "severity": "SEV1" })).await.done();
        let told = routes(&admin, json!({ "severity": "SEV1", "urgency": "LOW" })).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].1, "URGENCY_FILTER");
        assert_eq!(told[0].2, "A rule leads there, but its urgency filter is HIGH, and so this incident goes nowhere.");
    }

    async fn an_incident_that_no_channel_shows_says_why(world) {
        let admin = world.admin();
        let first = admin.read("{ connectors { id } }").await["connectors"][0]["id"].clone();
        let held_back = async |title: &str, urgency: &str| {
            let input = json!({ "title": title, "urgency": urgency });
            let id = admin.change("triggerIncident", input).await.done()["incident"]["id"].clone();
            admin.read(&format!("{{ node(id: {id}) {{ ... on Incident {{ slackHeldBack }} }} }}")).await["node"]["slackHeldBack"].clone()
        };
        assert_eq!(held_back("one", "LOW").await, Value::Null);
        admin.change("updateConnector", json!({ "id": first, "urgencyFilter": "HIGH", "name": "ops" })).await.done();
        assert_eq!(held_back("two", "HIGH").await, Value::Null);
        assert_eq!(
            held_back("three", "LOW").await,
            "No channel in Slack shows this incident: ops (#incidents) takes incidents of high urgency alone. \
             Raise its urgency, or change the urgency filter."
        );
        admin.change("updateConnector", json!({ "id": first, "isDefault": false })).await.done();
        let told = held_back("four", "HIGH").await;
        assert!(text(&told).contains("there is no default connector"), "{told}");
    }
}
