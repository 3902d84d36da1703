//! What the follower of all event logs is answered.

use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_api::bootstrap;

use crate::world::{World, on_each_database};

const CHANGED: &str =
    "query($since: DateTime) { organizations(changedSince: $since) { id newestEventCursor } }";

async fn changed(world: &World, since: Option<OffsetDateTime>) -> Vec<Value> {
    let since = since.map(|since| since.format(&Rfc3339).expect("a time"));
    let data = world
        .bridge()
        .ask(CHANGED, json!({ "since": since }))
        .await
        .data();
    data["organizations"].as_array().expect("organisations").clone()
}

/// As if all that was written had been written long ago.
async fn a_day_goes_by(world: &World) {
    world
        .database
        .write()
        .execute_unprepared("UPDATE organization SET last_event_second = last_event_second - 86400")
        .await
        .expect("written");
}

on_each_database! {
    async fn an_idle_server_answers_nothing_however_many_organisations_it_has(world) {
        for number in 0..30 {
            let made = bootstrap::create_organization(&world.database, &tocsin_clock::Clock::new(), &format!("Organisation {number}"), None).await;
            let (_, key) = made.expect("an organisation");
            world.caller(key.expose_secret()).trigger("Down").await;
        }
        let now = world.replica.api.clock().now();
        assert_eq!(changed(world, Some(now)).await.len(), 30, "the first organisation has no event");
        a_day_goes_by(world).await;
        let now = world.replica.api.clock().now();
        assert_eq!(changed(world, Some(now)).await, Vec::<Value>::new());

        let admin = world.admin();
        admin.trigger("Down").await;
        let ours = admin.read("{ organization { id newestEventCursor } }").await["organization"].clone();
        assert_eq!(changed(world, Some(now)).await, [ours], "one alone has changed");
        assert_eq!(changed(world, None).await.len(), 31, "all are told where no time is given");
    }

    async fn a_commit_that_becomes_visible_late_and_a_clock_that_is_set_back_hide_no_event(world) {
        world.admin().trigger("Down").await;
        let now = world.replica.api.clock().now();
        assert_eq!(changed(world, Some(now + Duration::milliseconds(1))).await.len(), 1);
        a_day_goes_by(world).await;
        let ahead = world.replica.api.clock().now() + Duration::minutes(5);
        assert_eq!(changed(world, Some(ahead)).await.len(), 1, "the clock was ahead at the last look");
    }
}
