//! What the acted API says of incidents to the mirror, and how often it is asked.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tocsin_entity::id::IncidentId;

use super::tracker::{Tracked, Tracker};

impl Tracker {
    /// How many requests there were whose operation's name ends so.
    pub(super) fn requests(&self, name: &str) -> usize {
        let state = self.state();
        let counts = state
            .requests
            .iter()
            .filter(|(operation, _)| operation.ends_with(name));
        counts.map(|(_, count)| count).sum()
    }

    /// From now on it is an API of the version before, which knows no request for many incidents.
    pub(crate) fn set_older(&self, is_older: bool) {
        self.state().is_older = is_older;
    }

    /// From now on it fails when it is asked for this incident, alone or among others.
    pub(super) fn break_incident(&self, id: IncidentId) {
        self.state().broken = Some(id);
    }

    /// Why it does not answer: as an API of the version before, or for an incident that it can't read.
    pub(super) fn refusal(&self, operation: &str, variables: &Value) -> Option<(StatusCode, Value)> {
        let state = self.state();
        if state.is_older && ["IncidentsToMirror", "NewAssignees"].contains(&operation) {
            let error =
                json!({"message": "Unknown field.", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}});
            return Some((StatusCode::BAD_REQUEST, json!({ "errors": [error] })));
        }
        let broken = state.broken?.to_string();
        if !variables.to_string().contains(&broken) {
            return None;
        }
        let error = json!({"message": "Something went wrong.", "extensions": {"code": "INTERNAL"}});
        Some((StatusCode::OK, json!({ "data": null, "errors": [error] })))
    }

    pub(super) fn forget_requests(&self) {
        self.state().requests.clear();
    }

    pub(super) fn answer_mirror(&self, operation: &str, variables: &Value) -> Option<Value> {
        let mut state = self.state();
        *state.requests.entry(operation.to_owned()).or_default() += 1;
        let found = match operation {
            "IncidentToMirror" => {
                let id: IncidentId = variables["id"].as_str().expect("an id").parse().expect("an id");
                ("incident", json!(state.mirrored(id, &variables["last"])))
            }
            "IncidentsToMirror" => {
                let ids: Vec<IncidentId> = serde_json::from_value(variables["ids"].clone()).expect("ids");
                let found: Vec<Value> = ids
                    .into_iter()
                    .filter_map(|id| state.mirrored(id, &variables["last"]))
                    .collect();
                ("incidents", json!({ "nodes": found }))
            }
            "ChangedTimeline" => {
                let id: IncidentId = variables["id"].as_str().expect("an id").parse().expect("an id");
                let mut changed = state.incidents.get(&id)?.entries.clone();
                changed.retain(|entry| entry["changedVersion"].as_i64() > variables["changedAfter"].as_i64());
                let page_info = json!({"hasNextPage": false, "endCursor": null});
                let timeline = json!({"nodes": changed, "pageInfo": page_info});
                return Some(json!({"incident": {"timeline": timeline}}));
            }
            _ => return None,
        };
        let mut answer = json!({"organization": {"name": "Example"}, "connectors": state.connectors});
        answer[found.0] = found.1;
        Some(answer)
    }
}

impl Tracked {
    /// An incident with the last entries of its timeline, and where it goes.
    fn mirrored(&self, id: IncidentId, last: &Value) -> Option<Value> {
        let incident = self.incidents.get(&id)?;
        let mut fields = incident.fields.clone();
        let last = last
            .as_u64()
            .and_then(|last| usize::try_from(last).ok())
            .expect("a page");
        let earlier = incident.entries.len().saturating_sub(last);
        let page_info = json!({"hasPreviousPage": earlier > 0, "startCursor": null});
        let led = self
            .connectors
            .iter()
            .filter(|one| !self.passed_over.contains(&one["id"]));
        let led = led.map(|one| json!({"connector": {"id": one["id"]}, "heldBack": null}));
        fields["slackRouting"] = led.collect();
        fields["timeline"] = json!({"nodes": incident.entries[earlier..], "pageInfo": page_info});
        Some(fields)
    }
}
