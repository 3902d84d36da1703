//! A database that was restored from a backup goes on without contradicting what is known outside.

use futures::StreamExt;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::world::{Answer, Caller, World, on_each_database, text};

async fn bridge(world: &World) -> Caller {
    let organization = text(&world.admin().read("{ organization { id } }").await["organization"]["id"]);
    Caller {
        organization: Some(organization),
        ..world.bridge()
    }
}

const LOG: &str = "query($after: String) { eventLog(after: $after) { nodes { incident { number } } } }";

on_each_database! {
    async fn a_cursor_behind_an_event_that_was_lost_is_refused_and_an_earlier_one_goes_on(world) {
        let admin = world.admin();
        for title in ["one", "two", "three"] {
            admin.trigger(title).await;
        }
        let cursors: Vec<String> = admin.log().await.iter().map(|event| text(&event["cursor"])).collect();
        // As after a restore: another event has come to have the third one's number.
        let other = "UPDATE event SET incident_version = incident_version + 1 WHERE seq = 3";
        world.database.write().execute_unprepared(other).await.expect("another event");
        let mut lost = admin.follow(json!(cursors[2]), Value::Null).await;
        let answer = Answer(lost.next().await.expect("an answer"));
        assert_eq!(answer.error_code(), "BAD_USER_INPUT");
        assert!(answer.0.to_string().contains("restored from an earlier backup"), "{}", answer.0);
        let answer = admin.ask(LOG, json!({ "after": cursors[2] })).await;
        assert_eq!(answer.error_code(), "BAD_USER_INPUT");
        let read = admin.ask(LOG, json!({ "after": cursors[1] })).await.data();
        assert_eq!(read["eventLog"]["nodes"], json!([{ "incident": { "number": 3 } }]));
        // Those of the version before know no event again.
        let read = admin.ask(LOG, json!({ "after": "Mg" })).await.data();
        assert_eq!(read["eventLog"]["nodes"], json!([{ "incident": { "number": 3 } }]));
    }

    async fn numbers_that_slack_has_shown_are_given_to_no_other_incident(world) {
        let (admin, bridge) = (world.admin(), bridge(world).await);
        admin.trigger("Before").await;
        let report = |highest: i64| json!({ "newestWrittenAt": "2026-11-29T17:00:00Z", "highestNumber": highest });
        assert_eq!(bridge.change("reportRestore", report(57)).await.done()["isNews"], true);
        assert_eq!(bridge.change("reportRestore", report(57)).await.done()["isNews"], false, "it is known");
        let next = admin.trigger("After").await["number"].as_i64().expect("a number");
        assert!(next > 57, "{next}");
        let again = next + 10;
        assert_eq!(bridge.change("reportRestore", report(again)).await.done()["isNews"], true, "a higher one is news");
        assert!(admin.trigger("Later").await["number"].as_i64().expect("a number") > again);
        let log = "{ auditLog(last: 100) { nodes { action through before after } } }";
        let entries = admin.read(log).await["auditLog"]["nodes"].as_array().expect("entries").clone();
        let told: Vec<&Value> = entries.iter().filter(|entry| entry["action"] == "reportRestore").collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0]["through"], "BRIDGE");
        assert!(told[0]["after"].to_string().contains("restoredAt"), "{}", told[0]);
    }

    async fn a_message_of_a_clock_that_was_ahead_is_news_once(world) {
        let bridge = bridge(world).await;
        let report = || json!({ "newestWrittenAt": "2099-01-01T00:00:00Z", "highestNumber": 7 });
        assert_eq!(bridge.change("reportRestore", report()).await.done()["isNews"], true);
        assert_eq!(bridge.change("reportRestore", report()).await.done()["isNews"], false);
    }

    async fn a_restored_database_leaves_numbers_out(world) {
        let admin = world.admin();
        for number in 1..3 {
            admin.trigger(&format!("Before {number}")).await;
        }
        let tx = world.database.begin_write().await.expect("a transaction");
        tocsin_api::restore::after_restore(&tx, world.replica.api.clock()).await.expect("restored");
        tx.commit().await.expect("committed");
        let next = admin.trigger("Next").await["number"].as_i64().expect("a number");
        assert_eq!(next, 3 + tocsin_api::restore::NUMBERS_LEFT_OUT);
    }
}
