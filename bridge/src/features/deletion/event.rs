//! Slack says that a message was deleted.
//!
//! Source: Slack, "message event", `message_deleted`.

use futures::FutureExt;
use serde_json::Value;
use tocsin_queue::JobError;
use tocsin_slack::envelope::RequestKind;

use super::DeletedMessages;
use crate::{
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    store::posts,
};

/// `message`, of the subtype `message_deleted`, where an app wrote the message. What people wrote is no message of ours.
pub(crate) const ROUTE: Route<DeletedMessages> = Route {
    kind: RequestKind::Event,
    name: "message",
    wanted: |_, payload| deleted(payload).is_some(),
    work: |messages, item| work(messages, item).boxed(),
};

/// The channel and the message.
fn deleted(payload: &Value) -> Option<(&str, &str)> {
    let event = &payload["event"];
    let before = &event["previous_message"];
    let by_app = ["bot_id", "app_id", "bot_profile"]
        .into_iter()
        .any(|mark| !before[mark].is_null());
    if event["subtype"] != "message_deleted" || !(by_app || before.is_null()) {
        return None;
    }
    let ts = event["deleted_ts"].as_str().or(before["ts"].as_str())?;
    Some((event["channel"].as_str()?, ts))
}

async fn work(messages: &DeletedMessages, item: &InboundRequest) -> WorkResult {
    let Some((channel, ts)) = deleted(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let installation = &item.installation;
    let found = posts::root_at(messages.database.read(), installation.team_id(), channel, ts)
        .await
        .map_err(JobError::retry)?;
    let Some(post) = found.filter(|post| installation.serves(post.organization_id)) else {
        return Ok(RequestOutcome::NotOurs("not_ours"));
    };
    // A resolved incident that somebody has cleared away comes back when it changes.
    if post.is_open == Some(false) {
        return Ok(RequestOutcome::NotOurs("resolved"));
    }
    if !messages.told.is_news(post.id) {
        return Ok(RequestOutcome::NotOurs("told_before"));
    }
    messages.show_again(&post).await.map_err(JobError::retry)?;
    Ok(RequestOutcome::Done("shown_again"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_deletion_of_an_apps_message_is_of_interest() {
        let event = |before: Value| {
            json!({"event": {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.0",
                "ts": "2.0", "previous_message": before}})
        };
        assert_eq!(deleted(&event(json!({"bot_id": "B1"}))), Some(("C1", "1.0")));
        assert_eq!(deleted(&event(Value::Null)), Some(("C1", "1.0")));
        assert_eq!(deleted(&event(json!({"user": "U1", "ts": "1.0"}))), None);
        let mut other = event(json!({"bot_id": "B1"}));
        other["event"]["subtype"] = json!("message_changed");
        assert_eq!(deleted(&other), None);
    }
}
