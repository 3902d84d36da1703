//! Lists: pages, order, filters and counts.

use serde_json::{Value, json};

use crate::world::on_each_database;

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String, $orderBy: IncidentOrder, $filter: IncidentFilter) {
    incidents(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, filter: $filter) {
        nodes { number } edges { cursor node { number } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

fn numbers(page: &Value) -> Value {
    page["incidents"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| node["number"].clone())
        .collect()
}

on_each_database! {
    async fn incidents_are_found_by_their_ids_in_the_caller_s_organisation_alone(world) {
        let (admin, neighbour) = (world.admin(), world.neighbour().await);
        let (one, _, three) = (admin.trigger("one").await, admin.trigger("two").await, admin.trigger("three").await);
        let theirs = neighbour.trigger("theirs").await;
        let find = async |ids: Value| admin.ask(PAGE, json!({ "filter": { "ids": ids } })).await;
        let found = find(json!([one["id"], theirs["id"], three["id"], one["id"]])).await.data();
        assert_eq!((numbers(&found), &found["incidents"]["totalCount"]), (json!([3, 1]), &json!(2)));
        assert_eq!(numbers(&find(json!([])).await.data()), json!([]));
        let both = json!({ "filter": { "ids": [one["id"], three["id"]], "search": "thr" } });
        assert_eq!(numbers(&admin.ask(PAGE, both).await.data()), json!([3]));
        assert_eq!(find(json!(["svc_00000000000000000000000000000000"])).await.error_code(), "BAD_USER_INPUT");
        assert_eq!(find(json!(vec![&one["id"]; 101])).await.error_code(), "BAD_USER_INPUT");
    }

    async fn incidents_are_paged_from_both_ends_in_both_orders(world) {
        let admin = world.admin();
        for n in 1..=7 {
            admin.trigger(&format!("incident {n}")).await;
        }
        let page = async |variables: Value| admin.ask(PAGE, variables).await.data();
        let one = page(json!({ "first": 3 })).await;
        assert_eq!((numbers(&one), &one["incidents"]["totalCount"]), (json!([7, 6, 5]), &json!(7)));
        let info = &one["incidents"]["pageInfo"];
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
        assert_eq!(info["startCursor"], one["incidents"]["edges"][0]["cursor"]);
        let two = page(json!({ "first": 3, "after": info["endCursor"] })).await;
        assert_eq!(numbers(&two), json!([4, 3, 2]));
        assert_eq!(two["incidents"]["pageInfo"]["hasPreviousPage"], true);
        let three = page(json!({ "first": 3, "after": two["incidents"]["pageInfo"]["endCursor"] })).await;
        assert_eq!((numbers(&three), &three["incidents"]["pageInfo"]["hasNextPage"]), (json!([1]), &json!(false)));

        let back = page(json!({ "last": 2, "before": two["incidents"]["pageInfo"]["startCursor"] })).await;
        assert_eq!((numbers(&back), &back["incidents"]["pageInfo"]["hasPreviousPage"]), (json!([6, 5]), &json!(true)));
        assert_eq!(numbers(&page(json!({ "last": 2 })).await), json!([2, 1]));
        assert_eq!(numbers(&page(json!({ "first": 2, "orderBy": { "field": "NUMBER", "direction": "ASC" } })).await), json!([1, 2]));
        assert_eq!(numbers(&page(json!({ "last": 2, "orderBy": { "field": "NUMBER", "direction": "ASC" } })).await), json!([6, 7]));
        assert_eq!(numbers(&page(json!({ "first": 0 })).await), json!([]));
    }

    async fn incidents_are_found_by_what_they_are(world) {
        let admin = world.admin();
        let alice = admin.make_user("Alice", "RESPONDER").await;
        let (bob, as_bob) = world.member("Bob", "RESPONDER").await;
        let service = admin.change("createService", json!({ "name": "Payments" })).await.done()["service"]["id"].clone();
        for input in [
            json!({ "title": "Äpfel fehlen", "urgency": "HIGH", "severity": "SEV1", "tags": [{ "key": "region", "value": "eu" }, { "key": "tier", "value": "a'b\"c" }] }),
            json!({ "title": "100% of cards", "urgency": "LOW", "serviceId": service, "tags": [{ "key": "region", "value": "us" }] }),
            json!({ "title": "under_score", "urgency": "MEDIUM", "assigneeIds": [alice], "descriptionMarkdown": "The *Kühlschrank* is warm" }),
            json!({ "title": "underXscore", "urgency": "LOW", "severity": "SEV3", "assigneeIds": [bob] }),
        ] {
            admin.change("triggerIncident", input).await.done();
        }
        let second = admin.read("{ incident(number: 2) { id } }").await["incident"]["id"].clone();
        admin.change("resolveIncident", json!({ "id": second })).await.done();
        let first = admin.read("{ incident(number: 1) { id } }").await["incident"].clone();
        as_bob.comment(&first, "on it, said Zoë").await.done();
        let told = admin.comment(&first, "a mistake").await.done();
        admin.change("retractComment", json!({ "id": told["entry"]["id"] })).await.done();
        as_bob.change("resolveIncident", json!({ "id": second })).await.done();
        let third = admin.read("{ incident(number: 3) { id } }").await["incident"]["id"].clone();
        admin.change("snoozeIncident", json!({ "id": third, "until": crate::timers::in_seconds(3_600) })).await.done();
        let triggered = admin.read("{ incident(number: 3) { triggeredAt updatedAt } }").await["incident"].clone();
        for (filter, found) in [
            (json!({ "participantId": bob }), json!([1])),
            (json!({ "participantId": bob, "statuses": ["RESOLVED"] }), json!([])),
            (json!({ "participantId": alice }), json!([])),
            (json!({ "statuses": ["TRIGGERED"] }), json!([4, 1])),
            (json!({ "statuses": ["RESOLVED", "ACKNOWLEDGED"] }), json!([3, 2])),
            (json!({ "urgencies": ["LOW"] }), json!([4, 2])),
            (json!({ "severities": ["SEV1", "SEV3"] }), json!([4, 1])),
            (json!({ "serviceIds": [service] }), json!([2])),
            (json!({ "serviceIds": [] }), json!([])),
            (json!({ "assigneeIds": [alice] }), json!([3])),
            (json!({ "assigneeIds": [alice, bob] }), json!([4, 3])),
            (json!({ "unassigned": true }), json!([2, 1])),
            (json!({ "unassigned": false }), json!([4, 3])),
            (json!({ "unassigned": true, "statuses": ["RESOLVED"] }), json!([2])),
            (json!({ "tags": [{ "key": "region" }] }), json!([2, 1])),
            (json!({ "tags": [{ "key": "region", "value": "eu" }] }), json!([1])),
            (json!({ "tags": [{ "key": "region", "value": "eu" }, { "key": "tier", "value": "a'b\"c" }] }), json!([1])),
            (json!({ "tags": [{ "key": "region", "value": "us" }, { "key": "tier" }] }), json!([])),
            (json!({ "tags": [] }), json!([4, 3, 2, 1])),
            (json!({ "isSnoozed": true }), json!([3])),
            (json!({ "isSnoozed": false }), json!([4, 2, 1])),
            (json!({ "triggeredAt": { "from": triggered["triggeredAt"] } }), json!([4, 3])),
            (json!({ "triggeredAt": { "to": triggered["triggeredAt"] } }), json!([2, 1])),
            (json!({ "triggeredAt": { "from": "2000-01-01T00:00:00Z", "to": "2000-01-02T00:00:00+05:00" } }), json!([])),
            (json!({ "triggeredAt": {} }), json!([4, 3, 2, 1])),
            (json!({ "updatedAt": { "from": triggered["updatedAt"] } }), json!([3])),
            (json!({ "search": "CARDS" }), json!([2])),
            (json!({ "search": "100%" }), json!([2])),
            (json!({ "search": "under_" }), json!([3])),
            (json!({ "search": "äpfel" }), json!([1])),
            (json!({ "search": "kühlschrank" }), json!([3])),
            (json!({ "search": "zoë" }), json!([1])),
            (json!({ "search": "mistake" }), json!([])),
            (json!({ "search": "#4" }), json!([4])),
            (json!({ "search": " 2 " }), json!([2])),
            (json!({ "urgencies": ["LOW"], "statuses": ["RESOLVED"] }), json!([2])),
            (json!({ "urgencies": [] }), json!([])),
            // The names that are deprecated.
            (json!({ "status": ["TRIGGERED"], "urgency": ["LOW"], "severity": ["SEV3"] }), json!([4])),
            (json!({ "serviceId": service }), json!([2])),
            (json!({ "assigneeId": alice }), json!([3])),
            (json!({ "assigneeId": null }), json!([2, 1])),
        ] {
            let page = admin.ask(PAGE, json!({ "filter": filter })).await.data();
            assert_eq!(numbers(&page), found, "{filter}");
            assert_eq!(page["incidents"]["totalCount"], found.as_array().map_or(0, Vec::len), "{filter}");
        }
        for filter in [
            json!({ "statuses": null }),
            json!({ "serviceIds": null }),
            json!({ "serviceId": null }),
            json!({ "participantId": null }),
            json!({ "unassigned": null }),
            json!({ "search": null }),
            json!({ "statuses": ["TRIGGERED"], "status": ["TRIGGERED"] }),
            json!({ "assigneeId": null, "unassigned": false }),
            json!({ "assigneeIds": ["svc_00000000000000000000000000000000"] }),
            json!({ "assigneeIds": vec![&alice; 101] }),
            json!({ "tags": vec![json!({ "key": "a" }); 21] }),
        ] {
            assert_eq!(admin.ask(PAGE, json!({ "filter": filter })).await.error_code(), "BAD_USER_INPUT", "{filter}");
        }
    }

    async fn incidents_are_listed_by_a_value_and_paged_without_gap_or_double(world) {
        let admin = world.admin();
        for (title, urgency, severity) in [
            ("1", "LOW", json!("SEV3")), ("2", "HIGH", json!(null)), ("3", "MEDIUM", json!("SEV1")), ("4", "HIGH", json!("SEV3")),
            ("5", "LOW", json!(null)), ("6", "HIGH", json!("SEV5")), ("7", "MEDIUM", json!("SEV2")),
        ] {
            admin.change("triggerIncident", json!({ "title": title, "urgency": urgency, "severity": severity })).await.done();
        }
        for (number, mutation) in [(2, "resolveIncident"), (5, "acknowledgeIncident"), (1, "resolveIncident")] {
            let id = admin.read(&format!("{{ incident(number: {number}) {{ id }} }}")).await["incident"]["id"].clone();
            admin.change(mutation, json!({ "id": id })).await.done();
        }
        for (field, ascending) in [
            ("NUMBER", json!([1, 2, 3, 4, 5, 6, 7])),
            ("TRIGGERED_AT", json!([1, 2, 3, 4, 5, 6, 7])),
            ("UPDATED_AT", json!([3, 4, 6, 7, 2, 5, 1])),
            ("SEVERITY", json!([2, 5, 6, 1, 4, 7, 3])),
            ("URGENCY", json!([1, 5, 3, 7, 2, 4, 6])),
            ("STATUS", json!([1, 2, 5, 3, 4, 6, 7])),
        ] {
            let mut descending = ascending.as_array().expect("numbers").clone();
            descending.reverse();
            for (direction, all) in [("ASC", ascending.clone()), ("DESC", json!(descending))] {
                let order = json!({ "field": field, "direction": direction });
                let mut forwards = Vec::new();
                let mut after = Value::Null;
                loop {
                    let page = admin.ask(PAGE, json!({ "first": 2, "after": after, "orderBy": order })).await.data();
                    forwards.extend(numbers(&page).as_array().expect("numbers").clone());
                    if page["incidents"]["pageInfo"]["hasNextPage"] == false {
                        break;
                    }
                    after = page["incidents"]["pageInfo"]["endCursor"].clone();
                }
                assert_eq!(json!(forwards), all, "{order}");
                let mut backwards = Vec::new();
                let mut before = Value::Null;
                loop {
                    let page = admin.ask(PAGE, json!({ "last": 3, "before": before, "orderBy": order })).await.data();
                    backwards.splice(0..0, numbers(&page).as_array().expect("numbers").clone());
                    if page["incidents"]["pageInfo"]["hasPreviousPage"] == false {
                        break;
                    }
                    before = page["incidents"]["pageInfo"]["startCursor"].clone();
                }
                assert_eq!(json!(backwards), all, "{order}, backwards");
            }
        }
        let by_severity = json!({ "field": "SEVERITY", "direction": "ASC" });
        let page = admin.ask(PAGE, json!({ "first": 1, "orderBy": by_severity })).await.data();
        let foreign = json!({ "first": 1, "after": page["incidents"]["pageInfo"]["endCursor"] });
        assert_eq!(admin.ask(PAGE, foreign.clone()).await.error_code(), "BAD_USER_INPUT");
        let mut other = foreign;
        other["orderBy"] = json!({ "field": "URGENCY", "direction": "ASC" });
        assert_eq!(admin.ask(PAGE, other).await.error_code(), "BAD_USER_INPUT");
    }

    async fn users_services_and_post_mortems_are_listed_by_name_in_any_case(world) {
        let admin = world.admin();
        for name in ["bob", "Alice", "Ärmel", "carol: the second", "alice"] {
            let email = format!("{}@example.com", name.len() * 7 + name.chars().map(|c| c as usize).sum::<usize>());
            admin.change("createUser", json!({ "name": name, "email": email, "role": "RESPONDER" })).await.done();
            if name != "alice" {
                admin.change("createService", json!({ "name": name })).await.done();
            }
            let incident = admin.trigger(name).await;
            admin.change("createPostmortem", json!({ "incidentId": incident["id"], "title": name })).await.done();
        }
        for (list, field, told) in [("users", "NAME", "name"), ("services", "NAME", "name"), ("postmortems", "TITLE", "title")] {
            let query = format!("query($after: String, $direction: OrderDirection!) {{ {list}(first: 2, after: $after, orderBy: {{ field: {field}, direction: $direction }}) {{                 totalCount nodes {{ {told} }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let all = async |direction: &str| {
                let (mut seen, mut after) = (Vec::<String>::new(), Value::Null);
                loop {
                    let page = admin.ask(&query, json!({ "after": after, "direction": direction })).await.data()[list].clone();
                    seen.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node[told].as_str().expect("a name").to_lowercase()));
                    if page["pageInfo"]["hasNextPage"] == false {
                        assert_eq!(page["totalCount"], seen.len());
                        return seen;
                    }
                    after = page["pageInfo"]["endCursor"].clone();
                }
            };
            let ascending = all("ASC").await;
            let mut descending = all("DESC").await;
            descending.reverse();
            assert_eq!(ascending, descending, "{list}");
            let place = |name: &str| ascending.iter().position(|own| own == name).unwrap_or_else(|| panic!("{name} in {list}"));
            assert!(place("alice") < place("bob") && place("bob") < place("carol: the second"), "{ascending:?}");
        }
    }

    async fn every_list_says_how_much_there_is(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        admin.comment(&incident, "one").await.done();
        admin.comment(&incident, "two").await.done();
        for (query, path, count) in [
            ("{ eventLog(first: 1) { totalCount } }", "/eventLog", 3),
            ("{ incidents(first: 0) { totalCount } }", "/incidents", 1),
            ("{ incidents { nodes { timeline(first: 1) { totalCount } } } }", "/incidents/nodes/0/timeline", 3),
            ("{ incidents { nodes { timeline(changedAfterVersion: 2) { totalCount } } } }", "/incidents/nodes/0/timeline", 1),
            ("{ services { totalCount } }", "/services", 1),
            ("{ postmortems { totalCount } }", "/postmortems", 0),
            ("{ slackChannels { totalCount } }", "/slackChannels", 0),
        ] {
            let data = admin.read(query).await;
            assert_eq!(data.pointer(path).expect("a page")["totalCount"], count, "{query}");
        }
        let users = admin.read("{ users { totalCount nodes { id } } slackIdentities { totalCount nodes { since } } apiKeys { totalCount nodes { id } } auditLog { totalCount nodes { id } } }").await;
        for list in ["users", "slackIdentities", "apiKeys", "auditLog"] {
            assert_eq!(users[list]["totalCount"], users[list]["nodes"].as_array().map_or(0, Vec::len), "{list}");
        }
        admin.make_key(&["READ"], None).await;
        let key = admin.read("{ apiKeys { totalCount } auditLog(filter: { action: \"createApiKey\" }) { totalCount } }").await;
        assert!(key["apiKeys"]["totalCount"].as_u64() >= Some(1), "{key}");
        assert_eq!(key["auditLog"]["totalCount"], 1);
    }

    async fn a_timeline_is_paged_from_both_ends(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        for n in 2..=6 {
            admin.comment(&incident, &format!("{n}")).await.done();
        }
        let query = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { incident(id: $id) {
            timeline(first: $first, after: $after, last: $last, before: $before) {
                nodes { version } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
        let page = async |mut variables: Value| {
            variables["id"] = incident["id"].clone();
            let data = admin.ask(query, variables).await.data();
            let timeline = data["incident"]["timeline"].clone();
            let versions: Value = timeline["nodes"].as_array().expect("nodes").iter().map(|node| node["version"].clone()).collect();
            (versions, timeline["pageInfo"].clone())
        };
        let (newest, info) = page(json!({ "last": 2 })).await;
        assert_eq!((newest, &info["hasPreviousPage"]), (json!([5, 6]), &json!(true)));
        let (earlier, _) = page(json!({ "last": 3, "before": info["startCursor"] })).await;
        assert_eq!(earlier, json!([2, 3, 4]));
        let (oldest, info) = page(json!({ "first": 4 })).await;
        assert_eq!((oldest, &info["hasNextPage"]), (json!([1, 2, 3, 4]), &json!(true)));
        let (rest, _) = page(json!({ "first": 4, "after": info["endCursor"] })).await;
        assert_eq!(rest, json!([5, 6]));
    }

    async fn users_services_and_keys_are_paged(world) {
        let admin = world.admin();
        for name in ["Alice", "Bob", "Carol"] {
            admin.make_user(name, "RESPONDER").await;
            admin.change("createService", json!({ "name": name })).await.done();
            admin.make_key(&["READ"], None).await;
        }
        for list in ["users", "services", "apiKeys"] {
            let query = format!("query($after: String) {{ {list}(first: 2, after: $after) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = admin.ask(&query, json!({ "after": after })).await.data()[list].clone();
                seen.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].to_string()));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            let all = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), all), (if list == "users" { 3 } else { 4 }, all), "{list}");
        }
        let alice = admin.read("{ users(filter: { email: \"ALICE@example.com\" }) { nodes { name } } }").await;
        assert_eq!(alice["users"]["nodes"], json!([{ "name": "Alice" }]));
    }
}
