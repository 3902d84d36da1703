//! The audit log: every administrative change leaves an entry, which tells who, through what and from where.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tocsin_api::bootstrap::{self, NewKey};
use tocsin_entity::kinds::Scope;

use crate::{
    idempotency::{every_mutation, of_slack},
    rights::{Needs, mutations},
    world::{Caller, on_each_database, text},
};

const LOG: &str = "query($filter: AuditLogFilter, $last: Int) { auditLog(filter: $filter, last: $last) { nodes {
    id action through actorName actor { id } apiKey { id } address requestId subjectKind subjectId subjectName before after createdAt } } }";

/// The newest entries for which the filter holds.
async fn log(caller: &Caller, filter: Value) -> Vec<Value> {
    let answer = caller
        .ask(LOG, json!({ "filter": filter, "last": 100 }))
        .await
        .data();
    answer["auditLog"]["nodes"].as_array().expect("entries").clone()
}

on_each_database! {
    async fn every_administrative_mutation_leaves_an_entry_and_no_other_does(world) {
        let admin = world.admin();
        let needs: Vec<_> = mutations().into_iter().map(|(name, needs, _)| (name, needs)).collect();
        let administrative = |name: &str| needs.iter().any(|(known, needs)| *known == name && *needs == Needs::Admin);
        let mut missing: Vec<_> = needs.iter().map(|(name, _)| *name).filter(|name| administrative(name)).collect();
        for (mutation, input, _) in every_mutation(&admin).await.into_iter().chain(of_slack(&admin).await) {
            missing.retain(|name| *name != mutation);
            let before = log(&admin, Value::Null).await.last().map(|entry| entry["id"].clone());
            // Refused, it leaves nothing.
            admin.attempt(mutation, json!({ "idempotencyKey": "" })).await;
            let unchanged = log(&admin, Value::Null).await.last().map(|entry| entry["id"].clone());
            assert_eq!(before, unchanged, "{mutation} was refused");
            let mut keyed = input;
            keyed["idempotencyKey"] = json!(format!("audited {mutation}"));
            admin.change(mutation, keyed.clone()).await.done();
            let entries = log(&admin, json!({ "action": mutation })).await;
            let newest = log(&admin, Value::Null).await.last().cloned();
            if administrative(mutation) {
                let entry = newest.unwrap_or_else(|| panic!("{mutation} leaves no entry"));
                assert_eq!(entry["action"], mutation, "{entry}");
                assert_eq!((&entry["through"], &entry["actorName"]), (&json!("API"), &json!("admin")));
                assert!(text(&entry["requestId"]).starts_with("req-"), "{entry}");
                assert!(entry["apiKey"]["id"].is_string() && entry["actor"].is_null(), "{entry}");
                assert!(entry["subjectId"].is_string() && (entry["before"].is_object() || entry["after"].is_object()), "{entry}");
                admin.change(mutation, keyed).await.done();
                assert_eq!(log(&admin, json!({ "action": mutation })).await.len(), entries.len(), "{mutation} again");
            } else {
                assert_eq!(entries, Vec::<Value>::new(), "{mutation}");
            }
        }
        assert!(missing.is_empty(), "administrative mutations without a case: {missing:?}");
        let whole = format!("{:?}", log(&admin, Value::Null).await);
        for secret in ["xoxb-", "0123456789abcdef", "sealed1."] {
            assert!(!whole.contains(secret), "{secret} is in the log: {whole}");
        }
    }

    async fn an_entry_tells_before_and_after_and_who_acted(world) {
        let admin = world.admin();
        let (olga, owner) = world.member("Olga", "OWNER").await;
        let alice = admin.make_user("Alice", "RESPONDER").await;
        owner.change("updateUser", json!({ "id": alice, "role": "ADMIN" })).await.done();
        // What changes nothing leaves nothing.
        owner.change("updateUser", json!({ "id": alice, "role": "ADMIN" })).await.done();
        let entries = log(&admin, json!({ "action": "updateUser" })).await;
        assert_eq!(entries.len(), 1, "{entries:#?}");
        let entry = &entries[0];
        assert_eq!((&entry["before"]["role"], &entry["after"]["role"]), (&json!("RESPONDER"), &json!("ADMIN")));
        assert_eq!((&entry["actor"]["id"], &entry["actorName"]), (&json!(olga), &json!("Olga")));
        assert_eq!((&entry["subjectKind"], &entry["subjectId"], &entry["subjectName"]), (&json!("User"), &json!(alice), &json!("Alice")));
        for (filter, count) in [
            (json!({ "actorId": olga }), 1),
            (json!({ "subjectId": alice }), 2),
            (json!({ "actorId": olga, "action": "createUser" }), 0),
            (json!({ "since": entry["createdAt"], "actorId": olga }), 1),
            (json!({ "until": entry["createdAt"], "actorId": olga }), 0),
            (json!({ "through": "COMMAND_LINE", "action": "updateUser" }), 0),
        ] {
            assert_eq!(log(&admin, filter.clone()).await.len(), count, "{filter}");
        }
        let nonsense = admin.ask(LOG, json!({ "filter": { "actorId": "x" } })).await;
        assert_eq!(nonsense.error_code(), "BAD_USER_INPUT");
    }

    async fn the_address_is_the_clients(world) {
        let admin = world.admin();
        let document = "mutation { createService(input: { name: \"Payments\" }) { userErrors { code } } }";
        let answer = admin.ask_from("198.51.100.7", document).await;
        assert_eq!(answer["data"]["createService"]["userErrors"], json!([]), "{answer}");
        assert_eq!(log(&admin, json!({ "action": "createService" })).await[0]["address"], "198.51.100.7");
    }

    async fn the_command_line_and_the_first_start_leave_entries(world) {
        let made = log(&world.admin(), json!({ "through": "COMMAND_LINE" })).await;
        let kinds: Vec<_> = made.iter().map(|entry| text(&entry["subjectKind"])).collect();
        assert_eq!(kinds, ["Organization", "Connector", "ApiKey"]);
        let slug = text(&world.admin().read("{ organization { slug } }").await["organization"]["slug"]);
        let cron = NewKey { organization: Some(&slug), email: None, name: "cron", scopes: &[Scope::Read] };
        bootstrap::create_key(&world.database, &tocsin_clock::Clock::new(), cron).await.expect("a key");
        let made = log(&world.admin(), json!({ "action": "createApiKey", "through": "COMMAND_LINE" })).await;
        assert_eq!((&made[0]["subjectName"], &made[0]["actorName"]), (&json!("cron"), &json!("command line")));
        assert!(!log(&world.neighbour().await, Value::Null).await.is_empty(), "so does org create");
    }

    async fn what_the_bridge_reports_is_told_as_such(world) {
        let admin = world.admin();
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let installed = json!({ "id": "wsp_0198aaaaaaaa7aaaaaaaaaaaaaaaaaaa", "teamId": "T1", "teamName": "Acme", "features": [], "sealedBotToken": "sealed1.x" });
        bridge.change("completeSlackInstall", installed).await.done();
        let entries = log(&admin, json!({ "through": "BRIDGE" })).await;
        assert_eq!((&entries[0]["action"], &entries[0]["after"]["botToken"]), (&json!("completeSlackInstall"), &json!("••••••••")));
    }

    async fn the_log_can_only_grow(world) {
        let admin = world.admin();
        admin.make_user("Alice", "RESPONDER").await;
        let count = log(&admin, Value::Null).await.len();
        for statement in ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"] {
            let refused = world.database.write().execute_unprepared(statement).await;
            let error = refused.expect_err("refused").to_string();
            assert!(error.contains("append-only"), "{error}");
        }
        assert_eq!(log(&admin, Value::Null).await.len(), count);
        let mutations = admin.read("{ __schema { mutationType { fields { name } } } }").await.to_string().to_lowercase();
        assert!(!mutations.contains("audit"));
    }

    async fn each_organisation_reads_its_own_log(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        ours.make_user("Alice", "RESPONDER").await;
        let own: Vec<_> = log(&ours, Value::Null).await.iter().map(|entry| entry["id"].clone()).collect();
        assert!(log(&theirs, Value::Null).await.iter().all(|entry| !own.contains(&entry["id"])));
    }
}
