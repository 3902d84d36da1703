//! The API, acted: incidents that change as tests say, read by the bridge's own documents.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::id::{ConnectorId, IncidentId, OrganizationId, TimelineEntryId};
use url::Url;

/// Incidents of one organisation.
#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    pub(crate) url: Url,
    pub(crate) organization: OrganizationId,
    state: Arc<Mutex<Tracked>>,
}

#[derive(Debug, Default)]
struct Tracked {
    incidents: BTreeMap<IncidentId, Incident>,
    events: Vec<IncidentId>,
    connectors: Vec<Value>,
    is_down: bool,
}

#[derive(Debug)]
struct Incident {
    fields: Value,
    entries: Vec<Value>,
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).expect("a time")
}

impl Tracker {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let tracker = Self {
            url: address.parse().expect("a URL"),
            organization: OrganizationId::new(),
            state: Arc::default(),
        };
        let router = Router::new().route("/graphql", post(graphql)).with_state(tracker.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tracker.connector("default", "#incidents");
        tracker
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Tracked> {
        self.state.lock().expect("no test has panicked with it")
    }

    /// Another connector.
    pub(crate) fn connector(&self, name: &str, channel: &str) {
        let connector = json!({"id": ConnectorId::new(), "name": name, "channel": channel});
        self.state().connectors.push(connector);
    }

    /// Only this connector.
    pub(crate) fn connect_only(&self, channel: &str) {
        self.state().connectors.clear();
        self.connector("default", channel);
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// A new incident; gives its id and its version.
    pub(crate) fn trigger(&self, title: &str) -> IncidentId {
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
        });
        state.incidents.insert(id, Incident { fields, entries: Vec::new() });
        drop(state);
        self.change(id, "TRIGGERED", json!({}), json!({}));
        id
    }

    /// Changes fields, and adds an entry of this kind.
    pub(crate) fn change(&self, id: IncidentId, kind: &str, fields: Value, entry: Value) {
        let mut state = self.state();
        state.events.push(id);
        let incident = state.incidents.get_mut(&id).expect("an incident");
        let version = incident.entries.len() + 1;
        let mut added = json!({
            "id": TimelineEntryId::new(), "version": version, "kind": kind, "source": "API", "bodyMarkdown": null,
            "author": {"name": "Alice Archer", "email": "alice@example.com"}, "createdAt": now(), "externalRef": null,
            "changes": [],
        });
        merge(&mut added, entry);
        incident.entries.push(added);
        merge(&mut incident.fields, fields);
        merge(&mut incident.fields, json!({"version": version, "updatedAt": now()}));
    }

    pub(crate) fn acknowledge(&self, id: IncidentId) {
        let fields = json!({"status": "ACKNOWLEDGED", "acknowledgedAt": now(), "acknowledgedBy": {"name": "Alice Archer"}});
        self.change(id, "ACKNOWLEDGED", fields, json!({}));
    }

    pub(crate) fn resolve(&self, id: IncidentId, note: &str) {
        let fields = json!({"status": "RESOLVED", "resolvedAt": now(), "resolvedBy": {"name": "Alice Archer"}});
        self.change(id, "RESOLVED", fields, json!({"bodyMarkdown": note}));
    }

    pub(crate) fn comment(&self, id: IncidentId, body: &str) {
        self.change(id, "COMMENT", json!({}), json!({"bodyMarkdown": body}));
    }

    pub(crate) fn version(&self, id: IncidentId) -> i64 {
        self.state().incidents[&id].fields["version"].as_i64().expect("a version")
    }

    fn answer(&self, operation: &str, variables: &Value) -> Value {
        let state = self.state();
        match operation {
            "Organizations" => {
                json!({"organizations": [{"id": self.organization, "name": "Org", "slug": "org"}]})
            }
            "IncidentToMirror" => {
                let id = variables["id"].as_str().expect("an id").parse().expect("an id");
                let found = state.incidents.get(&id).map(|incident| {
                    let mut fields = incident.fields.clone();
                    let page_info = json!({"hasPreviousPage": false, "startCursor": null});
                    fields["timeline"] = json!({"nodes": incident.entries, "pageInfo": page_info});
                    fields
                });
                json!({"incident": found, "connectors": state.connectors})
            }
            "EventLog" => {
                let after = variables["after"].as_str().map_or(0, |after| after.parse().expect("a cursor"));
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

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

async fn graphql(State(tracker): State<Tracker>, Json(request): Json<Value>) -> (axum::http::StatusCode, Json<Value>) {
    if tracker.state().is_down {
        return (axum::http::StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    let operation = request["operationName"].as_str().expect("an operation");
    (axum::http::StatusCode::OK, Json(json!({"data": tracker.answer(operation, &request["variables"])})))
}
