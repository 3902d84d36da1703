//! Tenants never meet: another organisation's object is as one that is not there.

use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use tocsin_entity::{
    id::PostId,
    kinds::{PostKind, PostState},
    slack::post,
};

use crate::{
    sign_in::sign_in,
    world::{Caller, on_each_database, text},
};

/// One of each kind of object of the caller's organisation.
pub(crate) async fn everything(caller: &Caller) -> Vec<(&'static str, Value)> {
    let incident = caller.trigger("Ours").await;
    let user = caller.make_user("Ursula", "RESPONDER").await;
    caller
        .change("createApiKey", json!({ "name": "ours", "scopes": ["READ"] }))
        .await
        .done();
    let postmortem = caller
        .change("createPostmortem", json!({ "incidentId": incident["id"] }))
        .await
        .done();
    caller
        .change(
            "connectSlackWorkspace",
            json!({ "name": "ours", "botToken": "xoxb-ours" }),
        )
        .await
        .done();
    let operation = caller.change("testSlackConnection", json!({})).await.done();
    caller
        .change("createSlackTemplate", json!({ "name": "ours" }))
        .await
        .done();
    let app = json!({ "name": "ours", "signingSecret": "0123456789abcdef" });
    let app = caller.change("createSlackApp", app).await.done();
    let connector = caller.read("{ connectors { id } }").await["connectors"][0]["id"].clone();
    let rule = json!({ "connectorId": connector, "urgency": "LOW" });
    let rule = caller.change("createConnectorRule", rule).await.done();
    let data = caller
        .read(
            "{ organization { id } services { nodes { id } } apiKeys { nodes { id } } connectors { id } slackWorkspaces { id } slackTemplates { id }
            auditLog { nodes { id } } incident(number: 1) { timeline { nodes { id } } } }",
        )
        .await;
    vec![
        ("Organization", data["organization"]["id"].clone()),
        ("Service", data["services"]["nodes"][0]["id"].clone()),
        ("ApiKey", data["apiKeys"]["nodes"][0]["id"].clone()),
        ("Connector", data["connectors"][0]["id"].clone()),
        ("SlackWorkspace", data["slackWorkspaces"][0]["id"].clone()),
        (
            "TimelineEntry",
            data["incident"]["timeline"]["nodes"][0]["id"].clone(),
        ),
        ("Incident", incident["id"].clone()),
        ("User", json!(user)),
        ("Postmortem", postmortem["postmortem"]["id"].clone()),
        ("SlackOperation", operation["operation"]["id"].clone()),
        ("SlackTemplate", data["slackTemplates"][0]["id"].clone()),
        ("AuditEntry", data["auditLog"]["nodes"][0]["id"].clone()),
        ("SlackApp", app["app"]["id"].clone()),
        ("ConnectorRule", rule["rule"]["id"].clone()),
    ]
}

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

on_each_database! {
    async fn an_object_is_a_node_for_its_own_organisation_alone(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        for (kind, id) in everything(&ours).await {
            let own = ours.ask(NODE, json!({ "id": id })).await.data();
            assert_eq!(own["node"], json!({ "__typename": kind, "id": id }));
            let other = theirs.ask(NODE, json!({ "id": id })).await.data();
            assert!(other["node"].is_null(), "{kind}: {other}");
        }
        let kinds = ours.read("{ __type(name: \"Node\") { possibleTypes { name } } }").await;
        // Sessions and deliveries are below.
        assert_eq!(kinds["__type"]["possibleTypes"].as_array().map(Vec::len), Some(14 + 2), "a kind of node without a case: {kinds}");
    }

    async fn a_session_is_a_node_for_its_member_and_for_administrators(world) {
        let (rita, _) = world.member("Rita", "RESPONDER").await;
        let (_, bob) = world.member("Bob", "RESPONDER").await;
        let (_, adam) = world.member("Adam", "ADMIN").await;
        let signed_in = sign_in(world, &rita).await;
        let id = signed_in.read("{ viewer { session { id } } }").await["viewer"]["session"]["id"].clone();
        for (caller, sees) in [(&signed_in, true), (&adam, true), (&bob, false), (&world.neighbour().await, false)] {
            let found = caller.ask(NODE, json!({ "id": id })).await.data();
            assert_eq!(found["node"].is_object(), sees, "{found}");
        }
    }

    async fn a_delivery_is_a_node_for_its_own_organisation_alone(world) {
        let admin = world.admin();
        let incident = admin.trigger("Ours").await;
        let organization = text(&admin.read("{ organization { id } }").await["organization"]["id"]);
        let id = PostId::new();
        let row = post::ActiveModel {
            id: Set(id),
            organization_id: Set(organization.parse().expect("an id")),
            key: Set("root".to_owned()),
            kind: Set(PostKind::Root),
            incident_id: Set(text(&incident["id"]).parse().ok()),
            connector_name: Set("all".to_owned()),
            team_id: Set("T1".to_owned()),
            channel_id: Set("C1".to_owned()),
            channel_name: Set("#all".to_owned()),
            shown_version: Set(1),
            state: Set(PostState::Posted),
            attempts: Set(1),
            queued_at: Set(tocsin_clock::machine_now()),
            ..Default::default()
        };
        post::Entity::insert(row).exec_without_returning(world.database.write()).await.expect("inserted");
        let id = id.to_string();
        let deliveries = admin.read("{ incident(number: 1) { deliveries { id } } }").await;
        assert_eq!(deliveries["incident"]["deliveries"], json!([{ "id": id }]));
        let own = admin.ask(NODE, json!({ "id": id })).await.data();
        assert_eq!(own["node"], json!({ "__typename": "Delivery", "id": id }));
        assert!(world.neighbour().await.ask(NODE, json!({ "id": id })).await.data()["node"].is_null());
    }

    async fn no_query_shows_another_organisations_objects(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let objects = everything(&ours).await;
        let seen = theirs.ask(
            "query($incident: ID!, $postmortem: ID!) {
                incident(id: $incident) { id } postmortem(id: $postmortem) { id }
                byNumber: incident(number: 1) { id } incidentPostmortem: postmortem(incidentNumber: 1) { id }
                incidents { nodes { id } totalCount } users { nodes { id } } services { nodes { id } } apiKeys { nodes { id } }
                connectors { id } slackWorkspaces { id } slackTemplates { id } auditLog { nodes { id subjectId } } eventLog { nodes { cursor } } organization { id } viewer { organization { id } } }",
            json!({ "incident": objects[5].1, "postmortem": objects[7].1 }),
        )
        .await
        .data();
        let text = seen.to_string();
        for (kind, id) in objects {
            assert!(!text.contains(&crate::world::text(&id)), "{kind} in {seen:#}");
        }
        assert_eq!(seen["incidents"]["totalCount"], 0);
        assert!(seen["byNumber"].is_null() && seen["incident"].is_null());
        let code = theirs.ask("{ organizations { id } }", json!({})).await.error_code();
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    }

    async fn no_mutation_reaches_another_organisations_objects(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let objects = everything(&ours).await;
        let (service, key, incident, user, postmortem) = (&objects[1].1, &objects[2].1, &objects[5].1, &objects[6].1, &objects[7].1);
        let own = theirs.trigger("Theirs").await;
        let until = crate::timers::in_seconds(60);
        for (mutation, input) in [
            ("acknowledgeIncident", json!({ "id": incident })),
            ("resolveIncident", json!({ "id": incident })),
            ("reopenIncident", json!({ "id": incident })),
            ("updateIncident", json!({ "id": incident, "title": "x" })),
            ("snoozeIncident", json!({ "id": incident, "until": until })),
            ("reassignIncident", json!({ "id": incident, "assigneeIds": [] })),
            ("addComment", json!({ "incidentId": incident, "bodyMarkdown": "x" })),
            ("createPostmortem", json!({ "incidentId": incident })),
            ("updatePostmortem", json!({ "id": postmortem, "title": "x" })),
            ("requestPostmortemReview", json!({ "id": postmortem })),
            ("publishPostmortem", json!({ "id": postmortem })),
            ("revokeApiKey", json!({ "id": key })),
            ("updateUser", json!({ "id": user, "role": "OWNER" })),
            ("createApiKey", json!({ "name": "x", "scopes": ["READ"], "userId": user })),
            ("triggerIncident", json!({ "title": "x", "serviceId": service })),
            ("triggerIncident", json!({ "title": "x", "assigneeIds": [user] })),
            ("reassignIncident", json!({ "id": own["id"], "assigneeIds": [user] })),
        ] {
            assert_eq!(theirs.change(mutation, input.clone()).await.refused(), "NOT_FOUND", "{mutation} {input}");
        }
        assert_eq!(ours.log().await.len(), 1);
        assert_eq!(theirs.log().await.len(), 1);
    }

    async fn numbers_and_dedup_keys_are_each_organisations_own(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let input = json!({ "title": "Down", "dedupKey": "disk" });
        let one = ours.change("triggerIncident", input.clone()).await.done();
        let other = theirs.change("triggerIncident", input).await.done();
        assert_eq!((&one["incident"]["number"], &other["incident"]["number"]), (&json!(1), &json!(1)));
        assert_ne!(one["incident"]["id"], other["incident"]["id"]);
    }

    async fn a_person_may_be_a_member_of_two_organisations_with_a_role_in_each(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        ours.make_user("Alice", "RESPONDER").await;
        theirs.make_user("Alice", "STAKEHOLDER").await;
        let roles = async |caller: &Caller| text(&caller.read("{ users { nodes { role } } }").await["users"]["nodes"][0]["role"]);
        assert_eq!(roles(&ours).await, "RESPONDER");
        assert_eq!(roles(&theirs).await, "STAKEHOLDER");
    }

    async fn what_an_organisation_says_of_a_person_is_its_own(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let person = |name: &str| json!({ "name": name, "email": "alice@example.com", "role": "RESPONDER" });
        let one = ours.change("createUser", person("Alice")).await.done()["user"].clone();
        let other = theirs.change("createUser", person("Mrs Smith")).await.done()["user"].clone();
        assert_eq!((&one["name"], &other["name"]), (&json!("Alice"), &json!("Mrs Smith")));
        assert_ne!(one["id"], other["id"], "an id would tell that somebody else knows the address");

        let married = json!({ "id": one["id"], "name": "Alice Jones", "email": "Jones@example.com" });
        let now = ours.change("updateUser", married).await.done()["user"].clone();
        assert_eq!((&now["name"], &now["email"]), (&json!("Alice Jones"), &json!("jones@example.com")));
        let there = theirs.read("{ users { nodes { name email } } }").await;
        assert_eq!(there["users"]["nodes"], json!([{ "name": "Mrs Smith", "email": "alice@example.com" }]));
        let search = "query($filter: UserFilter) { users(filter: $filter) { nodes { name } } }";
        let found = async |filter: Value| ours.ask(search, json!({ "filter": filter })).await.data()["users"]["nodes"].clone();
        assert_eq!(found(json!({ "email": "JONES@example.com" })).await, json!([{ "name": "Alice Jones" }]));
        for nobody in [json!({ "email": "alice@example.com" }), json!({ "search": "Smith" })] {
            assert_eq!(found(nobody.clone()).await, json!([]), "{nobody}");
        }

        // The Slack bridge finds each by what their own organisation says.
        let members = "query($email: String!) { slackMembers(teamId: \"T1\", slackUserId: \"U1\", email: $email) { user { id } } }";
        for (email, who) in [("alice@example.com", &other["id"]), ("jones@example.com", &one["id"])] {
            let found = world.bridge().ask(members, json!({ "email": email })).await.data();
            assert_eq!(found["slackMembers"], json!([{ "user": { "id": who } }]), "{email}");
        }
        let bob = ours.make_user("Bob", "RESPONDER").await;
        let taken = ours.change("updateUser", json!({ "id": bob, "email": "jones@example.com" })).await;
        assert_eq!((taken.refused(), taken.refused_field()), ("ALREADY_EXISTS".to_owned(), "email".to_owned()));
        let blank = ours.change("updateUser", json!({ "id": bob, "name": " " })).await;
        assert_eq!(blank.refused_field(), "name");
    }

    async fn a_key_does_not_open_another_organisation_by_header(world) {
        let (ours, theirs) = (world.admin(), world.neighbour().await);
        let foreign = theirs.read("{ organization { id } }").await["organization"]["id"].clone();
        let caller = Caller { organization: Some(text(&foreign)), ..ours };
        assert_ne!(caller.turned_away().await, "let in");
    }
}
