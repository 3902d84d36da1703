//! What people do in dialogs and Home tabs, and with shortcuts.
//!
//! Source: Slack, "Modals", "`view_submission`", "`block_suggestion`", "Shortcuts": an empty answer closes the dialog, a
//! `response_action` says something else, anything else is an error that the person sees.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::AppAnswer;
use super::delivery::send;
use super::events::VERIFICATION_TOKEN;
use super::interaction;
use super::state::{self, ViewInputs};
use crate::block_kit;
use crate::error::ActError;
use crate::state::delivery::{AcceptedDelivery, AppRequest};
use crate::state::host::{Host, lock};
use crate::state::response_urls::InteractionPlace;
use crate::state::workspace::message::Metadata;
use crate::state::workspace::{SimulatedWorkspace, View};
use crate::web_api::views;

/// How long a person looks at a dialog that is only being prepared.
const PATIENCE: Duration = Duration::from_secs(5);

const TROUBLE: &str = "We had some trouble connecting. Try again?";

/// Submits the topmost dialog of a person, with what they put in: by `block_id` or `action_id`, over what the app has put there.
/// A form that is only being prepared is waited for a little, as people do.
pub(crate) async fn submit(host: &Host, person: &str, inputs: &ViewInputs) -> Result<AppAnswer, ActError> {
    let mut activity = host.activity.subscribe();
    let form = async {
        loop {
            activity.mark_unchanged();
            let is_there = host.read(|ws| {
                let person = ws.find_person(person)?;
                Ok::<_, ActError>(top(ws, &person.id).is_ok_and(|view| view.content.get("submit").is_some()))
            });
            if !matches!(is_there, Ok(false)) || activity.changed().await.is_err() {
                return;
            }
        }
    };
    // If it never comes, what follows says so.
    let _waited = tokio::time::timeout(PATIENCE, form).await;
    let (view, payload) = host.read(|ws| {
        let person = ws.find_person(person)?;
        let view = top(ws, &person.id)?;
        if view.content.get("submit").is_none() {
            return Err(ActError::Refused("this dialog has nothing to submit".to_owned()));
        }
        let values = state::of(view, inputs).map_err(ActError::Refused)?;
        let mut shown = view.json(ws);
        shown["state"] = json!({ "values": values });
        let mut payload = envelope(ws, &person.id, "view_submission")?;
        payload["view"] = shown;
        payload["response_urls"] = json!([]);
        Ok((view.clone(), payload))
    })?;
    let accepted = match post(host, "view_submission", &view.user, payload, false).await {
        Ok(accepted) => accepted,
        Err(status) => return Ok(trouble(host, &view.user, status)),
    };
    Ok(answered(host, &view, &accepted))
}

/// Does to a dialog what the app has answered.
fn answered(host: &Host, view: &View, accepted: &AcceptedDelivery) -> AppAnswer {
    let fine = AppAnswer {
        status: Some(200),
        error: None,
    };
    if accepted.body.is_empty() {
        host.change(|ws| remove(ws, &view.id));
        return fine;
    }
    let answer: Value = serde_json::from_slice(&accepted.body).unwrap_or(Value::Null);
    let known = |block_id: &String| {
        state::inputs_of(&view.content).any(|block| block["block_id"] == block_id.as_str())
    };
    match (answer["response_action"].as_str(), &answer["errors"]) {
        (Some("errors"), Value::Object(errors)) if !errors.is_empty() && errors.keys().all(known) => {
            let told: Vec<_> = errors
                .iter()
                .map(|(block_id, text)| format!("{block_id}: {}", text.as_str().unwrap_or_default()))
                .collect();
            AppAnswer {
                status: Some(200),
                error: Some(told.join("; ")),
            }
        }
        (Some("clear"), _) => {
            host.change(|ws| {
                ws.views.retain(|other| other.root_id != view.root_id);
                ws.touch("");
            });
            fine
        }
        (Some(action @ ("update" | "push")), _) if is_modal(&answer["view"]) => {
            let is_shown = host.change(|ws| another(ws, view, &answer["view"], action == "push"));
            if is_shown {
                fine
            } else {
                trouble(host, &view.user, Some(200))
            }
        }
        _ => trouble(host, &view.user, Some(200)),
    }
}

/// Whether the app's answer holds what `views.open` would take.
fn is_modal(view: &Value) -> bool {
    view["type"] == "modal"
        && view.to_string().len() <= views::VIEW_MAX
        && block_kit::view_problems(view).is_empty()
}

/// Puts the content in the dialog's place or over it; whether Slack would.
fn another(ws: &mut SimulatedWorkspace, view: &View, content: &Value, push: bool) -> bool {
    let own = (!push).then_some(view.id.as_str());
    let together = ws.views.iter().filter(|other| other.root_id == view.root_id);
    if views::check_external_id(ws, content, own).is_err() || push && together.count() >= views::STACK_MAX {
        return false;
    }
    ws.touch("");
    if push {
        let (id, root) = (ws.next_id("V"), view.root_id.clone());
        let previous = Some(view.id.clone());
        let pushed = View::new(id, view.user.clone(), root, previous, content.clone());
        ws.views.push(pushed);
    } else if let Some(shown) = ws.views.iter_mut().find(|other| other.id == view.id) {
        shown.set_content(content.clone());
    }
    true
}

/// Closes the topmost dialog of a person; the app hears of it where it has asked for that.
pub(crate) async fn close(host: &Host, person: &str) -> Result<AppAnswer, ActError> {
    let (view, payload) = host.change(|ws| {
        let user = ws.find_person(person)?.id.clone();
        let view = top(ws, &user)?.clone();
        let mut payload = envelope(ws, &user, "view_closed")?;
        payload["view"] = view.json(ws);
        payload["is_cleared"] = json!(false);
        remove(ws, &view.id);
        Ok::<_, ActError>((view, payload))
    })?;
    if view.content["notify_on_close"] != true {
        return Ok(AppAnswer {
            status: None,
            error: None,
        });
    }
    Ok(
        match post(host, "view_closed", &view.user, payload, false).await {
            Ok(_) => AppAnswer {
                status: Some(200),
                error: None,
            },
            Err(status) => trouble(host, &view.user, status),
        },
    )
}

/// Types into a menu of the topmost dialog whose options come from the app; what it offers.
pub(crate) async fn suggest(
    host: &Host,
    person: &str,
    action: &str,
    typed: &str,
) -> Result<Vec<Value>, ActError> {
    let (user, view_id, action_id, payload, least) = host.read(|ws| {
        let person = ws.find_person(person)?;
        let view = top(ws, &person.id)?;
        let block = state::inputs_of(&view.content)
            .find(|block| block["element"]["action_id"] == action || block["block_id"] == action)
            .ok_or_else(|| ActError::NotFound(format!("the dialog has no menu \"{action}\"")))?;
        let element = &block["element"];
        if !element["type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("external_select"))
        {
            return Err(ActError::Refused(format!(
                "the options of \"{action}\" don't come from the app"
            )));
        }
        let mut payload = envelope(ws, &person.id, "block_suggestion")?;
        payload["action_id"] = element["action_id"].clone();
        payload["block_id"] = block["block_id"].clone();
        payload["value"] = json!(typed);
        payload["view"] = view.json(ws);
        payload["container"] = json!({"type": "view", "view_id": view.id});
        let least = element["min_query_length"].as_u64().unwrap_or(3);
        let action_id = element["action_id"].as_str().unwrap_or_default().to_owned();
        Ok((person.id.clone(), view.id.clone(), action_id, payload, least))
    })?;
    if (typed.chars().count() as u64) < least {
        return Ok(Vec::new());
    }
    let Ok(accepted) = post(host, "block_suggestion", &user, payload, true).await else {
        return Err(ActError::Refused(
            "the app did not answer with options".to_owned(),
        ));
    };
    let answer: Value = serde_json::from_slice(&accepted.body).unwrap_or(Value::Null);
    let options = answer["options"].as_array().cloned();
    let well_formed = |option: &Value| {
        let text = option["text"]["text"]
            .as_str()
            .map_or(0, |text| text.chars().count());
        let value = option["value"].as_str().map_or(0, |value| value.chars().count());
        option["text"]["type"] == "plain_text" && (1..=75).contains(&text) && (1..=150).contains(&value)
    };
    let options = options
        .filter(|options| options.len() <= 100 && options.iter().all(well_formed))
        .ok_or_else(|| ActError::Refused("the app answered with what are no options".to_owned()))?;
    host.change(|ws| {
        if let Some(view) = ws.views.iter_mut().find(|view| view.id == view_id) {
            view.offered
                .entry(action_id)
                .or_default()
                .extend(options.iter().cloned());
        }
    });
    Ok(options)
}

/// Uses a global shortcut, or one on a message.
pub(crate) async fn shortcut(
    host: &Host,
    person: &str,
    callback_id: &str,
    message: Option<(&str, &str)>,
) -> Result<AppAnswer, ActError> {
    let (user, kind, mut payload, at) = host.read(|ws| {
        let person = ws.find_person(person)?;
        let kind = if message.is_some() {
            "message_action"
        } else {
            "shortcut"
        };
        let mut payload = envelope(ws, &person.id, kind)?;
        payload["callback_id"] = json!(callback_id);
        payload["action_ts"] = json!(crate::clock::ts(crate::clock::now_micros()));
        if let Some((channel, ts)) = message {
            let channel = ws.find_channel(channel)?;
            interaction::check_sees(channel, person)?;
            let found = interaction::seen_message(channel, &person.id, ts)?;
            payload["channel"] = json!({"id": channel.id, "name": channel.name});
            payload["message"] = ws.message_json(channel, found, Metadata::Whole);
            payload["message_ts"] = json!(ts);
        }
        let at = payload["channel"]["id"].as_str().map(str::to_owned);
        Ok::<_, ActError>((person.id.clone(), kind, payload, at))
    })?;
    if let Some(channel) = at {
        let origin = InteractionPlace {
            channel,
            message_ts: None,
            user: user.clone(),
        };
        let url = lock(&host.response_urls).issue(&host.base, "actions", origin);
        payload["response_url"] = json!(url.as_str());
    }
    Ok(match post(host, kind, &user, payload, false).await {
        Ok(_) => AppAnswer {
            status: Some(200),
            error: None,
        },
        Err(status) => trouble(host, &user, status),
    })
}

fn top<'a>(ws: &'a SimulatedWorkspace, user: &str) -> Result<&'a View, ActError> {
    let mut dialogs = ws
        .views
        .iter()
        .filter(|view| view.kind == "modal" && view.user == user);
    dialogs
        .next_back()
        .ok_or_else(|| ActError::NotFound("no dialog is open".to_owned()))
}

fn remove(ws: &mut SimulatedWorkspace, id: &str) {
    ws.views.retain(|view| view.id != id);
    ws.touch("");
}

/// What all of these payloads have in common.
fn envelope(ws: &SimulatedWorkspace, user: &str, kind: &str) -> Result<Value, ActError> {
    let person = ws.find_person(user)?;
    Ok(json!({
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": ws.team.id},
        "team": {"id": ws.team.id, "domain": ws.team.domain},
        "enterprise": null,
        "is_enterprise_install": false,
        "api_app_id": ws.app.id,
        "token": VERIFICATION_TOKEN,
    }))
}

/// Sends it under a new trigger; the status where that failed. `to_options`: to the address for options.
async fn post(
    host: &Host,
    what: &str,
    user: &str,
    mut payload: Value,
    to_options: bool,
) -> Result<AcceptedDelivery, Option<u16>> {
    let trigger_id = lock(&host.triggers).issue(user);
    if !matches!(what, "block_suggestion" | "view_closed") {
        payload["trigger_id"] = json!(trigger_id);
    }
    let url = host.address(|callbacks| {
        if to_options {
            callbacks.options.clone()
        } else {
            callbacks.interactions.clone()
        }
    });
    let body = serde_urlencoded::to_string([("payload", payload.to_string())]).map_err(|_| None)?;
    let outgoing = AppRequest {
        url: url.ok_or(None)?,
        content_type: "application/x-www-form-urlencoded",
        body: Bytes::from(body),
        kind: "interaction",
        what: what.to_owned(),
        id: trigger_id,
    };
    let sent = send(host, &outgoing, 0, None).await;
    sent.map_err(|failed| failed.status.map(|status| status.as_u16()))
}

/// What the person sees.
fn trouble(host: &Host, user: &str, status: Option<u16>) -> AppAnswer {
    host.change(|ws| ws.show_error(user, None, TROUBLE.to_owned()));
    AppAnswer {
        status,
        error: Some(TROUBLE.to_owned()),
    }
}

/// The dialogs of a person, the topmost last, as the page shows them.
pub(crate) fn open_dialogs(ws: &SimulatedWorkspace, person: &str) -> Result<Vec<Value>, ActError> {
    let user = ws.find_person(person)?.id.clone();
    let dialogs = ws.views.iter().filter(|view| view.user == user);
    Ok(dialogs.map(|view| view.json(ws)).collect())
}

/// Inputs as JSON objects have them.
pub(crate) fn inputs(values: Map<String, Value>) -> ViewInputs {
    values.into_iter().collect()
}
