//! Whether the messages of open incidents are in Slack still, where no event has told that one is not.
//!
//! `chat.getPermalink` says it at the least cost: it needs no scope, and Slack takes hundreds a minute.

use std::{collections::HashMap, time::Duration};

use sea_orm::DbErr;
use tocsin_entity::{id::WorkspaceId, slack::post};
use tocsin_slack::error::SlackError;
use tokio_util::sync::CancellationToken;

use super::DeletedMessages;
use crate::{
    polling::{FailureLog, ends_within},
    store::posts,
};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// How long after its last change or look a message is looked for again.
const AGAIN_AFTER: Duration = Duration::from_secs(40);

/// How long one is left alone of which Slack says nothing: the bot may not be in the channel any more.
const HIDDEN_FOR: Duration = Duration::from_secs(900);

/// The most messages that are looked for in one look, of all workspaces and of each. Of more, each waits longer for its turn.
const MOST: u64 = 100;
const MOST_OF_ONE: usize = 15;

/// Looks until the shutdown.
pub(crate) async fn run(messages: &DeletedMessages, shutdown: CancellationToken) {
    let mut log = FailureLog::new("it can't be looked for messages that were deleted");
    while !ends_within(&shutdown, LOOK).await {
        log.note(&look(messages).await);
    }
}

/// Looks for those that have waited longest.
async fn look(messages: &DeletedMessages) -> Result<(), DbErr> {
    let now = messages.clock.now();
    let waiting = posts::to_look_for(messages.database.read(), now - AGAIN_AFTER, MOST).await?;
    let mut looked: HashMap<Option<WorkspaceId>, usize> = HashMap::new();
    for post in waiting {
        let of_one = looked.entry(post.workspace_id).or_default();
        *of_one += 1;
        if *of_one > MOST_OF_ONE {
            continue;
        }
        // Another replica may be about to look as well.
        if !posts::looks_for(messages.database.write(), post.id, now - AGAIN_AFTER, now).await? {
            continue;
        }
        if !look_for(messages, &post).await? {
            *of_one = MOST_OF_ONE;
        }
    }
    Ok(())
}

/// Looks for a message; whether the workspace can be asked for another.
async fn look_for(messages: &DeletedMessages, post: &post::Model) -> Result<bool, DbErr> {
    let Some(ts) = &post.ts else { return Ok(true) };
    let workspace = messages.workspaces.get(post.workspace_id);
    match workspace.slack.permalink(&post.channel_id, ts).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("message_not_found") => {
            tracing::info!(post.key = %post.key, "{} is not in Slack any more", post.key);
            messages.show_again(post).await?;
            Ok(true)
        }
        Err(error @ SlackError::Refused { .. }) => {
            tracing::debug!(post.key = %post.key, "Slack does not say whether {} is there: {error}", post.key);
            let (now, later) = (messages.clock.now(), messages.clock.now() + HIDDEN_FOR);
            posts::looks_for(messages.database.write(), post.id, now, later).await?;
            Ok(true)
        }
        Err(
            error @ (SlackError::RateLimited { .. }
            | SlackError::NotSent { .. }
            | SlackError::Unknown { .. }
            | SlackError::Broken { .. }),
        ) => {
            tracing::debug!("Slack can't be asked for messages just now: {error}");
            Ok(false)
        }
    }
}
