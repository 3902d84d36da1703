//! Who loses a right loses it at once, and who has none is slowed down.

use futures::{StreamExt, future::join_all};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tocsin_api::bootstrap::{self, BootstrapError};
use tokio_util::sync::CancellationToken;

use crate::world::{Caller, World, on_each_database, text};

/// A key to read, with its id.
async fn reader(world: &World, more: Value) -> (Value, Caller) {
    let mut input = json!({ "name": "reader", "scopes": ["READ"] });
    input
        .as_object_mut()
        .expect("an input")
        .extend(more.as_object().expect("fields").clone());
    let made = world.admin().change("createApiKey", input).await.done();
    (made["apiKey"].clone(), world.caller(&text(&made["secret"])))
}

/// A time that is so many seconds ahead.
fn ahead(seconds: i64) -> String {
    (tocsin_clock::machine_now() + time::Duration::seconds(seconds))
        .format(&Rfc3339)
        .expect("a time")
}

on_each_database! {
    async fn no_event_reaches_whoever_has_lost_the_right_to_it(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let after = admin.newest().await;
        let (key, reader) = reader(world, json!({})).await;
        let (gone, of_gone) = world.member("Gone", "RESPONDER").await;
        let (other, of_other) = world.member("Other", "RESPONDER").await;
        let losses = [
            (reader, "revokeApiKey", json!({ "id": key["id"] })),
            (of_gone, "updateUser", json!({ "id": gone, "active": false })),
            (of_other, "updateUser", json!({ "id": other, "role": "STAKEHOLDER" })),
        ];
        for (caller, mutation, input) in losses {
            let mut events = caller.follow(after.clone(), Value::Null).await;
            let heard = admin.trigger("heard").await;
            loop {
                let event = events.next().await.expect("an event");
                if event["data"]["incidentEvents"]["incident"]["number"] == heard["number"] {
                    break;
                }
            }
            admin.change(mutation, input).await.done();
            admin.trigger("secret").await;
            assert_eq!(events.next().await, None, "{mutation}");
        }
    }

    async fn another_replica_closes_sockets_as_well(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let after = admin.newest().await;
        let (key, caller) = reader(world, json!({})).await;
        let replica = world.another_replica().await;
        let (stop, api) = (CancellationToken::new(), replica.api.clone());
        let running = tokio::spawn({
            let stop = stop.clone();
            async move { Box::pin(api.run(stop)).await }
        });
        let there = Caller { replica, ..caller };
        let mut events = there.follow(after, Value::Null).await;
        let heard = admin.trigger("heard").await;
        let event = events.next().await.expect("an event");
        assert_eq!(event["data"]["incidentEvents"]["incident"]["number"], heard["number"]);
        admin.change("revokeApiKey", json!({ "id": key["id"] })).await.done();
        assert_eq!(events.next().await, None);
        assert_eq!(there.turned_away().await, "UNAUTHENTICATED");
        stop.cancel();
        running.await.expect("an orderly end");
    }

    async fn a_key_expires(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let after = admin.newest().await;
        let (key, caller) = reader(world, json!({ "expiresAt": ahead(6) })).await;
        assert!(key["expiresAt"].is_string(), "{key}");
        assert_eq!(caller.turned_away().await, "let in");
        let mut events = caller.follow(after, Value::Null).await;
        assert_eq!(events.next().await, None, "closed when it expires");
        assert_eq!(caller.turned_away().await, "UNAUTHENTICATED");
        for wrong in [ahead(-1), ahead(20 * 366 * 24 * 3_600)] {
            let input = json!({ "name": "x", "scopes": ["READ"], "expiresAt": wrong });
            assert_eq!(admin.change("createApiKey", input).await.refused_field(), "expiresAt");
        }
    }

    async fn a_key_tells_who_made_it_and_when_it_was_used(world) {
        let (_, olga) = world.member("Olga", "OWNER").await;
        let input = json!({ "name": "hers", "scopes": ["READ"] });
        let made = olga.change("createApiKey", input.clone()).await.done();
        assert_eq!(made["apiKey"]["createdBy"]["name"], "Olga");
        let root = world.admin().make_key(&["ADMIN"], None).await;
        let by_key = world.caller(&root).change("createApiKey", input).await.done();
        assert_eq!(by_key["apiKey"]["createdBy"]["name"], "a key");
        let first = world.admin().read("{ apiKeys(first: 1) { nodes { createdBy { name } } } }").await;
        assert!(first["apiKeys"]["nodes"][0]["createdBy"].is_null(), "made at the first start");
        let used = world.caller(&text(&made["secret"]));
        loop {
            used.read("{ viewer { scopes } }").await;
            let query = "query($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt } } }";
            let key = world.admin().ask(query, json!({ "id": made["apiKey"]["id"] })).await.data();
            if key["node"]["lastUsedAt"].is_string() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn wrong_keys_are_slowed_down_and_right_ones_go_on_working(world) {
        let admin = world.admin();
        admin.read("{ viewer { scopes } }").await;
        let guesses = join_all((0..200).map(|n| {
            let guess = world.caller(&format!("tocsin_guess_{n}"));
            async move { guess.turned_away().await }
        }));
        let right = join_all((0..20).map(|_| admin.turned_away()));
        let (guesses, right) = futures::join!(guesses, right);
        assert!(right.iter().all(|code| code == "let in"), "{right:?}");
        let count = |code: &str| guesses.iter().filter(|guess| *guess == code).count();
        let (refused, turned_away) = (count("UNAUTHENTICATED"), count("TOO_MANY_WRONG_KEYS"));
        assert_eq!(refused + turned_away, 200, "{guesses:?}");
        assert!(refused >= 10 && turned_away > 0, "{guesses:?}");
    }

    async fn a_chosen_admin_key_must_be_long(world) {
        let empty = crate::world::empty_database().await;
        let short = bootstrap::first_start(&empty.0, &tocsin_clock::Clock::new(), Some(SecretString::from("a".repeat(31))), "#incidents").await;
        assert!(matches!(short, Err(BootstrapError::ShortKey(31))), "{short:?}");
        let long = bootstrap::first_start(&empty.0, &tocsin_clock::Clock::new(), Some(SecretString::from("a".repeat(32))), "#incidents").await;
        assert!(long.expect("an organisation").created);
        assert_eq!(world.admin().turned_away().await, "let in");
    }
}
