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
        assert_eq!(numbers(&page(json!({ "first": 2, "orderBy": "OLDEST_FIRST" })).await), json!([1, 2]));
        assert_eq!(numbers(&page(json!({ "last": 2, "orderBy": "OLDEST_FIRST" })).await), json!([6, 7]));
        assert_eq!(numbers(&page(json!({ "first": 0 })).await), json!([]));
    }

    async fn incidents_are_found_by_what_they_are(world) {
        let admin = world.admin();
        let alice = admin.make_user("Alice", "RESPONDER").await;
        let (bob, as_bob) = world.member("Bob", "RESPONDER").await;
        let service = admin.change("createService", json!({ "name": "Payments" })).await.done()["service"]["id"].clone();
        for input in [
            json!({ "title": "Äpfel fehlen", "urgency": "HIGH", "severity": "SEV1" }),
            json!({ "title": "100% of cards", "urgency": "LOW", "serviceId": service }),
            json!({ "title": "under_score", "urgency": "MEDIUM", "assigneeIds": [alice] }),
            json!({ "title": "underXscore", "urgency": "LOW", "severity": "SEV3" }),
        ] {
            admin.change("triggerIncident", input).await.done();
        }
        let second = admin.read("{ incident(number: 2) { id } }").await["incident"]["id"].clone();
        admin.change("resolveIncident", json!({ "id": second })).await.done();
        let first = admin.read("{ incident(number: 1) { id } }").await["incident"].clone();
        as_bob.comment(&first, "on it").await.done();
        as_bob.change("resolveIncident", json!({ "id": second })).await.done();
        for (filter, found) in [
            (json!({ "participantId": bob }), json!([1])),
            (json!({ "participantId": bob, "status": ["RESOLVED"] }), json!([])),
            (json!({ "participantId": alice }), json!([])),
            (json!({ "status": ["TRIGGERED"] }), json!([4, 3, 1])),
            (json!({ "status": ["RESOLVED", "ACKNOWLEDGED"] }), json!([2])),
            (json!({ "urgency": ["LOW"] }), json!([4, 2])),
            (json!({ "severity": ["SEV1", "SEV3"] }), json!([4, 1])),
            (json!({ "serviceId": service }), json!([2])),
            (json!({ "assigneeId": alice }), json!([3])),
            (json!({ "assigneeId": null }), json!([4, 2, 1])),
            (json!({ "assigneeId": null, "status": ["RESOLVED"] }), json!([2])),
            (json!({ "search": "CARDS" }), json!([2])),
            (json!({ "search": "100%" }), json!([2])),
            (json!({ "search": "under_" }), json!([3])),
            (json!({ "search": "äpfel" }), json!([1])),
            (json!({ "urgency": ["LOW"], "status": ["RESOLVED"] }), json!([2])),
            (json!({ "urgency": [] }), json!([])),
        ] {
            let page = admin.ask(PAGE, json!({ "filter": filter })).await.data();
            assert_eq!(numbers(&page), found, "{filter}");
            assert_eq!(page["incidents"]["totalCount"], found.as_array().map_or(0, Vec::len), "{filter}");
        }
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
