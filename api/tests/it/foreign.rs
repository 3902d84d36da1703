//! Another organisation's object is as one that is not there, wherever an id may be given: in each input of each mutation and in
//! each argument of each query. The places are those of the schema; a new one without a case fails.

use serde_json::{Value, json};

use crate::{
    idempotency::{every_mutation, of_slack},
    sign_in::sign_in,
    tenants::everything,
    world::{Caller, World, on_each_database, text},
};

/// The kind of object that a field of an input names.
fn kind(mutation: &str, field: &str) -> &'static str {
    match field {
        "ids" | "incidentId" => return "Incident",
        "serviceId" | "serviceIds" => return "Service",
        "userId" | "assigneeIds" | "installedById" | "assigneeId" | "participantId" => return "User",
        "connectorId" | "connectorIds" | "fallbackId" => return "Connector",
        "templateId" => return "SlackTemplate",
        "workspaceId" | "fromWorkspaceId" | "toWorkspaceId" => return "SlackWorkspace",
        "appId" => return "SlackApp",
        _ => assert_eq!(
            field, "id",
            "{mutation} has a field that names something of a kind without a case"
        ),
    }
    let kinds = [
        ("setSlackSync", "Incident"),
        ("Incident", "Incident"),
        ("Comment", "TimelineEntry"),
        ("Postmortem", "Postmortem"),
        ("ApiKey", "ApiKey"),
        ("revokeSession", "Session"),
        ("ConnectorRule", "ConnectorRule"),
        ("Connector", "Connector"),
        ("SlackTemplate", "SlackTemplate"),
        ("SlackWorkspace", "SlackWorkspace"),
        ("completeSlackInstall", "SlackWorkspace"),
        ("SlackApp", "SlackApp"),
        ("SlackOperation", "SlackOperation"),
        ("User", "User"),
        ("Service", "Service"),
    ];
    let found = kinds.iter().find(|(part, _)| mutation.contains(part));
    found
        .unwrap_or_else(|| panic!("what `id` names in {mutation} has no case"))
        .1
}

/// All that there may be of another organisation's.
async fn theirs(caller: &Caller) -> Vec<(&'static str, Value)> {
    everything(caller).await
}

fn id_of(all: &[(&str, Value)], kind: &str) -> Value {
    all.iter()
        .find(|(known, _)| *known == kind)
        .unwrap_or_else(|| panic!("no {kind}"))
        .1
        .clone()
}

/// The fields of a mutation's input that name something, with whether they name several.
async fn id_fields(world: &World, mutation: &str) -> Vec<(String, bool)> {
    let mut name = format!("{mutation}Input");
    name[..1].make_ascii_uppercase();
    let query = "query($name: String!) { __type(name: $name) { inputFields { name type { name kind ofType { name kind ofType { name kind ofType { name } } } } } } }";
    let input = world.bridge().ask(query, json!({ "name": name })).await.data();
    let fields = input["__type"]["inputFields"]
        .as_array()
        .unwrap_or_else(|| panic!("no {name}"));
    let named = fields
        .iter()
        .filter(|field| field["type"].to_string().contains("\"ID\""));
    named
        .map(|field| (text(&field["name"]), field["type"].to_string().contains("LIST")))
        .collect()
}

/// What the bridge reports, and what members say of themselves: inputs that would be taken but for the foreign id.
fn others(user: &str) -> Vec<(&'static str, Value)> {
    let nobody = |prefix: &str| json!(format!("{prefix}_00000000000000000000000000000000"));
    vec![
        (
            "linkSlackIdentity",
            json!({ "userId": user, "slackUserId": "U1" }),
        ),
        ("unlinkSlackIdentity", json!({})),
        ("revokeSession", json!({ "id": nobody("ses") })),
        ("finishSlackOperation", json!({ "id": nobody("sop") })),
        (
            "completeSlackInstall",
            json!({ "id": nobody("wsp"), "teamId": "T9", "teamName": "x", "features": [], "sealedBotToken": "sealed1.x" }),
        ),
    ]
}

/// A query for each argument that names something, with a variable in its place.
const ARGUMENTS: [(&str, &str, &str); 16] = [
    ("node", "id", "node(id: $id) { id }"),
    ("incident", "id", "incident(id: $id) { id title }"),
    ("postmortem", "id", "postmortem(id: $id) { id title }"),
    ("slackOperation", "id", "slackOperation(id: $id) { id }"),
    (
        "slackRouting",
        "incidentId",
        "slackRouting(incidentId: $id) { heldBack }",
    ),
    (
        "slackRouting",
        "serviceId",
        "slackRouting(incident: { serviceId: $id }) { heldBack }",
    ),
    (
        "slackChannels",
        "workspaceId",
        "slackChannels(workspaceId: $id) { nodes { id } }",
    ),
    (
        "slackIdentities",
        "workspaceId",
        "slackIdentities(workspaceId: $id) { nodes { since } }",
    ),
    (
        "slackInstallUrl",
        "workspaceId",
        "slackInstallUrl(workspaceId: $id) { url userErrors { code } }",
    ),
    (
        "slackInstallUrl",
        "appId",
        "slackInstallUrl(appId: $id) { url userErrors { code } }",
    ),
    (
        "previewSlackTemplate",
        "incidentId",
        "previewSlackTemplate(input: { incidentId: $id }) { text }",
    ),
    (
        "previewSlackTemplate",
        "templateId",
        "previewSlackTemplate(input: { templateId: $id }) { text }",
    ),
    (
        "incidents",
        "serviceId",
        "incidents(filter: { serviceIds: [$id] }) { nodes { id } }",
    ),
    (
        "incidents",
        "assigneeId",
        "incidents(filter: { assigneeIds: [$id] }) { nodes { id } }",
    ),
    (
        "incidents",
        "participantId",
        "incidents(filter: { participantId: $id }) { nodes { id } }",
    ),
    (
        "auditLog",
        "actorId",
        "auditLog(filter: { actorId: $id }) { nodes { id } }",
    ),
];

on_each_database! {
    async fn no_mutation_takes_an_id_of_another_organisation_in_any_field(world) {
        let mut foreign = theirs(&world.admin()).await;
        let (rita, _) = world.member("Rita", "RESPONDER").await;
        let session = sign_in(world, &rita).await.read("{ viewer { session { id } } }").await;
        foreign.push(("Session", session["viewer"]["session"]["id"].clone()));
        let ours = world.neighbour().await;
        let organization = text(&ours.read("{ organization { id } }").await["organization"]["id"]);
        let bridge = Caller { organization: Some(organization), ..world.bridge() };
        let mut cases: Vec<(&str, Value)> = Vec::new();
        for (mutation, input, _) in every_mutation(&ours).await.into_iter().chain(of_slack(&ours).await) {
            cases.push((mutation, input));
        }
        let user = ours.make_user("Linda", "RESPONDER").await;
        cases.extend(others(&user));
        let fields = world.bridge().read("{ __schema { mutationType { fields { name } } } }").await;
        let mut wrong = Vec::new();
        for field in fields["__schema"]["mutationType"]["fields"].as_array().expect("fields") {
            let mutation = text(&field["name"]);
            let ids = id_fields(world, &mutation).await;
            if ids.is_empty() {
                continue;
            }
            let case = cases.iter().find(|(name, _)| *name == mutation);
            let (_, input) = case.unwrap_or_else(|| panic!("{mutation} has no case"));
            for (field, is_list) in ids {
                // It is only compared: what is said where a connector led that is gone is a comment all the same.
                if (mutation.as_str(), field.as_str()) == ("addComment", "connectorId") {
                    continue;
                }
                let caller = if others(&user)[3..].iter().any(|(name, _)| *name == mutation) { &bridge } else { &ours };
                let id = id_of(&foreign, kind(&mutation, &field));
                let mut input = input.clone();
                input[&field] = if is_list { json!([id]) } else { id };
                let answer = caller.attempt(&mutation, input).await.0;
                let payload = &answer["data"][&mutation];
                // What is changed in bulk is refused one by one.
                let refused = payload.pointer("/results/0/userErrors/0").unwrap_or(&payload["userErrors"][0]);
                let code = &refused["code"];
                if code != "NOT_FOUND" {
                    wrong.push(format!("{mutation}.{field}: {answer}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn no_query_takes_an_id_of_another_organisation_in_any_argument(world) {
        let foreign = theirs(&world.admin()).await;
        let ours = world.neighbour().await;
        let query = "{ __schema { queryType { fields { name args { type { name ofType { name } } name } } } types { name inputFields { name type { name ofType { name } } } } } }";
        let schema = ours.read(query).await["__schema"].clone();
        let types = schema["types"].as_array().expect("types");
        let named = |value: &Value| value["type"]["name"].as_str().or(value["type"]["ofType"]["name"].as_str()).unwrap_or_default().to_owned();
        for field in schema["queryType"]["fields"].as_array().expect("fields") {
            for argument in field["args"].as_array().expect("arguments") {
                let input = types.iter().find(|kind| kind["name"] == named(argument).as_str());
                let nested = input.and_then(|input| input["inputFields"].as_array()).cloned().unwrap_or_default();
                for place in nested.iter().chain([argument]).filter(|place| named(place) == "ID") {
                    // Who is named there is only compared.
                    let known = ARGUMENTS.iter().any(|(name, argument, _)| field["name"] == *name && place["name"] == *argument);
                    assert!(known || place["name"] == "subjectId", "{}({}) has no case", field["name"], place["name"]);
                }
            }
        }
        for (field, argument, selection) in ARGUMENTS {
            let kinds: Vec<&str> = match (field, argument) {
                ("node", _) => foreign.iter().map(|(kind, _)| *kind).collect(),
                ("incident", _) => vec!["Incident"],
                ("postmortem", _) => vec!["Postmortem"],
                ("slackOperation", _) => vec!["SlackOperation"],
                ("auditLog", _) => vec!["User", "ApiKey"],
                (_, argument) => vec![kind(field, argument)],
            };
            for kind in kinds {
                let id = id_of(&foreign, kind);
                let answer = ours.ask(&format!("query($id: ID!) {{ {selection} }}"), json!({ "id": id })).await.0;
                let told = answer.to_string();
                assert!(!told.contains("FORBIDDEN") && !told.contains(&text(&id)) && !told.contains("Ours"), "{field}({argument}): {answer:#}");
                let code = answer["errors"][0]["extensions"]["code"].as_str();
                assert!(matches!(code, None | Some("BAD_USER_INPUT" | "NOT_FOUND")), "{field}({argument}): {answer:#}");
            }
        }
    }
}
