//! What can be done to an incident, and what it leaves on the timeline.

use serde_json::{Value, json};

use crate::world::{on_each_database, text};

fn kinds(timeline: &[Value]) -> Vec<String> {
    timeline.iter().map(|entry| text(&entry["kind"])).collect()
}

on_each_database! {
    async fn an_incident_lives_from_trigger_to_reopening_and_its_timeline_tells_it(world) {
        let (alice, responder) = world.member("Alice", "RESPONDER").await;
        let input = json!({
            "title": "  Payments are failing ", "descriptionMarkdown": "All *cards*.", "urgency": "LOW", "severity": "SEV2",
            "tags": [{ "key": "region", "value": "eu" }], "assigneeIds": [alice],
        });
        let incident = responder.change("triggerIncident", input).await.done()["incident"].clone();
        assert_eq!(incident["number"], 1);
        assert_eq!(incident["title"], "Payments are failing");
        assert_eq!(incident["status"], "TRIGGERED");
        assert_eq!(incident["severity"], "SEV2");
        assert_eq!(incident["source"], "API");
        assert_eq!(incident["url"], "https://tocsin.example.com/incidents/1");
        assert_eq!(incident["assignees"], json!([{ "id": alice }]));
        assert_eq!(incident["tags"], json!([{ "key": "region", "value": "eu" }]));
        let id = json!({ "id": incident["id"] });

        let acknowledged = responder.change("acknowledgeIncident", id.clone()).await.done()["incident"].clone();
        assert_eq!(acknowledged["status"], "ACKNOWLEDGED");
        assert_eq!(acknowledged["acknowledgedBy"]["id"], alice.as_str());
        responder.comment(&incident, "Rolled back.").await.done();
        let resolve = json!({ "id": incident["id"], "noteMarkdown": "A bad deploy." });
        let resolved = responder.change("resolveIncident", resolve).await.done()["incident"].clone();
        assert_eq!(resolved["status"], "RESOLVED");
        assert_eq!(resolved["resolutionNoteMarkdown"], "A bad deploy.");
        assert_eq!(resolved["resolvedBy"]["id"], alice.as_str());
        let reopen = json!({ "id": incident["id"], "reasonMarkdown": "Again." });
        let reopened = responder.change("reopenIncident", reopen).await.done()["incident"].clone();
        assert_eq!(reopened["status"], "TRIGGERED");
        for cleared in ["acknowledgedAt", "acknowledgedBy", "resolvedAt", "resolvedBy", "resolutionNoteMarkdown"] {
            assert!(reopened[cleared].is_null(), "{cleared}: {reopened:#}");
        }
        assert_eq!(reopened["version"], 5);

        let timeline = responder.timeline(&incident).await;
        assert_eq!(kinds(&timeline), ["TRIGGERED", "ACKNOWLEDGED", "COMMENT", "RESOLVED", "REOPENED"]);
        for (version, entry) in (1..).zip(&timeline) {
            assert_eq!(entry["version"], version);
            assert_eq!(entry["author"]["email"], "alice@example.com");
        }
        assert_eq!(timeline[2]["bodyMarkdown"], "Rolled back.");
        assert_eq!(timeline[3]["bodyMarkdown"], "A bad deploy.");
        assert_eq!(timeline[4]["bodyMarkdown"], "Again.");
    }

    async fn a_repeated_change_changes_nothing(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let id = json!({ "id": incident["id"] });
        for (mutation, version) in [("reopenIncident", 1), ("acknowledgeIncident", 2), ("acknowledgeIncident", 2), ("resolveIncident", 3), ("resolveIncident", 3)] {
            let now = admin.change(mutation, id.clone()).await.done()["incident"].clone();
            assert_eq!(now["version"], version, "after {mutation}");
        }
        assert_eq!(admin.timeline(&incident).await.len(), 3);
        assert_eq!(admin.log().await.len(), 3);
    }

    async fn what_is_resolved_is_neither_acknowledged_nor_snoozed(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        admin.change("resolveIncident", json!({ "id": incident["id"] })).await.done();
        let refused = admin.change("acknowledgeIncident", json!({ "id": incident["id"] })).await;
        assert_eq!(refused.refused(), "WRONG_STATUS");
        let snooze = json!({ "id": incident["id"], "until": crate::timers::in_seconds(60) });
        assert_eq!(admin.change("snoozeIncident", snooze).await.refused(), "WRONG_STATUS");
        assert_eq!(admin.timeline(&incident).await.len(), 2);
    }

    async fn an_update_tells_what_it_changed_and_one_of_nothing_is_none(world) {
        let admin = world.admin();
        let input = json!({ "title": "Down", "urgency": "LOW" });
        let incident = admin.change("triggerIncident", input).await.done()["incident"].clone();
        let update = json!({ "id": incident["id"], "title": "Down in Berlin", "urgency": "HIGH", "severity": "SEV1" });
        let updated = admin.change("updateIncident", update.clone()).await.done()["incident"].clone();
        assert_eq!((&updated["title"], &updated["urgency"]), (&json!("Down in Berlin"), &json!("HIGH")));
        let again = admin.change("updateIncident", update).await.done()["incident"].clone();
        assert_eq!(again["version"], 2);
        let timeline = admin.timeline(&incident).await;
        assert_eq!(kinds(&timeline), ["TRIGGERED", "UPDATED"]);
        let changes = timeline[1]["changes"].as_array().expect("changes");
        assert!(changes.contains(&json!("urgency: Low → High")), "{changes:?}");
        assert_eq!(changes.len(), 3);
    }

    async fn an_incident_is_given_to_others_and_to_nobody(world) {
        let admin = world.admin();
        let (alice, bob) = (admin.make_user("Alice", "RESPONDER").await, admin.make_user("Bob", "RESPONDER").await);
        let input = json!({ "title": "Down", "assigneeIds": [alice] });
        let incident = admin.change("triggerIncident", input).await.done()["incident"].clone();
        for assignees in [json!([bob]), json!([])] {
            let input = json!({ "id": incident["id"], "assigneeIds": assignees });
            let now = admin.change("reassignIncident", input).await.done()["incident"].clone();
            let ids: Vec<_> = now["assignees"].as_array().expect("users").iter().map(|user| user["id"].clone()).collect();
            assert_eq!(json!(ids), assignees);
        }
        assert_eq!(kinds(&admin.timeline(&incident).await), ["TRIGGERED", "REASSIGNED", "REASSIGNED"]);
        let nobody = json!({ "id": incident["id"], "assigneeIds": ["usr_00000000000000000000000000000000"] });
        assert_eq!(admin.change("reassignIncident", nobody).await.refused(), "NOT_FOUND");
    }

    async fn a_dedup_key_names_one_incident_while_it_is_open(world) {
        let admin = world.admin();
        let input = |title: &str| json!({ "title": title, "dedupKey": "disk" });
        let first = admin.change("triggerIncident", input("one")).await.done()["incident"].clone();
        let again = admin.change("triggerIncident", input("two")).await.done()["incident"].clone();
        assert_eq!((&again["id"], &again["title"]), (&first["id"], &json!("one")));
        assert_eq!(admin.timeline(&first).await.len(), 1);
        admin.change("resolveIncident", json!({ "id": first["id"] })).await.done();
        let other = admin.change("triggerIncident", input("three")).await.done()["incident"].clone();
        assert_eq!(other["number"], 2);
    }

    async fn an_incident_is_not_reopened_beside_an_open_one_with_its_dedup_key(world) {
        let admin = world.admin();
        let input = json!({ "title": "Down", "dedupKey": "disk" });
        let first = admin.change("triggerIncident", input.clone()).await.done()["incident"].clone();
        admin.change("resolveIncident", json!({ "id": first["id"] })).await.done();
        admin.change("triggerIncident", input).await.done();
        let refused = admin.change("reopenIncident", json!({ "id": first["id"] })).await;
        assert!(["ALREADY_EXISTS", "CONFLICT", "WRONG_STATUS"].contains(&refused.refused().as_str()), "{refused:?}");
        assert_eq!(admin.timeline(&first).await.len(), 2);
    }
}
