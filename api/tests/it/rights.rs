//! What roles and scopes allow: every field of the schema's roots has a case.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::{
    sign_in::sign_in,
    world::{Answer, Caller, Payload, World, on_each_database, text},
};

/// What a root field needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Trigger,
    Read,
    Write,
    Admin,
    Bridge,
    /// To be a member who is signed in, or with a key of one's own that may write.
    Own,
    /// Either of the two before.
    OwnOrAdmin,
}

impl Needs {
    /// What a query is refused with: what is the bridge's alone is not in anybody else's schema.
    fn refusal(self) -> &'static str {
        if self == Bridge {
            "GRAPHQL_VALIDATION_FAILED"
        } else {
            "FORBIDDEN"
        }
    }
}

use Needs::{Admin, Bridge, Nothing, Own, OwnOrAdmin, Read, Trigger, Write};

const QUERIES: [(&str, Needs, &str); 28] = [
    ("viewer", Nothing, "{ viewer { scopes } }"),
    ("organization", Read, "{ organization { id } }"),
    ("organizations", Bridge, "{ organizations { id } }"),
    (
        "node",
        Read,
        "{ node(id: \"inc_00000000000000000000000000000000\") { id } }",
    ),
    ("incident", Read, "{ incident(number: 1) { id } }"),
    ("incidents", Read, "{ incidents { nodes { id } } }"),
    ("services", Read, "{ services { nodes { id } } }"),
    ("users", Read, "{ users { nodes { id } } }"),
    ("auditLog", Admin, "{ auditLog { nodes { id } } }"),
    ("apiKeys", Admin, "{ apiKeys { nodes { id } } }"),
    ("postmortem", Read, "{ postmortem(incidentNumber: 1) { id } }"),
    ("postmortems", Read, "{ postmortems { nodes { id } } }"),
    ("connectors", Read, "{ connectors { id } }"),
    ("slackWorkspaces", Read, "{ slackWorkspaces { id } }"),
    ("slackTemplates", Read, "{ slackTemplates { id } }"),
    (
        "slackTemplateVariables",
        Read,
        "{ slackTemplateVariables { name } }",
    ),
    (
        "previewSlackTemplate",
        Admin,
        "{ previewSlackTemplate(input: {}) { text } }",
    ),
    (
        "slackOperation",
        Read,
        "{ slackOperation(id: \"sop_00000000000000000000000000000000\") { id } }",
    ),
    (
        "pendingSlackOperations",
        Bridge,
        "{ pendingSlackOperations { id } }",
    ),
    ("slackChannels", Admin, "{ slackChannels { nodes { id } } }"),
    (
        "slackInstallUrl",
        Admin,
        "{ slackInstallUrl { url userErrors { code } } }",
    ),
    ("slackApps", Admin, "{ slackApps { id } }"),
    (
        "slackIdentities",
        Admin,
        "{ slackIdentities { nodes { since } } }",
    ),
    (
        "slackMembers",
        Bridge,
        "{ slackMembers(teamId: \"T1\", slackUserId: \"U1\") { matchedBy } }",
    ),
    (
        "slackPreviews",
        Bridge,
        "{ slackPreviews(input: { numbers: [1], teamId: \"T1\", slackUserId: \"U1\", isMatched: true, ownerIds: [], isServers: true }) { \
         showsPostmortem } }",
    ),
    (
        "slackRouting",
        Read,
        "{ slackRouting(incident: {}) { heldBack } }",
    ),
    ("eventLog", Read, "{ eventLog { nodes { cursor } } }"),
    (
        "node",
        Read,
        "{ node(id: \"org_00000000000000000000000000000000\") { id } }",
    ),
];

#[expect(
    clippy::too_many_lines,
    reason = "one case for each mutation, and nothing else"
)]
pub(crate) fn mutations() -> Vec<(&'static str, Needs, Value)> {
    let nobody = |prefix: &str| json!(format!("{prefix}_00000000000000000000000000000000"));
    let incident = json!({ "id": nobody("inc") });
    let postmortem = json!({ "id": nobody("pmo") });
    vec![
        (
            "triggerIncident",
            Trigger,
            json!({ "title": "x", "serviceId": nobody("svc") }),
        ),
        ("acknowledgeIncident", Write, incident.clone()),
        ("resolveIncident", Write, incident.clone()),
        ("reopenIncident", Write, incident.clone()),
        ("updateIncident", Write, incident.clone()),
        ("unsnoozeIncident", Write, incident.clone()),
        ("acknowledgeIncidents", Write, json!({ "ids": [] })),
        ("resolveIncidents", Write, json!({ "ids": [] })),
        (
            "reassignIncidents",
            Write,
            json!({ "ids": [], "assigneeIds": [] }),
        ),
        (
            "snoozeIncident",
            Write,
            json!({ "id": nobody("inc"), "until": crate::timers::in_seconds(60) }),
        ),
        (
            "reassignIncident",
            Write,
            json!({ "id": nobody("inc"), "assigneeIds": [] }),
        ),
        (
            "addComment",
            Write,
            json!({ "incidentId": nobody("inc"), "bodyMarkdown": "x" }),
        ),
        (
            "editComment",
            Write,
            json!({ "id": nobody("tle"), "bodyMarkdown": "x" }),
        ),
        ("retractComment", Write, json!({ "id": nobody("tle") })),
        ("setSlackSync", Write, incident.clone()),
        ("createPostmortem", Write, json!({ "incidentId": nobody("inc") })),
        ("updatePostmortem", Write, postmortem.clone()),
        ("requestPostmortemReview", Write, postmortem.clone()),
        ("publishPostmortem", Write, postmortem),
        (
            "createUser",
            Admin,
            json!({ "name": "x", "email": "nobody", "role": "ADMIN" }),
        ),
        ("updateUser", Admin, json!({ "id": nobody("usr") })),
        ("createService", Admin, json!({ "name": "" })),
        ("updateService", Admin, json!({ "id": nobody("svc") })),
        ("archiveService", Admin, json!({ "id": nobody("svc") })),
        ("unarchiveService", Admin, json!({ "id": nobody("svc") })),
        ("updateOrganization", Admin, json!({ "slug": "" })),
        ("updateApiKey", Admin, json!({ "id": nobody("key") })),
        ("createConnector", Admin, json!({ "name": "x", "channel": "" })),
        ("updateConnector", Admin, json!({ "id": nobody("con") })),
        ("deleteConnector", Admin, json!({ "id": nobody("con") })),
        (
            "createConnectorRule",
            Admin,
            json!({ "connectorId": nobody("con"), "urgency": "HIGH" }),
        ),
        ("updateConnectorRule", Admin, json!({ "id": nobody("rul") })),
        ("deleteConnectorRule", Admin, json!({ "id": nobody("rul") })),
        (
            "addServiceManager",
            Admin,
            json!({ "serviceId": nobody("svc"), "userId": nobody("usr") }),
        ),
        (
            "removeServiceManager",
            Admin,
            json!({ "serviceId": nobody("svc"), "userId": nobody("usr") }),
        ),
        (
            "connectSlackWorkspace",
            Admin,
            json!({ "name": "x", "botToken": "" }),
        ),
        ("updateSlackWorkspace", Admin, json!({ "id": nobody("wsp") })),
        ("disconnectSlackWorkspace", Admin, json!({ "id": nobody("wsp") })),
        ("linkSlackIdentity", Own, json!({ "idempotencyKey": "" })),
        (
            "recordSlackLink",
            Bridge,
            json!({ "teamId": "", "slackUserId": "" }),
        ),
        ("confirmSlackIdentity", Own, json!({ "code": "" })),
        ("unlinkSlackIdentity", Own, json!({})),
        ("updateSlackSettings", Admin, json!({ "idempotencyKey": "" })),
        (
            "testSlackConnection",
            Admin,
            json!({ "workspaceId": nobody("wsp") }),
        ),
        (
            "sendSlackTestMessage",
            Admin,
            json!({ "connectorId": nobody("con") }),
        ),
        ("testSlackIdentity", Admin, json!({ "userId": nobody("usr") })),
        (
            "refreshSlackChannels",
            Admin,
            json!({ "workspaceId": nobody("wsp") }),
        ),
        ("createSlackChannel", Admin, json!({ "name": "" })),
        ("finishSlackOperation", Bridge, json!({ "id": nobody("sop") })),
        ("moveConnectors", Admin, json!({ "toWorkspaceId": nobody("wsp") })),
        ("createSlackApp", Admin, json!({ "name": "x" })),
        ("updateSlackApp", Admin, json!({ "id": nobody("app") })),
        ("deleteSlackApp", Admin, json!({ "id": nobody("app") })),
        (
            "completeSlackInstall",
            Bridge,
            json!({ "id": nobody("wsp"), "teamId": "", "teamName": "x", "features": [], "sealedBotToken": "x" }),
        ),
        (
            "recordSlackChannelChange",
            Bridge,
            json!({ "teamId": "T1", "from": "C1", "to": "" }),
        ),
        (
            "reportRestore",
            Bridge,
            json!({ "newestWrittenAt": "2026-11-29T17:00:00Z", "highestNumber": -1 }),
        ),
        ("createSlackTemplate", Admin, json!({ "name": "" })),
        ("updateSlackTemplate", Admin, json!({ "id": nobody("tpl") })),
        ("deleteSlackTemplate", Admin, json!({ "id": nobody("tpl") })),
        ("createApiKey", Admin, json!({ "name": "x", "scopes": [] })),
        ("createPersonalApiKey", Own, json!({ "name": "x", "scopes": [] })),
        ("revokeApiKey", Admin, json!({ "id": nobody("key") })),
        ("revokeSession", OwnOrAdmin, json!({ "id": nobody("ses") })),
        (
            "createSignInLink",
            Bridge,
            json!({ "method": "LINK", "browserHash": "x" }),
        ),
    ]
}

/// Every kind of caller with what it may do.
pub(crate) async fn callers(world: &World) -> Vec<(&'static str, Caller, &'static [Needs])> {
    let bridge = Caller {
        organization: Some(text(
            &world.admin().read("{ organization { id } }").await["organization"]["id"],
        )),
        ..world.bridge()
    };
    let mut all: Vec<(&'static str, Caller, &'static [Needs])> = vec![
        (
            "a key to trigger",
            world.key(&["INCIDENTS_TRIGGER"]).await,
            &[Nothing, Trigger],
        ),
        ("a key to read", world.key(&["READ"]).await, &[Nothing, Read]),
        (
            "a key to write",
            world.key(&["WRITE"]).await,
            &[Nothing, Trigger, Read, Write],
        ),
        (
            "a key for everything",
            world.key(&["ADMIN"]).await,
            &[Nothing, Trigger, Read, Write, Admin, OwnOrAdmin],
        ),
        ("the bridge by itself", bridge.clone(), &[Nothing, Read, Bridge]),
    ];
    let roles: [(&'static str, &'static str, &'static [Needs]); 4] = [
        ("Stella", "STAKEHOLDER", &[Nothing, Read, Own, OwnOrAdmin]),
        (
            "Rita",
            "RESPONDER",
            &[Nothing, Trigger, Read, Write, Own, OwnOrAdmin],
        ),
        (
            "Adam",
            "ADMIN",
            &[Nothing, Trigger, Read, Write, Admin, Own, OwnOrAdmin],
        ),
        (
            "Olga",
            "OWNER",
            &[Nothing, Trigger, Read, Write, Admin, Own, OwnOrAdmin],
        ),
    ];
    for (name, role, may) in roles {
        let (id, caller) = world.member(name, role).await;
        all.push((role, caller, may));
        // Whoever is signed in may what their role allows.
        all.push((name, sign_in(world, &id).await, may));
        if role == "STAKEHOLDER" {
            all.push((
                "the bridge for a stakeholder",
                Caller {
                    on_behalf_of: Some(id),
                    ..bridge.clone()
                },
                &[Nothing, Read, Bridge],
            ));
        } else if role == "OWNER" {
            all.push((
                "the bridge for an owner",
                Caller {
                    on_behalf_of: Some(id),
                    ..bridge.clone()
                },
                &[Nothing, Trigger, Read, Write, Bridge],
            ));
        } else if role == "RESPONDER" {
            let read_only = world.admin().make_key(&["READ"], Some(&id)).await;
            all.push((
                "a responder's key to read",
                world.caller(&read_only),
                &[Nothing, Read],
            ));
        }
    }
    all
}

/// Every root field of a kind, as the schema has it for the bridge, which is shown all.
async fn roots(world: &World, kind: &str) -> Vec<String> {
    let data = world
        .bridge()
        .read(&format!("{{ __schema {{ {kind} {{ fields {{ name }} }} }} }}"))
        .await;
    data["__schema"][kind]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .map(|field| text(&field["name"]))
        .collect()
}

on_each_database! {
    async fn every_query_answers_those_who_may_and_no_others(world) {
        for field in &roots(world, "queryType").await {
            assert!(QUERIES.iter().any(|(name, ..)| name == field), "the query {field} has no case");
        }
        for (who, caller, may) in callers(world).await {
            for (name, needs, query) in QUERIES {
                let answer = caller.ask(query, json!({})).await;
                if may.contains(&needs) {
                    assert!(answer.0.get("errors").is_none(), "{who} asks {name}: {:#}", answer.0);
                } else {
                    assert_eq!(answer.error_code(), needs.refusal(), "{who} asks {name}");
                }
            }
        }
    }

    async fn every_mutation_refuses_those_who_may_not(world) {
        for field in roots(world, "mutationType").await {
            assert!(mutations().iter().any(|(name, ..)| *name == field), "the mutation {field} has no case");
        }
        for (who, caller, may) in callers(world).await {
            for (name, needs, input) in mutations() {
                let answer = caller.attempt(name, input).await;
                if needs == Bridge && !may.contains(&needs) {
                    assert_eq!(answer.error_code(), needs.refusal(), "{who} asks {name}");
                    continue;
                }
                // The input names nothing that is there: who may is told that, and who may not learns nothing of it.
                let code = Payload(answer.data()[name].clone()).refused();
                assert_eq!(code == "FORBIDDEN", !may.contains(&needs), "{who} asks {name}: {code}");
            }
        }
    }

    async fn who_shows_no_key_is_told_so_by_every_field(world) {
        let stranger = world.stranger();
        stranger.ask("{ __typename }", json!({})).await.data();
        let expected = |needs: Needs| if needs == Bridge { needs.refusal() } else { "UNAUTHENTICATED" };
        for (name, needs, query) in QUERIES {
            assert_eq!(stranger.ask(query, json!({})).await.error_code(), expected(needs), "{name}");
        }
        for (name, needs, input) in mutations() {
            assert_eq!(stranger.attempt(name, input).await.error_code(), expected(needs), "{name}");
        }
    }

    async fn subscribing_needs_to_read(world) {
        let after = {
            world.admin().trigger("first").await;
            let cursor = world.admin().newest().await;
            world.admin().trigger("second").await;
            cursor
        };
        for (who, caller, may) in callers(world).await {
            let mut events = caller.follow(after.clone(), Value::Null).await;
            let answer = Answer(events.next().await.expect("an answer"));
            if may.contains(&Read) {
                assert_eq!(answer.data()["incidentEvents"]["incident"]["number"], 2, "{who}");
            } else {
                assert_eq!(answer.error_code(), "FORBIDDEN", "{who}");
            }
        }
    }

    async fn a_key_to_trigger_reads_nothing_by_way_of_what_it_triggers(world) {
        let admin = world.admin();
        let input = json!({ "title": "Down", "dedupKey": "disk" });
        let incident = admin.change("triggerIncident", input.clone()).await.done()["incident"].clone();
        admin.comment(&incident, "a secret").await.done();
        let monitor = world.key(&["INCIDENTS_TRIGGER"]).await;
        for beyond in ["timeline { nodes { bodyMarkdown } }", "service { name }", "assignees { email }", "postmortem { bodyMarkdown }", "deliveries { channel }"] {
            let query = format!(
                "mutation($input: TriggerIncidentInput!) {{ triggerIncident(input: $input) {{ incident {{ number {beyond} }} }} }}"
            );
            let answer = monitor.ask(&query, json!({ "input": input })).await;
            assert_eq!(answer.error_code(), "FORBIDDEN", "{beyond}: {:#}", answer.0);
        }
        let number = "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) { incident { number status url } } }";
        let answer = monitor.ask(number, json!({ "input": input })).await.data();
        assert_eq!(answer["triggerIncident"]["incident"]["number"], 1);
    }
}
