//! Sessions: what they allow, from where they count, and how they end.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use futures::StreamExt;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tocsin_api::bootstrap;
use tokio_util::sync::CancellationToken;

use crate::{
    sign_in::{ORIGIN, browser, sign_in},
    world::{Answer, Caller, World, on_each_database, text},
};

/// The ids of the sessions of a caller's own.
async fn own(caller: &Caller) -> Vec<String> {
    let viewer = caller.read("{ viewer { sessions { id } } }").await;
    let sessions = viewer["viewer"]["sessions"].as_array().expect("sessions");
    sessions.iter().map(|session| text(&session["id"])).collect()
}

async fn current(caller: &Caller) -> Value {
    caller.read("{ viewer { session { id } } }").await["viewer"]["session"]["id"].clone()
}

/// What a request by GET is answered.
async fn get(caller: &Caller, query: &str, origin: Option<&str>) -> (StatusCode, Answer) {
    let cookie = format!(
        "__Host-tocsin_session={}",
        caller.session.as_deref().expect("a session")
    );
    let mut request = Request::get(format!("/graphql?query={query}")).header("cookie", cookie);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = caller.send(request).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, Answer(serde_json::from_slice(&body).expect("JSON")))
}

/// Whether a socket serves the caller.
async fn is_served(caller: &Caller) -> bool {
    let mut answers = caller.subscribe("{ viewer { scopes } }", json!({})).await;
    answers.next().await.is_some()
}

async fn running_replica(world: &World) -> (Caller, CancellationToken) {
    let replica = world.another_replica().await;
    let (stop, api) = (CancellationToken::new(), replica.api.clone());
    let until = stop.clone();
    tokio::spawn(async move { Box::pin(api.run(until)).await });
    (
        Caller {
            replica,
            ..world.admin()
        },
        stop,
    )
}

on_each_database! {
    async fn a_session_counts_where_a_page_of_this_servers_has_asked(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        assert_eq!(rita.turned_away().await, "let in");
        let foreign = [None, Some("https://evil.example"), Some("null"), Some("https://tocsin.example.com.evil.example")];
        for origin in foreign {
            let there = Caller { origin: origin.map(str::to_owned), ..rita.clone() };
            assert_eq!(there.turned_away().await, "FOREIGN_ORIGIN", "{origin:?}");
        }
        // A key goes before the session, and needs no page.
        let with_key = Caller { bearer: world.admin().bearer, origin: None, ..rita.clone() };
        let viewer = with_key.read("{ viewer { user { name } session { id } } }").await;
        assert_eq!(viewer["viewer"], json!({ "user": null, "session": null }));
        let wrong = Caller { bearer: Some("tocsin_wrong".to_owned()), ..rita.clone() };
        assert_eq!(wrong.turned_away().await, "UNAUTHENTICATED");
        // A read by GET is asked for without an origin, and changes nothing.
        let (status, answer) = get(&rita, "%7Bviewer%7Buser%7Bname%7D%7D%7D", None).await;
        assert_eq!((status, answer.data()["viewer"]["user"]["name"].as_str()), (StatusCode::OK, Some("Rita")));
        let (status, answer) = get(&rita, "%7Bviewer%7Buser%7Bname%7D%7D%7D", Some("https://evil.example")).await;
        assert_eq!((status, answer.error_code().as_str()), (StatusCode::FORBIDDEN, "FOREIGN_ORIGIN"));
        let (status, _) = get(&rita, "mutation%7BtriggerIncident(input:%7Btitle:%22x%22%7D)%7Bincident%7Bid%7D%7D%7D", None).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let (status, ..) = rita.post("/graphql?plain", &form, json!({})).await;
        assert!(status.is_client_error(), "{status}");
    }

    async fn a_socket_takes_a_session_from_a_page_of_this_servers_alone(world) {
        let (id, of_rita) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        assert!(is_served(&rita).await);
        for origin in [None, Some("https://evil.example".to_owned())] {
            let foreign = Caller { origin: origin.clone(), ..rita.clone() };
            assert!(!is_served(&foreign).await, "{origin:?}");
            // With a key in its first message the socket is nobody's session.
            let with_key = Caller { bearer: of_rita.bearer.clone(), ..foreign };
            assert!(is_served(&with_key).await, "{origin:?}");
        }
    }

    async fn a_session_is_no_key_and_never_the_bridges(world) {
        let (id, _) = world.member("Olga", "OWNER").await;
        let olga = sign_in(world, &id).await;
        let as_key = Caller { bearer: olga.session.clone(), session: None, ..olga.clone() };
        assert_eq!(as_key.turned_away().await, "UNAUTHENTICATED");
        let on_behalf = Caller { on_behalf_of: Some(id), ..olga.clone() };
        assert_eq!(on_behalf.turned_away().await, "BAD_USER_INPUT");
        let organization = text(&world.neighbour().await.read("{ organization { id } }").await["organization"]["id"]);
        let elsewhere = Caller { organization: Some(organization), ..olga.clone() };
        assert_eq!(elsewhere.turned_away().await, "BAD_USER_INPUT");
        let tossed = Caller { session: Some(format!("x; __Host-tocsin_session={}", olga.session.clone().expect("one"))), ..olga };
        assert_eq!(tossed.ask("{ viewer { role } }", json!({})).await.error_code(), "UNAUTHENTICATED");
    }

    async fn a_session_ends_with_the_membership_and_does_not_come_back(world) {
        let admin = world.admin();
        admin.trigger("before").await;
        let after = admin.newest().await;
        let (there, stop) = running_replica(world).await;
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        let elsewhere = Caller { replica: there.replica, ..rita.clone() };
        let mut streams = Vec::new();
        for caller in [&rita, &elsewhere] {
            let mut events = caller.follow(after.clone(), Value::Null).await;
            let heard = admin.trigger("heard").await;
            while events.next().await.expect("an event")["data"]["incidentEvents"]["incident"]["number"] != heard["number"] {}
            streams.push(events);
        }
        admin.change("updateUser", json!({ "id": id, "active": false })).await.done();
        for mut events in streams {
            while let Some(event) = events.next().await {
                assert_ne!(event["data"]["incidentEvents"]["incident"]["title"], "secret", "{event}");
            }
        }
        assert_eq!(rita.turned_away().await, "UNAUTHENTICATED");
        assert_eq!(elsewhere.turned_away().await, "UNAUTHENTICATED");
        admin.change("updateUser", json!({ "id": id, "active": true })).await.done();
        assert_eq!(rita.turned_away().await, "UNAUTHENTICATED", "whoever comes back signs in anew");
        stop.cancel();
    }

    async fn a_session_is_listed_and_ended_by_its_owner_and_by_administrators(world) {
        let (id, rita_by_key) = world.member("Rita", "RESPONDER").await;
        let (_, rob) = world.member("Rob", "RESPONDER").await;
        let (first, second) = (sign_in(world, &id).await, sign_in(world, &id).await);
        let (one, two) = (current(&first).await, current(&second).await);
        assert_eq!(own(&first).await.len(), 2);
        assert_eq!(own(&rita_by_key).await.len(), 2);
        let of = "query($name: String) { users(filter: { search: $name }, first: 1) { nodes { sessions { id user { name } address isCurrent } } } }";
        let refused = rob.ask(of, json!({ "name": "Rita" })).await;
        assert_eq!(refused.error_code(), "FORBIDDEN");
        let seen = world.admin().ask(of, json!({ "name": "Rita" })).await.data();
        assert_eq!(seen["users"]["nodes"][0]["sessions"].as_array().map(Vec::len), Some(2));
        assert_eq!(rob.change("revokeSession", json!({ "id": one })).await.refused(), "NOT_FOUND");
        let read_only = world.caller(&world.admin().make_key(&["READ"], Some(&id)).await);
        assert_eq!(read_only.change("revokeSession", json!({ "id": one })).await.refused(), "FORBIDDEN");

        let mut events = first.follow(Value::Null, Value::Null).await;
        let input = json!({ "id": one, "idempotencyKey": "once" });
        let ended = second.change("revokeSession", input.clone()).await.done();
        assert!(ended["session"]["revokedAt"].is_string());
        assert_eq!(events.next().await, None, "its sockets are closed");
        assert_eq!(first.turned_away().await, "UNAUTHENTICATED");
        assert_eq!(second.change("revokeSession", input).await.done()["session"], ended["session"]);
        assert_eq!(own(&second).await, [text(&two)]);
        world.admin().change("revokeSession", json!({ "id": two })).await.done();
        assert_eq!(second.turned_away().await, "UNAUTHENTICATED");
        let log = world.admin().read("{ auditLog(first: 100) { nodes { action subjectKind actorName after } } }").await;
        let told: Vec<_> = log["auditLog"]["nodes"].as_array().expect("entries").iter()
            .filter(|entry| entry["subjectKind"] == "Session").map(|entry| text(&entry["action"])).collect();
        assert_eq!(told, ["signIn", "signIn", "revokeSession", "revokeSession"]);
        assert!(!log.to_string().contains(first.session.as_deref().expect("one")));
    }

    async fn a_session_that_was_not_used_for_thirty_days_is_over_and_use_puts_that_off(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        let read = "{ viewer { session { lastUsedAt expiresAt createdAt } } }";
        let fresh = rita.read(read).await["viewer"]["session"].clone();
        world.database.write().execute_unprepared(
            "UPDATE session SET last_used_at = (SELECT created_at FROM organization), expires_at = last_used_at"
        ).await.expect("set");
        let there = Caller { replica: world.another_replica().await, ..rita.clone() };
        assert_eq!(there.turned_away().await, "UNAUTHENTICATED");
        let long_ago = if world.database.is_sqlite() { "datetime('now', '-2 hours')" } else { "now() - interval '2 hours'" };
        let soon = if world.database.is_sqlite() { "datetime('now', '+1 hours')" } else { "now() + interval '1 hour'" };
        world.database.write().execute_unprepared(&format!("UPDATE session SET last_used_at = {long_ago}, expires_at = {soon}")).await.expect("set");
        let there = Caller { replica: world.another_replica().await, ..rita };
        loop {
            let now = there.read(read).await["viewer"]["session"].clone();
            if text(&now["expiresAt"]) >= text(&fresh["expiresAt"]) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn a_session_may_what_the_role_allows_and_no_more(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        assert_eq!(rita.change("createService", json!({ "name": "x" })).await.refused(), "FORBIDDEN");
        world.admin().change("updateUser", json!({ "id": id, "role": "ADMIN" })).await.done();
        rita.change("createService", json!({ "name": "x" })).await.done();
        world.admin().change("updateUser", json!({ "id": id, "role": "STAKEHOLDER" })).await.done();
        assert_eq!(rita.change("triggerIncident", json!({ "title": "x" })).await.refused(), "FORBIDDEN");
    }

    async fn a_person_of_two_organisations_is_signed_in_to_one(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let neighbour = world.neighbour().await;
        neighbour.make_user("Rita", "OWNER").await;
        let rita = sign_in(world, &id).await;
        world.admin().trigger("Ours").await;
        neighbour.trigger("Theirs").await;
        let seen = rita.read("{ viewer { role organization { name } } incidents { nodes { title } } }").await;
        assert_eq!(seen["viewer"], json!({ "role": "RESPONDER", "organization": { "name": "My organisation" } }));
        assert_eq!(seen["incidents"]["nodes"], json!([{ "title": "Ours" }]));
        let one = current(&rita).await;
        assert_eq!(neighbour.change("revokeSession", json!({ "id": one })).await.refused(), "NOT_FOUND");
    }

    async fn members_make_keys_of_their_own_that_may_no_more_than_they(world) {
        let (id, write_key) = world.member("Rita", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        let made = rita.change("createPersonalApiKey", json!({ "name": "laptop", "scopes": ["WRITE"] })).await.done();
        assert_eq!(made["apiKey"]["user"]["id"], json!(id));
        let own = world.caller(&text(&made["secret"]));
        own.trigger("by her own key").await;
        let beyond = json!({ "name": "x", "scopes": ["ADMIN"] });
        for caller in [&rita, &own, &write_key] {
            let refused = caller.change("createPersonalApiKey", beyond.clone()).await;
            assert_eq!((refused.refused(), refused.refused_field()), ("FORBIDDEN".to_owned(), "scopes".to_owned()));
        }
        let (_, stella) = world.member("Stella", "STAKEHOLDER").await;
        assert_eq!(stella.change("createPersonalApiKey", json!({ "name": "x", "scopes": ["WRITE"] })).await.refused(), "FORBIDDEN");
        stella.change("createPersonalApiKey", json!({ "name": "x", "scopes": ["READ"] })).await.done();
        let (adam, _) = world.member("Adam", "ADMIN").await;
        let writes = world.caller(&world.admin().make_key(&["WRITE"], Some(&adam)).await);
        assert_eq!(writes.change("createPersonalApiKey", beyond.clone()).await.refused(), "FORBIDDEN", "a key makes none that may more than it");
        sign_in(world, &adam).await.change("createPersonalApiKey", beyond).await.done();
        assert_eq!(world.key(&["ADMIN"]).await.change("createPersonalApiKey", json!({ "name": "x", "scopes": ["READ"] })).await.refused(), "FORBIDDEN");

        let listed = rita.read("{ viewer { apiKeys { id name } } }").await;
        assert!(listed["viewer"]["apiKeys"].to_string().contains("laptop"), "{listed}");
        let (_, rob) = world.member("Rob", "RESPONDER").await;
        assert_eq!(rob.change("revokeApiKey", json!({ "id": made["apiKey"]["id"] })).await.refused(), "FORBIDDEN");
        rita.change("revokeApiKey", json!({ "id": made["apiKey"]["id"] })).await.done();
        assert_eq!(own.turned_away().await, "UNAUTHENTICATED");
    }

    async fn a_key_that_expires_makes_none_that_lasts_longer(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let ends = crate::timers::in_seconds(3_600);
        let input = json!({ "name": "short", "scopes": ["WRITE"], "userId": id, "expiresAt": ends });
        let short = world.caller(&text(&world.admin().change("createApiKey", input).await.done()["secret"]));
        let made = short.change("createPersonalApiKey", json!({ "name": "a", "scopes": ["READ"] })).await.done();
        assert!(made["apiKey"]["expiresAt"].is_string(), "{made}");
        let later = json!({ "name": "b", "scopes": ["READ"], "expiresAt": crate::timers::in_seconds(7_200) });
        assert_eq!(short.change("createPersonalApiKey", later).await.refused_field(), "expiresAt");
    }

    async fn after_fifty_sessions_the_one_that_was_not_used_for_longest_ends(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let first = sign_in(world, &id).await;
        for _ in 0..50 {
            sign_in(world, &id).await;
        }
        assert_eq!(first.turned_away().await, "UNAUTHENTICATED");
        let last = sign_in(world, &id).await;
        assert_eq!(own(&last).await.len(), 50);
    }

    async fn what_signs_people_in_is_told_to_whoever_asks(world) {
        let asked = Request::get("/sign-in/ways").body(Body::empty()).expect("a request");
        let response = browser(world).send(asked).await;
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let ways: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&ways["canSignIn"], &ways["slack"]), (&json!(true), &json!(true)));
        assert!(ORIGIN.starts_with("https://"));
        let none = bootstrap::create_login_link(&world.database, &tocsin_clock::Clock::new(), ORIGIN, Some("nowhere"), "a@example.com").await;
        assert!(none.is_err());
    }
}
