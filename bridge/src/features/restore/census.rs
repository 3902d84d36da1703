//! Reads the channels for messages of ours.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use time::OffsetDateTime;
use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::WorkspaceId,
    slack::{channel, post},
};
use tocsin_queue::JobError;
use tocsin_slack::error::SlackError;
use tocsin_slack_client::web_api::Window;
use tokio_util::sync::CancellationToken;

use crate::{
    failure::{failure_text, of_api},
    restore_watch::RestoreWatch,
    sighting::{SettleOutcome, Sighting, SightingChannel, SightingService},
    workspace::{Workspace, Workspaces},
};

/// How often channels are read again: PostgreSQL may be recovered to an earlier moment under a running bridge.
const EVERY: Duration = Duration::from_secs(3_600);

/// How soon those are tried again that could not be read, as while a workspace is not known yet; then after twice as long, and so on.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(60);

/// How far a channel is read back, and how many pages of 200 messages at the most.
const LATELY: time::Duration = time::Duration::days(7);
const LATELY_PAGES: usize = 5;

/// The same once something was missing on record.
const LONG_AGO: time::Duration = time::Duration::days(30);
const LONG_AGO_PAGES: usize = 25;

/// Between two channels: what people wait for needs the same calls.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads channels for messages of ours. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ChannelCensus {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) restore: Arc<RestoreWatch>,
    pub(crate) sightings: SightingService,
    pub(crate) workspaces: Workspaces,
}

impl ChannelCensus {
    /// Reads the channels after the start and then from time to time, until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let rounds = async {
            loop {
                let (mut read, mut pause) = (HashSet::new(), AGAIN);
                loop {
                    match self.round(&mut read).await {
                        Ok(true) => break,
                        Ok(false) => {}
                        Err(error) => tracing::warn!(
                            "whether Slack knows more than the database can't be seen for now: {}",
                            failure_text(&error)
                        ),
                    }
                    tokio::time::sleep(pause).await;
                    pause = AGAIN_MAX.min(pause * 2);
                }
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = self.restore.met() => {}
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = rounds => {}
        }
    }

    /// Reads the channels that have not been read in this turn; whether that was all.
    async fn round(&self, read: &mut HashSet<RoomKey>) -> Result<bool, JobError> {
        let mut is_whole = self
            .workspaces
            .all()
            .iter()
            .all(|workspace| workspace.installation().is_some());
        for (key, room) in self.rooms().await? {
            if read.contains(&key) {
                continue;
            }
            match self.look(&room).await {
                Ok(()) => {
                    self.restore.has_read(key.0, key.1.clone());
                    read.insert(key);
                }
                Err(error) => {
                    tracing::debug!(
                        slack.channel = room.channel_id,
                        "a channel is not read yet: {}",
                        failure_text(&error)
                    );
                    is_whole = false;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(is_whole)
    }

    /// Where we have posted of late, and where the bot is.
    async fn rooms(&self) -> Result<BTreeMap<RoomKey, SightingChannel>, JobError> {
        let mut rooms = BTreeMap::new();
        let mut add = |workspace: &Arc<Workspace>, team_id: &str, channel_id: &str, channel_name: &str| {
            let key = (workspace.id, channel_id.to_owned());
            rooms.entry(key).or_insert_with(|| SightingChannel {
                workspace: Arc::clone(workspace),
                team_id: team_id.to_owned(),
                channel_id: channel_id.to_owned(),
                channel_name: channel_name.to_owned(),
            });
        };
        let workspaces: Vec<_> = self
            .workspaces
            .all()
            .into_iter()
            .filter_map(|workspace| Some((workspace.installation()?, workspace)))
            .collect();
        let posted: Vec<(Option<WorkspaceId>, String, String, String)> = post::Entity::find()
            .select_only()
            .columns([
                post::Column::WorkspaceId,
                post::Column::TeamId,
                post::Column::ChannelId,
                post::Column::ChannelName,
            ])
            .distinct()
            .filter(post::Column::SentAt.gt(self.clock.now() - LONG_AGO))
            .filter(post::Column::ChannelId.ne(""))
            .into_tuple()
            .all(self.database.read())
            .await
            .map_err(JobError::retry)?;
        for (id, team, channel, name) in posted {
            if let Some((_, workspace)) = workspaces.iter().find(|(_, workspace)| workspace.id == id) {
                add(workspace, &team, &channel, &name);
            }
        }
        let known = channel::Entity::find()
            .filter(channel::Column::IsMember.eq(true))
            .filter(channel::Column::IsArchived.eq(false))
            .all(self.database.read())
            .await
            .map_err(JobError::retry)?;
        for channel in known {
            let there = workspaces.iter().filter(|(bot, _)| {
                bot.team_id == channel.team_id
                    && channel.seen_by.as_ref().is_none_or(|by| *by == bot.bot_user_id)
            });
            for (_, workspace) in there {
                add(workspace, &channel.team_id, &channel.channel_id, &channel.name);
            }
        }
        Ok(rooms)
    }

    /// Reads a channel, further back where something was missing on record, and puts right what is found.
    async fn look(&self, room: &SightingChannel) -> Result<(), JobError> {
        let organizations = self.api.organizations().await.map_err(of_api)?;
        let organizations: HashSet<_> = organizations
            .into_iter()
            .map(|organization| organization.id)
            .collect();
        let now = self.clock.now();
        let lately = read(room, now - LATELY, LATELY_PAGES).await?;
        let found = self.sightings.settle(room, &organizations, lately).await?;
        if found == SettleOutcome::More {
            let long_ago = read(room, now - LONG_AGO, LONG_AGO_PAGES).await?;
            self.sightings.settle(room, &organizations, long_ago).await?;
        }
        Ok(())
    }
}

type RoomKey = (Option<WorkspaceId>, String);

async fn read(
    room: &SightingChannel,
    since: OffsetDateTime,
    pages: usize,
) -> Result<Vec<Sighting>, JobError> {
    let bot_id = room.workspace.installation().and_then(|bot| bot.bot_id.clone());
    let oldest = since.unix_timestamp();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..pages {
        let window = Window {
            channel: &room.channel_id,
            thread_ts: None,
            oldest,
            cursor: cursor.as_deref(),
        };
        let page = match room.workspace.slack.messages(window).await {
            Ok(page) => page,
            Err(error @ SlackError::Refused { .. }) => {
                // Without leave to read, nothing can be known of it.
                tracing::debug!(slack.channel = room.channel_id, "a channel is not shown: {error}");
                break;
            }
            Err(error) => return Err(room.workspace.failed(error)),
        };
        cursor = page.next().map(str::to_owned);
        found.extend(
            page.messages
                .iter()
                .filter_map(|message| Sighting::of(message, bot_id.as_deref())),
        );
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}
