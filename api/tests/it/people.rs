//! Users, keys and services.

use serde_json::{Value, json};

use crate::world::{Caller, on_each_database, text};

on_each_database! {
    async fn a_revoked_key_and_a_deactivated_member_open_nothing(world) {
        let admin = world.admin();
        let input = json!({ "name": "laptop", "scopes": ["READ"] });
        let made = admin.change("createApiKey", input).await.done();
        let secret = text(&made["secret"]);
        assert!(secret.starts_with("tocsin_") && secret.len() >= 40, "{}", secret.len());
        assert!(secret.ends_with(&text(&made["apiKey"]["hint"])));
        let caller = world.caller(&secret);
        assert_eq!(caller.turned_away().await, "let in");
        admin.change("revokeApiKey", json!({ "id": made["apiKey"]["id"] })).await.done();
        assert_eq!(caller.turned_away().await, "UNAUTHENTICATED");

        let (alice, hers) = world.member("Alice", "RESPONDER").await;
        assert_eq!(hers.turned_away().await, "let in");
        let gone = admin.change("updateUser", json!({ "id": alice, "active": false })).await.done();
        assert!(!gone["user"]["deactivatedAt"].is_null());
        assert_eq!(hers.turned_away().await, "UNAUTHENTICATED");
        admin.change("updateUser", json!({ "id": alice, "active": true })).await.done();
        assert_eq!(hers.turned_away().await, "let in");
        assert_eq!(world.caller("tocsin_nobodys").turned_away().await, "UNAUTHENTICATED");
    }

    async fn a_key_is_kept_as_a_hash_and_shown_once(world) {
        use sea_orm::EntityTrait;
        let admin = world.admin();
        let secret = admin.make_key(&["READ"], None).await;
        let rows = tocsin_entity::api_key::Entity::find().all(world.database.read()).await.expect("keys");
        assert!(!format!("{rows:?}").contains(&secret));
        let keys = admin.read("{ apiKeys { nodes { id name hint scopes lastUsedAt revokedAt createdAt } } }").await;
        assert!(!keys.to_string().contains(&secret));
    }

    async fn a_changed_role_is_felt_at_once(world) {
        let (alice, hers) = world.member("Alice", "RESPONDER").await;
        hers.trigger("Down").await;
        world.admin().change("updateUser", json!({ "id": alice, "role": "STAKEHOLDER" })).await.done();
        let refused = hers.change("triggerIncident", json!({ "title": "Down" })).await;
        assert_eq!(refused.refused(), "FORBIDDEN");
    }

    async fn only_an_owner_makes_owners_and_the_last_one_stays(world) {
        let (olga, owner) = world.member("Olga", "OWNER").await;
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let new_owner = json!({ "name": "X", "email": "x@example.com", "role": "OWNER" });
        assert_eq!(adam.change("createUser", new_owner).await.refused(), "FORBIDDEN");
        for input in [json!({ "id": olga, "role": "RESPONDER" }), json!({ "id": olga, "active": false })] {
            assert_eq!(adam.change("updateUser", input.clone()).await.refused(), "FORBIDDEN");
            assert_eq!(owner.change("updateUser", input).await.refused(), "WRONG_STATUS");
        }
        let as_olga = json!({ "name": "x", "scopes": ["ADMIN"], "userId": olga });
        assert_eq!(adam.change("createApiKey", as_olga).await.refused(), "FORBIDDEN");
    }

    async fn an_admin_gets_no_further_by_way_of_a_key_that_is_bound_to_nobody(world) {
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let (_, olga) = world.member("Olga", "OWNER").await;
        let unbound = |scope: &str| json!({ "name": "x", "scopes": [scope] });
        assert_eq!(adam.change("createApiKey", unbound("ADMIN")).await.refused(), "FORBIDDEN");
        adam.change("createApiKey", unbound("WRITE")).await.done();
        olga.change("createApiKey", unbound("ADMIN")).await.done();
    }

    async fn of_two_owners_who_step_down_at_once_one_stays(world) {
        let (one, _) = world.member("One", "OWNER").await;
        let (other, _) = world.member("Other", "OWNER").await;
        let admin = world.admin();
        let step_down = |id: String| admin.change("updateUser", json!({ "id": id, "role": "RESPONDER" }));
        let (a, b) = futures::join!(step_down(one), step_down(other));
        let stayed = [&a, &b].into_iter().filter(|payload| payload.0["userErrors"][0]["code"] == "WRONG_STATUS").count();
        assert_eq!(stayed, 1, "{a:?} {b:?}");
    }

    async fn an_address_and_a_name_are_taken_once(world) {
        let admin = world.admin();
        admin.make_user("Alice", "RESPONDER").await;
        let again = json!({ "name": "Other", "email": "ALICE@example.com", "role": "ADMIN" });
        let refused = admin.change("createUser", again).await;
        assert_eq!((refused.refused(), refused.refused_field()), ("ALREADY_EXISTS".to_owned(), "email".to_owned()));
        admin.change("createService", json!({ "name": "Payments" })).await.done();
        let refused = admin.change("createService", json!({ "name": "Payments" })).await;
        assert_eq!((refused.refused(), refused.refused_field()), ("ALREADY_EXISTS".to_owned(), "name".to_owned()));
    }

    async fn an_incident_takes_its_urgency_from_its_service(world) {
        let admin = world.admin();
        let input = json!({ "name": "Batch jobs", "defaultUrgency": "LOW" });
        let service = admin.change("createService", input).await.done()["service"]["id"].clone();
        let made = admin.change("triggerIncident", json!({ "title": "Late", "serviceId": service })).await.done();
        assert_eq!(made["incident"]["urgency"], "LOW");
        assert_eq!(made["incident"]["service"]["id"], service);
        let default = admin.read("{ services { nodes { id isDefault } } }").await;
        let default = default["services"]["nodes"].as_array().expect("services").iter().find(|service| service["isDefault"] == true).expect("one")["id"].clone();
        assert_eq!(admin.trigger("Down").await["service"]["id"], default);
    }

    async fn a_viewer_learns_who_they_are(world) {
        let (alice, hers) = world.member("Alice", "RESPONDER").await;
        let query = "{ viewer { organization { slug } user { id } role scopes } }";
        let me = hers.read(query).await["viewer"].clone();
        assert_eq!((&me["user"]["id"], &me["role"]), (&json!(alice), &json!("RESPONDER")));
        assert!(me["scopes"].as_array().expect("scopes").contains(&json!("ADMIN")));
        let key = world.admin().read(query).await["viewer"].clone();
        assert!(key["user"].is_null() && key["role"].is_null());
        assert!(!key["organization"]["slug"].is_null());
    }

    async fn what_a_key_of_the_organisation_did_is_told_under_the_keys_name(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        let key = world.admin().make_key(&["WRITE"], None).await;
        let monitoring = Caller { bearer: Some(key), ..world.admin() };
        let incident = monitoring.trigger("Down").await;
        let id = json!({ "id": incident["id"] });
        let query = "{ incident(number: 1) { triggeredAuthor { name user { id } } acknowledgedAuthor { name } resolvedAuthor { name } } }";
        let authors = async || {
            let read = alice.read(query).await["incident"].clone();
            ["triggeredAuthor", "acknowledgedAuthor", "resolvedAuthor"].map(|field| read[field]["name"].clone())
        };
        assert_eq!(authors().await, [json!("a key"), Value::Null, Value::Null]);
        let until = crate::timers::in_seconds(3_600);
        alice.change("snoozeIncident", json!({ "id": incident["id"], "until": until })).await.done();
        assert_eq!(authors().await, [json!("a key"), json!("Alice"), Value::Null]);
        monitoring.change("resolveIncident", id.clone()).await.done();
        assert_eq!(authors().await, [json!("a key"), json!("Alice"), json!("a key")]);
        alice.change("reopenIncident", id.clone()).await.done();
        assert_eq!(authors().await, [json!("a key"), Value::Null, Value::Null]);
        monitoring.change("acknowledgeIncident", id).await.done();
        assert_eq!(authors().await, [json!("a key"), json!("a key"), Value::Null]);
    }
}
