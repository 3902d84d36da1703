//! Which answers of an issuer's are believed, and in which browser.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_slack_app::link_state::{SESSION_SIGN_IN, SessionSignIn};

use super::{
    Place,
    issuer::{Broken, CLIENT_ID, CLIENT_SECRET, Person, Signed},
    viewer,
};
use crate::{
    sign_in::browser,
    world::{on_each_database, sealer},
};

fn rita() -> Person {
    Person::new("sub-1", "rita@example.com")
}

on_each_database! {
    async fn somebody_signs_in_once_with_the_rights_of_their_role(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        let begun = place.begin().await;
        let asked: std::collections::HashMap<_, _> = begun.page.query_pairs().into_owned().collect();
        assert_eq!(asked["scope"], "openid email profile");
        assert_eq!(asked["redirect_uri"], "https://tocsin.example.com/sign-in/oidc/callback");
        for secret in [CLIENT_SECRET, begun.binding.split('=').next_back().expect("held")] {
            assert!(!begun.page.as_str().contains(secret), "{}", begun.page);
        }
        // Whatever the case of the letters.
        let back = place.issuer.signs_in(&begun.page, Person::new("sub-1", "Rita@Example.COM"));
        let came = place.get(&back, Some(&begun.binding)).await.0;
        let tokens = came.tokens();
        let look = json!({ "token": tokens[0] });
        let (_, _, found) = place.browser().post("/sign-in/look", &[("cookie", &begun.binding)], look).await;
        assert_eq!(found, json!({
            "organization": "My organisation", "name": "Rita", "email": "rita@example.com", "makesFirstOwner": false, "isBound": true,
        }));
        assert_eq!(place.redeem(&tokens[0], "__Host-tocsin_begin=x").await.err().as_deref(), Some("OTHER_BROWSER"));
        let rita = place.redeem(&tokens[0], &begun.binding).await.expect("signed in");
        assert_eq!(viewer(&rita).await, json!({
            "organization": { "name": "My organisation" }, "user": { "name": "Rita" }, "role": "ADMIN",
            "scopes": ["INCIDENTS_TRIGGER", "READ", "WRITE", "ADMIN"], "session": { "method": "OIDC" },
        }));
        rita.make_user("Fred", "RESPONDER").await;
        assert_eq!(place.redeem(&tokens[0], &begun.binding).await.err().as_deref(), Some("LINK_USED"));
        let again = place.get(&back, Some(&begun.binding)).await.0;
        assert_eq!(again.refused(), "SIGN_IN_USED");
        let log = world.admin().read("{ auditLog(first: 100) { nodes { action before after } } }").await.to_string();
        assert!(log.contains("sub-1") && log.contains("OIDC") && !log.contains(&tokens[0]), "{log}");
    }

    async fn a_token_that_is_not_for_this_sign_in_is_not_believed(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        let wrong: [(&str, Value); 10] = [
            ("nonce", json!("another")),
            ("nonce", Value::Null),
            ("aud", json!("another-client")),
            ("aud", json!([CLIENT_ID, "another-client"])),
            ("aud", json!([])),
            ("azp", json!("another-client")),
            ("iss", json!("http://127.0.0.1:1/realms/ops")),
            ("exp", json!(-120)),
            ("iat", json!(600)),
            ("iat", json!(-4000)),
        ];
        for (claim, value) in wrong {
            let (back, _) = place.come_back(rita().with(claim, value.clone())).await;
            assert_eq!(back.refused(), "OIDC_TOKEN_INVALID", "{claim}: {value}");
            assert_eq!(back.status, StatusCode::FORBIDDEN);
        }
        // Clocks may differ a little.
        place.sign_in(rita().with("exp", json!(-20)).with("iat", json!(20))).await;
    }

    async fn a_token_counts_by_the_issuers_own_signature_alone(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        world.member("Owner", "ADMIN").await;
        for signed in [Signed::Not, Signed::WithTheSecret, Signed::BySomebody, Signed::Changed] {
            assert_eq!(place.refused(rita().signed(signed)).await, "OIDC_TOKEN_INVALID", "{signed:?}");
        }
        place.sign_in(rita()).await;
    }

    async fn keys_are_fetched_anew_where_one_is_not_known_and_not_without_end(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        place.sign_in(rita()).await;
        assert_eq!((place.issuer.asked("discovery"), place.issuer.asked("keys")), (1, 1));
        place.issuer.rotate("second");
        place.sign_in(rita()).await;
        assert_eq!((place.issuer.asked("discovery"), place.issuer.asked("keys")), (1, 2));
        for _ in 0..3 {
            assert_eq!(place.refused(rita().signed(Signed::BySomebody)).await, "OIDC_TOKEN_INVALID");
        }
        assert_eq!(place.issuer.asked("keys"), 2, "once in half a minute");
    }

    async fn a_state_counts_in_its_browser_for_its_purpose_and_its_time(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        let begun = place.begin().await;
        let back = place.issuer.signs_in(&begun.page, rita());
        let other = place.begin().await;
        for cookie in [None, Some("__Host-tocsin_begin="), Some("tocsin_begin=x"), Some(other.binding.as_str())] {
            assert_eq!(place.get(&back, cookie).await.0.refused(), "SIGN_IN_OTHER_BROWSER", "{cookie:?}");
        }
        let twice = format!("{}; {}", begun.binding, other.binding);
        assert_eq!(place.get(&back, Some(&twice)).await.0.refused(), "SIGN_IN_OTHER_BROWSER");
        // One that Slack's sign-in has made for this very browser, and one that is too old.
        let held = begun.binding.split_once('=').expect("held").1;
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(held.as_bytes()));
        let slacks = SessionSignIn { browser_hash: hash.clone(), nonce: "n".to_owned() };
        let at = |minutes: i64| tocsin_clock::machine_now() + time::Duration::minutes(minutes);
        let slacks = sealer().seal_state_until(SESSION_SIGN_IN, &slacks, at(5)).expect("sealed");
        let old = sealer().seal_state_until("oidc_session", &json!({ "browser_hash": hash }), at(-1)).expect("sealed");
        for (state, code) in [("", "SIGN_IN_INVALID"), ("x", "SIGN_IN_INVALID"), (&slacks, "SIGN_IN_INVALID"), (&old, "SIGN_IN_EXPIRED")] {
            let path = format!("/sign-in/oidc/callback?code=c&state={state}");
            assert_eq!(place.get(&path, Some(&begun.binding)).await.0.refused(), code, "{state}");
        }
        // What is added to the answer is not believed; what was refused has used nothing up.
        let added = format!("{back}&state=x");
        assert_eq!(place.get(&added, Some(&begun.binding)).await.0.refused(), "SIGN_IN_INVALID");
        place.get(&back, Some(&begun.binding)).await.0.tokens();
    }

    async fn another_replica_finishes_what_one_has_begun(world) {
        let place = Place::new(world).await;
        let there = place.again_with(tocsin_api::IssuerPolicy::default()).await;
        world.member("Rita", "ADMIN").await;
        let begun = place.begin().await;
        let back = place.issuer.signs_in(&begun.page, rita());
        let tokens = there.get(&back, Some(&begun.binding)).await.0.tokens();
        place.redeem(&tokens[0], &begun.binding).await.expect("signed in");
        assert_eq!(place.get(&back, Some(&begun.binding)).await.0.refused(), "SIGN_IN_USED");
    }

    async fn what_an_issuer_says_instead_of_a_code_is_told_in_words(world) {
        let place = Place::new(world).await;
        for (more, code) in [
            ("error=access_denied&error_description=%3Cscript%3E", "OIDC_DENIED"),
            ("error=login_required", "OIDC_ENDED"),
            ("error=%3Cscript%3Ealert(1)%3C/script%3E", "OIDC_ENDED"),
            ("error=temporarily_unavailable", "OIDC_UNREACHABLE"),
            ("iss=https%3A%2F%2Fevil.example&code=x", "OIDC_TOKEN_INVALID"),
            ("", "SIGN_IN_INVALID"),
            ("code=guessed", "OIDC_ENDED"),
        ] {
            let begun = place.begin().await;
            let (_, state) = begun.page.query_pairs().find(|(name, _)| name == "state").expect("a state");
            let path = format!("/sign-in/oidc/callback?state={state}&{more}");
            let back = place.get(&path, Some(&begun.binding)).await.0;
            assert_eq!(back.refused(), code, "{more}");
            assert!(!back.body.contains("<script"), "{}", back.body);
            assert!(!back.body.contains(&*state) && !back.body.contains("guessed"), "{}", back.body);
            assert!(back.body.contains("href=\"../../sign-in\""), "there is a way on");
        }
    }

    async fn an_issuer_that_fails_keeps_nobody_from_other_ways(world) {
        let place = Place::new(world).await;
        let (id, _) = world.member("Rita", "ADMIN").await;
        let plain = |status| Broken::Answers(status, "{}");
        let long: &'static str = Box::leak("x".repeat(2_000_000).into_boxed_str());
        let elsewhere = Broken::SendsTo(format!("{}/keys", place.issuer.url));
        for (endpoint, how, code) in [
            ("token", plain(500), "OIDC_UNREACHABLE"),
            ("token", plain(200), "OIDC_BAD_ANSWER"),
            ("token", Broken::Answers(200, "<html>"), "OIDC_BAD_ANSWER"),
            ("token", Broken::Answers(200, long), "OIDC_BAD_ANSWER"),
            ("token", Broken::Answers(401, "{\"error\":\"invalid_client\"}"), "OIDC_CLIENT_REFUSED"),
            ("token", Broken::Answers(400, "{\"error\":\"invalid_grant\"}"), "OIDC_ENDED"),
            ("token", elsewhere, "OIDC_BAD_ANSWER"),
        ] {
            place.issuer.is_broken(endpoint, how.clone());
            assert_eq!(place.refused(rita()).await, code, "{endpoint} {how:?}");
        }
        place.issuer.is_whole();
        let link = crate::sign_in::link_for(world, &id).await;
        crate::sign_in::redeem(&browser(world), &link).await.expect("signed in by a link");
        place.sign_in(rita()).await;
        // A server that begins while the issuer is down.
        for how in [plain(503), plain(200), Broken::Answers(200, "<html>"), Broken::SendsTo("http://192.0.2.1/".to_owned())] {
            let begins = place.again_with(tocsin_api::IssuerPolicy::default()).await;
            place.issuer.is_broken("discovery", how.clone());
            let code = begins.get("/sign-in/oidc", None).await.0.refused();
            assert!(["OIDC_UNREACHABLE", "OIDC_BAD_ANSWER"].contains(&code.as_str()), "{how:?}: {code}");
            // Those who come at once are told at once.
            let asked = place.issuer.asked("discovery");
            assert_eq!(begins.get("/sign-in/oidc", None).await.0.refused(), code);
            assert_eq!(place.issuer.asked("discovery"), asked);
        }
        place.issuer.is_whole();
        // What it says of itself must be its own, and safe.
        for (name, value) in [
            ("issuer", json!("https://evil.example")),
            ("token_endpoint", json!("http://192.0.2.1/token")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("jwks_uri", json!("http://192.0.2.1/keys")),
        ] {
            let begins = place.again_with(tocsin_api::IssuerPolicy::default()).await;
            place.issuer.says(name, value);
            let went = begins.get("/sign-in/oidc", None).await.0;
            match name {
                "token_endpoint" => {
                    let begun = begins.begin().await;
                    let back = place.issuer.signs_in(&begun.page, rita());
                    assert_eq!(begins.get(&back, Some(&begun.binding)).await.0.refused(), "OIDC_BAD_ANSWER");
                }
                _ => assert_eq!(went.refused(), "OIDC_BAD_ANSWER", "{name}"),
            }
            place.issuer.forgets(name);
        }
    }

    async fn where_no_issuer_is_configured_the_page_says_so(world) {
        let (status, body) = {
            let request = axum::http::Request::get("/sign-in/oidc").body(axum::body::Body::empty()).expect("a request");
            let response = world.stranger().send(request).await;
            let status = response.status();
            (status, axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body"))
        };
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(String::from_utf8_lossy(&body).contains("OIDC_NOT_CONFIGURED"));
        let place = Place::new(world).await;
        let ways = axum::http::Request::get("/sign-in/ways").body(axum::body::Body::empty()).expect("a request");
        let body = place.browser().send(ways).await.into_body();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let ways: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(ways["oidc"], "Example login");
    }
}
