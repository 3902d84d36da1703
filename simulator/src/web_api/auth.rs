//! `auth.test`, `api.test`, `team.info`, `bots.info`.

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal, fields};
use crate::state::workspace::installation::Holder;

/// `api.test`: gives back what it got; with `error`, fails so.
pub(crate) fn api_test(call: &MethodCall<'_>) -> MethodOutcome {
    let args = json!({ "args": call.args.values() });
    match call.args.text("error") {
        Some(error) => Err(MethodRefusal {
            fields: fields(args),
            ..MethodRefusal::from(error.as_str())
        }),
        None => Ok(fields(args)),
    }
}

/// `auth.test`: who the token is.
pub(crate) fn test(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.read(|ws| {
        let mut reply = fields(json!({
            "url": call.host.base.as_str(),
            "team": ws.team.name,
            "team_id": ws.team.id,
            "app_id": ws.app.id,
            "is_enterprise_install": false,
        }));
        let user = match &call.holder {
            Some(Holder::User { id, .. }) => id,
            Some(Holder::Bot) | None => {
                reply.insert("bot_id".to_owned(), json!(ws.app.bot_id));
                &ws.app.bot_user_id
            }
        };
        let name = ws.person(user).map(|person| person.name.clone());
        reply.insert("user".to_owned(), json!(name));
        reply.insert("user_id".to_owned(), json!(user));
        Ok(reply)
    })
}

/// `team.info`.
pub(crate) fn team_info(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.read(|ws| {
        if call.args.text("team").is_some_and(|team| team != ws.team.id) {
            return Err("team_not_found".into());
        }
        Ok(fields(json!({ "team": {
            "id": ws.team.id,
            "name": ws.team.name,
            "domain": ws.team.domain,
            "url": call.host.base.as_str(),
            "email_domain": "",
            "icon": { "image_default": true },
        }})))
    })
}

/// `bots.info`.
pub(crate) fn bots_info(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.read(|ws| {
        let app = &ws.app;
        if call.args.text("bot").is_some_and(|bot| bot != app.bot_id) {
            return Err("bot_not_found".into());
        }
        Ok(fields(json!({ "bot": {
            "id": app.bot_id,
            "deleted": false,
            "name": app.name,
            "updated": 1,
            "app_id": app.id,
            "user_id": app.bot_user_id,
            "icons": {},
        }})))
    })
}
