//! The API, acted: incidents that change as tests say, read by the bridge's own documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::id::{IncidentId, OrganizationId, TimelineEntryId, UserId};
use url::Url;

/// Incidents of one organisation.
#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    pub(crate) url: Url,
    pub(crate) organization: OrganizationId,
    state: Arc<Mutex<Tracked>>,
}

#[derive(Debug, Default)]
pub(super) struct Tracked {
    pub(super) incidents: BTreeMap<IncidentId, Incident>,
    pub(super) events: Vec<IncidentId>,
    pub(super) connectors: Vec<Value>,
    pub(super) passed_over: Vec<Value>,
    is_down: bool,
    pub(super) people: Vec<Value>,
    postmortems: BTreeMap<IncidentId, Value>,
    /// Idempotency keys and references of what was written.
    written: BTreeSet<String>,
    /// Incidents by the idempotency keys with which they were triggered.
    pub(super) created: BTreeMap<String, IncidentId>,
    /// What administrators have asked for.
    pub(super) operations: Vec<Value>,
    /// Whether it knows no request for many incidents.
    pub(super) is_older: bool,
    /// An incident that it can't read.
    pub(super) broken: Option<IncidentId>,
    /// How often each operation was asked for.
    pub(super) requests: BTreeMap<String, usize>,
}

#[derive(Debug)]
pub(super) struct Incident {
    pub(super) fields: Value,
    pub(super) entries: Vec<Value>,
}

pub(super) fn now() -> String {
    tocsin_clock::machine_now().format(&Rfc3339).expect("a time")
}

impl Tracker {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let tracker = Self {
            url: address.parse().expect("a URL"),
            organization: OrganizationId::new(),
            state: Arc::default(),
        };
        let router = Router::new()
            .route("/graphql", post(graphql))
            .with_state(tracker.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tracker.connector("default", "#incidents");
        tracker
    }

    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, Tracked> {
        self.state.lock().expect("no test has panicked with it")
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// A new incident, by the API; its id.
    pub(crate) fn trigger(&self, title: &str) -> IncidentId {
        self.trigger_from("API", title)
    }

    pub(super) fn trigger_from(&self, source: &str, title: &str) -> IncidentId {
        let id = IncidentId::new();
        let mut state = self.state();
        let number = state.incidents.len() + 1;
        let fields = json!({
            "id": id, "organizationId": self.organization, "number": number, "title": title,
            "descriptionMarkdown": "Cards are **declined**.", "status": "TRIGGERED", "urgency": "HIGH", "severity": "SEV2",
            "url": format!("https://tocsin.example.com/ops/incidents/{number}"), "version": 0,
            "service": {"name": "payments"}, "assignees": [], "tags": [{"key": "region", "value": "eu"}],
            "triggeredAt": now(), "triggeredBy": null, "acknowledgedAt": null, "acknowledgedBy": null,
            "resolvedAt": null, "resolvedBy": null, "snoozedUntil": null, "updatedAt": now(),
            "slackMuted": false, "slackReplyMode": null,
        });
        state.incidents.insert(
            id,
            Incident {
                fields,
                entries: Vec::new(),
            },
        );
        drop(state);
        self.change(id, "TRIGGERED", json!({}), json!({ "source": source }));
        id
    }

    /// Changes fields, and adds an entry of this kind.
    pub(crate) fn change(&self, id: IncidentId, kind: &str, mut fields: Value, mut entry: Value) {
        let mut state = self.state();
        state.assign(id, kind, &mut fields, &mut entry);
        state.events.push(id);
        let incident = state.incidents.get_mut(&id).expect("an incident");
        let version = incident.fields["version"].as_i64().expect("a version") + 1;
        let mut added = json!({
            "id": TimelineEntryId::new(), "version": version, "kind": kind, "source": "API", "bodyMarkdown": null,
            "author": {"name": "Alice Archer", "email": "alice@example.com"}, "createdAt": now(), "occurredAt": now(), "externalRef": null,
            "changes": [], "changedVersion": version, "editedAt": null, "retractedAt": null, "slackMuted": incident.fields["slackMuted"],
        });
        merge(&mut added, entry);
        incident.entries.push(added);
        merge(&mut incident.fields, fields);
        merge(
            &mut incident.fields,
            json!({"version": version, "updatedAt": now()}),
        );
    }

    pub(crate) fn acknowledge(&self, id: IncidentId) {
        let fields = json!({"status": "ACKNOWLEDGED", "acknowledgedAt": now(), "acknowledgedBy": {"name": "Alice Archer"}});
        self.change(id, "ACKNOWLEDGED", fields, json!({}));
    }

    pub(crate) fn resolve(&self, id: IncidentId, note: &str) {
        let fields =
            json!({"status": "RESOLVED", "resolvedAt": now(), "resolvedBy": {"name": "Alice Archer"}});
        self.change(id, "RESOLVED", fields, json!({"bodyMarkdown": note}));
    }

    pub(crate) fn reopen(&self, id: IncidentId) {
        let fields = json!({"status": "TRIGGERED", "acknowledgedBy": null, "acknowledgedAt": null});
        self.change(id, "REOPENED", fields, json!({}));
    }

    pub(crate) fn comment(&self, id: IncidentId, body: &str) {
        self.change(id, "COMMENT", json!({}), json!({"bodyMarkdown": body}));
    }

    /// Writes the incident's post-mortem anew. No event tells of it.
    pub(crate) fn postmortem(&self, id: IncidentId, status: &str, body: &str) {
        let postmortem = json!({"title": "Payments failed", "status": status, "bodyMarkdown": body, "updatedAt": now(),
            "publishedAt": null, "createdBy": {"name": "Alice Archer"}});
        self.state().postmortems.insert(id, postmortem);
    }

    pub(crate) fn version(&self, id: IncidentId) -> i64 {
        self.state().incidents[&id].fields["version"]
            .as_i64()
            .expect("a version")
    }

    /// The incident of this number.
    pub(crate) fn by_number(&self, number: i64) -> Option<IncidentId> {
        let state = self.state();
        let found = state
            .incidents
            .iter()
            .find(|(_, incident)| incident.fields["number"] == number);
        found.map(|(id, _)| *id)
    }

    /// A member, by the name's e-mail address at `example.com`.
    pub(crate) fn member(&self, name: &str, role: &str) {
        let email = format!(
            "{}@example.com",
            name.split(' ').next().unwrap_or_default().to_lowercase()
        );
        let member =
            json!({"id": UserId::new(), "name": name, "email": email, "role": role, "deactivatedAt": null});
        self.state().people.push(member);
    }

    /// The entries of an incident's timeline.
    pub(crate) fn deactivate(&self, email: &str) {
        for person in &mut self.state().people {
            if person["email"] == email {
                person["deactivatedAt"] = json!(now());
            }
        }
    }

    pub(crate) fn entries(&self, id: IncidentId) -> Vec<Value> {
        self.state().incidents[&id].entries.clone()
    }

    /// A change by a member, or by a person in Slack; a second one with the same key or reference is none.
    fn write(&self, operation: &str, input: &Value, on_behalf_of: Option<&str>) -> Value {
        let field = operation[..1].to_lowercase() + &operation[1..];
        if let Some(answer) = self.write_revision(operation, input) {
            return answer;
        }
        let member = self
            .state()
            .people
            .iter()
            .find(|person| person["id"].as_str() == on_behalf_of)
            .cloned();
        if member
            .as_ref()
            .is_some_and(|member| member["role"] == "STAKEHOLDER")
        {
            let error = json!({"code": "FORBIDDEN", "message": "You may only read."});
            return json!({field: {"entry": null, "incident": null, "userErrors": [error]}});
        }
        let author = member.clone().unwrap_or_else(|| input["slackAuthor"].clone());
        let id: IncidentId = input
            .get("incidentId")
            .unwrap_or(&input["id"])
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id");
        let marks =
            [&input["idempotencyKey"], &input["externalRef"]].map(|mark| mark.as_str().map(str::to_owned));
        if operation == "AddComment" && (self.is_muted(id) || self.was_muted(id, &input["saidAt"])) {
            let error =
                json!({"code": "SYNC_MUTED", "message": "The sync of this incident with Slack is muted."});
            return json!({field: {"entry": null, "incident": null, "userErrors": [error]}});
        }
        let mut is_new = true;
        for mark in marks.into_iter().flatten() {
            is_new &= self.state().written.insert(mark);
        }
        let mut entry = json!({"source": "SLACK", "author": {"name": author["name"], "email": author["email"]},
            "bodyMarkdown": input["bodyMarkdown"], "externalRef": input["externalRef"]});
        if !input["saidAt"].is_null() {
            entry["occurredAt"] = input["saidAt"].clone();
        }
        let by = json!({"id": author["id"], "name": author["name"]});
        let status = self.state().incidents[&id].fields["status"].clone();
        let assignees = self.named(&input["assigneeIds"]);
        let made = made(
            operation,
            input,
            &by,
            &assignees,
            status.as_str().unwrap_or_default(),
        );
        let is_told = made.is_some() || !is_new;
        if let Some((kind, fields)) = made.filter(|_| is_new) {
            if kind == "RESOLVED" {
                entry["bodyMarkdown"] = input["noteMarkdown"].clone();
            }
            self.change(id, kind, fields, entry);
        }
        let incident = self.state().incidents[&id].fields.clone();
        let told = is_told.then(|| json!({"id": "tle_1"}));
        json!({field: {"entry": told, "incident": incident, "userErrors": []}})
    }

    fn is_muted(&self, id: IncidentId) -> bool {
        self.state().incidents[&id].fields["slackMuted"] == true
    }

    fn was_muted(&self, id: IncidentId, said_at: &Value) -> bool {
        let time = |time: &Value| OffsetDateTime::parse(time.as_str()?, &Rfc3339).ok();
        let Some(said_at) = time(said_at) else {
            return false;
        };
        let entries = self.entries(id);
        let mut syncs = entries.iter().rev().filter(|entry| {
            let kind = entry["kind"].as_str().unwrap_or_default();
            kind.starts_with("SYNC_") && time(&entry["createdAt"]).is_some_and(|at| at <= said_at)
        });
        syncs.next().is_some_and(|entry| entry["kind"] == "SYNC_MUTED")
    }

    /// Members by their ids.
    fn named(&self, ids: &Value) -> Value {
        let ids = ids.as_array().map_or(&[][..], Vec::as_slice);
        let people = self.state().people.clone();
        people
            .into_iter()
            .filter(|person| ids.contains(&person["id"]))
            .collect()
    }

    fn answer(&self, operation: &str, variables: &Value, on_behalf_of: Option<&str>) -> Value {
        let answer = self.answer_asked(operation, variables);
        if let Some(answer) = answer.or_else(|| self.answer_mirror(operation, variables)) {
            return answer;
        }
        if operation == "SlackPreviews" {
            let input = &variables["input"];
            let shown = self.state().previews(&input["numbers"], &input["email"]);
            return json!({"slackPreviews": shown});
        }
        if let Some(answer) = self.answer_simply(operation, variables) {
            return answer;
        }
        if let Some(input) = variables.get("input").filter(|_| operation != "CreateSignInLink") {
            return self.write(operation, input, on_behalf_of);
        }
        if let Some(answer) = self.answer_command(operation, variables, on_behalf_of) {
            return answer;
        }
        let state = self.state();
        match operation {
            "SlackMembers" => {
                let found = state
                    .people
                    .iter()
                    .filter(|person| person["email"] == variables["email"]);
                let of = |user: &Value| json!({"organizationId": self.organization, "matchedBy": "EMAIL", "user": user});
                json!({"slackMembers": found.map(of).collect::<Vec<_>>()})
            }
            "UserByEmail" => {
                let found = state
                    .people
                    .iter()
                    .find(|person| person["email"] == variables["email"]);
                json!({"users": {"nodes": found.into_iter().collect::<Vec<_>>()}})
            }
            "IncidentByNumber" => {
                let found = state
                    .incidents
                    .values()
                    .find(|incident| incident.fields["number"] == variables["number"]);
                json!({"incident": found.map(|incident| &incident.fields)})
            }
            "Organizations" | "ChangedOrganizations" => {
                let newest = Some(state.events.len()).filter(|events| *events > 0);
                json!({"organizations": [{"id": self.organization, "name": "Org", "slug": "org",
                    "newestEventCursor": newest.map(|newest| newest.to_string())}]})
            }
            "SlackWorkspaces" => json!({"slackWorkspaces": []}),
            "Leads" => {
                let of_organization = |connector: &Value| {
                    let mut connector = connector.clone();
                    connector["organizationId"] = json!(self.organization);
                    connector
                };
                json!({"connectors": state.connectors.iter().map(of_organization).collect::<Vec<_>>()})
            }
            "SlackApps" => json!({"slackApps": []}),
            "IncidentById" => {
                let id = variables["id"].as_str().expect("an id").parse().expect("an id");
                json!({"incident": state.incidents.get(&id).map(|incident| &incident.fields)})
            }
            "PostmortemOfIncident" => {
                let id = variables["id"].as_str().expect("an id").parse().expect("an id");
                json!({"incident": {"postmortem": state.postmortems.get(&id)}})
            }
            "Assignees" => {
                let id = variables["id"].as_str().expect("an id").parse().expect("an id");
                let found = state.incidents.get(&id);
                json!({"incident": found.map(|incident| json!({"assignees": incident.fields["assignees"]}))})
            }
            "NewAssignees" => state.new_assignees(&variables["entry"]),
            "HomeIncidents" => state.home(&variables["me"]),
            "EventLog" => {
                let after = variables["after"]
                    .as_str()
                    .map_or(0, |after| after.parse().expect("a cursor"));
                let nodes = state.events.iter().enumerate().skip(after).take(100);
                let nodes: Vec<_> = nodes
                    .map(|(index, id)| {
                        let incident = &state.incidents[id].fields;
                        let incident = json!({"id": id, "version": incident["version"], "status": incident["status"],
                            "updatedAt": incident["updatedAt"]});
                        json!({"cursor": (index + 1).to_string(), "requestId": null, "incident": incident})
                    })
                    .collect();
                let has_more = after + nodes.len() < state.events.len();
                json!({"eventLog": {"nodes": nodes, "pageInfo": {"hasNextPage": has_more}}})
            }
            other => panic!("nobody acts {other}"),
        }
    }
}

/// What an operation makes of an incident: the kind of the entry, and the fields that change. None where it was so already.
fn made(
    operation: &str,
    input: &Value,
    by: &Value,
    assignees: &Value,
    status: &str,
) -> Option<(&'static str, Value)> {
    Some(match operation {
        "AddComment" => ("COMMENT", json!({})),
        "AcknowledgeIncident" if status == "TRIGGERED" => {
            let fields = json!({"status": "ACKNOWLEDGED", "acknowledgedAt": now(), "acknowledgedBy": by});
            ("ACKNOWLEDGED", fields)
        }
        "ResolveIncident" if status != "RESOLVED" => {
            let fields = json!({"status": "RESOLVED", "resolvedAt": now(), "resolvedBy": by});
            ("RESOLVED", fields)
        }
        "ReopenIncident" if status == "RESOLVED" => {
            let fields = json!({"status": "TRIGGERED", "resolvedAt": null, "resolvedBy": null, "acknowledgedAt": null,
                "acknowledgedBy": null});
            ("REOPENED", fields)
        }
        "SnoozeIncident" => {
            let fields = json!({"status": "ACKNOWLEDGED", "acknowledgedAt": now(), "acknowledgedBy": by,
                "snoozedUntil": input["until"]});
            ("SNOOZED", fields)
        }
        "ReassignIncident" => ("REASSIGNED", json!({"assignees": assignees})),
        "UpdateIncident" => {
            let wanted = ["urgency", "severity"]
                .into_iter()
                .filter(|name| !input[*name].is_null());
            let fields = wanted
                .map(|name| (name.to_owned(), input[name].clone()))
                .collect();
            ("UPDATED", Value::Object(fields))
        }
        _ => return None,
    })
}

impl Tracked {
    /// What links to the incidents of these numbers show, pasted by whoever has this address. A stakeholder reads no drafts.
    fn previews(&self, numbers: &Value, email: &Value) -> Vec<Value> {
        let numbers = numbers.as_array().expect("numbers");
        let wanted = self
            .incidents
            .iter()
            .filter(|(_, incident)| numbers.contains(&incident.fields["number"]));
        let person = self.people.iter().find(|person| person["email"] == *email);
        let reads_drafts = person.is_some_and(|person| person["role"] != "STAKEHOLDER");
        let shown = wanted.map(|(id, incident)| {
            let found = self.postmortems.get(id);
            let shows = found.is_some_and(|found| reads_drafts || found["status"] == "PUBLISHED");
            json!({"incident": incident.fields, "showsPostmortem": shows})
        });
        shown.collect()
    }

    /// A member's lists, newest first.
    fn home(&self, member: &Value) -> Value {
        let member = self.people.iter().find(|person| person["id"] == *member);
        let name = &member.expect("a member")["name"];
        let list = |wanted: &dyn Fn(&Value) -> bool| {
            let found: Vec<&Value> = self
                .incidents
                .values()
                .rev()
                .map(|incident| &incident.fields)
                .filter(|fields| wanted(fields))
                .collect();
            json!({"nodes": found, "totalCount": found.len()})
        };
        let is_open = |fields: &Value| fields["status"] != "RESOLVED";
        let is_theirs = |fields: &Value| {
            let assignees = fields["assignees"].as_array().expect("assignees");
            assignees.iter().any(|assignee| assignee["name"] == *name)
        };
        json!({
            "organization": {"name": "Org"},
            "assigned": list(&|fields| is_open(fields) && is_theirs(fields)),
            "taken": list(&|fields| is_open(fields) && fields["acknowledgedBy"]["name"] == *name),
            "recent": list(&|_| true),
        })
    }
}

pub(super) fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

async fn graphql(
    State(tracker): State<Tracker>,
    headers: axum::http::HeaderMap,
    Json(request): Json<Value>,
) -> (axum::http::StatusCode, Json<Value>) {
    if tracker.state().is_down {
        return (axum::http::StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    let operation = request["operationName"].as_str().expect("an operation");
    if let Some((status, refusal)) = tracker.refusal(operation, &request["variables"]) {
        return (status, Json(refusal));
    }
    let on_behalf_of = headers
        .get("tocsin-on-behalf-of")
        .map(|id| id.to_str().expect("an id"));
    let data = tracker.answer(operation, &request["variables"], on_behalf_of);
    (axum::http::StatusCode::OK, Json(json!({"data": data})))
}
