//! Snoozes and their end.

use futures::{StreamExt, stream};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use time::{Duration, UtcOffset, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;

use tocsin_entity::timer;

use crate::world::{Replica, World, on_each_database, text};

/// Replicas that fire timers, until the end of the test.
struct Running(CancellationToken, Vec<tokio::task::JoinHandle<()>>);

impl Running {
    fn start(replicas: impl IntoIterator<Item = Replica>) -> Self {
        let stop = CancellationToken::new();
        let run = |replica: Replica| {
            let stop = stop.clone();
            tokio::spawn(async move { Box::pin(replica.api.run(stop)).await })
        };
        let running = replicas.into_iter().map(run).collect();
        Self(stop, running)
    }

    async fn end(self) {
        self.0.cancel();
        for replica in self.1 {
            replica.await.expect("ended");
        }
    }
}

/// Has a kind of change of an incident with this title fail in the database, until it is lifted.
async fn break_incident(world: &World, title: &str) {
    let sql = if world.database.is_sqlite() {
        format!(
            "CREATE TRIGGER broken BEFORE UPDATE ON incident WHEN NEW.title = '{title}' BEGIN SELECT RAISE(ABORT, 'it is broken'); END"
        )
    } else {
        format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it is broken'; END $$; \
             CREATE TRIGGER broken BEFORE UPDATE ON incident FOR EACH ROW WHEN (NEW.title = '{title}') EXECUTE FUNCTION broken()"
        )
    };
    world
        .database
        .write()
        .execute_unprepared(&sql)
        .await
        .expect("broken");
}

/// Has time pass until all timers are due.
async fn make_due(world: &World) {
    timer::Entity::update_many()
        .col_expr(timer::Column::FireAt, Expr::value(1_i64))
        .exec(world.database.write())
        .await
        .expect("written");
}

async fn mend(world: &World) {
    let sql = if world.database.is_sqlite() {
        "DROP TRIGGER broken"
    } else {
        "DROP TRIGGER broken ON incident"
    };
    world
        .database
        .write()
        .execute_unprepared(sql)
        .await
        .expect("mended");
}

/// A time to come, as clients write it.
pub(crate) fn in_seconds(seconds: i64) -> String {
    let then = tocsin_clock::machine_now() + Duration::seconds(seconds);
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
        let until = (tocsin_clock::machine_now() + Duration::hours(1)).replace_nanosecond(123_456_789).expect("a time");
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
            let then = tocsin_clock::machine_now() + Duration::seconds(seconds);
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

    async fn timers_that_are_due_at_once_fire_once_each_though_replicas_share_them(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        let until = in_seconds(3_600);
        let snooze = |number: usize| {
            let (admin, until) = (admin.clone(), until.clone());
            async move {
                let incident = admin.trigger(&format!("Down {number}")).await;
                admin.change("snoozeIncident", json!({ "id": incident["id"], "until": until })).await.done();
            }
        };
        // No more at once than a busy machine answers before it refuses.
        assert_eq!(stream::iter((0..300).map(snooze)).buffer_unordered(32).count().await, 300);
        make_due(world).await;
        let running = Running::start([world.replica.clone(), world.another_replica().await]);
        let mut ended = std::collections::BTreeSet::new();
        while ended.len() < 300 {
            let event = events.next().await.expect("an event")["data"]["incidentEvents"].clone();
            if event["kind"] == "INCIDENT_SNOOZE_ENDED" {
                assert!(ended.insert(event["incident"]["number"].as_i64()), "{event} came twice");
                assert_eq!(event["entry"]["version"], 3);
            }
        }
        running.end().await;
        assert_eq!(timer::Entity::find().all(world.database.read()).await.expect("readable"), []);
    }

    async fn a_timer_that_fails_holds_up_no_other_and_fires_once_it_can(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        for title in ["broken", "well"] {
            let incident = admin.trigger(title).await;
            admin.change("snoozeIncident", json!({ "id": incident["id"], "until": in_seconds(3_600) })).await.done();
        }
        make_due(world).await;
        break_incident(world, "broken").await;
        let running = Running::start([world.replica.clone()]);
        let mut next_end = async || loop {
            let event = events.next().await.expect("an event")["data"]["incidentEvents"].clone();
            if event["kind"] == "INCIDENT_SNOOZE_ENDED" {
                return event["incident"]["number"].clone();
            }
        };
        assert_eq!(next_end().await, 3);
        let failed = async || {
            let rows = timer::Entity::find().all(world.database.read()).await.expect("readable");
            rows.first().and_then(|row| row.last_error.clone())
        };
        while failed().await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        mend(world).await;
        assert_eq!(next_end().await, 2);
        running.end().await;
    }

    async fn a_kind_of_timer_that_a_newer_version_wrote_is_left_alone(world) {
        let admin = world.admin();
        let [newer, own] = [admin.trigger("newer").await, admin.trigger("own").await];
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        for incident in [&newer, &own] {
            admin.change("snoozeIncident", json!({ "id": incident["id"], "until": in_seconds(3_600) })).await.done();
        }
        make_due(world).await;
        let id: tocsin_entity::id::IncidentId = text(&newer["id"]).parse().expect("an id");
        timer::Entity::update_many()
            .col_expr(timer::Column::Kind, Expr::value("ESCALATION"))
            .filter(timer::Column::IncidentId.eq(id))
            .exec(world.database.write())
            .await
            .expect("written");
        let running = Running::start([world.replica.clone()]);
        loop {
            let event = events.next().await.expect("an event")["data"]["incidentEvents"].clone();
            if event["kind"] == "INCIDENT_SNOOZE_ENDED" {
                assert_eq!(event["incident"]["number"], own["number"]);
                break;
            }
        }
        running.end().await;
    }

    async fn a_timer_that_was_put_off_fires_when_its_time_comes(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let mut events = admin.follow(admin.newest().await, Value::Null).await;
        admin.change("snoozeIncident", json!({ "id": incident["id"], "until": in_seconds(3_600) })).await.done();
        let soon = (tocsin_clock::machine_now() + Duration::seconds(1)).unix_timestamp_nanos() / 1_000;
        let soon = i64::try_from(soon).expect("a time");
        timer::Entity::update_many()
            .col_expr(timer::Column::FireAt, Expr::value(soon))
            .col_expr(timer::Column::Attempts, Expr::value(1))
            .exec(world.database.write())
            .await
            .expect("written");
        let running = Running::start([world.replica.clone()]);
        while events.next().await.expect("an event")["data"]["incidentEvents"]["kind"] != "INCIDENT_SNOOZE_ENDED" {}
        running.end().await;
    }
}
