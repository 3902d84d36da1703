//! `views.open`, `.push`, `.update`, `.publish`: checked and kept.

use serde_json::{Value, json};

use crate::block_kit;
use crate::method::arguments::missing_argument;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, MethodRefusal, fields};
use crate::state::host::lock;
use crate::state::workspace::{SimulatedWorkspace, View};

/// Bytes of a view. Source: the reference of `views.open`, `view_too_large`.
pub(crate) const VIEW_MAX: usize = 250_000;

/// Modals on one another. Source: the reference of `views.push`.
pub(crate) const STACK_MAX: usize = 3;

/// `views.open`: a modal, within three seconds of what the person did.
pub(crate) fn open(call: &MethodCall<'_>) -> MethodOutcome {
    let content = content(call, "modal")?;
    let user = triggering_user(call)?;
    call.host.change(|ws| {
        check_external_id(ws, &content, None)?;
        let id = ws.next_id("V");
        Ok(add(ws, View::new(id.clone(), user, id, None, content)))
    })
}

/// `views.push`: a modal over the open ones.
pub(crate) fn push(call: &MethodCall<'_>) -> MethodOutcome {
    let content = content(call, "modal")?;
    let user = triggering_user(call)?;
    call.host.change(|ws| {
        check_external_id(ws, &content, None)?;
        let top = ws
            .views
            .iter()
            .rfind(|v| v.kind == "modal" && v.user == user)
            .ok_or("not_found")?;
        let (root, previous) = (top.root_id.clone(), top.id.clone());
        if ws.views.iter().filter(|v| v.root_id == root).count() >= STACK_MAX {
            return Err("push_limit_reached".into());
        }
        let id = ws.next_id("V");
        Ok(add(ws, View::new(id, user, root, Some(previous), content)))
    })
}

/// `views.update`, by `view_id` or `external_id`.
pub(crate) fn update(call: &MethodCall<'_>) -> MethodOutcome {
    let args = call.args;
    let (view_id, external_id) = (args.text("view_id"), args.text("external_id"));
    if view_id.is_none() && external_id.is_none() {
        return Err(missing_argument("view_id"));
    }
    call.host.change(|ws| {
        let wanted = |v: &&View| {
            view_id.as_ref().is_some_and(|id| v.id == *id)
                || external_id.as_ref().is_some_and(|id| v.external_id == *id)
        };
        let view = ws.views.iter().find(wanted).ok_or("not_found")?;
        let (id, kind) = (view.id.clone(), view.kind.clone());
        check_hash(call, view)?;
        let content = content(call, &kind)?;
        check_external_id(ws, &content, Some(&id))?;
        Ok(replace(ws, &id, content))
    })
}

/// `views.publish`: a person's Home tab.
pub(crate) fn publish(call: &MethodCall<'_>) -> MethodOutcome {
    let user = call.args.required("user_id")?;
    let content = content(call, "home")?;
    call.host.change(|ws| {
        if ws.person(&user).is_none() {
            return Err(MethodRefusal::explained(
                "invalid_arguments",
                &["[ERROR] no such user [json-pointer:/user_id]".to_owned()],
            ));
        }
        if let Some(view) = ws.views.iter().find(|v| v.kind == "home" && v.user == user) {
            check_hash(call, view)?;
            let id = view.id.clone();
            return Ok(replace(ws, &id, content));
        }
        let id = ws.next_id("V");
        Ok(add(ws, View::new(id.clone(), user, id, None, content)))
    })
}

fn content(call: &MethodCall<'_>, kind: &str) -> Result<Value, MethodRefusal> {
    let malformed = || {
        MethodRefusal::explained(
            "invalid_arguments",
            &["[ERROR] failed to parse `view`".to_owned()],
        )
    };
    let view = call
        .args
        .structure("view")
        .map_err(|_| malformed())?
        .ok_or_else(malformed)?;
    if view.to_string().len() > VIEW_MAX {
        return Err("view_too_large".into());
    }
    let mut problems = block_kit::view_problems(&view);
    if view["type"] != kind {
        problems.push(format!(
            "[ERROR] must be \"{kind}\" here [json-pointer:/view/type]"
        ));
    }
    if problems.is_empty() {
        Ok(view)
    } else {
        Err(MethodRefusal::explained("invalid_arguments", &problems))
    }
}

fn triggering_user(call: &MethodCall<'_>) -> Result<String, MethodRefusal> {
    let id = call
        .args
        .text("trigger_id")
        .or_else(|| call.args.text("interactivity_pointer"));
    let id = id.ok_or_else(|| missing_argument("trigger_id"))?;
    lock(&call.host.triggers)
        .exchange(&id)
        .map_err(MethodRefusal::from)
}

fn check_hash(call: &MethodCall<'_>, view: &View) -> Result<(), MethodRefusal> {
    match call.args.text("hash") {
        Some(hash) if hash != view.hash => Err("hash_conflict".into()),
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn check_external_id(
    ws: &SimulatedWorkspace,
    content: &Value,
    own: Option<&str>,
) -> Result<(), MethodRefusal> {
    let external_id = content["external_id"].as_str().unwrap_or_default();
    let taken = !external_id.is_empty()
        && ws
            .views
            .iter()
            .any(|v| v.external_id == external_id && Some(v.id.as_str()) != own);
    if taken {
        Err("duplicate_external_id".into())
    } else {
        Ok(())
    }
}

fn add(ws: &mut SimulatedWorkspace, view: View) -> Fields {
    let reply = fields(json!({ "view": view.json(ws) }));
    ws.views.push(view);
    ws.touch("");
    reply
}

fn replace(ws: &mut SimulatedWorkspace, id: &str, content: Value) -> Fields {
    if let Some(view) = ws.views.iter_mut().find(|v| v.id == id) {
        view.set_content(content);
    }
    ws.touch("");
    let shown = ws.views.iter().find(|v| v.id == id).map(|v| v.json(ws));
    fields(json!({ "view": shown }))
}
