//! Messages of what was lost with the restore: they say so, and offer nothing to press.

use std::time::Duration;

use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::{error::SlackError, message::Message, metadata::Metadata, method::CHAT_UPDATE};
use tocsin_slack_client::pacer::PaceSlot;

use super::{SightingChannel, seen::Sighting};
use crate::texts::incident as texts;

/// How long a place in the pace is waited for; what gets none has its turn in the next round.
const PLACE_WAIT: Duration = Duration::from_secs(10);

/// How much is left of what it said, in characters.
const SAID_MAX: usize = 300;

/// Writes into a message that what it tells of is not known any more.
pub(super) async fn mark(room: &SightingChannel, sighting: &Sighting) -> Result<(), JobError> {
    let (slack, limits) = (&room.workspace.slack, &room.workspace.limits);
    match limits.reserve_method(CHAT_UPDATE, PLACE_WAIT).await {
        PaceSlot::At(wait) => tokio::time::sleep(wait).await,
        PaceSlot::WouldWait(wait) => {
            return Err(JobError::RetryAfter(wait, "Slack's pace is used up".into()));
        }
    }
    let message = Message {
        text: text(sighting),
        ..Message::default()
    };
    match slack
        .update_message(&room.channel_id, &sighting.ts, &message, Metadata::of_lost())
        .await
    {
        Ok(_) => {
            tracing::warn!(
                post.key = sighting.key,
                slack.channel = room.channel_id,
                "a message in Slack tells of what the restored database does not have: it says so now"
            );
            Ok(())
        }
        // Nobody can change it: it stays as it is.
        Err(error @ SlackError::Refused { .. }) => {
            tracing::error!(
                post.key = sighting.key,
                "a message of what was lost can't be marked: {error}"
            );
            Ok(())
        }
        Err(error) => Err(room.workspace.failed(error)),
    }
}

fn text(sighting: &Sighting) -> String {
    let what = if sighting.key.starts_with("root:") {
        texts::lost_incident()
    } else if sighting.key.starts_with("reply:") {
        texts::lost_reply()
    } else {
        texts::lost_digest()
    };
    // As Slack gave it: mrkdwn, with everything escaped that must be.
    let said = sighting.text.lines().next().unwrap_or_default();
    let said = Mrkdwn::recorded(said.to_owned()).cut(SAID_MAX);
    if said.is_empty() {
        return what.as_str().to_owned();
    }
    what.plus("\n>").and(&said).as_str().to_owned()
}
