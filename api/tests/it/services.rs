//! Services, the organisation and its keys: changed, archived and counted.

use serde_json::{Value, json};

use crate::world::{on_each_database, text};

on_each_database! {
    async fn a_service_is_changed_and_another_becomes_the_default(world) {
        let admin = world.admin();
        let mail = admin.change("createService", json!({ "name": "Mail" })).await.done()["service"]["id"].clone();
        let change = json!({ "id": mail, "name": "Post", "descriptionMarkdown": "Letters", "defaultUrgency": "LOW", "isDefault": true });
        let changed = admin.change("updateService", change).await.done()["service"].clone();
        assert_eq!(changed, json!({ "id": mail, "name": "Post", "descriptionMarkdown": "Letters", "defaultUrgency": "LOW", "isDefault": true, "archivedAt": null }));
        let services = admin.read("{ services { nodes { id isDefault } } }").await["services"]["nodes"].clone();
        let defaults: Vec<_> = services.as_array().expect("nodes").iter().filter(|node| node["isDefault"] == true).collect();
        assert_eq!(defaults, [&json!({ "id": mail, "isDefault": true })]);
        let incident = admin.trigger("Lost").await;
        let found = admin.read(&format!("{{ node(id: {}) {{ ... on Incident {{ service {{ id }} urgency }} }} }}", incident["id"])).await;
        assert_eq!(found["node"], json!({ "service": { "id": mail }, "urgency": "LOW" }));
        let no_default = admin.change("updateService", json!({ "id": mail, "isDefault": false })).await;
        assert_eq!((no_default.refused().as_str(), no_default.refused_field().as_str()), ("INVALID_INPUT", "isDefault"));
        let taken = admin.change("createService", json!({ "name": "Mail" })).await.done()["service"]["id"].clone();
        let taken = admin.change("updateService", json!({ "id": taken, "name": "Post" })).await;
        assert_eq!((taken.refused().as_str(), taken.refused_field().as_str()), ("ALREADY_EXISTS", "name"));
    }

    async fn an_archived_service_takes_nothing_new_and_keeps_what_it_has(world) {
        let admin = world.admin();
        let mail = admin.change("createService", json!({ "name": "Mail" })).await.done()["service"]["id"].clone();
        let trigger = json!({ "title": "Lost", "serviceId": mail });
        let open = admin.change("triggerIncident", trigger.clone()).await.done()["incident"].clone();
        let other = admin.trigger("Other").await;
        let archived = admin.change("archiveService", json!({ "id": mail })).await.done()["service"]["archivedAt"].clone();
        assert!(archived.is_string());
        let again = admin.change("archiveService", json!({ "id": mail })).await.done()["service"]["archivedAt"].clone();
        assert_eq!(again, archived, "archived twice");

        let refused = admin.change("triggerIncident", trigger.clone()).await;
        assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("WRONG_STATUS", "serviceId"));
        assert!(refused.told().contains("Mail"), "{}", refused.told());
        let moved = admin.change("updateIncident", json!({ "id": other["id"], "serviceId": mail })).await;
        assert_eq!(moved.refused(), "WRONG_STATUS");
        assert_eq!(admin.change("updateService", json!({ "id": mail, "isDefault": true })).await.refused(), "WRONG_STATUS");
        admin.change("updateIncident", json!({ "id": open["id"], "serviceId": mail, "title": "Still lost" })).await.done();
        admin.change("resolveIncident", json!({ "id": open["id"] })).await.done();

        let list = async |filter: &str| {
            let data = admin.read(&format!("{{ services(filter: {{ {filter} }}) {{ totalCount nodes {{ name }} }} }}")).await;
            data["services"]["nodes"].as_array().expect("nodes").iter().any(|node| node["name"] == "Mail")
        };
        assert!(list("isArchived: true").await && list("search: \"mail\"").await && !list("isArchived: false").await);
        let default = admin.read("{ services(filter: { isArchived: false }) { nodes { id } } }").await["services"]["nodes"][0]["id"].clone();
        assert_eq!(admin.change("archiveService", json!({ "id": default })).await.refused(), "WRONG_STATUS");
        admin.change("unarchiveService", json!({ "id": mail })).await.done();
        admin.change("triggerIncident", trigger).await.done();
    }

    async fn an_incident_is_given_to_another_service(world) {
        let admin = world.admin();
        let mail = admin.change("createService", json!({ "name": "Mail" })).await.done()["service"]["id"].clone();
        let incident = admin.trigger("Lost").await;
        let input = json!({ "id": incident["id"], "serviceId": mail, "version": 1 });
        let moved = admin.change("updateIncident", input.clone()).await.done();
        assert_eq!((&moved["incident"]["service"]["id"], &moved["incident"]["version"]), (&mail, &json!(2)));
        let entries = admin.read("{ incident(number: 1) { timeline { nodes { kind changes incident { number } } } } }").await;
        let last = entries["incident"]["timeline"]["nodes"][1].clone();
        assert_eq!((&last["kind"], &last["incident"]["number"]), (&json!("UPDATED"), &json!(1)));
        assert!(text(&last["changes"][0]).starts_with("service: ") && text(&last["changes"][0]).ends_with(" → Mail"), "{last}");
        // Who has read an earlier version changes nothing.
        let stale = admin.change("updateIncident", json!({ "id": incident["id"], "title": "Found", "version": 1 })).await;
        assert_eq!((stale.refused().as_str(), stale.refused_field().as_str()), ("CONFLICT", "version"));
        assert!(stale.told().contains("version is 2"), "{}", stale.told());
        let unchanged = admin.change("updateIncident", json!({ "id": incident["id"], "serviceId": mail })).await.done();
        assert_eq!((&unchanged["incident"]["version"], &unchanged["incident"]["title"]), (&json!(2), &json!("Lost")));
    }

    async fn a_service_and_a_member_list_their_incidents(world) {
        let admin = world.admin();
        let mail = admin.change("createService", json!({ "name": "Mail" })).await.done()["service"]["id"].clone();
        let alice = admin.make_user("Alice", "RESPONDER").await;
        for (title, service) in [("a", true), ("b", true), ("c", false)] {
            let mut input = json!({ "title": title, "assigneeIds": if title == "b" { json!([]) } else { json!([alice]) } });
            if service {
                input["serviceId"] = mail.clone();
            }
            admin.change("triggerIncident", input).await.done();
        }
        let second = admin.read("{ incident(number: 2) { id } }").await["incident"]["id"].clone();
        admin.change("resolveIncident", json!({ "id": second })).await.done();
        let query = "query($service: ID!, $user: ID!, $other: [ID!]) {
            service: node(id: $service) { ... on Service { openIncidentCount all: incidents { totalCount nodes { number organization { id } } }
                open: incidents(filter: { statuses: [TRIGGERED] }, first: 1, orderBy: { field: NUMBER, direction: ASC }) { nodes { number } }
                none: incidents(filter: { serviceIds: $other }) { nodes { number } } } }
            user: node(id: $user) { ... on User { active assignedIncidents(filter: { statuses: [TRIGGERED] }) { totalCount nodes { number } } } }
            organization { id users(orderBy: { field: NAME, direction: ASC }) { nodes { name } } services(filter: { search: \"mai\" }) { totalCount nodes { openIncidentCount } } } }";
        let other = "svc_00000000000000000000000000000000";
        let data = admin.ask(query, json!({ "service": mail, "user": alice, "other": [other] })).await.data();
        assert_eq!(data["service"]["openIncidentCount"], 1);
        let numbers = |page: &Value| page["nodes"].as_array().expect("nodes").iter().map(|node| node["number"].clone()).collect::<Vec<_>>();
        assert_eq!((numbers(&data["service"]["all"]), &data["service"]["all"]["totalCount"]), (vec![json!(2), json!(1)], &json!(2)));
        assert_eq!(data["service"]["all"]["nodes"][0]["organization"]["id"], data["organization"]["id"]);
        assert_eq!((numbers(&data["service"]["open"]), numbers(&data["service"]["none"])), (vec![json!(1)], vec![]));
        assert_eq!((numbers(&data["user"]["assignedIncidents"]), &data["user"]["active"]), (vec![json!(3), json!(1)], &json!(true)));
        assert_eq!(data["organization"]["users"]["nodes"], json!([{ "name": "Alice" }]));
        assert_eq!(data["organization"]["services"], json!({ "totalCount": 1, "nodes": [{ "openIncidentCount": 1 }] }));
    }

    async fn the_organisation_is_renamed(world) {
        let admin = world.admin();
        let renamed = admin.change("updateOrganization", json!({ "name": "Acme & Sons", "slug": "acme-2" })).await.done();
        assert_eq!((&renamed["organization"]["name"], &renamed["organization"]["slug"]), (&json!("Acme & Sons"), &json!("acme-2")));
        for slug in ["", "-a", "a-", "A", "a b", "ä", &"a".repeat(61)] {
            let refused = admin.change("updateOrganization", json!({ "slug": slug })).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "slug"), "{slug}");
        }
        let taken = world.neighbour().await.change("updateOrganization", json!({ "slug": "acme-2" })).await;
        assert_eq!((taken.refused().as_str(), taken.refused_field().as_str()), ("ALREADY_EXISTS", "slug"));
        assert_eq!(admin.read("{ organization { name slug } }").await["organization"], json!({ "name": "Acme & Sons", "slug": "acme-2" }));
    }

    async fn a_key_gets_another_name_and_another_end(world) {
        let admin = world.admin();
        let key = admin.change("createApiKey", json!({ "name": "cron", "scopes": ["READ"] })).await.done();
        let (id, caller) = (&key["apiKey"]["id"], world.caller(&text(&key["secret"])));
        let end = crate::timers::in_seconds(3_600);
        let changed = admin.change("updateApiKey", json!({ "id": id, "name": "nightly", "expiresAt": end })).await.done();
        assert_eq!(changed["apiKey"]["name"], "nightly");
        assert!(changed["apiKey"]["expiresAt"].is_string());
        caller.read("{ organization { id } }").await;
        let endless = admin.change("updateApiKey", json!({ "id": id, "expiresAt": null })).await.done();
        assert!(endless["apiKey"]["expiresAt"].is_null());
        let past = admin.change("updateApiKey", json!({ "id": id, "expiresAt": "2020-01-01T00:00:00Z" })).await;
        assert_eq!((past.refused().as_str(), past.refused_field().as_str()), ("INVALID_INPUT", "expiresAt"));
        admin.change("revokeApiKey", json!({ "id": id })).await.done();
        assert_eq!(admin.change("updateApiKey", json!({ "id": id, "name": "x" })).await.refused(), "WRONG_STATUS");
    }

    async fn only_an_owner_changes_keys_that_do_what_owners_do(world) {
        let (olga, owner) = world.member("Olga", "OWNER").await;
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let of_owner = json!({ "name": "Olga's", "scopes": ["READ"], "userId": olga });
        let of_organization = json!({ "name": "all", "scopes": ["ADMIN"] });
        let end = crate::timers::in_seconds(3_600);
        for input in [of_owner, of_organization] {
            let id = owner.change("createApiKey", input).await.done()["apiKey"]["id"].clone();
            assert_eq!(adam.change("updateApiKey", json!({ "id": id, "expiresAt": end })).await.refused(), "FORBIDDEN");
            owner.change("updateApiKey", json!({ "id": id, "expiresAt": end })).await.done();
        }
        let harmless = owner.change("createApiKey", json!({ "name": "read", "scopes": ["READ"] })).await.done();
        adam.change("updateApiKey", json!({ "id": harmless["apiKey"]["id"], "name": "reader" })).await.done();
    }
}
