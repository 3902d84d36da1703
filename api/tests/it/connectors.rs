//! Connectors, the rules that lead to them, and who manages them.

use serde_json::{Value, json};

use crate::{
    found::{channel_of, directory_of, found_workspace},
    world::{Caller, on_each_database, text},
};

const ROUTING: &str = "query($incident: SlackRoutingInput!) { slackRouting(incident: $incident) {
    connector { name } rules { id } heldBack explanation } }";

/// A connector to a channel of that name; gives its id.
async fn connector(caller: &Caller, name: &str, more: Value) -> Value {
    let mut input = json!({ "name": name, "channel": format!("#{name}") });
    let fields = input.as_object_mut().expect("fields");
    fields.extend(more.as_object().expect("fields").clone());
    caller.change("createConnector", input).await.done()["connector"]["id"].clone()
}

async fn service(caller: &Caller, name: &str) -> Value {
    caller
        .change("createService", json!({ "name": name }))
        .await
        .done()["service"]["id"]
        .clone()
}

/// Where such an incident goes, by the names of the connectors.
async fn goes_to(caller: &Caller, incident: Value) -> Vec<String> {
    let routes = caller.ask(ROUTING, json!({ "incident": incident })).await.data()["slackRouting"].clone();
    let routes = routes.as_array().expect("routes").clone();
    let open = routes.iter().filter(|route| route["heldBack"].is_null());
    open.map(|route| text(&route["connector"]["name"])).collect()
}

on_each_database! {
    async fn a_connector_tells_all_but_notes_unless_it_is_told_otherwise(world) {
        let admin = world.admin();
        let plain = connector(&admin, "plain", json!({})).await;
        connector(&admin, "quiet", json!({
            "events": ["RESOLVED", "NOTE_ADDED"], "urgencyFilter": "HIGH_AND_MEDIUM", "twoWaySync": false,
            "appearanceName": "Payments", "appearanceIcon": ":fire:", "fallbackId": plain,
        })).await;
        let all = admin.read("{ connectors { name isDefault events urgencyFilter twoWaySync appearanceName appearanceIcon fallback { name } status } }").await;
        let one = |name: &str| all["connectors"].as_array().expect("connectors").iter().find(|one| one["name"] == name).expect(name).clone();
        assert_eq!(one("plain")["events"], json!(["TRIGGERED", "ACKNOWLEDGED", "RESOLVED", "ESCALATED", "REASSIGNED", "SLA_BREACHED"]));
        assert_eq!(
            one("quiet"),
            json!({
                "name": "quiet", "isDefault": true, "events": ["RESOLVED", "NOTE_ADDED"], "urgencyFilter": "HIGH_AND_MEDIUM", "twoWaySync": false,
                "appearanceName": "Payments", "appearanceIcon": ":fire:", "fallback": { "name": "plain" }, "status": "PENDING",
            })
        );
        let quiet = admin.read("{ connectors { id name } }").await["connectors"][2]["id"].clone();
        let change = json!({ "id": quiet, "appearanceName": null, "fallbackId": null, "events": [] });
        admin.change("updateConnector", change).await.done();
        let now = admin.read("{ connectors { events appearanceName appearanceIcon fallback { id } } }").await["connectors"][2].clone();
        assert_eq!(now, json!({ "events": [], "appearanceName": null, "appearanceIcon": ":fire:", "fallback": null }));
    }

    async fn fallbacks_end(world) {
        let admin = world.admin();
        let first = connector(&admin, "first", json!({})).await;
        let second = connector(&admin, "second", json!({ "fallbackId": first })).await;
        for to in [&first, &second] {
            let circle = json!({ "id": first, "fallbackId": to });
            assert_eq!(admin.change("updateConnector", circle).await.refused(), "INVALID_INPUT");
        }
        let theirs = world.neighbour().await;
        let foreign = json!({ "name": "x", "channel": "#x", "fallbackId": first });
        assert_eq!(theirs.change("createConnector", foreign).await.refused(), "NOT_FOUND");
        admin.change("deleteConnector", json!({ "id": first })).await.done();
        let left = admin.read("{ connectors { name fallback { name } } }").await;
        assert_eq!(left["connectors"][1], json!({ "name": "second", "fallback": null }));
    }

    async fn incidents_go_where_rules_lead_and_else_to_the_default_ones(world) {
        let admin = world.admin();
        let payments = service(&admin, "Payments").await;
        let channel = connector(&admin, "payments", json!({ "serviceIds": [payments] })).await;
        let major = connector(&admin, "major", json!({ "isDefault": false })).await;
        let rule = json!({ "connectorId": major, "severity": "SEV1", "urgency": "HIGH" });
        let rule = admin.change("createConnectorRule", rule).await.done()["rule"]["id"].clone();
        let eu = connector(&admin, "eu", json!({ "isDefault": false })).await;
        admin.change("createConnectorRule", json!({ "connectorId": eu, "tagKey": "region", "tagValue": "eu" })).await.done();
        let tagged = json!([{ "key": "region", "value": "eu" }]);

        assert_eq!(goes_to(&admin, json!({})).await, ["default"]);
        assert_eq!(goes_to(&admin, json!({ "serviceId": payments })).await, ["payments"]);
        let all = json!({ "serviceId": payments, "severity": "SEV1", "urgency": "HIGH", "tags": tagged });
        assert_eq!(goes_to(&admin, all).await, ["payments", "major", "eu"]);

        let change = json!({ "id": rule, "severity": null, "urgency": "LOW" });
        admin.change("updateConnectorRule", change).await.done();
        assert_eq!(goes_to(&admin, json!({ "urgency": "LOW" })).await, ["major"]);
        admin.change("updateConnector", json!({ "id": major, "urgencyFilter": "HIGH" })).await.done();
        let held = admin.ask(ROUTING, json!({ "incident": { "urgency": "LOW" } })).await.data()["slackRouting"][0].clone();
        assert_eq!(held["heldBack"], "URGENCY_FILTER");
        assert!(text(&held["explanation"]).contains("urgency filter is HIGH"), "{held}");

        let incident = admin.change("triggerIncident", json!({ "title": "Down", "serviceId": payments })).await.done();
        let query = "query($id: ID!) { slackRouting(incidentId: $id) { connector { name } } incident(id: $id) { slackRouting { connector { id } } } }";
        let seen = admin.ask(query, json!({ "id": incident["incident"]["id"] })).await.data();
        assert_eq!(seen["slackRouting"], json!([{ "connector": { "name": "payments" } }]));
        assert_eq!(seen["incident"]["slackRouting"], json!([{ "connector": { "id": channel } }]));

        admin.change("deleteConnectorRule", json!({ "id": rule })).await.done();
        assert_eq!(goes_to(&admin, json!({ "urgency": "LOW" })).await, ["default"]);
    }

    async fn a_channel_gets_an_incident_once(world) {
        let admin = world.admin();
        connector(&admin, "one", json!({})).await;
        admin.change("createConnector", json!({ "name": "two", "channel": "#one" })).await.done();
        let routes = admin.ask(ROUTING, json!({ "incident": {} })).await.data()["slackRouting"].clone();
        let held: Vec<_> = routes.as_array().expect("routes").iter().map(|route| route["heldBack"].clone()).collect();
        assert_eq!(held, [Value::Null, Value::Null, json!("SAME_CHANNEL")]);
    }

    async fn a_rule_names_something_that_is_the_organisations(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let own = connector(&admin, "own", json!({})).await;
        let foreign = service(&theirs, "Theirs").await;
        for (input, code) in [
            (json!({ "connectorId": own }), "INVALID_INPUT"),
            (json!({ "connectorId": own, "tagValue": "eu" }), "INVALID_INPUT"),
            (json!({ "connectorId": own, "serviceId": foreign }), "NOT_FOUND"),
            (json!({ "connectorId": "con_x", "urgency": "HIGH" }), "NOT_FOUND"),
        ] {
            assert_eq!(admin.change("createConnectorRule", input.clone()).await.refused(), code, "{input}");
        }
        let input = json!({ "connectorId": own, "urgency": "HIGH" });
        assert_eq!(theirs.change("createConnectorRule", input.clone()).await.refused(), "NOT_FOUND");
        let rule = admin.change("createConnectorRule", input).await.done()["rule"]["id"].clone();
        for mutation in ["updateConnectorRule", "deleteConnectorRule"] {
            assert_eq!(theirs.change(mutation, json!({ "id": rule })).await.refused(), "NOT_FOUND", "{mutation}");
        }
        assert_eq!(theirs.change("deleteConnector", json!({ "id": own })).await.refused(), "NOT_FOUND");
        let manager = json!({ "serviceId": foreign, "userId": world.member("Rita", "RESPONDER").await.0 });
        assert_eq!(admin.change("addServiceManager", manager).await.refused(), "NOT_FOUND");
        let dry = admin.ask(ROUTING, json!({ "incident": { "serviceId": foreign } })).await;
        assert_eq!(dry.error_code(), "BAD_USER_INPUT");
    }

    async fn a_rule_that_is_there_already_is_refused(world) {
        let admin = world.admin();
        let (own, other) = (connector(&admin, "own", json!({})).await, connector(&admin, "other", json!({})).await);
        let rule = json!({ "connectorId": own, "urgency": "HIGH", "tagKey": "region", "tagValue": "eu" });
        admin.change("createConnectorRule", rule.clone()).await.done();
        assert_eq!(admin.change("createConnectorRule", rule.clone()).await.refused(), "ALREADY_EXISTS");
        for (name, value) in [("connectorId", other), ("tagValue", Value::Null), ("urgency", json!("LOW"))] {
            let mut differs = rule.clone();
            differs[name] = value;
            admin.change("createConnectorRule", differs).await.done();
        }
        let rules = admin.read("{ connectors { rules { id urgency } } }").await["connectors"][1]["rules"].clone();
        let low = rules.as_array().expect("rules").iter().find(|rule| rule["urgency"] == "LOW").expect("one");
        let same = json!({ "id": low["id"], "urgency": "HIGH" });
        assert_eq!(admin.change("updateConnectorRule", same).await.refused(), "ALREADY_EXISTS");
        admin.change("updateConnectorRule", json!({ "id": low["id"], "urgency": "LOW" })).await.done();
    }

    async fn the_managers_of_a_service_manage_what_is_for_it_alone(world) {
        let admin = world.admin();
        let (payments, search) = (service(&admin, "Payments").await, service(&admin, "Search").await);
        let (id, rita) = world.member("Rita", "RESPONDER").await;
        let wanted = json!({ "name": "ritas", "channel": "#ritas", "serviceIds": [payments] });
        let refused = rita.change("createConnector", wanted.clone()).await;
        assert!(refused.told().contains("ADMIN or OWNER"), "the role needed is named");
        let managed = admin.change("addServiceManager", json!({ "serviceId": payments, "userId": id })).await.done();
        assert_eq!(managed["service"]["managers"][0]["name"], "Rita");

        let own = rita.change("createConnector", wanted).await.done()["connector"]["id"].clone();
        rita.change("updateConnector", json!({ "id": own, "channel": "#payments" })).await.done();
        let rule = json!({ "connectorId": own, "serviceId": payments, "urgency": "LOW" });
        rita.change("createConnectorRule", rule).await.done();
        let others = connector(&admin, "others", json!({ "serviceIds": [search] })).await;
        let shared = connector(&admin, "shared", json!({ "serviceIds": [payments, search] })).await;
        let default = admin.read("{ connectors { id } }").await["connectors"][0]["id"].clone();
        for (mutation, input) in [
            ("createConnector", json!({ "name": "x", "channel": "#x" })),
            ("createConnector", json!({ "name": "x", "channel": "#x", "serviceIds": [search] })),
            ("createConnector", json!({ "name": "x", "channel": "#x", "serviceIds": [payments], "isDefault": true })),
            ("createConnector", json!({ "name": "x", "channel": "#x", "serviceIds": [payments], "fallbackId": others })),
            ("createConnector", json!({ "name": "x", "channel": "#x", "isDefault": false })),
            ("updateConnector", json!({ "id": own, "isDefault": true })),
            ("updateConnector", json!({ "id": others, "name": "x" })),
            ("updateConnector", json!({ "id": shared, "name": "x" })),
            ("updateConnector", json!({ "id": default, "name": "x" })),
            ("deleteConnector", json!({ "id": default })),
            ("createConnectorRule", json!({ "connectorId": own, "urgency": "HIGH" })),
            ("createConnectorRule", json!({ "connectorId": own, "serviceId": search })),
            ("createConnectorRule", json!({ "connectorId": others, "serviceId": payments })),
            ("addServiceManager", json!({ "serviceId": search, "userId": id })),
            ("connectSlackWorkspace", json!({ "name": "x", "botToken": "xoxb-1" })),
        ] {
            assert_eq!(rita.change(mutation, input.clone()).await.refused(), "FORBIDDEN", "{mutation} {input}");
        }
        rita.change("deleteConnector", json!({ "id": own })).await.done();
        admin.change("removeServiceManager", json!({ "serviceId": payments, "userId": id })).await.done();
        let late = json!({ "name": "late", "channel": "#late", "serviceIds": [payments] });
        assert_eq!(rita.change("createConnector", late).await.refused(), "FORBIDDEN");
    }

    async fn who_may_not_manage_a_connector_is_told_what_is_missing(world) {
        let admin = world.admin();
        let payments = service(&admin, "Payments").await;
        let (id, with_admin) = world.member("Rita", "RESPONDER").await;
        let plain = world.caller(&admin.make_key(&["READ", "WRITE"], Some(&id)).await);
        let (idle, bystander) = world.member("Stan", "STAKEHOLDER").await;
        let wanted = json!({ "name": "ritas", "channel": "#ritas", "serviceIds": [payments] });
        for caller in [&plain, &with_admin, &bystander] {
            let told = caller.change("createConnector", wanted.clone()).await.told();
            assert!(told.contains("ADMIN or OWNER") && told.contains("manages"), "{told}");
        }
        let refused = admin.change("addServiceManager", json!({ "serviceId": payments, "userId": idle })).await;
        assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "userId"), "they could do nothing");
        admin.change("addServiceManager", json!({ "serviceId": payments, "userId": id })).await.done();
        let refused = plain.change("createConnector", wanted.clone()).await;
        assert_eq!(refused.refused(), "FORBIDDEN");
        assert!(refused.told().contains("this API key lacks the scope ADMIN"), "{}", refused.told());
        with_admin.change("createConnector", wanted).await.done();
        let (boss, _) = world.member("Boss", "ADMIN").await;
        let plain = world.caller(&admin.make_key(&["WRITE"], Some(&boss)).await);
        let told = plain.change("createConnector", json!({ "name": "x", "channel": "#x" })).await.told();
        assert_eq!(told, "This API key lacks the scope ADMIN.");
    }

    async fn a_fallback_that_an_administrator_chose_does_not_take_a_connector_from_its_managers(world) {
        let admin = world.admin();
        let payments = service(&admin, "Payments").await;
        let (id, rita) = world.member("Rita", "RESPONDER").await;
        admin.change("addServiceManager", json!({ "serviceId": payments, "userId": id })).await.done();
        let (first, second) = (connector(&admin, "first", json!({})).await, connector(&admin, "second", json!({})).await);
        let own = connector(&admin, "own", json!({ "serviceIds": [payments], "fallbackId": first })).await;
        for change in [json!({ "replyMode": "CHANNEL" }), json!({ "name": "ritas", "fallbackId": first })] {
            let mut input = change;
            input["id"] = own.clone();
            rita.change("updateConnector", input).await.done();
        }
        let other = json!({ "id": own, "fallbackId": second });
        assert_eq!(rita.change("updateConnector", other).await.refused(), "FORBIDDEN");
        rita.change("updateConnector", json!({ "id": own, "fallbackId": null })).await.done();
        let back = json!({ "id": own, "fallbackId": first });
        assert_eq!(rita.change("updateConnector", back).await.refused(), "FORBIDDEN");
    }

    async fn what_is_made_or_deleted_twice_under_one_key_is_so_once(world) {
        let admin = world.admin();
        let input = json!({ "name": "one", "channel": "#one", "isDefault": false, "idempotencyKey": "k1" });
        let first = admin.change("createConnector", input.clone()).await.done()["connector"]["id"].clone();
        assert_eq!(admin.change("createConnector", input).await.done()["connector"]["id"], first);
        let gone = json!({ "id": first, "idempotencyKey": "k2" });
        for _ in 0..2 {
            assert_eq!(admin.change("deleteConnector", gone.clone()).await.done()["deletedId"], first);
        }
        assert_eq!(admin.change("deleteConnector", json!({ "id": first })).await.refused(), "NOT_FOUND");
    }

    async fn connectors_move_together_and_nobody_elses(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        let own = connector(&admin, "own", json!({})).await;
        let connect = json!({ "name": "Second", "botToken": "xoxb-1" });
        let to = admin.change("connectSlackWorkspace", connect).await.done()["workspace"]["id"].clone();
        let foreign = json!({ "toWorkspaceId": to });
        assert_eq!(theirs.change("moveConnectors", foreign).await.refused(), "NOT_FOUND");
        assert_eq!(admin.change("moveConnectors", json!({})).await.refused(), "INVALID_INPUT");
        let strange = json!({ "toWorkspaceId": to, "connectorIds": [own, "con_00000000000000000000000000000000"] });
        assert_eq!(admin.change("moveConnectors", strange).await.refused(), "NOT_FOUND");
        let moved = admin.change("moveConnectors", json!({ "toWorkspaceId": to })).await.done()["connectors"].clone();
        assert_eq!(moved.as_array().map(Vec::len), Some(2), "the default one as well: {moved}");
        assert!(moved.as_array().expect("connectors").iter().all(|one| one["workspace"]["id"] == to));
        let back = json!({ "fromWorkspaceId": to, "connectorIds": [own] });
        let back = admin.change("moveConnectors", back).await.done()["connectors"].clone();
        assert_eq!((&back[0]["id"], &back[0]["workspace"]), (&own, &Value::Null));
        admin.change("disconnectSlackWorkspace", json!({ "id": to })).await.done();
        assert_eq!(admin.change("moveConnectors", json!({ "toWorkspaceId": to })).await.refused(), "WRONG_STATUS");
    }

    async fn a_new_connector_says_what_is_to_be_done_about_its_channel(world) {
        let admin = world.admin();
        let connect = json!({ "name": "Second", "botToken": "xoxb-1" });
        let second = admin.change("connectSlackWorkspace", connect).await.done()["workspace"]["id"].clone();
        let mutation = "mutation($input: CreateConnectorInput!) { createConnector(input: $input) {
            connector { channel status } channelHint { code message } userErrors { code } } }";
        let make = async |name: &str, channel: &str| {
            let input = json!({ "name": name, "channel": channel, "workspaceId": second });
            admin.ask(mutation, json!({ "input": input })).await.data()["createConnector"].clone()
        };
        assert_eq!(make("early", "#early").await["channelHint"], Value::Null, "nothing was read yet");

        found_workspace(world, &admin, &second, |found| found.team_id = Some("T9".to_owned())).await;
        directory_of(world, "T9", false).await;
        channel_of(world, "T9", ["C1", "ops"], [false, true, false]).await;
        channel_of(world, "T9", ["C2", "old"], [false, true, true]).await;
        channel_of(world, "T9", ["C3", "elsewhere"], [false, false, false]).await;
        let ops = make("ops", "#Ops").await;
        assert_eq!(ops["connector"], json!({ "channel": "#ops", "status": "PENDING" }));
        assert_eq!(ops["channelHint"], Value::Null);
        for (channel, code, way) in [
            ("#new", "channel_not_found", "createSlackChannel(input: {name: \"new\"})"),
            ("C404", "channel_not_found", "/invite"),
            ("#old", "is_archived", "Unarchive it"),
            ("#elsewhere", "not_in_channel", "/invite"),
        ] {
            let hint = make(channel, channel).await["channelHint"].clone();
            assert_eq!(hint["code"], code, "{channel}");
            assert!(text(&hint["message"]).contains(way), "{hint}");
        }
    }
}
