//! The Slack bridge: it reads every organisation, and writes on behalf of members.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Caller, World, on_each_database, text};

/// Every field and input field that a caller is shown, with its type.
async fn coordinates(caller: &Caller) -> BTreeSet<(String, String)> {
    let data = caller
        .read("{ __schema { types { name fields(includeDeprecated: true) { name } inputFields { name } } } }")
        .await;
    let types = data["__schema"]["types"].as_array().expect("types");
    let fields = |kind: &Value| {
        let own = [&kind["fields"], &kind["inputFields"]];
        let fields: Vec<_> = own
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|field| text(&field["name"]))
            .collect();
        fields
            .into_iter()
            .map(|field| (text(&kind["name"]), field))
            .collect::<Vec<_>>()
    };
    types.iter().flat_map(fields).collect()
}

async fn in_first_organisation(world: &World) -> Caller {
    let id = text(&world.admin().read("{ organization { id } }").await["organization"]["id"]);
    Caller {
        organization: Some(id),
        ..world.bridge()
    }
}

on_each_database! {
    async fn the_bridge_reads_every_organisation(world) {
        let (ours, theirs, bridge) = (world.admin(), world.neighbour().await, world.bridge());
        let (one, other) = (ours.trigger("Ours").await, theirs.trigger("Theirs").await);
        let all = bridge.read("{ organizations { id } }").await;
        assert_eq!(all["organizations"].as_array().map(Vec::len), Some(2));
        for incident in [one, other] {
            let query = "query($id: ID!) { incident(id: $id) { title organizationId } node(id: $id) { id } }";
            let read = bridge.ask(query, json!({ "id": incident["id"] })).await.data();
            assert_eq!((&read["incident"]["title"], &read["node"]["id"]), (&incident["title"], &incident["id"]));
        }
        let code = bridge.ask("{ incidents { nodes { id } } }", json!({})).await.error_code();
        assert_eq!(code, "BAD_USER_INPUT");
    }

    async fn the_bridge_changes_things_on_behalf_of_members_with_their_rights(world) {
        let bridge = in_first_organisation(world).await;
        let admin = world.admin();
        let (rita, stella) = (admin.make_user("Rita", "RESPONDER").await, admin.make_user("Stella", "STAKEHOLDER").await);
        let incident = admin.trigger("Down").await;
        let input = json!({ "id": incident["id"] });
        assert_eq!(bridge.change("acknowledgeIncident", input.clone()).await.refused(), "FORBIDDEN");
        let for_stella = Caller { on_behalf_of: Some(stella), ..bridge.clone() };
        assert_eq!(for_stella.change("acknowledgeIncident", input.clone()).await.refused(), "FORBIDDEN");
        let for_rita = Caller { on_behalf_of: Some(rita.clone()), ..bridge.clone() };
        let done = for_rita.change("acknowledgeIncident", input).await.done();
        assert_eq!(done["incident"]["acknowledgedBy"]["id"], rita.as_str());
        let entry = admin.timeline(&incident).await[1].clone();
        assert_eq!((&entry["source"], &entry["author"]["name"]), (&json!("SLACK"), &json!("Rita")));

        admin.change("updateUser", json!({ "id": rita, "active": false })).await.done();
        assert_eq!(for_rita.turned_away().await, "FORBIDDEN");
        let nobody = Caller { on_behalf_of: Some("usr_00000000000000000000000000000000".to_owned()), ..bridge };
        assert_eq!(nobody.turned_away().await, "FORBIDDEN");
    }

    async fn a_comment_from_slack_is_taken_once_under_its_authors_name(world) {
        let bridge = in_first_organisation(world).await;
        world.takes_unmatched().await;
        let admin = world.admin();
        let (one, other) = (admin.trigger("one").await, admin.trigger("other").await);
        let input = |incident: &serde_json::Value, reference: &str| json!({
            "incidentId": incident["id"], "bodyMarkdown": "On it.", "externalRef": reference, "slackAuthor": { "name": "Gus Guest" },
        });
        let first = bridge.change("addComment", input(&one, "slack:T1/C1/1.1")).await.done();
        assert_eq!(first["entry"]["author"], json!({ "name": "Gus Guest", "email": null }));
        assert_eq!(first["entry"]["source"], "SLACK");
        for incident in [&one, &other] {
            let again = bridge.change("addComment", input(incident, "slack:T1/C1/1.1")).await.done();
            assert_eq!(again["entry"]["id"], first["entry"]["id"]);
        }
        let second = bridge.change("addComment", input(&one, "slack:T1/C1/1.2")).await.done();
        assert_ne!(second["entry"]["id"], first["entry"]["id"]);
        assert_eq!(admin.timeline(&one).await.len(), 3);
        assert_eq!(admin.timeline(&other).await.len(), 1);
        let unnamed = json!({ "incidentId": one["id"], "bodyMarkdown": "x" });
        assert_eq!(bridge.change("addComment", unnamed).await.refused(), "FORBIDDEN");
    }

    async fn what_is_the_bridges_alone_is_refused_from_others(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        for extra in [json!({ "externalRef": "slack:T1/C1/1.1" }), json!({ "slackAuthor": { "name": "Gus" } })] {
            let mut input = json!({ "incidentId": incident["id"], "bodyMarkdown": "x" });
            input.as_object_mut().expect("an input").extend(extra.as_object().expect("fields").clone());
            assert_eq!(admin.attempt("addComment", input).await.error_code(), "GRAPHQL_VALIDATION_FAILED");
        }
        assert_eq!(admin.timeline(&incident).await.len(), 1);
        let user = admin.make_user("Rita", "RESPONDER").await;
        assert_ne!(Caller { on_behalf_of: Some(user), ..admin }.turned_away().await, "let in");
    }

    async fn the_bridge_manages_nothing_for_whomever_it_acts(world) {
        let bridge = in_first_organisation(world).await;
        let admin = world.admin();
        for role in ["OWNER", "ADMIN"] {
            let id = admin.make_user(role, role).await;
            let acting = Caller { on_behalf_of: Some(id), ..bridge.clone() };
            let key = json!({ "name": "root", "scopes": ["ADMIN"] });
            assert_eq!(acting.change("createApiKey", key).await.refused(), "FORBIDDEN");
            let owner = json!({ "name": "Mallory", "email": "mallory@example.com", "role": "OWNER" });
            assert_eq!(acting.change("createUser", owner).await.refused(), "FORBIDDEN");
            assert_eq!(acting.ask("{ apiKeys { nodes { id } } }", json!({})).await.error_code(), "FORBIDDEN");
        }
        let service = admin.change("createService", json!({ "name": "payments" })).await.done()["service"]["id"].clone();
        let rita = admin.make_user("Rita", "RESPONDER").await;
        admin.change("addServiceManager", json!({ "serviceId": service, "userId": rita })).await.done();
        let acting = Caller { on_behalf_of: Some(rita), ..bridge };
        let connector = json!({ "name": "x", "channel": "#x", "serviceIds": [service] });
        assert_eq!(acting.change("createConnector", connector).await.refused(), "FORBIDDEN");
    }

    async fn what_is_the_bridges_alone_does_not_exist_for_anybody_else(world) {
        let (_, owner) = world.member("Olga", "OWNER").await;
        let (all, shown) = (coordinates(&world.bridge()).await, coordinates(&owner).await);
        let hidden: Vec<_> = all.difference(&shown).cloned().collect();
        for known in [("Query", "organizations"), ("Mutation", "completeSlackInstall"), ("SlackWorkspace", "sealedToken"), ("AddCommentInput", "externalRef")] {
            assert!(hidden.contains(&(known.0.to_owned(), known.1.to_owned())), "{known:?} is shown");
        }
        let types = |all: &BTreeSet<(String, String)>| all.iter().map(|(kind, _)| kind.clone()).collect::<BTreeSet<_>>();
        assert!(!types(&shown).contains("SealedSlackToken") && !types(&shown).contains("FinishSlackOperationInput"));
        for (kind, field) in hidden.iter().filter(|(kind, _)| types(&shown).contains(kind)) {
            let (query, variables) = if kind.ends_with("Input") {
                (format!("query($input: {kind}) {{ __typename }}"), json!({ "input": { field: null } }))
            } else {
                (format!("{{ __typename }} fragment F on {kind} {{ {field} }}"), json!({}))
            };
            for caller in [&world.admin(), &owner, &world.stranger()] {
                let answer = caller.ask(&query, variables.clone()).await;
                assert_eq!(answer.error_code(), "GRAPHQL_VALIDATION_FAILED", "{kind}.{field}");
                let told = text(&answer.0["errors"][0]["message"]);
                // As of a field that never was.
                assert!(told.starts_with("Unknown field \"…\""), "{kind}.{field}: {told}");
            }
        }
        for (kind, misspelt) in [("query", "{ organisations { id } }"), ("mutation", "mutation { finishSlackOperatio { id } }")] {
            let answer = owner.ask(misspelt, json!({})).await.0.to_string();
            assert!(!answer.contains("organizations") && !answer.contains("finishSlackOperation\""), "{kind}: {answer}");
        }
    }

    async fn headers_that_name_nothing_are_refused(world) {
        let bridge = world.bridge();
        for organization in ["nonsense", "org_00000000000000000000000000000000"] {
            let caller = Caller { organization: Some(organization.to_owned()), ..bridge.clone() };
            assert_ne!(caller.turned_away().await, "let in", "{organization}");
        }
        let user = world.admin().make_user("Rita", "RESPONDER").await;
        assert_ne!(Caller { on_behalf_of: Some(user), ..bridge }.turned_away().await, "let in");
        assert_eq!(world.caller("the bridge's token, for test").turned_away().await, "UNAUTHENTICATED");
    }

    async fn the_bridge_reads_every_organisations_connectors(world) {
        let neighbour = world.neighbour().await;
        let theirs = neighbour.read("{ organization { id } }").await["organization"]["id"].clone();
        neighbour.change("createConnector", json!({ "name": "default", "channel": "#theirs" })).await.done();
        let all = "{ connectors { channel organization { id } } }";
        let channels = async |caller: &Caller| {
            let data = caller.read(all).await;
            let mut channels: Vec<String> = data["connectors"].as_array().expect("connectors").iter().map(|one| text(&one["channel"])).collect();
            channels.sort_unstable();
            channels
        };
        assert_eq!(channels(&world.bridge()).await, ["#incidents", "#theirs"]);
        assert_eq!(channels(&in_first_organisation(world).await).await, ["#incidents"]);
        assert_eq!(channels(&world.admin()).await, ["#incidents"]);
        let there = Caller { organization: Some(text(&theirs)), ..world.bridge() };
        assert_eq!(there.read(all).await["connectors"], json!([{ "channel": "#theirs", "organization": { "id": theirs } }]));
    }
}
