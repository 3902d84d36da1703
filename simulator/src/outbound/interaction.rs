//! Presses of buttons, as `block_actions`.

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::answer::AppAnswer;
use super::delivery::send;
use super::elements::{self, LocatedElement, action_json, of_block, state_after};
use super::events::VERIFICATION_TOKEN;
use crate::error::ActError;
use crate::state::delivery::AppRequest;
use crate::state::host::{Host, lock};
use crate::state::response_urls::InteractionPlace;
use crate::state::workspace::message::Metadata;
use crate::state::workspace::{Channel, ChannelKind, Message, SimulatedPerson, SimulatedWorkspace};

/// Presses a button: `action` is its action id or its label. With a `choice`, chooses that option, by value or label, in a menu.
pub(crate) async fn press(
    host: &Host,
    person: &str,
    channel: &str,
    ts: &str,
    action: &str,
    choice: Option<&str>,
) -> Result<AppAnswer, ActError> {
    let url = host.address(|callbacks| callbacks.interactions.clone());
    let (user, channel_id, mut payload) =
        host.read(|ws| block_actions(ws, person, channel, ts, action, choice))?;
    let trigger_id = lock(&host.triggers).issue(&user);
    payload["trigger_id"] = json!(trigger_id);
    let origin = InteractionPlace {
        channel: channel_id.clone(),
        message_ts: Some(ts.to_owned()),
        user: user.clone(),
    };
    payload["response_url"] = json!(
        lock(&host.response_urls)
            .issue(&host.base, "actions", origin)
            .as_str()
    );
    deliver(host, &user, Some(&channel_id), url, trigger_id, &payload).await
}

/// Sends a press to the app, and shows the person what became of it.
pub(super) async fn deliver(
    host: &Host,
    user: &str,
    channel: Option<&str>,
    url: Option<Url>,
    trigger_id: String,
    payload: &Value,
) -> Result<AppAnswer, ActError> {
    let Some(url) = url else {
        let told = "This app has no address for interactions.".to_owned();
        host.change(|ws| ws.show_error(user, channel, told.clone()));
        return Ok(AppAnswer {
            status: None,
            error: Some(told),
        });
    };
    let body = serde_urlencoded::to_string([("payload", payload.to_string())])
        .map_err(|error| ActError::Refused(format!("the payload cannot be encoded: {error}")))?;
    let outgoing = AppRequest {
        url,
        content_type: "application/x-www-form-urlencoded",
        body: Bytes::from(body),
        kind: "interaction",
        what: "block_actions".to_owned(),
        id: trigger_id,
    };
    match send(host, &outgoing, 0, None).await {
        Ok(_) => Ok(AppAnswer {
            status: Some(200),
            error: None,
        }),
        Err(failed) => {
            let told = format!(
                "{} did not answer in time or with success ({}).",
                APP_FAILED, failed.reason
            );
            host.change(|ws| ws.show_error(user, channel, told.clone()));
            Ok(AppAnswer {
                status: failed.status.map(|s| s.as_u16()),
                error: Some(told),
            })
        }
    }
}

const APP_FAILED: &str = "This app responded with an error: it";

fn block_actions(
    ws: &SimulatedWorkspace,
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
    let found = elements::find(elements(ws, message), action, choice)?;
    let action = action_json(&found, choice)?;
    let values = state_after(&found, &action, choice);
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

/// Refused where the person cannot look into the channel.
pub(super) fn check_sees(channel: &Channel, person: &SimulatedPerson) -> Result<(), ActError> {
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

/// Every button and menu of the message.
fn elements(ws: &SimulatedWorkspace, message: &Message) -> Vec<LocatedElement> {
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
    own.chain(attached).collect()
}
