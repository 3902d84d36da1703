//! A server without a Slack workspace of its own: where none is named, the organisation's only connected one is meant.

use serde_json::{Value, json};

use crate::{
    found::{channel_of, directory_of, found_workspace},
    world::{Caller, World, on_each_database, text},
};

const CHANNELS: &str = "query($id: ID) { slackChannels(workspaceId: $id) { nodes { name } } }";
const IDENTITIES: &str = "query($id: ID) { slackIdentities(workspaceId: $id) { nodes { user { name } } } }";

async fn admin(world: &World) -> Caller {
    Caller {
        replica: world.without_own_workspace().await,
        ..world.admin()
    }
}

async fn connected(admin: &Caller, name: &str) -> Value {
    let input = json!({ "name": name, "botToken": format!("xoxb-{name}") });
    admin.change("connectSlackWorkspace", input).await.done()["workspace"]["id"].clone()
}

/// The workspaces that connectors lead to, by the names of these.
async fn led_to(admin: &Caller) -> Value {
    admin.read("{ connectors { name workspace { id } } }").await["connectors"].clone()
}

fn leads(name: &str, workspace: &Value) -> Value {
    let workspace = if workspace.is_null() {
        Value::Null
    } else {
        json!({ "id": workspace })
    };
    json!({ "name": name, "workspace": workspace })
}

/// What needs a workspace, without one that is named.
async fn asked(world: &World) -> [(&'static str, Value); 4] {
    let (user, _) = world.member("Rita", "RESPONDER").await;
    [
        ("testSlackConnection", json!({})),
        ("testSlackIdentity", json!({ "userId": user })),
        ("refreshSlackChannels", json!({})),
        ("createSlackChannel", json!({ "name": "inc-1" })),
    ]
}

on_each_database! {
    async fn the_only_connected_workspace_is_meant_where_none_is_named(world) {
        let admin = admin(world).await;
        let gone = connected(&admin, "gone").await;
        admin.change("disconnectSlackWorkspace", json!({ "id": gone })).await.done();
        let own = connected(&admin, "acme").await;
        found_workspace(world, &admin, &own, |found| found.team_id = Some("T1".to_owned())).await;
        directory_of(world, "T1", false).await;
        channel_of(world, "T1", ["C1", "alerts"], [false, true, false]).await;

        admin.change("createConnector", json!({ "name": "new", "channel": "#alerts" })).await.done();
        assert_eq!(led_to(&admin).await[1], leads("new", &own));
        let seen = admin.ask(CHANNELS, json!({})).await.data();
        assert_eq!(seen["slackChannels"]["nodes"], json!([{ "name": "alerts" }]));
        admin.ask(IDENTITIES, json!({})).await.data();
        for (mutation, input) in asked(world).await {
            let id = admin.change(mutation, input).await.done()["operation"]["id"].clone();
            let query = "query($id: ID!) { slackOperation(id: $id) { workspace { id } } }";
            let operation = admin.ask(query, json!({ "id": id })).await.data()["slackOperation"].clone();
            assert_eq!(operation["workspace"]["id"], own, "{mutation}");
        }
    }

    async fn of_several_one_must_be_named(world) {
        let admin = admin(world).await;
        let (first, second) = (connected(&admin, "first").await, connected(&admin, "second").await);
        let mut changes = asked(world).await.to_vec();
        changes.push(("createConnector", json!({ "name": "new", "channel": "#new" })));
        for (mutation, mut input) in changes {
            let refused = admin.change(mutation, input.clone()).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "workspaceId"), "{mutation}");
            assert!(refused.told().starts_with("Name the Slack workspace: ") && refused.told().contains("second"), "{}", refused.told());
            input["workspaceId"] = second.clone();
            admin.change(mutation, input).await.done();
        }
        for query in [CHANNELS, IDENTITIES] {
            assert_eq!(admin.ask(query, json!({})).await.error_code(), "BAD_USER_INPUT");
            admin.ask(query, json!({ "id": second })).await.data();
        }
        let refused = admin.change("moveConnectors", json!({ "fromWorkspaceId": first })).await;
        assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "toWorkspaceId"));
    }

    async fn before_the_first_is_connected_connectors_wait_for_it_and_all_else_says_so(world) {
        let admin = admin(world).await;
        admin.change("createConnector", json!({ "name": "new", "channel": "#new" })).await.done();
        assert_eq!(led_to(&admin).await[1], leads("new", &Value::Null));
        for (mutation, input) in asked(world).await {
            let refused = admin.change(mutation, input).await;
            assert_eq!(refused.refused(), "WRONG_STATUS", "{mutation}");
            assert!(refused.told().starts_with("No Slack workspace is connected yet: "), "{}", refused.told());
        }
        let waiting = admin.read("{ connectors { id } }").await["connectors"][1]["id"].clone();
        let refused = admin.change("sendSlackTestMessage", json!({ "connectorId": waiting })).await;
        assert_eq!(refused.refused(), "WRONG_STATUS");
        for query in [CHANNELS, IDENTITIES] {
            let answer = admin.ask(query, json!({})).await;
            assert!(text(&answer.0["errors"][0]["message"]).starts_with("No Slack workspace"), "{:#}", answer.0);
        }
        let own = connected(&admin, "acme").await;
        assert_eq!(led_to(&admin).await, json!([leads("default", &own), leads("new", &own)]));
    }

    async fn nothing_is_led_into_a_workspace_that_is_disconnected(world) {
        let admin = world.admin();
        let gone = connected(&admin, "gone").await;
        admin.change("disconnectSlackWorkspace", json!({ "id": gone })).await.done();
        let id = admin.read("{ connectors { id } }").await["connectors"][0]["id"].clone();
        for (mutation, input) in [
            ("createConnector", json!({ "name": "new", "channel": "#new", "workspaceId": gone })),
            ("updateConnector", json!({ "id": id, "workspaceId": gone })),
        ] {
            let refused = admin.change(mutation, input).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("WRONG_STATUS", "workspaceId"), "{mutation}");
        }
    }
}
