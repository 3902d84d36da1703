//! Snoozes and their end.

use futures::StreamExt;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;

use crate::world::on_each_database;

/// A time to come, as clients write it.
pub(crate) fn in_seconds(seconds: i64) -> String {
    let then = OffsetDateTime::now_utc() + Duration::seconds(seconds);
    then.format(&Rfc3339).expect("a time")
}

on_each_database! {
    async fn a_snooze_ends_by_itself_and_once_however_many_replicas_look(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        let replicas = [world.replica.clone(), world.another_replica().await, world.another_replica().await];
        let stop = CancellationToken::new();
        let running: Vec<_> = replicas
            .into_iter()
            .map(|replica| {
                let stop = stop.clone();
                tokio::spawn(async move { Box::pin(replica.api.run(stop)).await })
            })
            .collect();

        let snooze = json!({ "id": incident["id"], "until": in_seconds(1) });
        let snoozed = admin.change("snoozeIncident", snooze).await.done()["incident"].clone();
        assert_eq!(snoozed["status"], "ACKNOWLEDGED");
        assert!(!snoozed["snoozedUntil"].is_null());
        let mut next = async || events.next().await.expect("an event")["data"]["incidentEvents"].clone();
        assert_eq!(next().await["kind"], "INCIDENT_SNOOZED");
        let ended = next().await;
        assert_eq!(ended["kind"], "INCIDENT_SNOOZE_ENDED");
        assert_eq!(ended["incident"]["status"], "TRIGGERED");

        // A comment made after it comes next: the end of the snooze was told once.
        admin.comment(&incident, "awake").await.done();
        assert_eq!(next().await["entry"]["bodyMarkdown"], "awake");
        let timeline = admin.timeline(&incident).await;
        assert_eq!(timeline[2]["source"], "TIMER");
        assert_eq!(timeline.len(), 4);
        stop.cancel();
        for replica in running {
            replica.await.expect("ended");
        }
    }

    async fn a_snooze_ends_in_the_future_and_not_too_far(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        for seconds in [-1, 31 * 86_400] {
            let refused = admin.change("snoozeIncident", json!({ "id": incident["id"], "until": in_seconds(seconds) })).await;
            assert_eq!((refused.refused(), refused.refused_field()), ("INVALID_INPUT".to_owned(), "until".to_owned()));
        }
        assert_eq!(admin.timeline(&incident).await.len(), 1);
    }

    async fn a_snooze_until_the_same_time_is_no_second_one(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let until = (OffsetDateTime::now_utc() + Duration::hours(1)).replace_nanosecond(123_456_789).expect("a time");
        let input = json!({ "id": incident["id"], "until": until.format(&Rfc3339).expect("a time") });
        admin.change("snoozeIncident", input.clone()).await.done();
        let again = admin.change("snoozeIncident", input).await.done()["incident"].clone();
        assert_eq!(again["version"], 2);
    }

    async fn a_snooze_ends_when_it_should_wherever_its_time_was_written(world) {
        let admin = world.admin();
        let (east, west) = (admin.trigger("east").await, admin.trigger("west").await);
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        let there = |offset: i8, seconds: i64| {
            let then = OffsetDateTime::now_utc() + Duration::seconds(seconds);
            then.to_offset(UtcOffset::from_hms(offset, 0, 0).expect("an offset")).format(&Rfc3339).expect("a time")
        };
        // In the west it is earlier, and in the east later, than these texts look.
        admin.change("snoozeIncident", json!({ "id": west["id"], "until": there(-11, 3_600) })).await.done();
        admin.change("snoozeIncident", json!({ "id": east["id"], "until": there(11, 1) })).await.done();
        let stop = CancellationToken::new();
        let (api, stopped) = (world.replica.api.clone(), stop.clone());
        let running = tokio::spawn(async move { Box::pin(api.run(stopped)).await });
        loop {
            let event = events.next().await.expect("an event")["data"]["incidentEvents"].clone();
            if event["kind"] == "INCIDENT_SNOOZE_ENDED" {
                assert_eq!(event["incident"]["number"], east["number"]);
                break;
            }
        }
        stop.cancel();
        running.await.expect("ended");
        let read = admin.read("{ incidents { nodes { number status snoozedUntil } } }").await;
        let west = &read["incidents"]["nodes"][0];
        assert_eq!((&west["number"], &west["status"]), (&json!(2), &json!("ACKNOWLEDGED")));
        assert!(crate::world::text(&west["snoozedUntil"]).ends_with('Z'), "{west}");
    }

    async fn resolving_ends_a_snooze(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        admin.change("snoozeIncident", json!({ "id": incident["id"], "until": in_seconds(3_600) })).await.done();
        let resolved = admin.change("resolveIncident", json!({ "id": incident["id"] })).await.done()["incident"].clone();
        assert!(resolved["snoozedUntil"].is_null());
    }
}
