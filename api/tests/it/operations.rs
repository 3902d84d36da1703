//! What administrators ask the bridge to do in Slack: asked for once, reported once, and seen by who may see it.

use futures::StreamExt;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tocsin_entity::{
    id::{OrganizationId, SlackLinkId},
    kinds::SlackMatch,
    slack_link, slack_operation,
};

use crate::{
    found::{channel_of, directory_of, found_workspace, private_channel_of},
    world::{Caller, World, on_each_database, text},
};

const READ: &str = "query($id: ID!) { slackOperation(id: $id) { id state code message channelCount } }";
const WATCH: &str =
    "subscription($id: ID!) { slackOperation(id: $id) { id state code identity { slackUserId match } } }";
const PENDING: &str = "{ pendingSlackOperations { id kind } }";

async fn organization(admin: &Caller) -> OrganizationId {
    let id = admin.read("{ organization { id } }").await["organization"]["id"].clone();
    text(&id).parse().expect("an id")
}

/// The bridge, about the first organisation.
async fn bridge(world: &World) -> Caller {
    Caller {
        organization: Some(organization(&world.admin()).await.to_string()),
        ..world.bridge()
    }
}

async fn asked(caller: &Caller, mutation: &str, input: Value) -> Value {
    caller.change(mutation, input).await.done()["operation"].clone()
}

/// The only connector that an organisation begins with.
async fn connector(admin: &Caller) -> Value {
    admin.read("{ connectors { id } }").await["connectors"][0]["id"].clone()
}

on_each_database! {
    async fn what_is_asked_waits_for_the_bridge_whose_first_report_counts(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let operation = asked(&admin, "testSlackConnection", json!({})).await;
        assert_eq!((&operation["kind"], &operation["state"]), (&json!("TEST_CONNECTION"), &json!("PENDING")));
        let pending = world.bridge().read(PENDING).await["pendingSlackOperations"].clone();
        assert_eq!(pending, json!([{ "id": operation["id"], "kind": "TEST_CONNECTION" }]));

        let connection = json!({ "teamId": "T1", "teamName": "Acme", "botUserId": "U1", "scopes": ["chat:write"] });
        let report = json!({ "id": operation["id"], "connection": connection });
        let done = bridge.change("finishSlackOperation", report).await.done()["operation"].clone();
        assert_eq!((&done["state"], &done["connection"]["teamId"]), (&json!("SUCCEEDED"), &json!("T1")));
        assert!(done["connection"]["missingScopes"].to_string().contains("channels:history"), "{done:#}");
        let late = json!({ "id": operation["id"], "code": "invalid_auth", "message": "No." });
        assert_eq!(bridge.change("finishSlackOperation", late).await.refused(), "WRONG_STATUS");
        let seen = admin.ask(READ, json!({ "id": operation["id"] })).await.data();
        assert_eq!(seen["slackOperation"]["state"], "SUCCEEDED");
        assert_eq!(world.bridge().read(PENDING).await["pendingSlackOperations"], json!([]));
    }

    async fn the_end_is_told_to_subscribers_of_every_replica(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let (user, _) = world.member("Rita", "RESPONDER").await;
        let operation = asked(&admin, "testSlackIdentity", json!({ "userId": user })).await;
        let mut told = other.subscribe(WATCH, json!({ "id": operation["id"] })).await;
        let present = told.next().await.expect("the present state");
        assert_eq!(present["data"]["slackOperation"]["state"], "PENDING");
        let identity = json!({ "slackUserId": "U7", "slackName": "Rita", "match": "EMAIL" });
        bridge.change("finishSlackOperation", json!({ "id": operation["id"], "identity": identity })).await.done();
        let end = told.next().await.expect("the end");
        let found = &end["data"]["slackOperation"];
        assert_eq!((&found["state"], &found["identity"]["slackUserId"]), (&json!("SUCCEEDED"), &json!("U7")));
        assert!(told.next().await.is_none(), "nothing comes after the end");
        let again: Vec<_> = other.subscribe(WATCH, json!({ "id": operation["id"] })).await.collect().await;
        assert_eq!(again.len(), 1, "what is over is told once: {again:?}");
    }

    async fn what_is_not_done_in_time_has_failed_and_can_t_be_reported_any_more(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        let operation = asked(&admin, "refreshSlackChannels", json!({})).await;
        let id = text(&operation["id"]).parse::<tocsin_entity::id::OperationId>().expect("an id");
        slack_operation::Entity::update_many()
            .col_expr(slack_operation::Column::ExpiresAt, Expr::value(tocsin_clock::machine_now() - time::Duration::seconds(5)))
            .filter(slack_operation::Column::Id.eq(id))
            .exec(world.database.write())
            .await
            .expect("time has passed");
        let seen = admin.ask(READ, json!({ "id": operation["id"] })).await.data()["slackOperation"].clone();
        assert_eq!((&seen["state"], &seen["code"]), (&json!("FAILED"), &json!("EXPIRED")));
        assert!(text(&seen["message"]).contains("bridge"), "{seen}");
        let late = json!({ "id": operation["id"], "channelCount": 3 });
        assert_eq!(bridge.change("finishSlackOperation", late).await.refused(), "WRONG_STATUS");
        let told: Vec<_> = admin.subscribe(WATCH, json!({ "id": operation["id"] })).await.collect().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(world.bridge().read(PENDING).await["pendingSlackOperations"], json!([]));
    }

    async fn who_asked_and_administrators_see_an_operation_and_nobody_else(world) {
        let admin = world.admin();
        let (manager_id, manager) = world.member("Mia", "RESPONDER").await;
        let (_, other) = world.member("Rita", "RESPONDER").await;
        let connector = connector(&admin).await;
        let service = admin.change("createService", json!({ "name": "payments" })).await.done()["service"]["id"].clone();
        admin.change("addServiceManager", json!({ "serviceId": service, "userId": manager_id })).await.done();
        let own = json!({ "name": "payments", "channel": "#payments", "serviceIds": [service] });
        let own = manager.change("createConnector", own).await.done()["connector"]["id"].clone();
        let refused = manager.change("sendSlackTestMessage", json!({ "connectorId": connector })).await;
        assert_eq!(refused.refused(), "FORBIDDEN", "the default one is everybody's");
        let operation = asked(&manager, "sendSlackTestMessage", json!({ "connectorId": own })).await;
        assert_eq!(operation["requestedBy"]["id"], json!(manager_id));
        let theirs = world.neighbour().await;
        for (who, caller, sees) in [("who asked", &manager, true), ("an administrator", &admin, true), ("a colleague", &other, false), ("a neighbour", &theirs, false)] {
            let seen = caller.ask(READ, json!({ "id": operation["id"] })).await.data();
            assert_eq!(!seen["slackOperation"].is_null(), sees, "{who}");
            let mut told = caller.subscribe(WATCH, json!({ "id": operation["id"] })).await;
            let first = told.next().await.expect("an answer");
            assert_eq!(first.get("errors").is_none(), sees, "{who}: {first}");
        }
        assert_eq!(other.change("testSlackConnection", json!({})).await.refused(), "FORBIDDEN");
    }

    async fn another_organisations_workspaces_connectors_members_and_operations_are_not_there(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let connected = json!({ "name": "ours", "botToken": "xoxb-ours" });
        let workspace = ours.change("connectSlackWorkspace", connected).await.done()["workspace"]["id"].clone();
        let connector = connector(&ours).await;
        let (user, _) = world.member("Rita", "RESPONDER").await;
        for (mutation, input, field) in [
            ("testSlackConnection", json!({ "workspaceId": workspace }), "workspaceId"),
            ("refreshSlackChannels", json!({ "workspaceId": workspace }), "workspaceId"),
            ("createSlackChannel", json!({ "workspaceId": workspace, "name": "x" }), "workspaceId"),
            ("sendSlackTestMessage", json!({ "connectorId": connector }), "connectorId"),
            ("testSlackIdentity", json!({ "userId": user }), "userId"),
        ] {
            let refused = theirs.change(mutation, input).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("NOT_FOUND", field), "{mutation}");
        }
        let operation = asked(&ours, "testSlackConnection", json!({ "workspaceId": workspace })).await;
        let foreign = Caller { organization: Some(organization(&theirs).await.to_string()), ..world.bridge() };
        let report = json!({ "id": operation["id"], "channelCount": 1 });
        assert_eq!(foreign.change("finishSlackOperation", report).await.refused(), "NOT_FOUND");
        assert_eq!(foreign.read(PENDING).await["pendingSlackOperations"], json!([]));
        let named = theirs.ask("query($id: ID) { slackChannels(workspaceId: $id) { nodes { id } } }", json!({ "id": workspace })).await;
        assert_eq!(named.error_code(), "BAD_USER_INPUT");

        ours.change("disconnectSlackWorkspace", json!({ "id": workspace })).await.done();
        let refused = ours.change("testSlackConnection", json!({ "workspaceId": workspace })).await;
        assert_eq!(refused.refused(), "WRONG_STATUS", "it is disconnected");
    }

    async fn a_channels_name_is_checked_at_once_and_too_much_at_a_time_is_refused(world) {
        let admin = world.admin();
        for wrong in ["", "With Capitals", "dots.and/slashes", &"x".repeat(81)] {
            let refused = admin.change("createSlackChannel", json!({ "name": wrong })).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "name"), "{wrong}");
        }
        let made = asked(&admin, "createSlackChannel", json!({ "name": "#inc-1_db", "isPrivate": true })).await;
        assert_eq!((&made["channelName"], &made["channelIsPrivate"]), (&json!("inc-1_db"), &json!(true)));
        for _ in 0..19 {
            asked(&admin, "testSlackConnection", json!({})).await;
        }
        let refused = admin.change("testSlackConnection", json!({})).await;
        assert_eq!(refused.refused(), "WRONG_STATUS");
        world.neighbour().await.change("testSlackConnection", json!({})).await.done();
    }

    async fn a_member_s_own_word_of_who_they_are_in_slack_is_told_to_the_bridge(world) {
        let admin = world.admin();
        let (user, _) = world.member("Rita", "RESPONDER").await;
        directory_of(world, "T1", true).await;
        let link = slack_link::Model {
            id: SlackLinkId::new(),
            organization_id: organization(&admin).await,
            user_id: user.parse().expect("an id"),
            team_id: "T1".to_owned(),
            slack_user_id: "U9".to_owned(),
            kind: SlackMatch::OpenId,
            created_at: tocsin_clock::machine_now(),
        };
        link.into_active_model().insert(world.database.write()).await.expect("a link");
        let operation = asked(&admin, "testSlackIdentity", json!({ "userId": user })).await;
        assert_eq!(operation["linkedSlackUserId"], "U9");
    }

    async fn channels_are_found_by_name_a_page_at_a_time_and_private_ones_by_those_whom_they_concern(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        directory_of(world, "T1", true).await;
        for (id, name, private, member, archived) in [
            ("C1", "alerts", false, false, false),
            ("C2", "alerts-db", false, true, false),
            ("C3", "alerts-old", false, false, true),
            ("C4", "board", true, true, false),
            ("C5", "left", true, false, false),
            ("C6", "a_b", false, false, false),
        ] {
            channel_of(world, "T1", [id, name], [private, member, archived]).await;
        }
        channel_of(world, "T2", ["C7", "alerts-elsewhere"], [false, true, false]).await;
        assert_eq!(names(&ours, json!({})).await, ["a_b", "alerts", "alerts-db"]);
        assert_eq!(names(&ours, json!({ "search": "#Alerts" })).await, ["alerts", "alerts-db"]);
        assert_eq!(names(&ours, json!({ "search": "a_" })).await, ["a_b"], "an underscore stands for itself");
        assert_eq!(names(&ours, json!({ "search": "old", "includeArchived": true })).await, ["alerts-old"]);
        assert_eq!(names(&ours, json!({ "first": 2 })).await, ["a_b", "alerts"]);
        let board = json!({ "name": "board", "channel": "#board" });
        ours.change("createConnector", board).await.done();
        assert_eq!(names(&ours, json!({ "search": "board" })).await, ["board"]);
        assert!(names(&theirs, json!({ "search": "board" })).await.is_empty());
        assert!(names(&ours, json!({ "search": "left" })).await.is_empty(), "the bot has left it");

        let page = ours.ask(CHANNELS, json!({ "first": 2 })).await.data()["slackChannels"].clone();
        assert!(page["refreshedAt"].is_string() && page["pageInfo"]["hasNextPage"] == true, "{page:#}");
        let rest = names(&ours, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await;
        assert_eq!(rest, ["alerts-db", "board"]);
        let (_, responder) = world.member("Rita", "RESPONDER").await;
        assert_eq!(responder.ask(CHANNELS, json!({})).await.error_code(), "FORBIDDEN");
    }

    async fn private_channels_of_another_app_s_bot_are_not_seen(world) {
        let admin = world.admin();
        let input = json!({ "name": "Second", "botToken": "xoxb-1" });
        let id = admin.change("connectSlackWorkspace", input).await.done()["workspace"]["id"].clone();
        found_workspace(world, &admin, &id, |found| {
            found.team_id = Some("T1".to_owned());
            found.bot_user_id = Some("UOURS".to_owned());
        })
        .await;
        directory_of(world, "T1", false).await;
        private_channel_of(world, "T1", ["C1", "ours"], "UOURS").await;
        private_channel_of(world, "T1", ["C2", "others"], "UOTHERS").await;
        assert_eq!(names(&admin, json!({ "workspace": id })).await, ["ours"]);
    }
}

const CHANNELS: &str =
    "query($workspace: ID, $search: String, $includeArchived: Boolean = false, $first: Int, $after: String) {
    slackChannels(workspaceId: $workspace, search: $search, includeArchived: $includeArchived, first: $first, after: $after) {
        nodes { id name isPrivate isMember isArchived } refreshedAt pageInfo { hasNextPage endCursor } } }";

async fn names(caller: &Caller, variables: Value) -> Vec<String> {
    let found = caller.ask(CHANNELS, variables).await.data();
    let nodes = found["slackChannels"]["nodes"].as_array().expect("channels");
    nodes.iter().map(|node| text(&node["name"])).collect()
}
