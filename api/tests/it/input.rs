//! What is too long, blank, malformed or unknown: a clear error, and nothing is written.

use serde_json::{Value, json};

use crate::world::on_each_database;

fn long(length: usize) -> String {
    "ä".repeat(length)
}

fn tags(count: usize, key: usize, value: usize) -> Value {
    (0..count)
        .map(|n| json!({ "key": format!("{n:0>key$}"), "value": long(value) }))
        .collect()
}

on_each_database! {
    async fn a_field_that_fails_is_null_beside_its_siblings(world) {
        let admin = world.admin();
        admin.trigger("Payments are failing").await;
        let answer = admin.ask("{ a: incident(number: 1) { number } b: incident { number } }", json!({})).await;
        assert_eq!(answer.0["data"], json!({ "a": { "number": 1 }, "b": null }));
        assert_eq!(answer.0["errors"][0]["path"], json!(["b"]));
        assert_eq!(answer.error_code(), "BAD_USER_INPUT");
        let answer = admin.ask("{ viewer { scopes } services(first: 101) { nodes { id } } }", json!({})).await;
        assert_eq!(answer.0["data"], Value::Null, "what may not be null takes along what it stands in");
    }

    async fn a_value_at_its_bound_is_taken_and_one_beyond_is_refused(world) {
        let admin = world.admin();
        let id = admin.trigger("Down").await["id"].clone();
        let events = admin.log().await.len();
        let title = |title: String| json!({ "title": title });
        let comment = |body: String| json!({ "incidentId": id, "bodyMarkdown": body });
        for (mutation, field, taken, refused) in [
            ("triggerIncident", "title", title(long(200)), title(long(201))),
            ("triggerIncident", "title", title(" x ".into()), title(" \t ".into())),
            ("triggerIncident", "descriptionMarkdown", title("x".into()), json!({ "title": "x", "descriptionMarkdown": "nul\0" })),
            ("triggerIncident", "descriptionMarkdown", json!({ "title": "x", "descriptionMarkdown": long(100_000) }), json!({ "title": "x", "descriptionMarkdown": long(100_001) })),
            ("triggerIncident", "tags", json!({ "title": "x", "tags": tags(20, 64, 256) }), json!({ "title": "x", "tags": tags(21, 1, 1) })),
            ("triggerIncident", "tags", json!({ "title": "x", "tags": tags(1, 1, 0) }), json!({ "title": "x", "tags": tags(1, 65, 1) })),
            ("triggerIncident", "tags", json!({ "title": "x" }), json!({ "title": "x", "tags": tags(1, 1, 257) })),
            ("triggerIncident", "dedupKey", json!({ "title": "x", "dedupKey": long(255) }), json!({ "title": "x", "dedupKey": long(256) })),
            ("triggerIncident", "idempotencyKey", json!({ "title": "x", "idempotencyKey": long(255) }), json!({ "title": "x", "idempotencyKey": long(256) })),
            ("addComment", "bodyMarkdown", comment(long(200_000)), comment(long(200_001))),
            ("addComment", "bodyMarkdown", comment("x".into()), comment("  \n".into())),
            ("resolveIncident", "noteMarkdown", json!({ "id": id, "noteMarkdown": long(200_000) }), json!({ "id": id, "noteMarkdown": long(200_001) })),
            ("reopenIncident", "reasonMarkdown", json!({ "id": id, "reasonMarkdown": long(200_000) }), json!({ "id": id, "reasonMarkdown": long(200_001) })),
            ("updateIncident", "descriptionMarkdown", json!({ "id": id, "descriptionMarkdown": long(100_000) }), json!({ "id": id, "descriptionMarkdown": long(100_001) })),
            ("updateIncident", "tags", json!({ "id": id, "tags": tags(20, 64, 256) }), json!({ "id": id, "tags": tags(21, 1, 1) })),
            ("reassignIncident", "assigneeIds", json!({ "id": id, "assigneeIds": [] }), json!({ "id": id, "assigneeIds": vec!["usr_00000000000000000000000000000000"; 51] })),
            ("updateIncident", "title", json!({ "id": id, "title": "New" }), json!({ "id": id, "title": "" })),
            ("createService", "name", json!({ "name": long(100) }), json!({ "name": long(101) })),
            ("createService", "descriptionMarkdown", json!({ "name": "described", "descriptionMarkdown": long(100_000) }), json!({ "name": "more", "descriptionMarkdown": long(100_001) })),
            ("createApiKey", "name", json!({ "name": long(100), "scopes": ["READ"] }), json!({ "name": long(101), "scopes": ["READ"] })),
            ("createUser", "name", json!({ "name": long(100), "email": "b@example.com", "role": "ADMIN" }), json!({ "name": " ", "email": "c@example.com", "role": "ADMIN" })),
            ("createApiKey", "scopes", json!({ "name": "k", "scopes": ["READ"] }), json!({ "name": "k", "scopes": [] })),
            ("createUser", "email", json!({ "name": "A", "email": "A@Example.com", "role": "ADMIN" }), json!({ "name": "A", "email": "nobody", "role": "ADMIN" })),
        ] {
            let payload = admin.change(mutation, refused.clone()).await;
            assert_eq!(payload.refused(), "INVALID_INPUT", "{mutation} {refused}");
            let path = payload.0["userErrors"][0]["field"].to_string();
            assert!(path.contains(&format!("\"{field}\"")), "{mutation} {path} {refused}");
            admin.change(mutation, taken).await.done();
        }
        // What was taken of incidents wrote one event each, and what was refused none.
        assert_eq!(admin.log().await.len(), events + 16);
    }

    async fn an_unknown_id_is_not_found_whatever_its_form(world) {
        let admin = world.admin();
        let service = admin.read("{ services { nodes { id } } }").await["services"]["nodes"][0]["id"].clone();
        for id in [json!("inc_00000000000000000000000000000000"), json!("nonsense"), json!(""), service] {
            for mutation in ["acknowledgeIncident", "resolveIncident", "reopenIncident", "updateIncident"] {
                assert_eq!(admin.change(mutation, json!({ "id": id })).await.refused(), "NOT_FOUND", "{mutation} {id}");
            }
            assert_eq!(admin.change("revokeApiKey", json!({ "id": id })).await.refused(), "NOT_FOUND");
            assert_eq!(admin.change("updateUser", json!({ "id": id })).await.refused(), "NOT_FOUND");
            assert_eq!(admin.change("publishPostmortem", json!({ "id": id })).await.refused(), "NOT_FOUND");
            let read = admin.ask("query($id: ID!) { incident(id: $id) { id } postmortem(id: $id) { id } }", json!({ "id": id })).await.data();
            assert_eq!(read, json!({ "incident": null, "postmortem": null }), "{id}");
        }
        assert!(admin.log().await.is_empty());
    }

    async fn an_argument_out_of_bounds_is_a_bad_request(world) {
        let admin = world.admin();
        for query in [
            "{ incidents(first: 101) { nodes { id } } }",
            "{ incidents(first: -1) { nodes { id } } }",
            "{ incidents(first: 1, last: 1) { nodes { id } } }",
            "{ incidents(after: \"nonsense!\") { nodes { id } } }",
            "{ incidents(after: \"bm9uc2Vuc2U\") { nodes { id } } }",
            "{ incidents(filter: { serviceId: \"nonsense\" }) { nodes { id } } }",
            "{ users(after: \"NDI\") { nodes { id } } }",
            "{ incident { id } }",
            "{ incident(id: \"inc_00000000000000000000000000000000\", number: 1) { id } }",
            "{ eventLog(after: \"nonsense!\") { nodes { cursor } } }",
        ] {
            let answer = admin.ask(query, json!({})).await;
            assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{query}");
        }
    }

    async fn every_list_has_the_same_bounds(world) {
        let admin = world.admin();
        admin.trigger("Down").await;
        let timeline = ("incident(number: 1) { timeline", " }");
        for (list, end) in [("incidents", ""), ("users", ""), ("services", ""), ("apiKeys", ""), timeline] {
            for arguments in [
                "first: 101", "first: -1", "last: 101", "last: -1", "first: 1, last: 1", "after: \"nonsense!\"",
                "before: \"nonsense!\"", "after: \"bm9uc2Vuc2U\"", "last: 1, before: \"bm9uc2Vuc2U\"",
            ] {
                let query = format!("{{ {list}({arguments}) {{ nodes {{ id }} }}{end} }}");
                assert_eq!(admin.ask(&query, json!({})).await.error_code(), "BAD_USER_INPUT", "{query}");
            }
            for arguments in ["first: 0", "first: 100", "last: 100"] {
                admin.read(&format!("{{ {list}({arguments}) {{ nodes {{ id }} }}{end} }}")).await;
            }
        }
        for first in [-1, 101] {
            let query = format!("{{ eventLog(first: {first}) {{ nodes {{ cursor }} }} }}");
            assert_eq!(admin.ask(&query, json!({})).await.error_code(), "BAD_USER_INPUT", "{query}");
        }
    }

    async fn a_query_that_asks_for_too_much_is_refused(world) {
        let admin = world.admin();
        let wide = "{ incidents(first: 100) { nodes { timeline(first: 100) { nodes { id kind version } } } } }";
        assert!(admin.ask(wide, json!({})).await.0.get("errors").is_some());
        let variables = "query($n: Int) { incidents(first: $n) { nodes { timeline(first: $n) { nodes { id kind version } } } } }";
        assert!(admin.ask(variables, json!({ "n": 100 })).await.0.get("errors").is_some());
        admin.ask(variables, json!({ "n": 25 })).await.data();
        let mut deep = "id".to_owned();
        for _ in 0..10 {
            deep = format!("postmortem {{ incident {{ {deep} }} }}");
        }
        assert!(admin.ask(&format!("{{ incident(number: 1) {{ {deep} }} }}"), json!({})).await.0.get("errors").is_some());
    }
}
