//! Null in an update takes a value away or is refused, and what is left out stays: of every update and every field that the schema has.

use serde_json::{Value, json};

use crate::{
    caller::text,
    world::{Caller, World, on_each_database},
};

/// What an input says besides the values of the object that it changes.
const NO_VALUES: [&str; 2] = ["idempotencyKey", "version"];

/// Fields of which the first can't be taken away without the second.
const TOGETHER: [(&str, &str); 3] = [
    ("tagKey", "tagValue"),
    ("clientId", "clientSecret"),
    ("clientSecret", "clientId"),
];

/// An update, as it is tried.
struct UpdateCase {
    mutation: &'static str,
    /// Which object it is of.
    object: Value,
    /// How that is read: each field of the input under its own name.
    read: String,
    /// The fields that null takes away.
    clears: &'static [&'static str],
    /// What brings everything back: where not all may be taken away together.
    restore: Option<Value>,
}

impl UpdateCase {
    /// Of an object of this type that has each field of the input, under its own name or as `fields` says.
    fn of_node(
        mutation: &'static str,
        (kind, id): (&str, &Value),
        fields: &str,
        clears: &'static [&'static str],
    ) -> Self {
        Self {
            mutation,
            object: json!({ "id": id }),
            read: format!("{{ node(id: {id}) {{ ... on {kind} {{ {fields} }} }} }}"),
            clears,
            restore: None,
        }
    }

    /// The object as it is: what is innermost in what is read.
    async fn object(&self, admin: &Caller) -> Value {
        let mut found = admin.read(&self.read).await;
        loop {
            let list = found.as_array().filter(|list| list.len() == 1);
            let fields = found.as_object().filter(|fields| fields.len() == 1);
            let inner = list
                .and_then(|list| list.first())
                .or_else(|| fields.and_then(|fields| fields.values().next()));
            match inner.cloned() {
                Some(inner) => found = inner,
                None => return found,
            }
        }
    }

    /// The update with a variable for each field that may be left out.
    async fn with_variables(&self, admin: &Caller, input: &str) -> String {
        let query = format!(
            "{{ __type(name: {input:?}) {{ inputFields {{ name type {{ kind name ofType {{ kind name ofType {{ kind name ofType {{ name }} }} }} }} }} }} }}"
        );
        let found = admin.read(&query).await["__type"]["inputFields"].clone();
        let fields = found.as_array().expect("fields");
        let needed = |field: &&Value| field["type"]["kind"] == "NON_NULL";
        let optional = || fields.iter().filter(|field| !needed(field));
        let definitions: Vec<_> = optional()
            .map(|field| format!("${}: {}", text(&field["name"]), written(&field["type"])))
            .collect();
        let given: Vec<_> = optional()
            .map(|field| format!("{0}: ${0}", text(&field["name"])))
            .chain(
                fields
                    .iter()
                    .filter(needed)
                    .map(|field| text(&field["name"]))
                    .map(|name| format!("{name}: {}", self.object[&name])),
            )
            .collect();
        let (definitions, given) = (definitions.join(" "), given.join(" "));
        format!(
            "mutation({definitions}) {{ {}(input: {{ {given} }}) {{ userErrors {{ code message }} }} }}",
            self.mutation
        )
    }

    /// Says null of a field. What is not taken away must be refused, and nothing else may change.
    async fn clear(&self, admin: &Caller, field: &str) {
        let named = format!("{}.{field}", self.mutation);
        let before = self.object(admin).await;
        assert!(before.get(field).is_some(), "{named} is not read: {before:#}");
        let mut input = self.object.clone();
        input[field] = Value::Null;
        let together = TOGETHER.iter().find(|(one, _)| *one == field);
        if let Some((_, other)) = together {
            input[*other] = Value::Null;
        }
        let answer = admin.change(self.mutation, input.clone()).await;
        let after = self.object(admin).await;
        if !self.clears.contains(&field) {
            assert_eq!(answer.refused(), "INVALID_INPUT", "{named}");
            assert_eq!(answer.refused_field(), field, "{named}");
            assert_eq!(after, before, "{named} was refused");
            return;
        }
        answer.done();
        assert!(!is_none(&before[field]), "{named} was nothing before: {before:#}");
        assert!(is_none(&after[field]), "{named} is still {}", after[field]);
        let rest = |object: &Value| {
            let mut object = object.clone();
            for said in input.as_object().into_iter().flatten() {
                object[said.0] = Value::Null;
            }
            object
        };
        assert_eq!(rest(&after), rest(&before), "{named}: nothing else was said");
        if let Some(restore) = &self.restore {
            admin.change(self.mutation, restore.clone()).await.done();
        }
    }
}

/// A type, as a document writes it.
fn written(kind: &Value) -> String {
    match kind["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", written(&kind["ofType"])),
        Some("LIST") => format!("[{}]", written(&kind["ofType"])),
        _ => text(&kind["name"]),
    }
}

/// Null, and what stands in its place where a value is never null.
fn is_none(value: &Value) -> bool {
    [Value::Null, json!(""), json!([]), json!(false)].contains(value)
}

/// The optional fields of a mutation's input.
async fn optional_fields(admin: &Caller, input: &str) -> Vec<String> {
    let query = format!("{{ __type(name: {input:?}) {{ inputFields {{ name type {{ kind }} }} }} }}");
    let found = admin.read(&query).await["__type"]["inputFields"].clone();
    let fields = found
        .as_array()
        .unwrap_or_else(|| panic!("no input {input}: {found:#}"));
    fields
        .iter()
        .filter(|field| field["type"]["kind"] != "NON_NULL")
        .filter_map(|field| field["name"].as_str().map(str::to_owned))
        .filter(|name| !NO_VALUES.contains(&name.as_str()))
        .collect()
}

/// The names of the schema's updates, and of the inputs that they take.
async fn updates(admin: &Caller) -> Vec<(String, String)> {
    let query = "{ __schema { mutationType { fields { name args { name type { ofType { name } } } } } } }";
    let found = admin.read(query).await["__schema"]["mutationType"]["fields"].clone();
    let all = found.as_array().expect("mutations").iter().map(|mutation| {
        let input = &mutation["args"][0]["type"]["ofType"]["name"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&mutation["name"]), text(input))
    });
    all.filter(|(name, _)| name.starts_with("update") || name.starts_with("set"))
        .collect()
}

async fn made(admin: &Caller, mutation: &str, input: Value) -> Value {
    let payload = admin.change(mutation, input).await.done();
    let objects = payload.as_object().expect("a payload").values();
    let mut ids = objects.filter_map(|object| object.get("id"));
    ids.next().expect("an id").clone()
}

/// Of incidents, post-mortems and members.
async fn of_incidents(admin: &Caller) -> Vec<UpdateCase> {
    let tags = json!([{ "key": "region", "value": "eu" }]);
    let trigger = json!({ "title": "Down", "descriptionMarkdown": "All of it", "urgency": "HIGH", "severity": "SEV2", "tags": tags });
    let incident = made(admin, "triggerIncident", trigger).await;
    let synced = made(admin, "triggerIncident", json!({ "title": "Synced" })).await;
    let sync = json!({ "id": synced, "muted": true, "replyMode": "CHANNEL" });
    admin.change("setSlackSync", sync).await.done();
    let postmortem = made(admin, "createPostmortem", json!({ "incidentId": incident })).await;
    let user = json!(admin.make_user("Uma", "RESPONDER").await);
    vec![
        UpdateCase::of_node(
            "updateIncident",
            ("Incident", &incident),
            "title descriptionMarkdown urgency severity tags { key value } serviceId: service { id }",
            &["descriptionMarkdown", "severity", "tags"],
        ),
        UpdateCase::of_node(
            "setSlackSync",
            ("Incident", &synced),
            "muted: slackMuted replyMode: slackReplyMode",
            &["replyMode"],
        ),
        UpdateCase::of_node(
            "updatePostmortem",
            ("Postmortem", &postmortem),
            "title bodyMarkdown",
            &["bodyMarkdown"],
        ),
        UpdateCase::of_node(
            "updateUser",
            ("User", &user),
            "active: deactivatedAt email name role",
            &[],
        ),
    ]
}

/// Of the organisation, its services and its keys.
async fn of_the_organization(admin: &Caller) -> Vec<UpdateCase> {
    let service = json!({ "name": "Login", "descriptionMarkdown": "Who you are" });
    let service = made(admin, "createService", service).await;
    let key = json!({ "name": "cron", "scopes": ["READ"], "expiresAt": crate::timers::in_seconds(3_600) });
    let key = made(admin, "createApiKey", key).await;
    vec![
        UpdateCase::of_node(
            "updateService",
            ("Service", &service),
            "name descriptionMarkdown defaultUrgency isDefault",
            &["descriptionMarkdown"],
        ),
        UpdateCase::of_node("updateApiKey", ("ApiKey", &key), "name expiresAt", &["expiresAt"]),
        UpdateCase {
            mutation: "updateOrganization",
            object: json!({}),
            read: "{ organization { name slug } }".to_owned(),
            clears: &[],
            restore: None,
        },
    ]
}

/// Of connectors and their rules.
async fn of_connectors(admin: &Caller) -> Vec<UpdateCase> {
    let template = json!({ "name": "Short", "title": "a", "body": "b", "fields": [{ "name": "Where", "value": "here" }] });
    let template = made(admin, "createSlackTemplate", template).await;
    let other = made(
        admin,
        "createConnector",
        json!({ "name": "other", "channel": "#other" }),
    )
    .await;
    let connector = json!({ "name": "all", "channel": "#all", "isDefault": true, "appearanceName": "Bell",
        "appearanceIcon": ":bell:", "fallbackId": other, "templateId": template });
    let connector = made(admin, "createConnector", connector).await;
    let service = made(admin, "createService", json!({ "name": "Mail" })).await;
    let mut conditions = json!({ "serviceId": service, "urgency": "HIGH", "severity": "SEV1", "tagKey": "region",
        "tagValue": "eu" });
    let mut rule = conditions.clone();
    rule["connectorId"] = connector.clone();
    let rule = made(admin, "createConnectorRule", rule).await;
    conditions["id"] = rule.clone();
    vec![
        UpdateCase::of_node(
            "updateConnector",
            ("Connector", &connector),
            "name channel workspaceId: workspace { id } replyMode isDefault events urgencyFilter twoWaySync appearanceName \
             appearanceIcon fallbackId: fallback { id } templateId: template { id }",
            &["appearanceIcon", "appearanceName", "fallbackId", "templateId"],
        ),
        UpdateCase {
            mutation: "updateConnectorRule",
            object: json!({ "id": rule }),
            read: format!(
                "{{ node(id: {connector}) {{ ... on Connector {{ rules {{ serviceId: service {{ id }} urgency severity \
                 tagKey tagValue }} }} }} }}"
            ),
            clears: &["serviceId", "severity", "tagKey", "tagValue", "urgency"],
            restore: Some(conditions),
        },
        UpdateCase::of_node(
            "updateSlackTemplate",
            ("SlackTemplate", &template),
            "name title body fields { name }",
            &["body", "fields", "title"],
        ),
    ]
}

/// Of workspaces, apps and what the organisation has decided about Slack.
async fn of_slack(admin: &Caller) -> Vec<UpdateCase> {
    let mut secrets = json!({ "name": "own", "clientId": "1.2", "clientSecret": "0123456789abcdef0123456789abcdef",
        "signingSecret": "0123456789abcdef0123456789abcdef", "appToken": "xapp-1-A1-1-a" });
    let app = made(admin, "createSlackApp", secrets.clone()).await;
    secrets["id"] = app.clone();
    let workspace = made(
        admin,
        "connectSlackWorkspace",
        json!({ "name": "second", "botToken": "xoxb-1" }),
    )
    .await;
    vec![
        UpdateCase {
            mutation: "updateSlackApp",
            object: json!({ "id": app }),
            read:
                "{ slackApps { name clientId clientSecret: clientSecretSet signingSecret: signingSecretSet \
                   appToken: appTokenSet } }"
                    .to_owned(),
            clears: &["appToken", "clientId", "clientSecret", "signingSecret"],
            restore: Some(secrets),
        },
        UpdateCase::of_node(
            "updateSlackWorkspace",
            ("SlackWorkspace", &workspace),
            "name botToken: botTokenSet features",
            &[],
        ),
        UpdateCase {
            mutation: "updateSlackSettings",
            object: json!({}),
            read: "{ organization { slackSettings { unmatchedPolicy previewPolicy } } }".to_owned(),
            clears: &[],
            restore: None,
        },
    ]
}

async fn cases(world: &World) -> Vec<UpdateCase> {
    let admin = world.admin();
    let mut all = of_incidents(&admin).await;
    all.extend(of_the_organization(&admin).await);
    all.extend(of_connectors(&admin).await);
    all.extend(of_slack(&admin).await);
    all
}

on_each_database! {
    async fn null_takes_a_value_away_or_is_refused_in_every_field_of_every_update(world) {
        let (admin, cases) = (world.admin(), cases(world).await);
        let mut tried = 0;
        for (mutation, input) in updates(&admin).await {
            let case = cases.iter().find(|case| case.mutation == mutation);
            let case = case.unwrap_or_else(|| panic!("{mutation} has no case"));
            for field in optional_fields(&admin, &input).await {
                case.clear(&admin, &field).await;
                tried += 1;
            }
        }
        assert!(tried > 40, "{tried} fields");
    }

    async fn what_an_update_leaves_out_stays(world) {
        let admin = world.admin();
        for case in cases(world).await {
            let before = case.object(&admin).await;
            admin.change(case.mutation, case.object.clone()).await.done();
            assert_eq!(case.object(&admin).await, before, "{}", case.mutation);
        }
    }

    async fn what_an_update_leaves_to_a_variable_that_is_not_given_stays(world) {
        let (admin, cases) = (world.admin(), cases(world).await);
        for (mutation, input) in updates(&admin).await {
            let case = cases.iter().find(|case| case.mutation == mutation);
            let case = case.unwrap_or_else(|| panic!("{mutation} has no case"));
            let before = case.object(&admin).await;
            let answer = admin.ask(&case.with_variables(&admin, &input).await, json!({})).await;
            assert_eq!(answer.data()[&mutation]["userErrors"], json!([]), "{mutation}");
            assert_eq!(case.object(&admin).await, before, "{mutation}");
        }
    }

    async fn a_bridge_of_the_version_before_says_null_of_what_it_leaves_out(world) {
        let admin = world.admin();
        let cases = of_incidents(&admin).await;
        let organization = admin.read("{ organization { id } }").await["organization"]["id"].clone();
        let (member, _) = world.member("Rita", "RESPONDER").await;
        let bridge = Caller {
            organization: organization.as_str().map(str::to_owned),
            on_behalf_of: Some(member),
            ..world.bridge()
        };
        let [update, sync, ..] = cases.as_slice() else { panic!("two cases") };
        let before = update.object(&admin).await;
        let nulls = json!({ "id": update.object["id"], "title": null, "descriptionMarkdown": null, "urgency": "LOW",
            "severity": null, "tags": null });
        bridge.change("updateIncident", nulls).await.done();
        let mut expected = before;
        expected["urgency"] = json!("LOW");
        assert_eq!(update.object(&admin).await, expected);

        let unmute = json!({ "id": sync.object["id"], "muted": false, "replyMode": null });
        bridge.change("setSlackSync", unmute).await.done();
        assert_eq!(sync.object(&admin).await, json!({ "muted": false, "replyMode": "CHANNEL" }));
    }
}
