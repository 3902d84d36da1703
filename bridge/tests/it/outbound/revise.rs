//! The API, acted: comments that are edited and retracted, and a sync that is muted.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tocsin_entity::id::IncidentId;

use super::tracker::{Tracker, merge};

fn now() -> String {
    tocsin_clock::machine_now().format(&Rfc3339).expect("a time")
}

impl Tracker {
    /// Edits the comment with this text, as its author does through the API.
    pub(crate) fn edit_comment(&self, id: IncidentId, before: &str, after: &str) {
        let change = json!({"bodyMarkdown": after, "editedAt": now()});
        self.revise(id, |entry| entry["bodyMarkdown"] == before, change);
    }

    /// Retracts the comment with this text, as its author does through the API.
    pub(crate) fn retract_comment(&self, id: IncidentId, body: &str) {
        let change = json!({"bodyMarkdown": null, "retractedAt": now()});
        self.revise(id, |entry| entry["bodyMarkdown"] == body, change);
    }

    pub(crate) fn mute(&self, id: IncidentId, muted: bool) {
        let kind = if muted { "SYNC_MUTED" } else { "SYNC_UNMUTED" };
        self.change(
            id,
            kind,
            json!({"slackMuted": muted}),
            json!({"slackMuted": false}),
        );
    }

    /// How the incident's changes are told, whatever the connectors say.
    pub(crate) fn tell(&self, id: IncidentId, mode: &str) {
        self.change(
            id,
            "UPDATED",
            json!({"slackReplyMode": mode}),
            json!({"changes": ["updates in Slack"]}),
        );
    }

    /// Changes the entry that is meant, and raises the incident's version.
    fn revise(&self, id: IncidentId, is_meant: impl Fn(&Value) -> bool, change: Value) {
        let mut state = self.state();
        let incident = state.incidents.get_mut(&id).expect("an incident");
        let version = incident.fields["version"].as_i64().expect("a version") + 1;
        let entry = incident
            .entries
            .iter_mut()
            .find(|entry| is_meant(entry))
            .expect("a comment");
        merge(entry, change);
        entry["changedVersion"] = json!(version);
        merge(
            &mut incident.fields,
            json!({"version": version, "updatedAt": now()}),
        );
        state.events.push(id);
    }

    /// `editComment`, `retractComment` by the bridge, and `setSlackSync`.
    pub(super) fn write_revision(&self, operation: &str, input: &Value) -> Option<Value> {
        let field = operation[..1].to_lowercase() + &operation[1..];
        if operation == "SetSlackSync" {
            let id = input["id"].as_str().expect("an id").parse().expect("an id");
            self.mute(id, input["muted"] == true);
            let incident = self.state().incidents[&id].fields.clone();
            return Some(json!({field: {"incident": incident, "userErrors": []}}));
        }
        if !matches!(operation, "EditComment" | "RetractComment") {
            return None;
        }
        let reference = input["externalRef"].clone();
        let found = {
            let state = self.state();
            state.incidents.iter().find_map(|(id, incident)| {
                let entry = incident
                    .entries
                    .iter()
                    .find(|entry| entry["externalRef"] == reference)?;
                Some((*id, entry.clone()))
            })
        };
        let Some((id, entry)) = found else {
            let error =
                json!({"code": "NOT_FOUND", "message": "There is no such comment in your organisation."});
            return Some(json!({field: {"entry": null, "userErrors": [error]}}));
        };
        let is_meant = |entry: &Value| entry["externalRef"] == reference;
        if operation == "RetractComment" {
            if entry["retractedAt"].is_null() {
                self.revise(id, is_meant, json!({"bodyMarkdown": null, "retractedAt": now()}));
            }
        } else {
            let late = input["revision"].as_str() <= entry["revision"].as_str();
            if entry["retractedAt"].is_null() && !late {
                let change = json!({"bodyMarkdown": input["bodyMarkdown"], "editedAt": now(), "revision": input["revision"]});
                self.revise(id, is_meant, change);
            }
        }
        Some(json!({field: {"entry": {"id": "tle_1"}, "userErrors": []}}))
    }
}
