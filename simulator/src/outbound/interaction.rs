//! Presses of buttons, as `block_actions`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::delivery::{Outgoing, send};
use super::events::VERIFICATION_TOKEN;
use super::response_url::Origin;
use super::state;
use crate::error::ActError;
use crate::host::{Host, lock};
use crate::people::Answer;
use crate::workspace::message::Metadata;
use crate::workspace::{Channel, ChannelKind, Message, Person, Workspace};

/// An element on a message, and where on it.
struct Located {
    element: Value,
    block_id: String,
    /// Index among the shown attachments, and the attachment itself.
    attachment: Option<(usize, Value)>,
}

/// Presses a button: `action` is its action id or its label. With a `choice`, chooses that option, by value or label, in a menu.
pub(crate) async fn press(
    host: &Host,
    person: &str,
    channel: &str,
    ts: &str,
    action: &str,
    choice: Option<&str>,
) -> Result<Answer, ActError> {
    let url = host.address(|callbacks| callbacks.interactions.clone());
    let (user, channel_id, mut payload) =
        host.read(|ws| block_actions(ws, person, channel, ts, action, choice))?;
    let trigger_id = lock(&host.triggers).issue(&user);
    payload["trigger_id"] = json!(trigger_id);
    let origin = Origin {
        channel: channel_id.clone(),
        message_ts: Some(ts.to_owned()),
        user: user.clone(),
    };
    payload["response_url"] = json!(
        lock(&host.response_urls)
            .issue(&host.base, "actions", origin)
            .as_str()
    );
    let Some(url) = url else {
        let told = "This app has no address for interactions.".to_owned();
        host.change(|ws| ws.show_error(&user, Some(&channel_id), told.clone()));
        return Ok(Answer {
            status: None,
            error: Some(told),
        });
    };
    let body = serde_urlencoded::to_string([("payload", payload.to_string())])
        .map_err(|error| ActError::Refused(format!("the payload cannot be encoded: {error}")))?;
    let outgoing = Outgoing {
        url,
        content_type: "application/x-www-form-urlencoded",
        body: Bytes::from(body),
        kind: "interaction",
        what: "block_actions".to_owned(),
        id: trigger_id,
    };
    match send(host, &outgoing, 0, None).await {
        Ok(_) => Ok(Answer {
            status: Some(200),
            error: None,
        }),
        Err(failed) => {
            let told = format!(
                "{} did not answer in time or with success ({}).",
                APP_FAILED, failed.reason
            );
            host.change(|ws| ws.show_error(&user, Some(&channel_id), told.clone()));
            Ok(Answer {
                status: failed.status.map(|s| s.as_u16()),
                error: Some(told),
            })
        }
    }
}

const APP_FAILED: &str = "This app responded with an error: it";

fn block_actions(
    ws: &Workspace,
    person: &str,
    channel: &str,
    ts: &str,
    action: &str,
    choice: Option<&str>,
) -> Result<(String, String, Value), ActError> {
    let person = ws.find_person(person)?;
    let channel = ws.find_channel(channel)?;
    check_sees(channel, person)?;
    let message = seen_message(channel, &person.id, ts)?;
    let found = find_element(ws, message, action, choice.is_some())
        .ok_or_else(|| no_such_button(ws, message, action))?;
    let action = action_json(&found, choice)?;
    let values = match choice {
        Some(_) if action["type"] != "overflow" => json!({found.block_id.as_str(): {
            action["action_id"].as_str().unwrap_or_default():
                {"type": action["type"], "selected_option": action["selected_option"]},
        }}),
        Some(_) | None => json!({}),
    };
    let is_unfurl = found
        .attachment
        .as_ref()
        .is_some_and(|(_, a)| a["is_app_unfurl"] == true);
    let mut container = json!({
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_for.is_some(),
    });
    if let Some((index, attachment)) = &found.attachment {
        container["type"] = json!("message_attachment");
        container["attachment_id"] = json!(index + 1);
        container["is_app_unfurl"] = json!(is_unfurl);
        if is_unfurl {
            container["app_unfurl_url"] = attachment["app_unfurl_url"].clone();
        }
    }
    if let Some(thread_ts) = &message.thread_ts {
        container["thread_ts"] = json!(thread_ts);
    }
    let name = if channel.is_im() {
        "directmessage"
    } else {
        &channel.name
    };
    let mut payload = json!({
        "type": "block_actions",
        "user": {
            "id": person.id, "username": person.name, "name": person.name, "team_id": ws.team.id,
        },
        "api_app_id": ws.app.id,
        "token": VERIFICATION_TOKEN,
        "container": container,
        "team": { "id": ws.team.id, "domain": ws.team.domain },
        "enterprise": null,
        "is_enterprise_install": false,
        "channel": { "id": channel.id, "name": name },
        "state": { "values": values },
        "actions": [action],
    });
    if let Some((_, attachment)) = found.attachment.filter(|_| is_unfurl) {
        payload["app_unfurl"] = attachment;
    } else if message.ephemeral_for.is_none() {
        payload["message"] = ws.message_json(channel, message, Metadata::Whole);
    }
    Ok((person.id.clone(), channel.id.clone(), payload))
}

/// The pressed element as Slack reports it, without what only its look needs.
fn action_json(found: &Located, choice: Option<&str>) -> Result<Value, ActError> {
    if let Some(choice) = choice {
        let chosen = state::option(&found.element, Some(&json!(choice))).map_err(ActError::NotFound)?;
        return Ok(json!({
            "action_id": found.element["action_id"],
            "block_id": found.block_id,
            "type": found.element["type"],
            "selected_option": chosen,
            "placeholder": found.element["placeholder"],
            "action_ts": crate::clock::ts(crate::clock::now_micros()),
        }));
    }
    let mut action = json!({
        "action_id": found.element["action_id"],
        "block_id": found.block_id,
        "type": "button",
        "text": found.element["text"],
        "action_ts": crate::clock::ts(crate::clock::now_micros()),
    });
    for key in ["value", "style", "url"] {
        if let Some(value) = found.element.get(key) {
            action[key] = value.clone();
        }
    }
    Ok(action)
}

/// Refused where the person cannot look into the channel.
pub(super) fn check_sees(channel: &Channel, person: &Person) -> Result<(), ActError> {
    if channel.members.contains(&person.id) || channel.kind == ChannelKind::Public {
        return Ok(());
    }
    Err(ActError::Refused(format!(
        "{} is not a member of #{}",
        person.name, channel.name
    )))
}

pub(super) fn seen_message<'a>(channel: &'a Channel, user: &str, ts: &str) -> Result<&'a Message, ActError> {
    let ephemeral = channel
        .ephemeral
        .iter()
        .find(|m| m.ts == ts && m.ephemeral_for.as_deref() == Some(user));
    ephemeral
        .or_else(|| channel.messages.get(ts).filter(|m| !m.deleted))
        .ok_or_else(|| ActError::NotFound(format!("#{} has no message {ts}", channel.name)))
}

fn no_such_button(ws: &Workspace, message: &Message, action: &str) -> ActError {
    let labels: Vec<String> = elements(ws, message)
        .filter(|located| located.element["type"] == "button")
        .map(|l| format!("\"{}\"", l.element["text"]["text"].as_str().unwrap_or_default()))
        .collect();
    let there = if labels.is_empty() {
        "none".to_owned()
    } else {
        labels.join(", ")
    };
    ActError::NotFound(format!(
        "message {} has no button \"{action}\"; it has: {there}",
        message.ts
    ))
}

fn find_element(ws: &Workspace, message: &Message, action: &str, menus: bool) -> Option<Located> {
    let is_wanted = |located: &Located| (located.element["type"] != "button") == menus;
    let all: Vec<Located> = elements(ws, message).filter(is_wanted).collect();
    let by_id = all
        .iter()
        .position(|l| l.element["action_id"].as_str() == Some(action));
    let by_label = || {
        all.iter().position(|l| {
            let label = l.element["text"]["text"].as_str().unwrap_or_default();
            let id = l.element["action_id"].as_str().unwrap_or_default();
            label.eq_ignore_ascii_case(action) || id.eq_ignore_ascii_case(action)
        })
    };
    let index = by_id.or_else(by_label)?;
    all.into_iter().nth(index)
}

/// Every button and menu of the message.
fn elements<'a>(ws: &'a Workspace, message: &'a Message) -> impl Iterator<Item = Located> + 'a {
    let own = message
        .content
        .blocks
        .iter()
        .flat_map(|block| of_block(block, None));
    let attached = message
        .shown_attachments(&ws.app)
        .into_iter()
        .enumerate()
        .flat_map(|(index, attachment)| {
            let blocks = attachment["blocks"].as_array().cloned().unwrap_or_default();
            blocks
                .into_iter()
                .flat_map(move |block| of_block(&block, Some(&(index, attachment.clone()))))
        });
    own.chain(attached)
}

fn of_block(block: &Value, attachment: Option<&(usize, Value)>) -> Vec<Located> {
    let block_id = block["block_id"].as_str().unwrap_or_default().to_owned();
    let listed = block["elements"].as_array().into_iter().flatten();
    listed
        .chain(block.get("accessory"))
        .filter(|element| {
            matches!(
                element["type"].as_str(),
                Some("button" | "static_select" | "overflow")
            )
        })
        .map(|element| Located {
            element: element.clone(),
            block_id: block_id.clone(),
            attachment: attachment.cloned(),
        })
        .collect()
}
