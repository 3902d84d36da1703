//! Idempotency keys: the same request twice is one change, and the same key for something else is refused.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{Caller, on_each_database};

/// Every mutation with an input that is done the first time, and one that differs.
pub(crate) async fn every_mutation(admin: &Caller) -> Vec<(&'static str, Value, Value)> {
    let open = admin.trigger("open").await["id"].clone();
    let over = admin.trigger("over").await["id"].clone();
    admin
        .change("resolveIncident", json!({ "id": over }))
        .await
        .done();
    let other = admin.trigger("other").await["id"].clone();
    let user = admin.make_user("Zoe", "RESPONDER").await;
    let key = json!({ "name": "key", "scopes": ["READ"] });
    let key = admin.change("createApiKey", key).await.done()["apiKey"]["id"].clone();
    let spare = admin
        .change("createApiKey", json!({ "name": "spare", "scopes": ["READ"] }))
        .await
        .done()["apiKey"]["id"]
        .clone();
    let draft = async |incident: &Value| {
        admin
            .change("createPostmortem", json!({ "incidentId": incident }))
            .await
            .done()["postmortem"]["id"]
            .clone()
    };
    let (drafted, reviewed) = (draft(&over).await, draft(&other).await);
    admin
        .change("requestPostmortemReview", json!({ "id": reviewed }))
        .await
        .done();
    let until = crate::timers::in_seconds(3_600);
    let mut all = vec![
        (
            "triggerIncident",
            json!({ "title": "a" }),
            json!({ "title": "b" }),
        ),
        (
            "addComment",
            json!({ "incidentId": open, "bodyMarkdown": "a" }),
            json!({ "incidentId": open, "bodyMarkdown": "b" }),
        ),
        (
            "updateIncident",
            json!({ "id": open, "title": "a" }),
            json!({ "id": open, "title": "b" }),
        ),
        (
            "reassignIncident",
            json!({ "id": open, "assigneeIds": [user] }),
            json!({ "id": open, "assigneeIds": [] }),
        ),
        (
            "acknowledgeIncident",
            json!({ "id": open }),
            json!({ "id": other }),
        ),
        (
            "snoozeIncident",
            json!({ "id": open, "until": until }),
            json!({ "id": other, "until": until }),
        ),
        (
            "resolveIncident",
            json!({ "id": open }),
            json!({ "id": open, "noteMarkdown": "b" }),
        ),
        ("reopenIncident", json!({ "id": over }), json!({ "id": open })),
        ("unsnoozeIncident", json!({ "id": over }), json!({ "id": other })),
        (
            "acknowledgeIncidents",
            json!({ "ids": [over] }),
            json!({ "ids": [other] }),
        ),
        (
            "reassignIncidents",
            json!({ "ids": [over, other], "assigneeIds": [user] }),
            json!({ "ids": [over, other], "assigneeIds": [] }),
        ),
        (
            "resolveIncidents",
            json!({ "ids": [over] }),
            json!({ "ids": [other, over] }),
        ),
    ];
    all.extend(of_the_organization(admin, &spare).await);
    all.extend(comments_and_slack(admin, [&open, &over]).await);
    all.extend(other_mutations(
        [&open, &over],
        &user,
        [&key, &spare],
        [&drafted, &reviewed],
    ));
    all
}

/// Those of comments, and of how Slack shows incidents.
async fn comments_and_slack(admin: &Caller, [open, over]: [&Value; 2]) -> Vec<(&'static str, Value, Value)> {
    let comment = async |body: &str| {
        let incident = json!({ "id": over });
        admin.comment(&incident, body).await.done()["entry"]["id"].clone()
    };
    let (said, unsaid) = (comment("said").await, comment("unsaid").await);
    let channel = json!({ "name": "spare", "channel": "#spare" });
    let connector = admin.change("createConnector", channel).await.done()["connector"]["id"].clone();
    let template = async |name: &str| {
        let input = json!({ "name": name });
        admin.change("createSlackTemplate", input).await.done()["template"]["id"].clone()
    };
    let (kept, spare) = (template("kept").await, template("spare").await);
    let second = json!({ "name": "second", "botToken": "xoxb-1" });
    let workspace = admin.change("connectSlackWorkspace", second).await.done()["workspace"]["id"].clone();
    vec![
        (
            "testSlackConnection",
            json!({}),
            json!({ "workspaceId": workspace }),
        ),
        (
            "sendSlackTestMessage",
            json!({ "connectorId": connector }),
            json!({ "connectorId": "con_00000000000000000000000000000000" }),
        ),
        (
            "refreshSlackChannels",
            json!({}),
            json!({ "workspaceId": workspace }),
        ),
        (
            "createSlackChannel",
            json!({ "name": "a" }),
            json!({ "name": "b" }),
        ),
        (
            "connectSlackWorkspace",
            json!({ "name": "a", "botToken": "xoxb-a" }),
            json!({ "name": "b", "botToken": "xoxb-b" }),
        ),
        (
            "updateSlackWorkspace",
            json!({ "id": workspace, "botToken": "xoxb-2" }),
            json!({ "id": workspace, "botToken": "xoxb-3" }),
        ),
        (
            "disconnectSlackWorkspace",
            json!({ "id": workspace }),
            json!({ "id": "wsp_00000000000000000000000000000000" }),
        ),
        (
            "editComment",
            json!({ "id": said, "bodyMarkdown": "a" }),
            json!({ "id": said, "bodyMarkdown": "b" }),
        ),
        ("retractComment", json!({ "id": unsaid }), json!({ "id": said })),
        (
            "setSlackSync",
            json!({ "id": open, "muted": true }),
            json!({ "id": open, "muted": false }),
        ),
        (
            "updateSlackTemplate",
            json!({ "id": kept, "body": "a" }),
            json!({ "id": kept, "body": "b" }),
        ),
        (
            "deleteSlackTemplate",
            json!({ "id": spare }),
            json!({ "id": kept }),
        ),
        (
            "createSlackTemplate",
            json!({ "name": "a" }),
            json!({ "name": "b" }),
        ),
        (
            "createConnector",
            json!({ "name": "a", "channel": "#a" }),
            json!({ "name": "b", "channel": "#b" }),
        ),
        (
            "updateConnector",
            json!({ "id": connector, "replyMode": "CHANNEL" }),
            json!({ "id": connector, "replyMode": "THREAD" }),
        ),
    ]
}

/// Those of the organisation, its services and its keys.
async fn of_the_organization(admin: &Caller, key: &Value) -> Vec<(&'static str, Value, Value)> {
    let service = json!({ "name": "Mail" });
    let service = admin.change("createService", service).await.done()["service"]["id"].clone();
    let default = admin.read("{ services { nodes { id } } }").await["services"]["nodes"][0]["id"].clone();
    vec![
        (
            "updateOrganization",
            json!({ "name": "Another" }),
            json!({ "name": "Yet another" }),
        ),
        (
            "updateService",
            json!({ "id": service, "name": "Post" }),
            json!({ "id": service, "name": "Letters" }),
        ),
        (
            "archiveService",
            json!({ "id": service }),
            json!({ "id": default }),
        ),
        (
            "unarchiveService",
            json!({ "id": service }),
            json!({ "id": default }),
        ),
        (
            "updateApiKey",
            json!({ "id": key, "name": "a" }),
            json!({ "id": key, "name": "b" }),
        ),
    ]
}

/// Those that are no changes of incidents.
fn other_mutations(
    [open, over]: [&Value; 2],
    user: &str,
    [key, spare]: [&Value; 2],
    [drafted, reviewed]: [&Value; 2],
) -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "createUser",
            json!({ "name": "A", "email": "a@example.com", "role": "ADMIN" }),
            json!({ "name": "B", "email": "b@example.com", "role": "ADMIN" }),
        ),
        (
            "updateUser",
            json!({ "id": user, "role": "STAKEHOLDER" }),
            json!({ "id": user, "role": "ADMIN" }),
        ),
        (
            "testSlackIdentity",
            json!({ "userId": user }),
            json!({ "userId": "usr_00000000000000000000000000000000" }),
        ),
        ("createService", json!({ "name": "a" }), json!({ "name": "b" })),
        (
            "updateSlackSettings",
            json!({ "unmatchedPolicy": "ATTRIBUTE" }),
            json!({ "unmatchedPolicy": "REFUSE" }),
        ),
        (
            "createApiKey",
            json!({ "name": "a", "scopes": ["READ"] }),
            json!({ "name": "b", "scopes": ["READ"] }),
        ),
        ("revokeApiKey", json!({ "id": key }), json!({ "id": spare })),
        (
            "createPostmortem",
            json!({ "incidentId": open }),
            json!({ "incidentId": over }),
        ),
        (
            "updatePostmortem",
            json!({ "id": drafted, "title": "a" }),
            json!({ "id": drafted, "title": "b" }),
        ),
        (
            "requestPostmortemReview",
            json!({ "id": drafted }),
            json!({ "id": reviewed }),
        ),
        (
            "publishPostmortem",
            json!({ "id": reviewed }),
            json!({ "id": drafted }),
        ),
    ]
}

/// Those of connectors and Slack, each with an input and another.
pub(crate) async fn of_slack(admin: &Caller) -> Vec<(&'static str, Value, Value)> {
    let make = async |mutation: &str, input: Value, what: &str| {
        admin.change(mutation, input).await.done()[what]["id"].clone()
    };
    let service = make("createService", json!({ "name": "of Slack" }), "service").await;
    let user = admin.make_user("Manager", "RESPONDER").await;
    let other_user = admin.make_user("Other", "RESPONDER").await;
    let connector = |name: &str| json!({ "name": name, "channel": "#x", "isDefault": false });
    let one = make("createConnector", connector("one"), "connector").await;
    let two = make("createConnector", connector("two"), "connector").await;
    let rule = |urgency: &str| json!({ "connectorId": one, "urgency": urgency });
    let first_rule = make("createConnectorRule", rule("LOW"), "rule").await;
    let second_rule = make("createConnectorRule", rule("MEDIUM"), "rule").await;
    let app = |name: &str| json!({ "name": name, "signingSecret": "0123456789abcdef" });
    let first_app = make("createSlackApp", app("first"), "app").await;
    let second_app = make("createSlackApp", app("second"), "app").await;
    let manager = |user: &str| json!({ "serviceId": service, "userId": user });
    let connect = json!({ "name": "another", "botToken": "xoxb-1" });
    let workspace = make("connectSlackWorkspace", connect, "workspace").await;
    let moving = |id: &Value| json!({ "toWorkspaceId": workspace, "connectorIds": [id] });
    vec![
        ("moveConnectors", moving(&one), moving(&two)),
        ("addServiceManager", manager(&user), manager(&other_user)),
        ("removeServiceManager", manager(&user), manager(&other_user)),
        ("createConnectorRule", rule("HIGH"), rule("LOW")),
        (
            "updateConnectorRule",
            json!({ "id": first_rule, "severity": "SEV1" }),
            json!({ "id": first_rule, "severity": "SEV2" }),
        ),
        (
            "deleteConnectorRule",
            json!({ "id": second_rule }),
            json!({ "id": first_rule }),
        ),
        ("deleteConnector", json!({ "id": two }), json!({ "id": one })),
        ("createSlackApp", app("third"), app("fourth")),
        (
            "updateSlackApp",
            json!({ "id": first_app, "name": "a" }),
            json!({ "id": first_app, "name": "b" }),
        ),
        (
            "deleteSlackApp",
            json!({ "id": second_app }),
            json!({ "id": first_app }),
        ),
    ]
}

/// What the bridge reports: a report that comes again says the same.
const OF_THE_BRIDGE: [&str; 4] = [
    "completeSlackInstall",
    "finishSlackOperation",
    "recordSlackChannelChange",
    "reportRestore",
];

fn keyed(mut input: Value, key: &str) -> Value {
    input["idempotencyKey"] = json!(key);
    input
}

on_each_database! {
    async fn every_mutation_done_twice_under_one_key_is_done_once(world) {
        let admin = world.admin();
        let introspected = admin.read("{ __schema { mutationType { fields { name } } } }").await;
        let mut missing: Vec<String> = introspected["__schema"]["mutationType"]["fields"]
            .as_array().expect("fields").iter().map(|field| crate::world::text(&field["name"])).collect();
        for (mutation, input, _) in every_mutation(&admin).await.into_iter().chain(of_slack(&admin).await) {
            missing.retain(|name| name != mutation && !OF_THE_BRIDGE.contains(&name.as_str()));
            let key = format!("once {mutation}");
            let first = admin.change(mutation, keyed(input.clone(), &key)).await.done();
            let events = admin.log().await.len();
            let second = admin.change(mutation, keyed(input, &key)).await.done();
            // A key is shown once.
            let object = |payload: &Value| {
                let object = payload.as_object().expect("a payload").iter().find(|(name, value)| *name != "userErrors" && value.is_object());
                object.map(|(_, object)| object["id"].clone())
            };
            assert_eq!(object(&first), object(&second), "{mutation}");
            assert_eq!(admin.log().await.len(), events, "{mutation}");
            if mutation == "createApiKey" {
                assert!(first["secret"].is_string() && second["secret"].is_null());
            }
        }
        // These are for members with a key of their own and for the bridge, and are tried among the identities.
        missing.retain(|name| !["linkSlackIdentity", "recordSlackLink", "confirmSlackIdentity", "unlinkSlackIdentity"].contains(&name.as_str()));
        // And these for members who are signed in, and are tried among the sessions.
        missing.retain(|name| !["createPersonalApiKey", "revokeSession"].contains(&name.as_str()));
        assert!(missing.is_empty(), "mutations without a case: {missing:?}");
    }

    async fn a_key_used_for_another_input_is_refused_by_every_mutation(world) {
        let admin = world.admin();
        let mut wrong = Vec::new();
        for (mutation, input, other) in every_mutation(&admin).await.into_iter().chain(of_slack(&admin).await) {
            let key = format!("twice {mutation}");
            admin.change(mutation, keyed(input, &key)).await.done();
            let answer = admin.change(mutation, keyed(other, &key)).await.0;
            if answer["userErrors"][0]["code"] != "IDEMPOTENCY_KEY_REUSED" {
                wrong.push(format!("{mutation}: {answer}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn a_member_whose_role_has_changed_repeats_the_same_request(world) {
        let (id, rita) = world.member("Rita", "RESPONDER").await;
        let input = json!({ "title": "Down", "tags": [{ "key": "a", "value": "b" }], "idempotencyKey": "once" });
        let first = rita.change("triggerIncident", input.clone()).await.done();
        world.admin().change("updateUser", json!({ "id": id, "role": "ADMIN" })).await.done();
        let second = rita.change("triggerIncident", input).await.done();
        assert_eq!(first["incident"]["id"], second["incident"]["id"]);
    }

    async fn a_key_used_for_another_mutation_is_refused(world) {
        let admin = world.admin();
        let incident = admin.trigger("Down").await;
        let input = keyed(json!({ "id": incident["id"] }), "key");
        admin.change("acknowledgeIncident", input.clone()).await.done();
        let refused = admin.change("resolveIncident", input).await;
        assert_eq!(refused.refused(), "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(refused.refused_field(), "idempotencyKey");
    }

    async fn callers_never_meet_each_others_keys(world) {
        let input = keyed(json!({ "title": "Down" }), "key");
        let callers = [world.admin(), world.key(&["WRITE"]).await, world.neighbour().await];
        let mut ids = Vec::new();
        for caller in callers {
            ids.push(caller.change("triggerIncident", input.clone()).await.done()["incident"]["id"].clone());
        }
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    }

    async fn what_was_refused_does_not_use_its_key_up(world) {
        let admin = world.admin();
        admin.change("triggerIncident", keyed(json!({ "title": "" }), "key")).await.refused();
        admin.change("triggerIncident", keyed(json!({ "title": "Down" }), "key")).await.done();
    }

    async fn one_request_sent_many_times_at_once_is_one_change(world) {
        let admin = world.admin();
        let other = Caller { replica: world.another_replica().await, ..admin.clone() };
        for (mutation, input, object) in [
            ("triggerIncident", json!({ "title": "Down" }), "incident"),
            ("createUser", json!({ "name": "A", "email": "a@example.com", "role": "ADMIN" }), "user"),
            ("createService", json!({ "name": "a" }), "service"),
            ("createApiKey", json!({ "name": "a", "scopes": ["READ"] }), "apiKey"),
        ] {
            let input = keyed(input, mutation);
            let callers = (0..16).map(|n| if n % 2 == 0 { admin.clone() } else { other.clone() });
            let ids = join_all(callers.map(|caller| {
                let input = input.clone();
                async move { caller.change(mutation, input).await.done()[object]["id"].clone() }
            }))
            .await;
            assert!(ids.iter().all(|id| *id == ids[0]), "{mutation}: {ids:?}");
        }
        assert_eq!(admin.log().await.len(), 1);
    }
}
