//! A new channel: made once, whatever happens in between.
//!
//! Slack refuses a name that is taken. If that is so because an earlier try was not heard of, the channel is the bot's own and younger than the wish for it.

use std::time::Duration;

use tocsin_client::{OperationOutcome, SlackOperation};
use tocsin_entity::kinds::SlackFeature;
use tocsin_slack::{channel::Channel, error::SlackError, installation::Installation};

use super::{AGAIN, Operations, Stop, bot};
use crate::texts::operations as texts;
use crate::{store::channels::record, workspace::Bot};

/// Clocks differ, Slack's included.
const SKEW: Duration = Duration::from_secs(60);

/// Creates the channel.
pub(super) async fn create(
    operations: &Operations,
    operation: &SlackOperation,
) -> Result<OperationOutcome, Stop> {
    let Some(name) = &operation.channel_name else {
        return Err(Stop::failed("no_channel_name", texts::NO_CHANNEL_NAME));
    };
    let bot = bot(operations, operation).await?;
    let is_private = operation.channel_is_private;
    need_scope(&bot.installation, is_private)?;
    let channel = match bot.workspace.slack.create_channel(name, is_private).await {
        Ok(channel) => channel,
        Err(error) if error.is("name_taken") => own(&bot, operation, name).await?,
        Err(error @ SlackError::Unknown { .. }) => {
            // Made or not: the next try is told so by the name.
            let message = texts::channel_unknown(name, &error.to_string());
            return Err(Stop::later(AGAIN, "unknown", message));
        }
        Err(error) => return Err(refused(name, is_private, &error)),
    };
    // Who creates a channel is in it.
    let channel = Channel {
        is_member: true,
        ..channel
    };
    record(
        &operations.delivery.database,
        &bot.installation,
        &channel,
        operations.delivery.clock.now(),
    )
    .await?;
    Ok(OperationOutcome::Channel {
        id: channel.id,
        name: channel.name,
        is_private: channel.is_private,
    })
}

/// The channel with this name, where an earlier try of ours has made it.
async fn own(bot: &Bot, operation: &SlackOperation, name: &str) -> Result<Channel, Stop> {
    let found = bot.workspace.slack.find_channel(name, &bot.installation).await;
    let found = found.map_err(|error| Stop::of_call(&error))?;
    let since = (operation.created_at - SKEW).unix_timestamp();
    let is_own = |channel: &Channel| {
        channel.creator.as_deref() == Some(bot.installation.bot_user_id.as_str())
            && channel.created.is_some_and(|created| created >= since)
            && channel.is_private == operation.channel_is_private
            && !channel.is_archived
    };
    found.filter(is_own).ok_or_else(|| {
        Stop::failed(
            "name_taken",
            texts::channel_taken(name, &bot.installation.team_name),
        )
    })
}

fn refused(name: &str, is_private: bool, error: &SlackError) -> Stop {
    match error.code() {
        Some("missing_scope") => lacking(is_private),
        Some("restricted_action") => Stop::failed("restricted_action", texts::channel_restricted(name)),
        Some(_) | None => Stop::of_call(error),
    }
}

fn scope(is_private: bool) -> &'static str {
    if is_private {
        "groups:write"
    } else {
        "channels:manage"
    }
}

fn need_scope(installation: &Installation, is_private: bool) -> Result<(), Stop> {
    if installation.scopes.is_empty() || installation.may(scope(is_private)) {
        Ok(())
    } else {
        Err(lacking(is_private))
    }
}

fn lacking(is_private: bool) -> Stop {
    Stop::failed(
        "missing_scope",
        texts::no_scope(scope(is_private), &SlackFeature::IncidentChannels.to_string()),
    )
}
