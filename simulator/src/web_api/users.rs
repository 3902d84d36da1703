//! `users.info`, `users.list`, `users.lookupByEmail`.

use serde_json::{Value, json};

use super::paging::{ListPage, add_cursor};
use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};

fn with_email(call: &MethodCall<'_>) -> bool {
    call.has_any_scope(&["users:read.email"])
}

/// `users.info`.
pub(crate) fn info(call: &MethodCall<'_>) -> MethodOutcome {
    let id = call.args.required("user")?;
    call.host.read(|ws| {
        let person = ws.person(&id).ok_or("user_not_found")?;
        Ok(fields(
            json!({ "user": person.json(&ws.team, &ws.app, with_email(call)) }),
        ))
    })
}

/// `users.list`. Slack answers `limit_required` to large teams only; here everybody fits without one.
pub(crate) fn list(call: &MethodCall<'_>) -> MethodOutcome {
    let page = ListPage::read(call.args, 1_000, 1_000)?;
    call.host.read(|ws| {
        let all: Vec<(String, Value)> = ws
            .people
            .iter()
            .map(|p| (p.id.clone(), p.json(&ws.team, &ws.app, with_email(call))))
            .collect();
        let (members, next) = page.of(all);
        let mut reply = fields(json!({ "members": members, "cache_ts": crate::clock::now_seconds() }));
        add_cursor(&mut reply, &next);
        Ok(reply)
    })
}

/// `users.lookupByEmail`: exact but for case; deactivated people are not found.
pub(crate) fn lookup_by_email(call: &MethodCall<'_>) -> MethodOutcome {
    let email = call.args.required("email")?;
    call.host.read(|ws| {
        let person = ws
            .people
            .iter()
            .find(|p| !p.deleted && p.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(&email)))
            .ok_or("users_not_found")?;
        Ok(fields(json!({ "user": person.json(&ws.team, &ws.app, true) })))
    })
}
