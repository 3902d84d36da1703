//! Many callers at once, through one replica and through two.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{Caller, on_each_database, text};

/// Whether the log holds each change once, without a gap.
async fn assert_gapless(caller: &Caller, events: usize) {
    let log = caller.log().await;
    assert_eq!(log.len(), events);
    let cursors: BTreeSet<String> = log.iter().map(|event| text(&event["cursor"])).collect();
    assert_eq!(cursors.len(), events);
}

async fn trigger_at_once(callers: &[Caller], each: usize) -> Vec<i64> {
    let tasks = callers.iter().cloned().map(|caller| {
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            for n in 0..each {
                let incident = caller.trigger(&format!("incident {n}")).await;
                numbers.push(incident["number"].as_i64().expect("a number"));
            }
            numbers
        })
    });
    let mut numbers: Vec<i64> = join_all(tasks)
        .await
        .into_iter()
        .flat_map(|made| made.expect("done"))
        .collect();
    numbers.sort_unstable();
    numbers
}

on_each_database! {
    async fn incidents_of_64_callers_are_numbered_without_gap_or_double(world) {
        let callers = vec![world.admin(); 64];
        let numbers = trigger_at_once(&callers, 5).await;
        assert_eq!(numbers, (1..=320).collect::<Vec<_>>());
        assert_gapless(&world.admin(), 320).await;
    }

    async fn two_replicas_number_incidents_without_gap_or_double(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let callers: Vec<_> = (0..32).map(|n| if n % 2 == 0 { admin.clone() } else { other.clone() }).collect();
        let numbers = trigger_at_once(&callers, 5).await;
        assert_eq!(numbers, (1..=160).collect::<Vec<_>>());
        assert_gapless(&admin, 160).await;
    }

    async fn a_refused_change_does_not_disturb_those_beside_it(world) {
        let admin = world.admin();
        let resolved = admin.trigger("Over").await;
        admin.change("resolveIncident", json!({ "id": resolved["id"] })).await.done();
        let changes = (0..60).map(|n| {
            let (admin, id) = (admin.clone(), resolved["id"].clone());
            async move {
                match n % 3 {
                    0 => admin.change("acknowledgeIncident", json!({ "id": id })).await.refused(),
                    1 => admin.change("triggerIncident", json!({ "title": "New", "serviceId": "svc_00000000000000000000000000000000" })).await.refused(),
                    _ => text(&admin.trigger("New").await["status"]),
                }
            }
        });
        let mut seen = join_all(changes).await;
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, ["NOT_FOUND", "TRIGGERED", "WRONG_STATUS"]);
        assert_gapless(&admin, 22).await;
    }

    async fn a_dedup_key_is_one_incident_for_callers_at_the_same_moment(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let input = json!({ "title": "Down", "dedupKey": "disk" });
        let callers = (0..32).map(|n| if n % 2 == 0 { admin.clone() } else { other.clone() });
        let made = join_all(callers.map(|caller| {
            let input = input.clone();
            async move { caller.change("triggerIncident", input).await.done()["incident"]["number"].clone() }
        }))
        .await;
        assert!(made.iter().all(|number| *number == 1), "{made:?}");
        assert_gapless(&admin, 1).await;
    }

    async fn changes_of_one_incident_come_one_after_another(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let incident = admin.trigger("Down").await;
        join_all((0..50).map(|n| {
            let (caller, incident) = (if n % 2 == 0 { admin.clone() } else { other.clone() }, incident.clone());
            async move { caller.comment(&incident, &format!("comment {n}")).await.done() }
        }))
        .await;
        let timeline = admin.timeline(&incident).await;
        let versions: Vec<Value> = timeline.iter().map(|entry| entry["version"].clone()).collect();
        assert_eq!(json!(versions), json!((1..=51).collect::<Vec<_>>()));
        let bodies: BTreeSet<String> = timeline[1..].iter().map(|entry| text(&entry["bodyMarkdown"])).collect();
        assert_eq!(bodies.len(), 50);
    }

    async fn an_incident_is_acknowledged_once_by_callers_at_the_same_moment(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let incident = admin.trigger("Down").await;
        let acknowledged = join_all((0..16).map(|n| {
            let (caller, id) = (if n % 2 == 0 { admin.clone() } else { other.clone() }, incident["id"].clone());
            async move { caller.change("acknowledgeIncident", json!({ "id": id })).await.done()["incident"].clone() }
        }))
        .await;
        assert!(acknowledged.iter().all(|incident| incident["version"] == 2), "{acknowledged:?}");
        let kinds: Vec<String> = admin.timeline(&incident).await.iter().map(|entry| text(&entry["kind"])).collect();
        assert_eq!(kinds, ["TRIGGERED", "ACKNOWLEDGED"]);
        assert_gapless(&admin, 2).await;
    }

    async fn a_post_mortem_is_drafted_once_by_callers_at_the_same_moment(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let incident = admin.trigger("Down").await;
        let drafted = join_all((0..16).map(|n| {
            let (caller, id) = (if n % 2 == 0 { admin.clone() } else { other.clone() }, incident["id"].clone());
            async move { caller.change("createPostmortem", json!({ "incidentId": id })).await.done()["postmortem"]["id"].clone() }
        }))
        .await;
        assert!(drafted.iter().all(|id| *id == drafted[0]), "{drafted:?}");
    }

    async fn a_person_added_to_two_organisations_at_the_same_moment_is_each_organisations_own(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        for n in 0..10 {
            let name = format!("Person{n}");
            let (one, other) = futures::join!(ours.make_user(&name, "RESPONDER"), theirs.make_user(&name, "ADMIN"));
            assert_ne!(one, other);
        }
    }

    async fn of_two_owners_who_step_down_at_the_same_moment_one_stays(world) {
        let (one, first) = world.member("One", "OWNER").await;
        let (two, second) = world.member("Two", "OWNER").await;
        for _ in 0..5 {
            let step = async |caller: &Caller, id: &str| {
                let input = json!({ "id": id, "role": "ADMIN" });
                caller.change("updateUser", input).await.0["userErrors"].as_array().is_some_and(Vec::is_empty)
            };
            let done = futures::join!(step(&first, &one), step(&second, &two));
            assert!(done.0 != done.1, "{done:?}");
            for id in [&one, &two] {
                world.admin().change("updateUser", json!({ "id": id, "role": "OWNER" })).await.done();
            }
        }
    }

    async fn drafting_a_post_mortem_and_changing_its_incident_do_not_lock_each_other_out(world) {
        let admin = world.admin();
        let mut incidents = Vec::new();
        for n in 0..30 {
            incidents.push(admin.trigger(&format!("incident {n}")).await);
        }
        join_all(incidents.iter().map(|incident| async {
            let draft = admin.change("createPostmortem", json!({ "incidentId": incident["id"] }));
            let comments = join_all((0..4).map(|n| admin.comment(incident, if n % 2 == 0 { "one" } else { "other" })));
            let (draft, comments) = futures::join!(draft, comments);
            draft.done();
            for comment in comments {
                comment.done();
            }
        }))
        .await;
        assert_gapless(&admin, 150).await;
    }
}
