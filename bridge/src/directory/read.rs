//! Reads a workspace's channels from Slack, without pushing to the front: whoever has to post comes first.

use std::{collections::HashSet, time::Duration};

use sea_orm::DbErr;
use tocsin_slack::{error::SlackError, installation::Installation};
use tocsin_slack_client::{Slack, web_api::ChannelList};

use super::{Directory, renumber::FollowError};
use crate::{store::channels as store, workspace::Workspace};

/// Between two pages: `conversations.list` may be called 20 times a minute, by whoever looks for a channel's name as well.
const BETWEEN_PAGES: Duration = Duration::from_secs(3);

/// How often a page is tried that Slack gives later.
const TRIES: u32 = 5;

/// Why channels could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error(transparent)]
    Database(#[from] DbErr),
    /// What has another name could not be passed on.
    #[error(transparent)]
    Follow(#[from] FollowError),
}

impl Directory {
    /// Reads all channels that the bot sees, writes them down, and forgets those that are gone: how many there are.
    pub(crate) async fn read_all(
        &self,
        workspace: &Workspace,
        bot: &Installation,
    ) -> Result<usize, ReadError> {
        let database = &self.database;
        let began = self.clock.now();
        let mut seen = HashSet::new();
        let mut cursor = None;
        loop {
            let page = page(&workspace.slack, bot, cursor.as_deref()).await?;
            cursor = page.next().map(ToOwned::to_owned);
            self.renamed(&bot.team_id, &page.channels).await?;
            store::record_all(database, bot, &page.channels, self.clock.now()).await?;
            for channel in page.channels.iter().filter(|channel| channel.is_shared()) {
                self.sharing.follow(&bot.team_id, &channel.id, true).await?;
            }
            seen.extend(page.channels.into_iter().map(|channel| channel.id));
            if cursor.is_none() {
                break;
            }
            tokio::time::sleep(BETWEEN_PAGES).await;
        }
        store::forget_others(database, bot, &seen, sees_private(bot), began).await?;
        store::refreshed(database, &bot.team_id, began).await?;
        workspace.channels.forget();
        tracing::info!(slack.team = %bot.team_id, "the bot sees {} channels in {}", seen.len(), bot.team_name);
        Ok(seen.len())
    }
}

async fn page(slack: &Slack, bot: &Installation, cursor: Option<&str>) -> Result<ChannelList, SlackError> {
    let mut tries = 1;
    loop {
        match slack.channels(types(bot), cursor).await {
            Err(SlackError::RateLimited { retry_after, .. }) if tries < TRIES => {
                tokio::time::sleep(retry_after).await;
            }
            Err(SlackError::NotSent { .. } | SlackError::Unknown { .. }) if tries < TRIES => {
                tokio::time::sleep(BETWEEN_PAGES).await;
            }
            answer => return answer,
        }
        tries += 1;
    }
}

fn sees_private(bot: &Installation) -> bool {
    bot.may("groups:read")
}

fn types(bot: &Installation) -> &'static str {
    if sees_private(bot) {
        "public_channel,private_channel"
    } else {
        "public_channel"
    }
}
