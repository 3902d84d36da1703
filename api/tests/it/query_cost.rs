//! What a query costs is told to whoever asks, and to whoever asks for too much.

use serde_json::{Value, json};

use crate::world::{Caller, on_each_database};

/// The whole answer to a query, with the extensions of the request.
async fn answer(caller: &Caller, query: &str, extensions: Value) -> Value {
    caller
        .ask_with(json!({ "query": query, "extensions": extensions }))
        .await
        .0
}

on_each_database! {
    async fn too_complex_a_query_is_told_what_costs_most(world) {
        let admin = world.admin();
        let query = "{ users(first: 10) { nodes { name } } incidents(first: 100) { nodes { timeline(first: 100) { nodes { author { name email } } } } } }";
        let refused = answer(&admin, query, Value::Null).await;
        let error = &refused["errors"][0];
        assert_eq!(error["extensions"]["code"], "QUERY_TOO_COMPLEX", "{refused:#}");
        let (cost, most) = (&error["extensions"]["cost"], &error["extensions"]["costMaximum"]);
        assert!(cost.as_u64() > most.as_u64() && *most == 20_000, "{refused:#}");
        assert_eq!(error["extensions"]["costliestField"], "incidents");
        let message = crate::world::text(&error["message"]);
        for part in [cost.to_string(), "20000 is allowed".to_owned(), "`incidents` costs most".to_owned(), "`first`".to_owned()] {
            assert!(message.contains(&part), "{part} in {message}");
        }
    }

    async fn who_asks_is_told_what_a_query_costs(world) {
        let admin = world.admin();
        let query = "{ users(first: 10) { nodes { name email } } }";
        let told = answer(&admin, query, json!({ "cost": true })).await;
        assert_eq!(told["extensions"]["cost"]["maximum"], 20_000, "{told:#}");
        let ten = told["extensions"]["cost"]["complexity"].as_u64().expect("a cost");
        let twenty = answer(&admin, &query.replace("10", "20"), json!({ "cost": true })).await;
        let twenty = twenty["extensions"]["cost"]["complexity"].as_u64().expect("a cost");
        assert!(ten > 20 && twenty > 2 * ten - 10 && twenty < 2 * ten, "{ten} and {twenty}");
        for quiet in [Value::Null, json!({ "cost": false }), json!({ "cost": "true" })] {
            assert!(answer(&admin, query, quiet).await.get("extensions").is_none());
        }
    }
}
