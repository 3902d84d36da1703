//! Comments that are edited and retracted, and the sync that is muted.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{Caller, World, on_each_database, text};

async fn bridge_in(world: &World) -> Caller {
    let organization = world.admin().read("{ organization { id } }").await;
    Caller {
        organization: Some(text(&organization["organization"]["id"])),
        ..world.bridge()
    }
}

/// When something happened last.
fn told_at(incident: &Value, kind: &str) -> Value {
    let nodes = incident["timeline"]["nodes"].as_array().expect("nodes");
    let node = nodes.iter().rfind(|node| node["kind"] == kind);
    node.expect("an entry")["createdAt"].clone()
}

fn bodies(entry: &Value) -> Vec<String> {
    let revisions = entry["revisions"].as_array().expect("revisions");
    revisions.iter().map(|one| text(&one["bodyMarkdown"])).collect()
}

on_each_database! {
    async fn an_edited_comment_keeps_its_place_and_what_it_said_before(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        let incident = alice.trigger("Down").await;
        let comment = alice.comment(&incident, "Rolled bakc.").await.done()["entry"].clone();
        alice.change("acknowledgeIncident", json!({ "id": incident["id"] })).await.done();

        for (version, body) in [(4, "Rolled back."), (5, "Rolled back to 1.2.")] {
            let edit = json!({ "id": comment["id"], "bodyMarkdown": body });
            let edited = alice.change("editComment", edit.clone()).await.done();
            assert_eq!(edited["entry"]["bodyMarkdown"], body);
            assert_eq!(edited["entry"]["version"], comment["version"]);
            assert_eq!(edited["entry"]["changedVersion"], version);
            assert_eq!(edited["incident"]["version"], version);
            let again = alice.change("editComment", edit).await.done();
            assert_eq!(again["incident"]["version"], version, "the same text again");
        }
        let edited = alice.change("editComment", json!({ "id": comment["id"], "bodyMarkdown": "Rolled back to 1.2." })).await.done();
        assert_eq!(bodies(&edited["entry"]), ["Rolled bakc.", "Rolled back."]);
        assert_eq!(alice.timeline(&incident).await.len(), 3);
        let log = alice.log().await;
        let kinds: Vec<_> = log.iter().map(|event| text(&event["kind"])).collect();
        assert_eq!(kinds, ["INCIDENT_TRIGGERED", "COMMENT_ADDED", "INCIDENT_ACKNOWLEDGED", "COMMENT_EDITED", "COMMENT_EDITED"]);
        assert_eq!(log[4]["entry"]["version"], comment["version"]);
    }

    async fn what_changed_after_a_version_is_what_was_added_edited_and_retracted_since(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let mut comments = Vec::new();
        for body in ["one", "two", "three"] {
            comments.push(admin.comment(&incident, body).await.done()["entry"].clone());
        }
        admin.change("editComment", json!({ "id": comments[0]["id"], "bodyMarkdown": "One" })).await.done();
        admin.change("retractComment", json!({ "id": comments[1]["id"] })).await.done();
        admin.comment(&incident, "four").await.done();
        let query = "query($id: ID!, $version: Int) { incident(id: $id) { timeline(changedAfterVersion: $version) { nodes { version } } } }";
        for (version, expected) in [(4, vec![2, 3, 7]), (5, vec![3, 7]), (6, vec![7]), (7, vec![])] {
            let data = admin.ask(query, json!({ "id": incident["id"], "version": version })).await.data();
            let nodes = data["incident"]["timeline"]["nodes"].as_array().expect("nodes").clone();
            let versions: Vec<_> = nodes.iter().map(|node| node["version"].as_i64().expect("a version")).collect();
            assert_eq!(versions, expected, "after {version}");
        }
    }

    async fn a_retracted_comment_says_nothing_any_more(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        let incident = alice.trigger("Down").await;
        let comment = alice.comment(&incident, "The password is 1234.").await.done()["entry"].clone();
        alice.change("editComment", json!({ "id": comment["id"], "bodyMarkdown": "The password is ****." })).await.done();
        let id = json!({ "id": comment["id"] });
        let retracted = alice.change("retractComment", id.clone()).await.done();
        assert_eq!(retracted["entry"]["bodyMarkdown"], Value::Null);
        assert_eq!(retracted["entry"]["revisions"], json!([]));
        assert_eq!(retracted["entry"]["retractedBy"]["name"], "Alice");
        assert_eq!(retracted["incident"]["version"], 4);
        assert_eq!(alice.change("retractComment", id).await.done()["incident"]["version"], 4);
        let edit = json!({ "id": comment["id"], "bodyMarkdown": "Again." });
        assert_eq!(alice.change("editComment", edit).await.refused(), "RETRACTED");
        let all = format!("{:?}", alice.timeline(&incident).await);
        assert!(!all.contains("1234") && !all.contains("****"), "{all}");
    }

    async fn a_comment_is_edited_by_who_made_it_and_retracted_by_an_admin_as_well(world) {
        let (_, alice) = world.member("Alice", "RESPONDER").await;
        let (_, bob) = world.member("Bob", "RESPONDER").await;
        let (_, stella) = world.member("Stella", "STAKEHOLDER").await;
        let (_, ada) = world.member("Ada", "ADMIN").await;
        let incident = alice.trigger("Down").await;
        let comment = alice.comment(&incident, "On it.").await.done()["entry"].clone();
        let edit = json!({ "id": comment["id"], "bodyMarkdown": "Mine." });
        let retract = json!({ "id": comment["id"] });
        for other in [&bob, &stella, &ada] {
            assert_eq!(other.change("editComment", edit.clone()).await.refused(), "FORBIDDEN");
        }
        for other in [&bob, &stella] {
            assert_eq!(other.change("retractComment", retract.clone()).await.refused(), "FORBIDDEN");
        }
        let theirs = world.neighbour().await;
        assert_eq!(theirs.change("editComment", edit.clone()).await.refused(), "NOT_FOUND");
        assert_eq!(theirs.change("retractComment", retract.clone()).await.refused(), "NOT_FOUND");
        assert_eq!(alice.timeline(&incident).await[1]["bodyMarkdown"], "On it.");
        let done = ada.change("retractComment", retract).await.done();
        assert_eq!(done["entry"]["retractedBy"]["name"], "Ada");
    }

    async fn a_comment_of_slack_follows_slack_in_whatever_order_its_edits_come(world) {
        let bridge = bridge_in(world).await;
        let (rita, key) = world.member("Rita", "RESPONDER").await;
        let for_rita = Caller { on_behalf_of: Some(rita), ..bridge.clone() };
        let incident = world.admin().trigger("Down").await;
        let from = |reference: &str| json!({ "incidentId": incident["id"], "bodyMarkdown": "first", "externalRef": reference });
        let edit = |reference: &str, body: &str, revision: &str| json!({ "externalRef": reference, "bodyMarkdown": body, "revision": revision });
        let comment = for_rita.change("addComment", from("slack:T1/C1/1.1")).await.done()["entry"].clone();
        for (body, revision, now) in [("second", "10.000200", "second"), ("late", "9.000300", "second"), ("same time", "10.000200", "second"), ("third", "10.000300", "third")] {
            let edited = for_rita.change("editComment", edit("slack:T1/C1/1.1", body, revision)).await.done();
            assert_eq!(edited["entry"]["bodyMarkdown"], now, "{body}");
        }
        let own = json!({ "id": comment["id"], "bodyMarkdown": "here" });
        assert_eq!(key.change("editComment", own).await.refused(), "EDIT_IN_SLACK");
        let unknown = edit("slack:T1/C1/9.9", "x", "1.0");
        assert_eq!(for_rita.change("editComment", unknown).await.refused(), "NOT_FOUND");
        assert_eq!(key.attempt("editComment", edit("slack:T1/C1/1.1", "x", "99.0")).await.error_code(), "GRAPHQL_VALIDATION_FAILED");
        // The bridge by itself: who was deactivated since, or is no member at all.
        let edited = bridge.change("editComment", edit("slack:T1/C1/1.1", "fourth", "11.0")).await.done();
        assert_eq!(edited["entry"]["author"]["name"], "Rita");
        let retract = json!({ "externalRef": "slack:T1/C1/1.1" });
        assert_eq!(bridge.change("retractComment", retract.clone()).await.done()["entry"]["bodyMarkdown"], Value::Null);
        let version = bridge.change("retractComment", retract).await.done()["incident"]["version"].clone();
        let late = bridge.change("editComment", edit("slack:T1/C1/1.1", "fifth", "12.0")).await.done();
        assert_eq!((&late["entry"]["bodyMarkdown"], &late["incident"]["version"]), (&Value::Null, &version));
        // What the API's own people have said is none of Slack's business.
        let theirs = world.admin().comment(&incident, "from the API").await.done()["entry"].clone();
        let edit = json!({ "id": theirs["id"], "bodyMarkdown": "x" });
        assert_eq!(bridge.change("editComment", edit).await.refused(), "FORBIDDEN");
    }

    async fn an_edit_that_was_undone_is_not_done_again_by_coming_late(world) {
        world.takes_unmatched().await;
        let bridge = bridge_in(world).await;
        let incident = world.admin().trigger("Down").await;
        let said = json!({ "incidentId": incident["id"], "bodyMarkdown": "up", "externalRef": "slack:T1/C1/2.2", "slackAuthor": { "name": "Zoe" } });
        bridge.change("addComment", said).await.done();
        // "up" became "down" and "up" again; the second edit comes first, and twice.
        for (body, revision) in [("up", "12.0"), ("down", "11.0"), ("up", "12.0")] {
            let edit = json!({ "externalRef": "slack:T1/C1/2.2", "bodyMarkdown": body, "revision": revision });
            let now = bridge.change("editComment", edit).await.done();
            assert_eq!((&now["entry"]["bodyMarkdown"], &now["incident"]["version"]), (&json!("up"), &json!(2)), "{body}");
            assert_eq!(now["entry"]["author"]["name"], "Zoe");
        }
    }

    async fn edits_of_one_comment_that_come_together_leave_the_newest(world) {
        world.takes_unmatched().await;
        let bridge = bridge_in(world).await;
        let incident = world.admin().trigger("Down").await;
        let said = json!({ "incidentId": incident["id"], "bodyMarkdown": "0", "externalRef": "slack:T1/C1/3.3", "slackAuthor": { "name": "Zoe" } });
        bridge.change("addComment", said).await.done();
        let edits = (1..=20).rev().chain(1..=20).map(|n| {
            let edit = json!({ "externalRef": "slack:T1/C1/3.3", "bodyMarkdown": n.to_string(), "revision": format!("{n}.000100") });
            let bridge = bridge.clone();
            async move { bridge.change("editComment", edit).await.done() }
        });
        futures::future::join_all(edits).await;
        let timeline = world.admin().timeline(&incident).await;
        assert_eq!((timeline.len(), &timeline[1]["bodyMarkdown"]), (2, &json!("20")));
        let log = world.admin().log().await;
        let versions: Vec<_> = world.admin().read("{ incident(number: 1) { version } }").await["incident"]["version"].as_i64().into_iter().collect();
        assert_eq!(versions, [i64::try_from(log.len()).expect("few")], "each version is one event");
    }

    async fn another_organisations_bridge_requests_find_no_comment_of_ours(world) {
        world.takes_unmatched().await;
        let bridge = bridge_in(world).await;
        let incident = world.admin().trigger("Down").await;
        let said = json!({ "incidentId": incident["id"], "bodyMarkdown": "ours", "externalRef": "slack:T1/C1/4.4", "slackAuthor": { "name": "Zoe" } });
        let entry = bridge.change("addComment", said).await.done()["entry"].clone();
        let theirs = world.neighbour().await.read("{ organization { id } }").await;
        let elsewhere = Caller { organization: Some(text(&theirs["organization"]["id"])), ..world.bridge() };
        let edit = json!({ "externalRef": "slack:T1/C1/4.4", "bodyMarkdown": "theirs", "revision": "9.9" });
        assert_eq!(elsewhere.change("editComment", edit).await.refused(), "NOT_FOUND");
        let retract = json!({ "externalRef": "slack:T1/C1/4.4" });
        assert_eq!(elsewhere.change("retractComment", retract).await.refused(), "NOT_FOUND");
        for neither in [json!({}), json!({ "id": entry["id"], "externalRef": "slack:T1/C1/4.4" })] {
            assert_eq!(bridge.change("retractComment", neither.clone()).await.refused(), if neither["id"].is_null() { "FORBIDDEN" } else { "INVALID_INPUT" });
        }
        let long = json!({ "externalRef": "slack:T1/C1/4.4", "bodyMarkdown": "x", "revision": "9".repeat(300) });
        assert_eq!(bridge.change("editComment", long).await.refused(), "INVALID_INPUT");
        assert_eq!(world.admin().timeline(&incident).await[1]["bodyMarkdown"], "ours");
    }

    async fn a_repeated_request_edits_once_and_names_one_comment(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let comment = admin.comment(&incident, "one").await.done()["entry"].clone();
        let edit = json!({ "id": comment["id"], "bodyMarkdown": "two", "idempotencyKey": "k1" });
        admin.change("editComment", edit.clone()).await.done();
        admin.change("editComment", json!({ "id": comment["id"], "bodyMarkdown": "three" })).await.done();
        let again = admin.change("editComment", edit).await.done();
        assert_eq!(again["entry"]["bodyMarkdown"], "three", "as it is now");
        for wrong in [json!({ "bodyMarkdown": "x" }), json!({ "id": comment["id"], "bodyMarkdown": " " })] {
            assert_eq!(admin.change("editComment", wrong).await.refused(), "INVALID_INPUT");
        }
        let long = json!({ "id": comment["id"], "bodyMarkdown": "x".repeat(200_001) });
        assert_eq!(admin.change("editComment", long).await.refused(), "INVALID_INPUT");
        assert_eq!(admin.change("editComment", json!({ "id": incident["id"], "bodyMarkdown": "x" })).await.refused(), "NOT_FOUND");
    }

    async fn what_comes_about_while_the_sync_is_muted_is_marked(world) {
        world.takes_unmatched().await;
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let query = "query($id: ID!) { incident(id: $id) { slackMuted slackReplyMode timeline { nodes { kind slackMuted changes createdAt } } } }";
        let sync = |input: Value| {
            let mut input = input;
            input["id"] = incident["id"].clone();
            input
        };
        admin.change("setSlackSync", sync(json!({ "muted": true }))).await.done();
        admin.comment(&incident, "among us").await.done();
        let version = admin.change("setSlackSync", sync(json!({ "muted": true }))).await.done()["incident"]["version"].clone();
        assert_eq!(version, 3, "muted already");
        admin.change("setSlackSync", sync(json!({ "muted": false, "replyMode": "CHANNEL" }))).await.done();
        admin.comment(&incident, "for all").await.done();
        let read = admin.ask(query, json!({ "id": incident["id"] })).await.data()["incident"].clone();
        assert_eq!((&read["slackMuted"], &read["slackReplyMode"]), (&json!(false), &json!("CHANNEL")));
        let told: Vec<_> = read["timeline"]["nodes"].as_array().expect("nodes").iter()
            .map(|node| (text(&node["kind"]), node["slackMuted"].as_bool().expect("a flag"))).collect();
        let expected = [("TRIGGERED", false), ("SYNC_MUTED", false), ("COMMENT", true), ("SYNC_UNMUTED", false), ("COMMENT", false)];
        assert_eq!(told, expected.map(|(kind, muted)| (kind.to_owned(), muted)));
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let during = told_at(&read, "SYNC_MUTED");
        let said = |ts: &str, at: &Value| json!({ "incidentId": incident["id"], "bodyMarkdown": "late", "externalRef": format!("slack:T1/C1/{ts}"),
            "slackAuthor": { "name": "Ada" }, "saidAt": at });
        assert_eq!(bridge.change("addComment", said("1.0", &during)).await.refused(), "SYNC_MUTED");
        bridge.change("addComment", said("2.0", &told_at(&read, "SYNC_UNMUTED"))).await.done();
        let by_hand = json!({ "incidentId": incident["id"], "bodyMarkdown": "x", "saidAt": during });
        assert_eq!(admin.attempt("addComment", by_hand).await.error_code(), "GRAPHQL_VALIDATION_FAILED");
        admin.change("setSlackSync", sync(json!({ "replyMode": null }))).await.done();
        let read = admin.ask(query, json!({ "id": incident["id"] })).await.data()["incident"].clone();
        assert_eq!(read["slackReplyMode"], Value::Null);
        let (_, stella) = world.member("Stella", "STAKEHOLDER").await;
        assert_eq!(stella.change("setSlackSync", sync(json!({ "muted": true }))).await.refused(), "FORBIDDEN");
    }

    async fn an_administrator_says_where_incidents_go_and_how_they_are_told_there(world) {
        let admin = world.admin();
        let made = admin.change("createConnector", json!({ "name": "payments", "channel": "#payments" })).await.done()["connector"].clone();
        assert_eq!((&made["channel"], &made["replyMode"]), (&json!("#payments"), &json!("THREAD")));
        let change = json!({ "id": made["id"], "replyMode": "CHANNEL", "channel": "C0PAY" });
        let now = admin.change("updateConnector", change).await.done()["connector"].clone();
        assert_eq!(now, json!({ "id": made["id"], "name": "payments", "channel": "C0PAY", "replyMode": "CHANNEL" }));
        for wrong in ["payments", "#", "# x", "C", ""] {
            let input = json!({ "name": "wrong", "channel": wrong });
            assert_eq!(admin.change("createConnector", input).await.refused(), "INVALID_INPUT", "{wrong:?}");
        }
        let taken = json!({ "name": "payments", "channel": "#other" });
        assert_eq!(admin.change("createConnector", taken).await.refused(), "ALREADY_EXISTS");
        let (_, responder) = world.member("Rita", "RESPONDER").await;
        assert_eq!(responder.change("updateConnector", json!({ "id": made["id"] })).await.refused(), "FORBIDDEN");
        let theirs = world.neighbour().await;
        assert_eq!(theirs.change("updateConnector", json!({ "id": made["id"] })).await.refused(), "NOT_FOUND");
    }

    async fn people_and_services_are_found_as_one_types(world) {
        let (_, rita) = world.member("Rita", "RESPONDER").await;
        let admin = world.admin();
        for (name, email) in [("Jörg Rösler", "jr@example.com"), ("Gone Girl", "gone@example.com")] {
            admin.change("createUser", json!({ "name": name, "email": email, "role": "RESPONDER" })).await.done();
        }
        admin.change("createService", json!({ "name": "Payments API" })).await.done();
        let names = |data: Value, of: &str| -> Vec<String> {
            data[of]["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["name"])).collect()
        };
        let users = "query($text: String, $active: Boolean) { users(filter: { search: $text, active: $active }) { nodes { id name } } }";
        for (typed, found) in [("rös", vec!["Jörg Rösler"]), ("RITA", vec!["Rita"]), ("jr@", vec!["Jörg Rösler"]), ("%", vec![]), ("girl", vec!["Gone Girl"])] {
            assert_eq!(names(rita.ask(users, json!({ "text": typed })).await.data(), "users"), found, "{typed}");
        }
        let gone = rita.ask(users, json!({ "text": "girl" })).await.data()["users"]["nodes"][0]["id"].clone();
        admin.change("updateUser", json!({ "id": gone, "active": false })).await.done();
        assert!(names(rita.ask(users, json!({ "text": "girl", "active": true })).await.data(), "users").is_empty());
        assert_eq!(names(rita.ask(users, json!({ "active": false })).await.data(), "users"), ["Gone Girl"]);
        let services = "query($text: String) { services(filter: { search: $text }) { nodes { name } } }";
        assert_eq!(names(rita.ask(services, json!({ "text": "pay" })).await.data(), "services"), ["Payments API"]);
        let incidents = "query($text: String) { incidents(filter: { search: $text }) { nodes { id } } }";
        for query in [users, services, incidents] {
            let answer = rita.ask(query, json!({ "text": "x".repeat(100_000) })).await;
            assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{query}");
        }
    }

    async fn comments_stand_where_they_were_said_whenever_they_come_to_be_known(world) {
        world.takes_unmatched().await;
        let admin = world.admin();
        let bridge = bridge_in(world).await;
        let incident = admin.trigger("Down").await;
        let read = admin.read("{ incident(number: 1) { triggeredAt } }").await;
        let began = OffsetDateTime::parse(&text(&read["incident"]["triggeredAt"]), &Rfc3339).expect("a time");
        let say = async |body: &str, at: OffsetDateTime| {
            let input = json!({ "incidentId": incident["id"], "bodyMarkdown": body, "externalRef": format!("slack:T1/C1/{body}"),
                "slackAuthor": { "name": "Ada" }, "saidAt": at.format(&Rfc3339).expect("a time") });
            bridge.change("addComment", input).await.done();
        };
        admin.comment(&incident, "by the API").await.done();
        say("third", began + Duration::microseconds(30)).await;
        say("first", began + Duration::microseconds(10)).await;
        say("second", began + Duration::microseconds(20)).await;
        say("too early", began - Duration::hours(1)).await;
        say("too late", tocsin_clock::machine_now() + Duration::hours(1)).await;

        let query = "query($first: Int, $after: String, $last: Int, $before: String, $changed: Int) { incident(number: 1) {
            timeline(first: $first, after: $after, last: $last, before: $before, changedAfterVersion: $changed) {
            nodes { kind bodyMarkdown version occurredAt createdAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
        let page = async |variables: Value| admin.ask(query, variables).await.data()["incident"]["timeline"].clone();
        let bodies = |page: &Value| -> Vec<Value> {
            page["nodes"].as_array().expect("nodes").iter().map(|node| node["bodyMarkdown"].clone()).collect()
        };
        let whole = page(json!({})).await;
        let order = json!([null, "too early", "first", "second", "third", "by the API", "too late"]);
        assert_eq!(json!(bodies(&whole)), order, "{whole:#}");
        let nodes = whole["nodes"].as_array().expect("nodes");
        assert_eq!(nodes[1]["occurredAt"], read["incident"]["triggeredAt"]);
        let second = began + Duration::microseconds(20);
        assert_eq!(nodes[3]["occurredAt"], second.format(&Rfc3339).expect("a time"));
        for by_api in [&nodes[0], &nodes[5], &nodes[6]] {
            assert_eq!(by_api["occurredAt"], by_api["createdAt"]);
        }

        let (mut forth, mut after) = (Vec::new(), Value::Null);
        loop {
            let some = page(json!({ "first": 2, "after": after })).await;
            forth.extend(bodies(&some));
            after = some["pageInfo"]["endCursor"].clone();
            if some["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(json!(forth), order);
        let (mut back, mut before) = (Vec::new(), Value::Null);
        loop {
            let some = page(json!({ "last": 2, "before": before })).await;
            back.splice(0..0, bodies(&some));
            before = some["pageInfo"]["startCursor"].clone();
            if some["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(json!(back), order);
        let changed = page(json!({ "changed": 4 })).await;
        assert_eq!(json!(bodies(&changed)), json!(["too early", "second", "too late"]));

        let draft = admin.change("createPostmortem", json!({ "incidentId": incident["id"] })).await.done();
        let draft = text(&draft["postmortem"]["bodyMarkdown"]);
        let places: Vec<_> = ["first", "second", "third", "by the API"].map(|body| draft.find(body).expect("told")).into();
        assert!(places.is_sorted(), "{draft}");
    }
}
