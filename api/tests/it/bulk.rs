//! Several incidents changed by one mutation: each is changed or refused on its own.

use serde_json::{Value, json};

use crate::world::on_each_database;

/// The code of each result; `null` for one that was done.
fn codes(payload: &Value) -> Value {
    let results = payload["results"].as_array().expect("results").iter();
    results
        .map(|result| result["userErrors"][0]["code"].clone())
        .collect()
}

on_each_database! {
    async fn each_incident_is_changed_or_refused_on_its_own(world) {
        let admin = world.admin();
        let (one, two, three) = (admin.trigger("one").await, admin.trigger("two").await, admin.trigger("three").await);
        admin.change("resolveIncident", json!({ "id": two["id"] })).await.done();
        let theirs = world.neighbour().await.trigger("theirs").await;
        let ids = json!([one["id"], two["id"], theirs["id"], "nonsense", three["id"], one["id"]]);
        let done = admin.change("acknowledgeIncidents", json!({ "ids": ids })).await.0;
        assert_eq!(done["userErrors"], json!([]));
        assert_eq!(codes(&done), json!([null, "WRONG_STATUS", "NOT_FOUND", "NOT_FOUND", null]));
        assert_eq!(done["results"][0]["incident"]["status"], "ACKNOWLEDGED");
        assert_eq!((&done["results"][0]["entry"]["kind"], &done["results"][3]["incidentId"]), (&json!("ACKNOWLEDGED"), &json!("nonsense")));
        let resolved = admin.change("resolveIncidents", json!({ "ids": [one["id"], three["id"]], "noteMarkdown": "*done*" })).await.done();
        assert_eq!(resolved["results"][1]["entry"], json!({ "kind": "RESOLVED", "bodyMarkdown": "*done*" }));
        let open = admin.read("{ incidents(filter: { statuses: [TRIGGERED, ACKNOWLEDGED] }) { totalCount } }").await;
        assert_eq!(open["incidents"]["totalCount"], 0);
    }

    async fn several_incidents_get_the_same_assignees(world) {
        let admin = world.admin();
        let (one, two) = (admin.trigger("one").await, admin.trigger("two").await);
        let alice = admin.make_user("Alice", "RESPONDER").await;
        let ids = json!([one["id"], two["id"]]);
        let done = admin.change("reassignIncidents", json!({ "ids": ids, "assigneeIds": [alice] })).await.done();
        for result in done["results"].as_array().expect("results") {
            assert_eq!(result["incident"]["assignees"], json!([{ "id": alice }]));
        }
        let nobody = admin.change("reassignIncidents", json!({ "ids": ids, "assigneeIds": [] })).await.done();
        assert_eq!(nobody["results"][1]["incident"]["assignees"], json!([]));
        let unknown = json!({ "ids": ids, "assigneeIds": ["usr_00000000000000000000000000000000"] });
        assert_eq!(codes(&admin.change("reassignIncidents", unknown).await.0), json!(["NOT_FOUND", "NOT_FOUND"]));
    }

    async fn a_request_that_is_wrong_as_a_whole_changes_nothing(world) {
        let admin = world.admin();
        let one = admin.trigger("one").await;
        for ids in [json!([]), json!(vec![&one["id"]; 101])] {
            let refused = admin.change("resolveIncidents", json!({ "ids": ids })).await;
            assert_eq!((refused.refused().as_str(), refused.refused_field().as_str()), ("INVALID_INPUT", "ids"));
            assert!(refused.0["results"].is_null());
        }
        let long = admin.change("resolveIncidents", json!({ "ids": [one["id"]], "noteMarkdown": "x".repeat(200_001) })).await;
        assert_eq!((long.refused().as_str(), long.refused_field().as_str()), ("INVALID_INPUT", "noteMarkdown"));
        let (_, stella) = world.member("Stella", "STAKEHOLDER").await;
        assert_eq!(stella.change("resolveIncidents", json!({ "ids": [one["id"]] })).await.refused(), "FORBIDDEN");
        assert_eq!(admin.read("{ incident(number: 1) { version } }").await["incident"]["version"], 1);
    }

    async fn the_same_request_again_changes_nothing_and_answers_the_same(world) {
        let admin = world.admin();
        let (one, two, three) = (admin.trigger("one").await, admin.trigger("two").await, admin.trigger("three").await);
        let input = json!({ "ids": [one["id"], two["id"]], "noteMarkdown": "done", "idempotencyKey": "key" });
        let first = admin.change("resolveIncidents", input.clone()).await.done();
        let events = admin.log().await.len();
        admin.change("reopenIncident", json!({ "id": one["id"] })).await.done();
        let second = admin.change("resolveIncidents", input).await.done();
        assert_eq!(second["results"][1], first["results"][1]);
        assert_eq!(admin.log().await.len(), events + 1, "nothing but the reopening");
        let other = json!({ "ids": [three["id"], two["id"], one["id"]], "idempotencyKey": "key" });
        assert_eq!(admin.change("resolveIncidents", other).await.refused(), "IDEMPOTENCY_KEY_REUSED");
        // Also where the first of them could not be changed.
        let refused = json!({ "ids": ["nonsense"], "idempotencyKey": "another" });
        assert_eq!(codes(&admin.change("resolveIncidents", refused).await.0), json!(["NOT_FOUND"]));
        let other = json!({ "ids": [two["id"], three["id"]], "idempotencyKey": "another" });
        assert_eq!(admin.change("resolveIncidents", other).await.refused(), "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(admin.read("{ incident(number: 3) { status } }").await["incident"]["status"], "TRIGGERED");
    }

    async fn a_snooze_is_ended_before_its_time(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let id = &incident["id"];
        let snooze = async || {
            let until = crate::timers::in_seconds(3_600);
            admin.change("snoozeIncident", json!({ "id": id, "until": until })).await.done()
        };
        let kinds = async || {
            let entries = admin.timeline(&incident).await;
            entries.iter().map(|entry| entry["kind"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(admin.change("unsnoozeIncident", json!({ "id": id })).await.done()["incident"]["version"], 1, "it is not snoozed");
        snooze().await;
        let woken = admin.change("unsnoozeIncident", json!({ "id": id })).await.done()["incident"].clone();
        assert_eq!((&woken["status"], &woken["snoozedUntil"], &woken["acknowledgedAt"]), (&json!("TRIGGERED"), &Value::Null, &Value::Null));
        assert_eq!(kinds().await, ["TRIGGERED", "SNOOZED", "SNOOZE_ENDED"]);
        // To open it again wakes it as well.
        snooze().await;
        let reopened = admin.change("reopenIncident", json!({ "id": id, "reasonMarkdown": "it is worse" })).await.done()["incident"].clone();
        assert_eq!((&reopened["status"], &reopened["snoozedUntil"]), (&json!("TRIGGERED"), &Value::Null));
        assert_eq!(kinds().await[3..], ["SNOOZED", "REOPENED"]);
        let timers = world.database.read();
        let left = sea_orm::ConnectionTrait::query_all_raw(timers, sea_orm::Statement::from_string(timers.get_database_backend(), "SELECT id FROM timer")).await.expect("timers");
        assert!(left.is_empty(), "a timer of a snooze that is over");
        admin.change("resolveIncident", json!({ "id": id })).await.done();
        assert_eq!(admin.change("unsnoozeIncident", json!({ "id": id })).await.refused(), "WRONG_STATUS");
    }
}
