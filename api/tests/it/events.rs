//! The event log and its subscription: everything once, in order, whatever is missed.

use futures::{Stream, StreamExt, future::join_all, stream};
use serde_json::{Value, json};

use crate::world::{Answer, Caller, on_each_database, text};

/// The next event of a subscription.
async fn next(events: &mut (impl Stream<Item = Value> + Unpin)) -> Value {
    let answer = events.next().await.expect("an event");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["incidentEvents"].clone()
}

async fn take(events: &mut (impl Stream<Item = Value> + Unpin), count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(next(events).await);
    }
    all
}

fn cursors(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(&event["cursor"])).collect()
}

on_each_database! {
    async fn every_change_is_told_with_its_entry_and_its_request(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        alice.trigger("Before").await;
        let mut events = alice.follow(alice.newest().await, Value::Null).await;
        let incident = alice.trigger("Down").await;
        let id = json!({ "id": incident["id"] });
        alice.comment(&incident, "Hm.").await.done();
        alice.change("acknowledgeIncident", id.clone()).await.done();
        alice.change("updateIncident", json!({ "id": incident["id"], "title": "Up" })).await.done();
        alice.change("snoozeIncident", json!({ "id": incident["id"], "until": crate::timers::in_seconds(60) })).await.done();
        alice.change("resolveIncident", id.clone()).await.done();
        alice.change("reopenIncident", id).await.done();
        let told = take(&mut events, 7).await;
        let kinds: Vec<String> = told.iter().map(|event| text(&event["kind"])).collect();
        assert_eq!(kinds, [
            "INCIDENT_TRIGGERED", "COMMENT_ADDED", "INCIDENT_ACKNOWLEDGED", "INCIDENT_UPDATED", "INCIDENT_SNOOZED",
            "INCIDENT_RESOLVED", "INCIDENT_REOPENED",
        ]);
        for (version, event) in (1..).zip(&told) {
            assert_eq!(event["entry"]["version"], version);
            assert_eq!(event["entry"]["author"]["name"], "Alice");
            assert!(text(&event["requestId"]).starts_with("req-"));
        }
        assert_eq!(told[1]["entry"]["bodyMarkdown"], "Hm.");
    }

    async fn what_was_missed_is_replayed_from_any_cursor_and_then_it_goes_on_live(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        for n in 1..=250 {
            admin.comment(&incident, &format!("comment {n}")).await.done();
        }
        assert_eq!(admin.log().await.len(), 251);
        for missed in [0, 100, 200, 250] {
            let log = cursors(&admin.log().await);
            let mut events = admin.follow(json!(log[missed]), Value::Null).await;
            let replayed = take(&mut events, log.len() - 1 - missed).await;
            assert_eq!(cursors(&replayed), log[missed + 1..]);
            let live = admin.trigger("Live").await;
            assert_eq!(next(&mut events).await["incident"]["number"], live["number"]);
        }
    }

    async fn nothing_is_lost_or_doubled_while_replay_turns_into_live(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        let first = admin.trigger("first").await;
        let start = json!(cursors(&admin.log().await)[0]);
        let writers = join_all((0..8).map(|n| {
            let (writer, first) = (if n % 2 == 0 { admin.clone() } else { other.clone() }, first.clone());
            async move {
                for m in 0..25 {
                    writer.comment(&first, &format!("comment {n}.{m}")).await.done();
                }
            }
        }));
        let readers = join_all((0..12).map(|n| {
            let (reader, start) = (if n % 2 == 0 { admin.clone() } else { other.clone() }, start.clone());
            async move {
                let mut events = reader.follow(start, Value::Null).await;
                take(&mut events, 200).await
            }
        }));
        let ((), told) = futures::join!(async { writers.await; }, readers);
        let log = admin.log().await;
        assert_eq!(log.len(), 201);
        for read in told {
            assert_eq!(cursors(&read), cursors(&log)[1..]);
            for (event, logged) in read.iter().zip(&log[1..]) {
                assert_eq!(event["entry"]["bodyMarkdown"], logged["entry"]["bodyMarkdown"]);
            }
        }
    }

    async fn a_subscriber_that_stopped_reading_misses_nothing(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        // More than any buffer of live events holds; at once no more than a busy server answers before it refuses.
        let comments = (0..1_500).map(|n| {
            let (admin, incident) = (admin.clone(), incident.clone());
            async move { admin.comment(&incident, &format!("{n}")).await.done() }
        });
        assert_eq!(stream::iter(comments).buffer_unordered(32).count().await, 1_500);
        let told = take(&mut events, 1_500).await;
        assert_eq!(cursors(&told), cursors(&admin.log().await)[1..]);
    }

    async fn a_change_made_through_one_replica_is_told_by_the_other(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        admin.trigger("Before").await;
        let mut events = other.follow(admin.newest().await, Value::Null).await;
        let incident = admin.trigger("Down").await;
        assert_eq!(next(&mut events).await["incident"]["number"], incident["number"]);
    }

    async fn without_a_cursor_it_begins_now(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        for n in 0..5 {
            admin.comment(&incident, &format!("before {n}")).await.done();
        }
        let mut events = admin.follow(Value::Null, Value::Null).await;
        // When it stands is not told: comments are made until one is heard.
        let commenting = async {
            loop {
                admin.comment(&incident, "now").await.done();
                tokio::task::yield_now().await;
            }
        };
        let heard = tokio::select! {
            event = next(&mut events) => event,
            () = commenting => unreachable!("it goes on until one is heard"),
        };
        assert_eq!(heard["entry"]["bodyMarkdown"], "now");
    }

    async fn a_filter_lets_through_what_it_names(world) {
        let admin = world.admin();
        let alice = admin.make_user("Alice", "RESPONDER").await;
        admin.trigger("zero").await;
        let after = admin.newest().await;
        let mut low = admin.follow(after.clone(), json!({ "urgency": ["LOW"] })).await;
        let mut nobodys = admin.follow(after.clone(), json!({ "assigneeId": null, "urgency": ["HIGH"] })).await;
        let mut hers = admin.follow(after, json!({ "assigneeId": alice })).await;
        admin.change("triggerIncident", json!({ "title": "one", "urgency": "HIGH" })).await.done();
        admin.change("triggerIncident", json!({ "title": "two", "urgency": "LOW" })).await.done();
        admin.change("triggerIncident", json!({ "title": "three", "urgency": "HIGH", "assigneeIds": [alice] })).await.done();
        admin.change("triggerIncident", json!({ "title": "four", "urgency": "HIGH" })).await.done();
        assert_eq!(next(&mut nobodys).await["incident"]["number"], 2);
        assert_eq!(next(&mut nobodys).await["incident"]["number"], 5);
        assert_eq!(next(&mut low).await["incident"]["number"], 3);
        assert_eq!(next(&mut hers).await["incident"]["number"], 4);
    }

    async fn another_organisations_changes_are_not_told(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        ours.trigger("Before").await;
        let mut events = ours.follow(ours.newest().await, Value::Null).await;
        for _ in 0..5 {
            theirs.trigger("Theirs").await;
        }
        let own = ours.trigger("Ours").await;
        let first = next(&mut events).await;
        assert_eq!(first["incident"]["number"], own["number"]);
        assert_eq!(ours.log().await.len(), 2);
    }

    async fn a_cursor_that_is_none_is_refused(world) {
        let (admin, theirs) = (world.admin(), world.neighbour().await);
        for n in 0..3 {
            theirs.trigger(&format!("{n}")).await;
        }
        let beyond = cursors(&theirs.log().await)[2].clone();
        admin.trigger("Down").await;
        // The first of theirs would stand in our log as well, by its number.
        let first = cursors(&theirs.log().await)[0].clone();
        // What the version before would have given for a place far off.
        let far = "OTk5";
        for cursor in ["nonsense!", "", "bm9uc2Vuc2U", &beyond, &first, far] {
            let mut events = admin.follow(json!(cursor), Value::Null).await;
            let answer = Answer(events.next().await.expect("an answer"));
            assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{cursor}");
            let query = "query($after: String) { eventLog(after: $after) { nodes { cursor } } }";
            let answer = admin.ask(query, json!({ "after": cursor })).await;
            assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{cursor} in a list");
        }
    }

    async fn the_log_is_read_page_by_page(world) {
        let admin = world.admin();
        for n in 0..5 {
            admin.trigger(&format!("{n}")).await;
        }
        let query = "query($after: String) { eventLog(after: $after, first: 2) { nodes { incident { number } } pageInfo { hasNextPage endCursor } } }";
        let (mut numbers, mut after, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let page = admin.ask(query, json!({ "after": after })).await.data()["eventLog"].clone();
            numbers.extend(page["nodes"].as_array().expect("events").iter().map(|event| event["incident"]["number"].clone()));
            pages += 1;
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!((json!(numbers), pages), (json!([1, 2, 3, 4, 5]), 3));
    }
}
