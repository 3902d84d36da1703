//! Opening the Home tab, and presses of buttons and menus in it and in dialogs.
//!
//! Source: Slack, "App Home", "`block_actions`": the press names its view instead of a message and a channel, and has no response address.

use serde_json::{Value, json};

use super::answer::AppAnswer;
use super::elements::{self, LocatedElement, action_json, of_block, state_after};
use super::events::VERIFICATION_TOKEN;
use super::interaction::deliver;
use crate::clock;
use crate::error::ActError;
use crate::state::host::{Host, lock};
use crate::state::workspace::{Event, SimulatedWorkspace, View};

/// Opens the app's Home tab: the app hears of it, with what the tab shows if anything was ever published.
pub(crate) fn open_home(ws: &mut SimulatedWorkspace, person: &str) -> Result<(), ActError> {
    let user = ws.find_person(person)?.id.clone();
    let (channel, _) = ws.open_im(&user, clock::now_seconds());
    let mut body = json!({
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": "home",
        "event_ts": ws.next_ts(),
    });
    if let Some(view) = home(ws, &user) {
        body["view"] = view.json(ws);
    }
    ws.emit(Event::new(body, &[]));
    Ok(())
}

fn home<'a>(ws: &'a SimulatedWorkspace, user: &str) -> Option<&'a View> {
    ws.views
        .iter()
        .find(|view| view.kind == "home" && view.user == user)
}

/// Presses a button in the person's topmost dialog or, where none is open, on their Home tab; with a `choice`, chooses in a menu.
/// Several blocks may have the same: `block` names the one that is meant, else it is the first.
pub(crate) async fn press(
    host: &Host,
    person: &str,
    block: Option<&str>,
    action: &str,
    choice: Option<&str>,
) -> Result<AppAnswer, ActError> {
    let (user, mut payload) = host.read(|ws| block_actions(ws, person, block, action, choice))?;
    let trigger_id = lock(&host.triggers).issue(&user);
    payload["trigger_id"] = json!(trigger_id);
    let url = host.address(|callbacks| callbacks.interactions.clone());
    deliver(host, &user, None, url, trigger_id, &payload).await
}

fn block_actions(
    ws: &SimulatedWorkspace,
    person: &str,
    block: Option<&str>,
    action: &str,
    choice: Option<&str>,
) -> Result<(String, Value), ActError> {
    let person = ws.find_person(person)?;
    let mut dialogs = ws
        .views
        .iter()
        .filter(|view| view.kind == "modal" && view.user == person.id);
    let view = dialogs
        .next_back()
        .or_else(|| home(ws, &person.id))
        .ok_or_else(|| ActError::NotFound(format!("{} has neither a dialog nor a Home tab", person.name)))?;
    let blocks = view.content["blocks"].as_array().into_iter().flatten();
    let blocks = blocks.filter(|shown| block.is_none_or(|id| shown["block_id"] == id));
    let all: Vec<LocatedElement> = blocks.flat_map(|block| of_block(block, None)).collect();
    let found = elements::find(all, action, choice)?;
    let action = action_json(&found, choice)?;
    let mut shown = view.json(ws);
    shown["state"] = json!({"values": state_after(&found, &action, choice)});
    let payload = json!({
        "type": "block_actions",
        "user": {
            "id": person.id, "username": person.name, "name": person.name, "team_id": ws.team.id,
        },
        "api_app_id": ws.app.id,
        "token": VERIFICATION_TOKEN,
        "container": {"type": "view", "view_id": view.id},
        "team": {"id": ws.team.id, "domain": ws.team.domain},
        "enterprise": null,
        "is_enterprise_install": false,
        "view": shown,
        "actions": [action],
    });
    Ok((person.id.clone(), payload))
}
