//! What the schema says that a viewer can do is what the viewer can do.

use serde_json::{Value, json};

use crate::{
    rights::{Needs, callers},
    world::{Caller, on_each_database, text},
};

const CAN: &str = "viewerCan { acknowledge resolve reopen snooze unsnooze reassign update comment setSlackSync createPostmortem }";

/// An incident in each state.
async fn in_each_state(admin: &Caller) -> Vec<Value> {
    let mut all = Vec::new();
    for mutation in ["", "acknowledgeIncident", "resolveIncident", "snoozeIncident"] {
        let id = admin.trigger("Down").await["id"].clone();
        let mut input = json!({ "id": id });
        if mutation == "snoozeIncident" {
            input["until"] = json!(crate::timers::in_seconds(3_600));
        }
        if !mutation.is_empty() {
            admin.change(mutation, input).await.done();
        }
        all.push(id);
    }
    all
}

/// What each ability is for.
fn operations(id: &Value) -> Vec<(&'static str, &'static str, Value)> {
    let incident = json!({ "id": id });
    vec![
        (
            "comment",
            "addComment",
            json!({ "incidentId": id, "bodyMarkdown": "x" }),
        ),
        (
            "update",
            "updateIncident",
            json!({ "id": id, "title": "another" }),
        ),
        ("setSlackSync", "setSlackSync", json!({ "id": id, "muted": true })),
        (
            "createPostmortem",
            "createPostmortem",
            json!({ "incidentId": id }),
        ),
        (
            "snooze",
            "snoozeIncident",
            json!({ "id": id, "until": crate::timers::in_seconds(7_200) }),
        ),
        ("unsnooze", "unsnoozeIncident", incident.clone()),
        ("acknowledge", "acknowledgeIncident", incident.clone()),
        ("resolve", "resolveIncident", incident.clone()),
        ("reopen", "reopenIncident", incident),
    ]
}

on_each_database! {
    async fn what_a_viewer_can_do_is_what_works_and_nothing_else(world) {
        let admin = world.admin();
        for (who, caller, may) in callers(world).await {
            let reads = may.contains(&Needs::Read);
            for id in in_each_state(&admin).await {
                let read = format!("query($id: ID!) {{ incident(id: $id) {{ status version {CAN} }} }}");
                for (ability, mutation, input) in operations(&id) {
                    let reader = if reads { &caller } else { &admin };
                    let before = reader.ask(&read, json!({ "id": id })).await.data()["incident"].clone();
                    let can = reads && before["viewerCan"][ability] == true;
                    let payload = caller.change(mutation, input).await.0;
                    let after = reader.ask(&read, json!({ "id": id })).await.data()["incident"].clone();
                    let done = payload["userErrors"] == json!([]) && (mutation == "createPostmortem" || before["version"] != after["version"]);
                    if reads {
                        assert_eq!(can, done, "{who}, {mutation} of what is {before}: {payload}");
                    } else {
                        assert!(!done, "{who}, {mutation}: {payload}");
                    }
                }
            }
        }
    }

    async fn who_triggers_is_told_what_they_can_do(world) {
        let monitor = world.key(&["INCIDENTS_TRIGGER"]).await;
        let query = format!("mutation {{ triggerIncident(input: {{ title: \"Down\" }}) {{ incident {{ {CAN} }} }} }}");
        let can = monitor.ask(&query, json!({})).await.data()["triggerIncident"]["incident"]["viewerCan"].clone();
        assert!(can.as_object().expect("abilities").values().all(|able| able == false), "{can}");
    }

    async fn a_comment_says_whether_it_can_be_edited_and_retracted(world) {
        let (admin, incident) = (world.admin(), world.admin().trigger("Down").await);
        let (_, rita) = world.member("Rita", "RESPONDER").await;
        let (_, bob) = world.member("Bob", "RESPONDER").await;
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let (_, stella) = world.member("Stella", "STAKEHOLDER").await;
        let comment = rita.comment(&incident, "on it").await.done()["entry"]["id"].clone();
        let query = "{ incident(number: 1) { timeline { nodes { id kind viewerCanEdit viewerCanRetract } } } }";
        for (who, caller, edits, retracts) in [
            ("the author", &rita, true, true), ("another", &bob, false, false), ("an administrator", &adam, false, true),
            ("the organisation's key", &admin, false, true), ("a stakeholder", &stella, false, false),
        ] {
            let entries = caller.read(query).await["incident"]["timeline"]["nodes"].clone();
            assert_eq!(entries[0]["kind"], "TRIGGERED");
            assert!(entries[0]["viewerCanEdit"] == false && entries[0]["viewerCanRetract"] == false, "{who}: {entries}");
            assert_eq!((&entries[1]["viewerCanEdit"], &entries[1]["viewerCanRetract"]), (&json!(edits), &json!(retracts)), "{who}");
            let edited = caller.change("editComment", json!({ "id": comment, "bodyMarkdown": format!("as {who} says") })).await.0;
            assert_eq!(edited["userErrors"] == json!([]), edits, "{who}: {edited}");
        }
        rita.change("retractComment", json!({ "id": comment })).await.done();
        let entries = rita.read(query).await["incident"]["timeline"]["nodes"].clone();
        assert!(entries[1]["viewerCanEdit"] == false && entries[1]["viewerCanRetract"] == false, "{entries}");
    }

    async fn a_viewer_s_permissions_are_those_of_role_and_key(world) {
        for (who, caller, may) in callers(world).await {
            let told = caller.read("{ viewer { permissions } }").await["viewer"]["permissions"].clone();
            let told: Vec<_> = told.as_array().expect("permissions").iter().map(text).collect();
            let told: Vec<_> = told.iter().map(String::as_str).collect();
            for (permission, needs) in [
                ("READ", Needs::Read), ("TRIGGER_INCIDENTS", Needs::Trigger), ("RESPOND", Needs::Write), ("MANAGE", Needs::Admin),
                ("MANAGE_OWN_ACCOUNT", Needs::Own),
            ] {
                assert_eq!(told.contains(&permission), may.contains(&needs), "{who}: {permission} in {told:?}");
            }
        }
    }
}
