//! Slash commands. Source: Slack, "Implementing slash commands".

use bytes::Bytes;
use serde_json::Value;

use super::answer::AppAnswer;
use super::delivery::send;
use super::events::VERIFICATION_TOKEN;
use super::response_url::say;
use crate::error::ActError;
use crate::state::delivery::{AcceptedDelivery, AppRequest};
use crate::state::host::{Host, lock};
use crate::state::response_urls::InteractionPlace;

/// Types a command into a channel's composer.
pub(crate) async fn run(
    host: &Host,
    person: &str,
    channel: &str,
    command: &str,
    text: &str,
) -> Result<AppAnswer, ActError> {
    let url = host.address(|callbacks| callbacks.commands.clone());
    let (person, channel_id, channel_name, team, app) = host.read(|ws| {
        let person = ws.find_person(person)?.clone();
        let channel = ws.find_channel(channel)?;
        if !channel.members.contains(&person.id) {
            return Err(ActError::Refused(format!(
                "{} is not a member of #{}",
                person.name, channel.name
            )));
        }
        let name = if channel.is_im() {
            "directmessage".to_owned()
        } else {
            channel.name.clone()
        };
        Ok((person, channel.id.clone(), name, ws.team.clone(), ws.app.clone()))
    })?;
    let trigger_id = lock(&host.triggers).issue(&person.id);
    let origin = InteractionPlace {
        channel: channel_id.clone(),
        message_ts: None,
        user: person.id.clone(),
    };
    let response_url = lock(&host.response_urls).issue(&host.base, "commands", origin.clone());
    let fields = [
        ("token", VERIFICATION_TOKEN),
        ("team_id", &team.id),
        ("team_domain", &team.domain),
        ("channel_id", &channel_id),
        ("channel_name", &channel_name),
        ("user_id", &person.id),
        ("user_name", &person.name),
        ("command", command),
        ("text", text),
        ("api_app_id", &app.id),
        ("is_enterprise_install", "false"),
        ("response_url", response_url.as_str()),
        ("trigger_id", &trigger_id),
    ];
    let body = serde_urlencoded::to_string(fields)
        .map_err(|error| ActError::Refused(format!("the command cannot be encoded: {error}")))?;
    let result = match url {
        None => Err(("This app has no address for commands.".to_owned(), None)),
        Some(url) => {
            let outgoing = AppRequest {
                url,
                content_type: "application/x-www-form-urlencoded",
                body: Bytes::from(body),
                kind: "command",
                what: command.to_owned(),
                id: trigger_id.clone(),
            };
            send(host, &outgoing, 0, None).await.map_err(|failed| {
                let told = if failed.reason == "http_timeout" {
                    "operation_timeout"
                } else {
                    "dispatch_failed"
                };
                (
                    format!("{command} failed with the error \"{told}\""),
                    failed.status.map(|s| s.as_u16()),
                )
            })
        }
    };
    match result {
        Ok(accepted) => {
            show_reply(host, &origin, &accepted);
            Ok(AppAnswer {
                status: Some(200),
                error: None,
            })
        }
        Err((told, status)) => {
            host.change(|ws| ws.show_error(&person.id, Some(&channel_id), told.clone()));
            Ok(AppAnswer {
                status,
                error: Some(told),
            })
        }
    }
}

/// Shows the body of the answer: nothing, plain text, or a message.
fn show_reply(host: &Host, origin: &InteractionPlace, accepted: &AcceptedDelivery) {
    if accepted.body.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let reply = if accepted.content_type.starts_with("application/json") {
        serde_json::from_slice(&accepted.body).unwrap_or(Value::Null)
    } else {
        serde_json::json!({ "text": String::from_utf8_lossy(&accepted.body) })
    };
    if let Err(refusal) = say(host, origin, &reply) {
        let told = format!("The reply of the app could not be shown: {refusal}");
        host.change(|ws| ws.show_error(&origin.user, Some(&origin.channel), told));
    }
}
