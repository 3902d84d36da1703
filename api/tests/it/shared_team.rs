//! Two organisations in one Slack team: each names channels of its own.

use serde_json::{Value, json};
use tocsin_api::bootstrap::{self, DefaultChannel};
use tocsin_entity::id::WorkspaceId;

use crate::{
    found::{channel_of, directory_of},
    world::{Caller, World, on_each_database, text},
};

const CONNECTORS: &str = "{ connectors { name isChannelTaken status reasonCode reason } }";

async fn connector(caller: &Caller, name: &str, channel: &str) -> Value {
    let input = json!({ "name": name, "channel": channel });
    caller.change("createConnector", input).await.done()["connector"]["id"].clone()
}

/// The caller's connector of that name.
async fn one(caller: &Caller, name: &str) -> Value {
    let all = caller.read(CONNECTORS).await["connectors"].clone();
    let mut all = all.as_array().expect("connectors").iter();
    all.find(|one| one["name"] == name).expect(name).clone()
}

/// The team of the server's workspace has a channel of that name.
async fn with_channel(world: &World, id: &str, name: &str) {
    directory_of(world, "T1", true).await;
    channel_of(world, "T1", [id, name], [false, true, false]).await;
}

/// The caller's organisation is connected to the team, by an installation; gives the workspace's id.
async fn installed(world: &World, caller: &Caller, id: WorkspaceId) -> WorkspaceId {
    let organization = text(&caller.read("{ organization { id } }").await["organization"]["id"]);
    let bridge = Caller {
        organization: Some(organization),
        ..world.bridge()
    };
    let report = json!({
        "id": id, "teamId": "T1", "teamName": "Acme", "features": ["NOTIFICATIONS"], "sealedBotToken": "sealed",
    });
    bridge.change("completeSlackInstall", report).await.done();
    id
}

on_each_database! {
    async fn a_channel_that_is_another_organisation_s_is_refused(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let mine = connector(&admin, "payments", "#payments").await;
        let same = json!({ "name": "x", "channel": "#Payments" });
        assert_eq!(theirs.change("createConnector", same).await.refused(), "CHANNEL_TAKEN");
        let other = connector(&theirs, "theirs", "#theirs").await;
        let change = json!({ "id": other, "channel": "#payments" });
        assert_eq!(theirs.change("updateConnector", change.clone()).await.refused(), "CHANNEL_TAKEN");
        admin.change("deleteConnector", json!({ "id": mine })).await.done();
        theirs.change("updateConnector", change).await.done();
    }

    async fn a_channel_s_id_is_as_good_as_its_name(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        with_channel(world, "C0PAYMENTS", "payments").await;
        channel_of(world, "T2", ["C0ELSEWHERE", "payments"], [false, true, false]).await;
        connector(&admin, "payments", "#payments").await;
        let by_id = json!({ "name": "x", "channel": "C0PAYMENTS" });
        let refused = theirs.change("createConnector", by_id).await;
        assert_eq!((refused.refused(), refused.refused_field()), ("CHANNEL_TAKEN".to_owned(), "channel".to_owned()));
        connector(&theirs, "in another team", "C0ELSEWHERE").await;
    }

    async fn of_two_that_were_found_to_lead_to_one_channel_one_is_held_back_and_says_so(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let mine = connector(&admin, "mine", "#alerts").await;
        let other = connector(&theirs, "theirs", "C0ALERTS").await;
        assert_eq!(one(&admin, "mine").await["isChannelTaken"], false, "nobody knows yet");
        with_channel(world, "C0ALERTS", "alerts").await;

        let held = one(&admin, "mine").await;
        assert_eq!((&held["isChannelTaken"], &held["status"], &held["reasonCode"]), (&json!(true), &json!("FAILING"), &json!("channel_taken")));
        assert!(text(&held["reason"]).contains("channels of its own"), "{held}");
        let used = one(&theirs, "theirs").await;
        assert_eq!((&used["isChannelTaken"], &used["status"]), (&json!(false), &json!("PENDING")), "an id names a channel for good");

        // Neither is hindered in what does not concern the channel.
        theirs.change("updateConnector", json!({ "id": other, "twoWaySync": false })).await.done();
        admin.change("updateConnector", json!({ "id": mine, "twoWaySync": false })).await.done();
        admin.change("updateConnector", json!({ "id": mine, "channel": "#own" })).await.done();
        assert_eq!(one(&admin, "mine").await["status"], "PENDING");
    }

    async fn a_workspace_that_is_connected_twice_is_one_team(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        with_channel(world, "C0PAYMENTS", "payments").await;
        let workspace = installed(world, &theirs, WorkspaceId::new()).await;

        let input = json!({ "name": "x", "channel": "#incidents", "workspaceId": workspace });
        assert_eq!(theirs.change("createConnector", input).await.refused(), "CHANNEL_TAKEN", "the server's workspace is the same team");
        let input = json!({ "name": "theirs", "channel": "C0PAYMENTS", "workspaceId": workspace });
        theirs.change("createConnector", input).await.done();
        let input = json!({ "name": "y", "channel": "#payments" });
        assert_eq!(admin.change("createConnector", input).await.refused(), "CHANNEL_TAKEN");
    }

    async fn whoever_has_left_the_team_holds_nothing_until_they_are_back(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        with_channel(world, "C0PAYMENTS", "payments").await;
        let first = connector(&admin, "older", "#search").await;
        let workspace = installed(world, &theirs, WorkspaceId::new()).await;
        for (name, channel) in [("payments", "C0PAYMENTS"), ("billing", "#billing")] {
            let input = json!({ "name": name, "channel": channel, "workspaceId": workspace });
            theirs.change("createConnector", input).await.done();
        }
        let change = json!({ "id": first, "channel": "#payments" });
        assert_eq!(admin.change("updateConnector", change.clone()).await.refused(), "CHANNEL_TAKEN");
        theirs.change("disconnectSlackWorkspace", json!({ "id": workspace })).await.done();
        admin.change("updateConnector", change).await.done();
        connector(&admin, "billing", "#billing").await;
        for name in ["older", "billing"] {
            assert_eq!(one(&admin, name).await["isChannelTaken"], false, "{name}");
        }
        for name in ["payments", "billing"] {
            assert_eq!(one(&theirs, name).await["isChannelTaken"], false, "{name}: it leads nowhere");
        }

        installed(world, &theirs, workspace).await;
        assert_eq!(one(&admin, "older").await["isChannelTaken"], true, "an id comes before a name");
        assert_eq!(one(&admin, "billing").await["isChannelTaken"], true, "the older one comes first");
    }

    async fn what_is_in_a_team_that_was_left_is_still_known_to_be_there(world) {
        let theirs = world.neighbour().await;
        with_channel(world, "C0PAYMENTS", "payments").await;
        let workspace = installed(world, &theirs, WorkspaceId::new()).await;
        let input = json!({ "name": "payments", "channel": "C0PAYMENTS", "workspaceId": workspace });
        let id = theirs.change("createConnector", input).await.done()["connector"]["id"].clone();
        theirs.change("disconnectSlackWorkspace", json!({ "id": workspace })).await.done();
        let organization = text(&theirs.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let report = json!({ "teamId": "T1", "from": "C0PAYMENTS", "to": "C0AFTER" });
        let changed = bridge.change("recordSlackChannelChange", report).await.done()["connectors"].clone();
        assert_eq!(changed, json!([{ "id": id, "name": "payments", "channel": "C0AFTER" }]));
        let moved = theirs.change("moveConnectors", json!({ "fromWorkspaceId": workspace })).await.done()["connectors"].clone();
        assert_eq!(moved[0]["channel"], "C0AFTER", "the server's workspace is the same team: its channels have the same ids");
    }

    async fn a_channel_that_slack_calls_otherwise_is_the_same_one(world) {
        with_channel(world, "C0BEFORE", "payments").await;
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let mine = connector(&admin, "by its id", "C0BEFORE").await;
        connector(&theirs, "another", "C0ANOTHER").await;
        world.takes_unmatched().await;
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let incident = admin.change("triggerIncident", json!({ "title": "Payments" })).await.done()["incident"]["id"].clone();
        let comment = |ts: &str, channel: &str| json!({
            "incidentId": incident, "bodyMarkdown": ts, "slackAuthor": { "name": "Rita" }, "externalRef": format!("slack:T1/{channel}/{ts}"),
        });
        bridge.change("addComment", comment("1.1", "C0BEFORE")).await.done();
        bridge.change("addComment", comment("2.2", "C0BEFORE")).await.done();
        bridge.change("addComment", comment("2.2", "C0AFTER")).await.done();

        let report = json!({ "teamId": "T1", "from": "C0BEFORE", "to": "C0AFTER" });
        let elsewhere = json!({ "teamId": "T2", "from": "C0BEFORE", "to": "C0OTHER" });
        assert_eq!(bridge.change("recordSlackChannelChange", elsewhere).await.done()["connectors"], json!([]));
        let changed = bridge.change("recordSlackChannelChange", report.clone()).await.done()["connectors"].clone();
        assert_eq!(changed, json!([{ "id": mine, "name": "by its id", "channel": "C0AFTER" }]));
        assert_eq!(bridge.change("recordSlackChannelChange", report).await.done()["connectors"], json!([]), "once is enough");
        let timeline = "query($id: ID!) { incident(id: $id) { timeline(first: 10) { nodes { bodyMarkdown externalRef } } } }";
        let seen = admin.ask(timeline, json!({ "id": incident })).await.data()["incident"]["timeline"]["nodes"].clone();
        let refs: Vec<_> = seen.as_array().expect("entries").iter().filter_map(|entry| entry["externalRef"].as_str()).collect();
        assert_eq!(refs, ["slack:T1/C0AFTER/1.1", "slack:T1/C0BEFORE/2.2", "slack:T1/C0AFTER/2.2"]);
    }

    async fn a_rename_takes_no_channel_from_whoever_has_it(world) {
        with_channel(world, "C0PAYMENTS", "payments").await;
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        connector(&theirs, "first", "#later").await;
        connector(&admin, "mine", "#payments").await;
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let report = json!({ "teamId": "T1", "from": "#payments", "to": "#later" });
        let changed = bridge.change("recordSlackChannelChange", report).await.done()["connectors"].clone();
        assert_eq!(changed[0]["channel"], "C0PAYMENTS", "by its id, which goes before a name");
        assert_eq!(one(&admin, "mine").await["isChannelTaken"], false);
    }

    async fn an_organisation_begins_with_a_channel_of_its_own(world) {
        let first = |channel| Some(DefaultChannel { channel, has_own_workspace: true });
        let refused = bootstrap::create_organization(&world.database, &tocsin_clock::Clock::new(), "Acme", first("#incidents")).await;
        let told = refused.expect_err("the channel is taken").to_string();
        assert!(told.contains("#incidents is another organisation's") && told.contains("--channel"), "{told}");
        bootstrap::create_organization(&world.database, &tocsin_clock::Clock::new(), "Acme", first("#acme")).await.expect("nothing was made before");

        // Without a workspace of the server's own nobody knows yet which team it will be.
        let unknown = DefaultChannel { channel: "#incidents", has_own_workspace: false };
        bootstrap::create_organization(&world.database, &tocsin_clock::Clock::new(), "Elsewhere", Some(unknown)).await.expect("an organisation");
    }
}
