//! Whom an issuer's word signs in, and with which role.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_api::IssuerPolicy;

use super::{Place, issuer::Person, viewer};
use crate::world::{Caller, World, on_each_database, text};

fn rita() -> Person {
    Person::new("sub-1", "rita@example.com")
}

fn of_groups(groups: &str) -> IssuerPolicy {
    IssuerPolicy {
        group_roles: Some(groups.parse().expect("groups")),
        organizations: None,
    }
}

/// The roles of all members, by their names.
async fn roles(world: &World) -> Value {
    let users = world
        .admin()
        .read("{ users(first: 50) { nodes { name role } } }")
        .await;
    let users = users["users"]["nodes"].as_array().expect("users").clone();
    users
        .iter()
        .map(|user| (text(&user["name"]), user["role"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn set(admin: &Caller, id: &str, change: Value) {
    let mut input = change;
    input["id"] = json!(id);
    admin.change("updateUser", input).await.done();
}

on_each_database! {
    async fn an_address_counts_where_the_issuer_has_verified_it(world) {
        let place = Place::new(world).await;
        world.member("Rita", "ADMIN").await;
        for (verified, code) in [
            (json!(false), "OIDC_EMAIL_UNVERIFIED"),
            (json!("false"), "OIDC_EMAIL_UNVERIFIED"),
            (Value::Null, "OIDC_EMAIL_UNVERIFIED"),
        ] {
            let person = Person { page: Some(json!({ "sub": "sub-1" })), ..rita().with("email_verified", verified.clone()) };
            assert_eq!(place.refused(person).await, code, "{verified}");
        }
        let nameless = Person { page: Some(json!({ "sub": "sub-1" })), ..rita().with("email", Value::Null) };
        assert_eq!(place.refused(nameless).await, "OIDC_EMAIL_MISSING");
        // Verified is that address which stands beside it.
        let mixed = Person {
            page: Some(json!({ "sub": "sub-1", "email": "evil@example.com", "email_verified": true })),
            ..rita().with("email_verified", Value::Null)
        };
        assert_eq!(place.refused(mixed).await, "NOT_A_MEMBER");
        // What the userinfo endpoint says of somebody else is not heard.
        let other = Person {
            page: Some(json!({ "sub": "sub-2", "email": "rita@example.com", "email_verified": true })),
            ..rita().with("email", Value::Null)
        };
        assert_ne!(place.come_back(other).await.0.status, StatusCode::SEE_OTHER);
        let said = Person {
            page: Some(json!({ "sub": "sub-1", "email": "rita@example.com", "email_verified": true })),
            ..rita().with("email", Value::Null).with("email_verified", Value::Null)
        };
        place.sign_in(said).await;
        // Some write it as a text.
        place.sign_in(rita().with("email_verified", json!("true"))).await;
    }

    async fn whom_nobody_has_added_is_told_who_can_and_is_not_made(world) {
        let place = Place::new(world).await;
        let before = roles(world).await;
        let (back, _) = place.come_back(Person::new("sub-9", "<b>new@example.com")).await;
        assert_eq!(back.refused(), "NOT_A_MEMBER");
        assert!(back.body.contains("ask an administrator") && !back.body.contains("<b>"), "{}", back.body);
        // U+212A is in lowercase the letter k: it is another address.
        world.member("Mark", "ADMIN").await;
        assert_eq!(place.refused(Person::new("sub-8", "mar\u{212a}@example.com")).await, "NOT_A_MEMBER");
        let mut expected = before;
        expected["Mark"] = json!("ADMIN");
        assert_eq!(roles(world).await, expected);
    }

    async fn who_is_deactivated_signs_in_no_more_until_they_are_active_again(world) {
        let place = Place::new(world).await;
        let admin = world.admin();
        let (id, _) = world.member("Rita", "ADMIN").await;
        let session = place.sign_in(rita()).await;
        set(&admin, &id, json!({ "active": false })).await;
        assert_eq!(place.refused(rita()).await, "MEMBER_DEACTIVATED");
        assert_eq!(session.turned_away().await, "UNAUTHENTICATED");
        set(&admin, &id, json!({ "active": true })).await;
        place.sign_in(rita()).await;
    }

    async fn an_account_is_bound_to_a_member_and_an_address_that_moves_is_not_taken_for_them(world) {
        let place = Place::new(world).await;
        let admin = world.admin();
        let (id, _) = world.member("Rita", "ADMIN").await;
        place.sign_in(rita()).await;
        // The address is somebody else's now, or the account was made anew.
        let moved = Person::new("sub-2", "rita@example.com");
        let (back, _) = place.come_back(moved.clone()).await;
        assert_eq!((back.refused().as_str(), back.status), ("OTHER_ACCOUNT", StatusCode::FORBIDDEN));
        assert!(back.body.contains("an administrator releases"), "{}", back.body);
        // Whoever marries keeps the account.
        let married = place.sign_in(Person::new("sub-1", "rita.new@example.com")).await;
        assert_eq!(viewer(&married).await["user"]["name"], "Rita");
        // Also where the new address is a colleague's.
        world.member("Fred", "RESPONDER").await;
        let still = place.sign_in(Person::new("sub-1", "fred@example.com")).await;
        assert_eq!(viewer(&still).await["user"]["name"], "Rita");
        let fred = place.sign_in(Person::new("sub-3", "fred@example.com")).await;
        assert_eq!(viewer(&fred).await["user"]["name"], "Fred");
        // An administrator releases it.
        set(&admin, &id, json!({ "active": false })).await;
        set(&admin, &id, json!({ "active": true })).await;
        place.sign_in(moved).await;
        assert_eq!(place.refused(rita()).await, "OTHER_ACCOUNT");
        // Or gives the member another address.
        set(&admin, &id, json!({ "email": "rita.two@example.com" })).await;
        let two = place.sign_in(Person::new("sub-4", "rita.two@example.com")).await;
        assert_eq!(viewer(&two).await["user"]["name"], "Rita");
    }

    async fn of_those_who_sign_in_at_once_for_the_first_time_each_is_signed_in(world) {
        let place = Place::new(world).await;
        let there = place.again_with(IssuerPolicy::default()).await;
        world.member("Rita", "ADMIN").await;
        let came = futures::future::join_all((0..6).map(|n| {
            let place = if n % 2 == 0 { &place } else { &there };
            async move { place.come_back(rita()).await.0 }
        }))
        .await;
        assert!(came.iter().all(|back| back.tokens().len() == 1), "{came:?}");
    }

    async fn groups_give_roles_at_each_sign_in(world) {
        let place = Place::with(world, of_groups("ops-admins=ADMIN, ops=RESPONDER")).await;
        world.member("Rita", "STAKEHOLDER").await;
        let with = |groups: Value| rita().with("groups", groups);
        let session = place.sign_in(with(json!(["ops"]))).await;
        assert_eq!(viewer(&session).await["role"], "RESPONDER");
        let admin = place.sign_in(with(json!(["ops", "ops-admins"]))).await;
        assert_eq!(viewer(&admin).await["role"], "ADMIN");
        let back = place.sign_in(with(json!("ops"))).await;
        for session in [&session, &admin, &back] {
            assert_eq!(viewer(session).await["role"], "RESPONDER", "also where they were signed in before");
        }
        assert_eq!(place.refused(with(json!([]))).await, "NO_ROLE");
        assert_eq!(place.refused(with(json!(["OPS", "*"]))).await, "NO_ROLE");
        assert_eq!(roles(world).await["Rita"], "RESPONDER", "who is refused stays as they are");
        // What is not said is not nothing.
        let silent = Person { page: Some(json!({ "sub": "sub-1" })), ..rita() };
        assert_eq!(place.refused(silent).await, "OIDC_GROUPS_MISSING");
        let said = Person { page: Some(json!({ "sub": "sub-1", "groups": ["ops-admins"] })), ..rita() };
        assert_eq!(viewer(&place.sign_in(said).await).await["role"], "ADMIN");
        let others = place.again_with(of_groups("ops-admins=ADMIN, *=STAKEHOLDER")).await;
        let guest = others.sign_in(with(json!(["guests"]))).await;
        assert_eq!(viewer(&guest).await["role"], "STAKEHOLDER");
        let log = world.admin().read("{ auditLog(first: 100) { nodes { action before after } } }").await.to_string();
        assert!(log.contains("signIn") && log.contains("STAKEHOLDER"), "{log}");
    }

    async fn owners_are_made_by_a_group_that_says_so_and_the_last_one_stays(world) {
        let place = Place::with(world, of_groups("ops-admins=ADMIN")).await;
        world.member("Rita", "OWNER").await;
        let ada = |groups: Value| Person::new("sub-a", "ada@example.com").with("groups", groups);
        world.member("Ada", "RESPONDER").await;
        let chief = rita().with("groups", json!([]));
        assert_eq!(viewer(&place.sign_in(chief.clone()).await).await["role"], "OWNER", "no group makes owners here");
        let owners = place.again_with(of_groups("chiefs=OWNER, ops=RESPONDER")).await;
        assert_eq!(viewer(&owners.sign_in(chief.clone()).await).await["role"], "OWNER", "the last one stays");
        assert_eq!(viewer(&owners.sign_in(ada(json!(["chiefs"]))).await).await["role"], "OWNER");
        assert_eq!(viewer(&owners.sign_in(chief.with("groups", json!(["ops"]))).await).await["role"], "RESPONDER");
        assert_eq!(viewer(&owners.sign_in(ada(json!(["ops"]))).await).await["role"], "OWNER", "now Ada is the last one");
        assert_eq!(roles(world).await, json!({ "Rita": "RESPONDER", "Ada": "OWNER" }));
    }

    async fn who_is_known_in_two_organisations_chooses_one(world) {
        let place = Place::new(world).await;
        let neighbour = world.neighbour().await;
        world.member("Rita", "ADMIN").await;
        neighbour.make_user("Rita", "RESPONDER").await;
        let (back, binding) = place.come_back(rita()).await;
        let tokens = back.tokens();
        assert_eq!(tokens.len(), 2);
        let mut named = Vec::new();
        for token in &tokens {
            let session = place.redeem(token, &binding).await.expect("signed in");
            let viewer = viewer(&session).await;
            named.push((text(&viewer["organization"]["name"]), text(&viewer["role"])));
        }
        named.sort();
        let named: Vec<_> = named.iter().map(|(name, role)| (name.as_str(), role.as_str())).collect();
        assert_eq!(named, [("My organisation", "ADMIN"), ("The neighbours", "RESPONDER")]);
        // An issuer that is one organisation's signs in to that alone.
        let slug = text(&neighbour.read("{ organization { slug } }").await["organization"]["slug"]);
        let theirs = place.again_with(IssuerPolicy { group_roles: None, organizations: Some(vec![slug]) }).await;
        let session = theirs.sign_in(rita()).await;
        assert_eq!(viewer(&session).await["organization"]["name"], "The neighbours");
        let nobodys = place.again_with(IssuerPolicy { group_roles: None, organizations: Some(vec!["elsewhere".to_owned()]) }).await;
        assert_eq!(nobodys.refused(rita()).await, "NOT_A_MEMBER");
        // Gone from one, they sign in to the other.
        let users = neighbour.read("{ users(first: 5) { nodes { id name } } }").await;
        let id = text(&users["users"]["nodes"][0]["id"]);
        set(&neighbour, &id, json!({ "active": false })).await;
        assert_eq!(viewer(&place.sign_in(rita()).await).await["organization"]["name"], "My organisation");
    }
}
