//! Members sign in by a one-time link, and the first owner by one of their own.

use axum::http::StatusCode;
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tocsin_api::bootstrap::{self, BootstrapError};

use crate::world::{Caller, World, on_each_database, text};

/// The page's own address.
pub(crate) const ORIGIN: &str = "https://tocsin.example.com";

/// SHA-256 of `held`, in hex.
const HELD_HASH: &str = "c20dea4d876b5b8fb0a1814b43017030cea6d4ac30b2d9ae71b404d2faba49b5";

/// Somebody's browser at a page of the server's, in which nobody is signed in.
pub(crate) fn browser(world: &World) -> Caller {
    Caller {
        origin: Some(ORIGIN.to_owned()),
        ..world.stranger()
    }
}

/// The token in a link's address.
fn token(url: &str) -> String {
    let (page, token) = url.split_once("#token=").expect("a token in the fragment");
    assert_eq!(page, "https://tocsin.example.com/sign-in");
    token.to_owned()
}

/// The bridge, on behalf of a member.
async fn bridge_for(world: &World, of: &Caller, user: &str) -> Caller {
    let organization = of.read("{ organization { id } }").await["organization"]["id"].clone();
    Caller {
        organization: Some(text(&organization)),
        on_behalf_of: Some(user.to_owned()),
        ..world.bridge()
    }
}

/// A link for a member of the first organisation, as the server's command line prints it.
pub(crate) async fn link_for(world: &World, user: &str) -> String {
    let read = format!("{{ organization {{ slug }} node(id: {user:?}) {{ ... on User {{ email }} }} }}");
    let found = world.admin().read(&read).await;
    let (slug, email) = (
        text(&found["organization"]["slug"]),
        text(&found["node"]["email"]),
    );
    let clock = tocsin_clock::Clock::new();
    let link = bootstrap::create_login_link(&world.database, &clock, ORIGIN, Some(&slug), &email).await;
    token(link.expect("a link").expose_secret())
}

/// A link for a member of the first organisation, as the Slack bridge makes it.
pub(crate) async fn link_by_bridge(world: &World, user: &str, input: Value) -> String {
    let bridge = bridge_for(world, &world.admin(), user).await;
    token(&text(
        &bridge.change("createSignInLink", input).await.done()["url"],
    ))
}

/// Uses a link up in a browser.
pub(crate) async fn redeem(browser: &Caller, token: &str) -> Result<Caller, String> {
    let body = json!({ "token": token });
    let (status, cookie, answer) = browser
        .post("/sign-in/link", &[("user-agent", "Firefox")], body)
        .await;
    if status != StatusCode::OK {
        assert_eq!(cookie, None, "{answer}");
        return Err(text(&answer["errors"][0]["extensions"]["code"]));
    }
    let cookie = cookie.expect("a cookie");
    let (secret, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(
        attributes,
        "Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure"
    );
    let secret = secret.strip_prefix("__Host-tocsin_session=").expect("the cookie");
    assert_eq!(secret.len(), 43);
    Ok(Caller {
        session: Some(secret.to_owned()),
        ..browser.clone()
    })
}

/// A member's browser, signed in.
pub(crate) async fn sign_in(world: &World, user: &str) -> Caller {
    let token = link_for(world, user).await;
    redeem(&browser(world), &token).await.expect("signed in")
}

on_each_database! {
    async fn a_link_says_whom_it_signs_in_and_then_does_so_once(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let (token, browser) = (link_for(world, &id).await, browser(world));
        for _ in 0..2 {
            let (status, cookie, found) = browser.post("/sign-in/look", &[], json!({ "token": token })).await;
            assert_eq!((status, cookie), (StatusCode::OK, None));
            assert_eq!(found, json!({
                "organization": "My organisation", "name": "Rita", "email": "rita@example.com",
                "makesFirstOwner": false, "isBound": false,
            }));
        }
        let rita = redeem(&browser, &token).await.expect("signed in");
        let viewer = rita.read("{ viewer { user { name } role scopes session { method userAgent isCurrent revokedAt } } }").await;
        assert_eq!(viewer["viewer"], json!({
            "user": { "name": "Rita" }, "role": "RESPONDER", "scopes": ["INCIDENTS_TRIGGER", "READ", "WRITE", "ADMIN"],
            "session": { "method": "LINK", "userAgent": "Firefox", "isCurrent": true, "revokedAt": null },
        }));
        rita.trigger("Down").await;
        assert_eq!(redeem(&browser, &token).await.err().as_deref(), Some("LINK_USED"));
        let (_, _, looked) = browser.post("/sign-in/look", &[], json!({ "token": token })).await;
        assert_eq!(looked["errors"][0]["extensions"]["code"], "LINK_USED");
        let told = text(&looked["errors"][0]["message"]);
        assert!(told.contains("ask for a new one"), "{told}");
    }

    async fn a_link_that_is_unknown_expired_or_of_somebody_who_is_gone_signs_nobody_in(world) {
        let browser = browser(world);
        for unknown in ["", "x", "' OR 1=1 --", &"a".repeat(43)] {
            assert_eq!(redeem(&browser, unknown).await.err().as_deref(), Some("LINK_UNKNOWN"), "{unknown}");
        }
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let late = link_for(world, &id).await;
        world.database.write().execute_unprepared("UPDATE sign_in_link SET expires_at = created_at").await.expect("set");
        assert_eq!(redeem(&browser, &late).await.err().as_deref(), Some("LINK_EXPIRED"));
        let gone = link_for(world, &id).await;
        world.admin().change("updateUser", json!({ "id": id, "active": false })).await.done();
        assert_eq!(redeem(&browser, &gone).await.err().as_deref(), Some("LINK_USED"), "it ended with the membership");
        world.database.write().execute_unprepared("UPDATE sign_in_link SET used_at = NULL").await.expect("set");
        assert_eq!(redeem(&browser, &gone).await.err().as_deref(), Some("MEMBER_DEACTIVATED"));
        world.admin().change("updateUser", json!({ "id": id, "active": true })).await.done();
        redeem(&browser, &gone).await.expect("what was refused has not used it up");
    }

    async fn of_many_who_use_a_link_at_once_on_two_replicas_one_is_signed_in(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let here = browser(world);
        let there = Caller { replica: world.another_replica().await, ..here.clone() };
        let token = link_for(world, &id).await;
        let tries = join_all((0..8).map(|n| {
            let (browser, token) = (if n % 2 == 0 { here.clone() } else { there.clone() }, token.clone());
            async move { redeem(&browser, &token).await }
        }))
        .await;
        assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 1);
        assert!(tries.iter().all(|tried| tried.as_ref().err().is_none_or(|code| code == "LINK_USED")));
    }

    async fn a_link_that_is_bound_to_a_browser_works_in_no_other(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let bridge = bridge_for(world, &world.admin(), &id).await;
        let refused = bridge.change("createSignInLink", json!({ "method": "SLACK", "browserHash": "abc" })).await;
        assert_eq!(refused.refused_field(), "browserHash");
        let token = link_by_bridge(world, &id, json!({ "method": "SLACK", "browserHash": HELD_HASH })).await;
        let browser = browser(world);
        assert_eq!(redeem(&browser, &token).await.err().as_deref(), Some("OTHER_BROWSER"));
        let body = json!({ "token": token });
        for (cookie, status) in [("__Host-tocsin_begin=other", 403), ("tocsin_begin=held", 403), ("__Host-tocsin_begin=held", 200)] {
            let (found, ..) = browser.post("/sign-in/look", &[("cookie", cookie)], body.clone()).await;
            assert_eq!(found.as_u16(), status, "{cookie}");
        }
        let (status, cookie, answer) = browser.post("/sign-in/link", &[("cookie", "__Host-tocsin_begin=held")], body).await;
        assert!(status == StatusCode::OK && cookie.is_some(), "{answer}");
    }

    async fn no_page_of_another_address_signs_anybody_in_or_out(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let token = link_for(world, &id).await;
        for origin in [None, Some("https://evil.example"), Some("null"), Some("http://tocsin.example.com")] {
            let foreign = Caller { origin: origin.map(str::to_owned), ..world.stranger() };
            assert_eq!(redeem(&foreign, &token).await.err().as_deref(), Some("FOREIGN_ORIGIN"), "{origin:?}");
            let (status, ..) = foreign.post("/sign-in/look", &[], json!({ "token": token })).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
        let rita = redeem(&browser(world), &token).await.expect("it was not used up");
        let foreign = Caller { origin: Some("https://evil.example".to_owned()), ..rita.clone() };
        let (status, cookie, _) = foreign.post("/sign-out", &[], json!({})).await;
        assert_eq!((status, cookie), (StatusCode::FORBIDDEN, None));
        assert_eq!(rita.turned_away().await, "let in");
        let form = [("content-type", "text/plain")];
        let (status, ..) = Caller { origin: None, ..rita.clone() }.post("/sign-out", &form, json!({})).await;
        assert!(status.is_client_error());
        let (status, cookie, _) = rita.post("/sign-out", &[], json!({})).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(cookie.as_deref(), Some("__Host-tocsin_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"));
        assert_eq!(rita.turned_away().await, "UNAUTHENTICATED");
    }

    async fn signing_in_again_in_a_browser_ends_its_session_before(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let (other, _) = world.member("Rob", "RESPONDER").await;
        let rita = sign_in(world, &id).await;
        let token = link_for(world, &other).await;
        let rob = redeem(&rita, &token).await.expect("signed in");
        assert_ne!(rita.session, rob.session, "no session goes over from one sign-in to the next");
        assert_eq!(rita.turned_away().await, "UNAUTHENTICATED");
        assert_eq!(rob.read("{ viewer { user { name } } }").await["viewer"]["user"]["name"], "Rob");
    }

    async fn the_first_owner_is_made_once_by_a_link_of_the_server(world) {
        let make = async || {
            let clock = tocsin_clock::Clock::new();
            bootstrap::create_first_owner_link(&world.database, &clock, ORIGIN, None).await
        };
        let first = token(make().await.expect("a link").expose_secret());
        let second = token(make().await.expect("another").expose_secret());
        let browser = browser(world);
        let (_, _, found) = browser.post("/sign-in/look", &[], json!({ "token": first })).await;
        assert_eq!((&found["makesFirstOwner"], &found["name"]), (&json!(true), &Value::Null));
        assert_eq!(redeem(&browser, &first).await.err().as_deref(), Some("INVALID_INPUT"), "who?");
        let claim = |token: &str, email: &str| json!({ "token": token, "name": "Olga", "email": email });
        let (status, ..) = browser.post("/sign-in/link", &[], claim(&first, "nobody")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, cookie, answer) = browser.post("/sign-in/link", &[], claim(&first, "olga@example.com")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let cookie = cookie.expect("a cookie");
        let secret = cookie.strip_prefix("__Host-tocsin_session=").and_then(|rest| rest.split(';').next());
        let olga = Caller { session: secret.map(str::to_owned), ..browser.clone() };
        let viewer = olga.read("{ viewer { role user { name email } session { method } } }").await;
        assert_eq!(viewer["viewer"], json!({
            "role": "OWNER", "user": { "name": "Olga", "email": "olga@example.com" }, "session": { "method": "FIRST_OWNER" },
        }));
        let (status, _, late) = browser.post("/sign-in/link", &[], claim(&second, "eve@example.com")).await;
        assert_eq!((status, &late["errors"][0]["extensions"]["code"]), (StatusCode::CONFLICT, &json!("OWNER_EXISTS")));
        assert!(matches!(make().await, Err(BootstrapError::HasOwner)));
    }

    async fn the_command_line_makes_links_for_active_members_alone(world) {
        let (id, _) = world.member("Rita", "RESPONDER").await;
        let make = async |email: &str| {
            let clock = tocsin_clock::Clock::new();
            bootstrap::create_login_link(&world.database, &clock, ORIGIN, None, email).await
        };
        let link = make(" Rita@Example.com ").await.expect("a link");
        let rita = redeem(&browser(world), &token(link.expose_secret())).await.expect("signed in");
        assert_eq!(rita.read("{ viewer { user { name } } }").await["viewer"]["user"]["name"], "Rita");
        assert!(matches!(make("nobody@example.com").await, Err(BootstrapError::NoMember(_))));
        world.admin().change("updateUser", json!({ "id": id, "active": false })).await.done();
        assert!(matches!(make("rita@example.com").await, Err(BootstrapError::NoMember(_))));
    }

    async fn a_session_that_the_bridge_made_manages_nothing(world) {
        let (id, _) = world.member("Adam", "ADMIN").await;
        for input in [json!({ "method": "LINK" }), json!({ "method": "SLACK" })] {
            let token = link_by_bridge(world, &id, input.clone()).await;
            let adam = redeem(&browser(world), &token).await.expect("signed in");
            let incident = adam.trigger("Down").await;
            adam.comment(&incident, "I look").await.done();
            let refused = adam.change("createUser", json!({ "name": "Eve", "email": "eve@example.com", "role": "OWNER" })).await;
            assert_eq!(refused.refused(), "FORBIDDEN", "{input}");
            assert!(refused.told().contains("signed in through Slack"), "{}", refused.told());
            let key = json!({ "name": "laptop", "scopes": ["ADMIN"] });
            assert_eq!(adam.change("createPersonalApiKey", key).await.refused(), "FORBIDDEN", "{input}");
            adam.change("createPersonalApiKey", json!({ "name": "laptop", "scopes": ["WRITE"] })).await.done();
        }
        let adam = redeem(&browser(world), &link_for(world, &id).await).await.expect("signed in");
        adam.change("createUser", json!({ "name": "Rob", "email": "rob@example.com", "role": "RESPONDER" })).await.done();
    }

    async fn a_link_is_for_the_bridge_to_make_and_for_a_member(world) {
        let (id, rita) = world.member("Rita", "RESPONDER").await;
        let input = json!({ "method": "LINK" });
        let code = rita.attempt("createSignInLink", input.clone()).await.error_code();
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        let for_rita = bridge_for(world, &world.admin(), &id).await;
        let by_itself = Caller { on_behalf_of: None, ..for_rita.clone() };
        assert_eq!(by_itself.change("createSignInLink", input.clone()).await.refused(), "FORBIDDEN");
        let neighbour = world.neighbour().await;
        let elsewhere = bridge_for(world, &neighbour, &id).await;
        assert_eq!(elsewhere.attempt("createSignInLink", input).await.error_code(), "FORBIDDEN");
    }

    async fn wrong_tokens_are_slowed_down_as_wrong_keys_are(world) {
        let browser = browser(world);
        let tries = join_all((0..120).map(|n| {
            let browser = browser.clone();
            async move { redeem(&browser, &format!("guess {n}")).await.err().unwrap_or_default() }
        }))
        .await;
        let count = |code: &str| tries.iter().filter(|tried| *tried == code).count();
        assert_eq!(count("LINK_UNKNOWN") + count("TOO_MANY_WRONG_KEYS"), 120, "{tries:?}");
        assert!(count("LINK_UNKNOWN") >= 10 && count("TOO_MANY_WRONG_KEYS") > 0, "{tries:?}");
    }
}
