//! All that is wrong with an input is told at once, each with its path.

use serde_json::{Value, json};

use crate::world::on_each_database;

/// The code and the path of each user error.
fn told(payload: &Value) -> Vec<(String, String)> {
    let errors = payload["userErrors"].as_array().expect("errors").iter();
    errors
        .map(|error| {
            let path = error["field"].as_array().into_iter().flatten();
            let path: Vec<_> = path.filter_map(Value::as_str).collect();
            (crate::world::text(&error["code"]), path.join("."))
        })
        .collect()
}

on_each_database! {
    async fn all_that_is_wrong_with_an_input_is_told_at_once(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await["id"].clone();
        let long = "x".repeat(100_001);
        for (mutation, input, wrong) in [
            (
                "triggerIncident",
                json!({ "title": " ", "descriptionMarkdown": long, "serviceId": "x", "dedupKey": "", "assigneeIds": ["x", "y"],
                    "tags": [{ "key": "a", "value": "b" }, { "key": "", "value": "\0" }, { "key": " a ", "value": "c" }] }),
                vec!["title", "descriptionMarkdown", "serviceId", "tags.1.key", "tags.1.value", "tags.2.key", "assigneeIds.0", "assigneeIds.1", "dedupKey"],
            ),
            (
                "updateIncident",
                json!({ "id": incident, "title": null, "urgency": null, "descriptionMarkdown": long, "serviceId": null, "tags": [{ "key": "", "value": "" }] }),
                vec!["title", "descriptionMarkdown", "urgency", "tags.0.key", "serviceId"],
            ),
            ("createUser", json!({ "name": "", "email": "nobody", "role": "ADMIN" }), vec!["name", "email"]),
            ("createService", json!({ "name": "", "descriptionMarkdown": long }), vec!["name", "descriptionMarkdown"]),
            ("updateOrganization", json!({ "name": "", "slug": "A" }), vec!["name", "slug"]),
            ("createApiKey", json!({ "name": "", "scopes": [], "expiresAt": "2020-01-01T00:00:00Z" }), vec!["name", "expiresAt", "scopes"]),
            (
                "createConnector",
                json!({ "name": "", "channel": "x", "serviceIds": ["x"], "appearanceName": "", "appearanceIcon": "x", "fallbackId": "x", "templateId": "x" }),
                vec!["serviceIds.0", "name", "channel", "appearanceName", "appearanceIcon", "fallbackId", "templateId"],
            ),
            ("createConnectorRule", json!({ "connectorId": "x", "serviceId": "y", "tagKey": "" }), vec!["connectorId", "serviceId", "tagKey"]),
            ("connectSlackWorkspace", json!({ "name": "", "botToken": "x" }), vec!["botToken", "name"]),
            (
                "createSlackApp",
                json!({ "name": "", "signingSecret": "x", "appToken": "x" }),
                vec!["name", "signingSecret", "appToken"],
            ),
        ] {
            let payload = admin.change(mutation, input).await.0;
            let found: Vec<_> = told(&payload).into_iter().map(|(_, path)| path).collect();
            let wrong: Vec<_> = wrong.into_iter().map(|path| format!("input.{path}")).collect();
            assert_eq!(found, wrong, "{mutation}: {payload:#}");
        }
        assert_eq!(admin.read("{ incident(number: 1) { version } }").await["incident"]["version"], 1, "nothing was changed");
    }

    async fn what_is_not_there_is_told_by_its_place(world) {
        let admin = world.admin();
        let alice = admin.make_user("Alice", "RESPONDER").await;
        let theirs = world.neighbour().await.make_user("Their", "RESPONDER").await;
        let gone = admin.make_user("Gone", "RESPONDER").await;
        admin.change("updateUser", json!({ "id": gone, "active": false })).await.done();
        let assignees = json!([alice, theirs, gone, "usr_00000000000000000000000000000000"]);
        let expected: Vec<_> = [1, 2, 3].map(|place| ("NOT_FOUND".to_owned(), format!("input.assigneeIds.{place}"))).into();
        let incident = admin.trigger("Down").await["id"].clone();
        for (mutation, input) in [
            ("triggerIncident", json!({ "title": "Down", "assigneeIds": assignees })),
            ("reassignIncident", json!({ "id": incident, "assigneeIds": assignees })),
        ] {
            assert_eq!(told(&admin.change(mutation, input).await.0), expected, "{mutation}");
        }
        let service = json!("svc_00000000000000000000000000000000");
        let nowhere = vec![("NOT_FOUND".to_owned(), "input.serviceId".to_owned())];
        assert_eq!(told(&admin.change("triggerIncident", json!({ "title": "Down", "serviceId": service })).await.0), nowhere);
        assert_eq!(told(&admin.change("updateIncident", json!({ "id": incident, "serviceId": service })).await.0), nowhere);
        let own = admin.read("{ services { nodes { id } } }").await["services"]["nodes"][0]["id"].clone();
        let connector = json!({ "name": "all", "channel": "#all", "serviceIds": [own, own, service] });
        let payload = admin.change("createConnector", connector).await.0;
        assert_eq!(told(&payload), [("NOT_FOUND".to_owned(), "input.serviceIds.2".to_owned())]);
    }
}
