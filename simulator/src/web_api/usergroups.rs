//! `usergroups.list`.

use serde_json::{Value, json};

use crate::method::call::Call;
use crate::method::refusal::{Outcome, fields};

/// `usergroups.list`; nobody can disable a group here.
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    call.host.read(|ws| {
        let groups = ws.groups.iter().map(|group| {
            json!({"id": group.id, "team_id": ws.team.id, "is_usergroup": true, "name": group.name, "handle": group.handle,
                "description": "", "is_external": false, "date_create": 1, "date_update": 1, "date_delete": 0,
                "user_count": 0, "auto_provision": false})
        });
        Ok(fields(json!({ "usergroups": groups.collect::<Vec<Value>>() })))
    })
}
