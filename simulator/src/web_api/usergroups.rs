//! `usergroups.list`.

use serde_json::{Value, json};

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};

/// `usergroups.list`; nobody can disable a group here.
pub(crate) fn list(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.read(|ws| {
        let groups = ws.groups.iter().map(|group| {
            json!({"id": group.id, "team_id": ws.team.id, "is_usergroup": true, "name": group.name, "handle": group.handle,
                "description": "", "is_external": false, "date_create": 1, "date_update": 1, "date_delete": 0,
                "user_count": 0, "auto_provision": false})
        });
        Ok(fields(json!({ "usergroups": groups.collect::<Vec<Value>>() })))
    })
}
