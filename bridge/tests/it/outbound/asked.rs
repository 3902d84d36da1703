//! What administrators ask the bridge to do, as the acted API has it.

use std::time::Duration;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tocsin_entity::id::OperationId;

use super::{
    stage::{PATIENCE, Stage},
    tracker::{Tracker, merge, now},
};

impl Tracker {
    /// Somebody asks for something; its id.
    pub(super) fn ask(&self, kind: &str, fields: Value) -> OperationId {
        let id = OperationId::new();
        let expires_at = tocsin_clock::machine_now() + Duration::from_secs(60);
        let mut operation = json!({"id": id, "organizationId": self.organization, "kind": kind, "state": "PENDING",
            "createdAt": now(), "expiresAt": expires_at.format(&Rfc3339).expect("a time"), "workspace": null,
            "connector": null, "user": null, "linkedSlackUserId": null, "linkedBy": null, "channelName": null,
            "channelIsPrivate": null});
        merge(&mut operation, fields);
        self.state().operations.push(operation);
        id
    }

    /// Nobody has heard of what came of it.
    pub(super) fn forget_the_end(&self, id: OperationId) {
        self.change_operation(id, json!({"state": "PENDING", "report": null}));
    }

    fn change_operation(&self, id: OperationId, fields: Value) {
        let mut state = self.state();
        let found = state
            .operations
            .iter_mut()
            .find(|one| one["id"] == id.to_string());
        merge(found.expect("an operation"), fields);
    }

    fn operation(&self, id: &Value) -> Value {
        let state = self.state();
        let found = state.operations.iter().find(|one| one["id"] == *id);
        found.cloned().unwrap_or_default()
    }

    pub(super) fn answer_asked(&self, operation: &str, variables: &Value) -> Option<Value> {
        match operation {
            "PendingOperations" => {
                let state = self.state();
                let pending = state.operations.iter().filter(|one| one["state"] == "PENDING");
                let pending: Vec<_> = pending.map(|one| json!({"id": one["id"]})).collect();
                Some(json!({"pendingSlackOperations": pending}))
            }
            "OperationById" => Some(json!({"slackOperation": self.operation(&variables["id"])})),
            "FinishOperation" => {
                let input = &variables["input"];
                let id = input["id"].as_str().expect("an id").parse().expect("an id");
                let is_over = self.operation(&input["id"])["state"] != "PENDING";
                let errors = if is_over {
                    json!([{"code": "WRONG_STATUS", "message": "The operation is over."}])
                } else {
                    self.change_operation(id, json!({"state": "OVER", "report": input}));
                    json!([])
                };
                Some(json!({"finishSlackOperation": {"userErrors": errors}}))
            }
            _ => None,
        }
    }
}

impl Stage {
    /// Waits for what came of an operation.
    pub(super) async fn until_over(&self, id: OperationId) -> Value {
        let over = async {
            loop {
                let found = self.tracker.operation(&json!(id));
                if found["state"] == "OVER" {
                    return found["report"].clone();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, over).await.expect("an end")
    }

    /// What comes of something that is asked for, which nobody rings for.
    pub(super) async fn comes_of(&self, kind: &str, fields: Value) -> Value {
        self.until_over(self.tracker.ask(kind, fields)).await
    }
}
