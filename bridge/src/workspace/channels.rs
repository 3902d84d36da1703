//! Which channel a connector means, and whether the bot can post there.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::{channel, connector::WORKSPACE_UNUSABLE};
use tocsin_slack::{
    channel::{Channel, hashed, is_id},
    error::SlackError,
    installation::Installation,
};
use tocsin_slack_app::channel::{ChannelError, archived};
use tocsin_slack_client::Slack;
use tokio::sync::Notify;

use crate::{store::channels::record, workspace::Bot};

/// How long a channel is taken to be what it was.
const FRESH: Duration = Duration::from_secs(600);

/// How long the database's record of it is believed when the bridge starts.
const ON_RECORD: Duration = Duration::from_secs(86_400);

/// How long a channel that could not be found is not looked for again: many incidents ask for the same one.
const ASK_AGAIN: Duration = Duration::from_secs(4);

/// A channel that a connector means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedChannel {
    pub(crate) id: String,
    /// With its hash, as people know it.
    pub(crate) name: String,
    /// Whether the bot is in it, as far as is known.
    pub(crate) is_member: bool,
}

type Answer = Result<ResolvedChannel, ChannelError>;

/// The channels that have been asked for. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ChannelResolver {
    database: Database,
    clock: Clock,
    slack: Slack,
    known: Arc<Mutex<HashMap<String, (Answer, Instant)>>>,
    /// Channels in which the last post failed, and who is told when one works again.
    troubled: Arc<Mutex<HashSet<String>>>,
    healed: Arc<Notify>,
    /// Held by whoever asks Slack, so that many who want the same ask once.
    asking: Arc<tokio::sync::Mutex<()>>,
}

impl ChannelResolver {
    pub(crate) fn new(database: Database, clock: Clock, slack: Slack) -> Self {
        Self {
            database,
            clock,
            slack,
            known: Arc::default(),
            troubled: Arc::default(),
            healed: Arc::default(),
            asking: Arc::default(),
        }
    }

    /// The channel that `wanted` means: an id, or a name with or without its hash.
    pub(crate) async fn resolve(&self, wanted: &str, bot: &Bot) -> Result<Answer, DbErr> {
        let wanted = &called(wanted);
        if let Some(answer) = self.remembered(wanted) {
            return Ok(answer);
        }
        let _turn = self.asking.lock().await;
        if let Some(answer) = self.remembered(wanted) {
            return Ok(answer);
        }
        let answer = match self.on_record(wanted, &bot.installation).await? {
            Some(resolved) => Ok(resolved),
            None => self.interaction(wanted, bot).await?,
        };
        self.remember(wanted, answer.clone());
        Ok(answer)
    }

    /// Whether `wanted` means this channel, as far as is known.
    pub(crate) fn mean(&self, wanted: &str, channel_id: &str, channel_name: &str) -> bool {
        let wanted = called(wanted);
        match self.remembered(&wanted) {
            Some(Ok(resolved)) => resolved.id == channel_id,
            Some(Err(_)) | None => wanted == channel_id || wanted == channel_name,
        }
    }

    /// What was known of the channel turned out to be wrong: it is looked for anew, after a while.
    pub(crate) async fn distrust(
        &self,
        wanted: &str,
        team_id: &str,
        trouble: &ChannelError,
    ) -> Result<(), DbErr> {
        let wanted = &called(wanted);
        self.remember(wanted, Err(trouble.clone()));
        // The row stays for people to see; without the bot in it, it is not believed here.
        channel::Entity::update_many()
            .col_expr(channel::Column::IsMember, Expr::value(false))
            .filter(channel::Column::TeamId.eq(team_id))
            .filter(naming(wanted))
            .exec(self.database.write())
            .await?;
        Ok(())
    }

    /// A post was made in the channel.
    pub(crate) fn works(&self, channel_name: &str) {
        let mut troubled = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        if troubled.remove(channel_name) {
            self.healed.notify_one();
        }
    }

    /// Waits until a channel works again in which posts have failed.
    pub(crate) async fn healed(&self) {
        self.healed.notified().await;
    }

    /// Everything is looked for anew, as after an installation has been repaired.
    pub(crate) fn forget_troubles(&self) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, (answer, _)| answer.is_ok());
    }

    /// Something has changed: each channel is looked up anew.
    pub(crate) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn remembered(&self, wanted: &str) -> Option<Answer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, at) = known.get(wanted)?;
        let holds = if answer.is_ok() { FRESH } else { ASK_AGAIN };
        (at.elapsed() < holds).then(|| answer.clone())
    }

    fn remember(&self, wanted: &str, answer: Answer) {
        if answer.is_err() {
            let mut troubled = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
            troubled.insert(wanted.to_owned());
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(wanted.to_owned(), (answer, Instant::now()));
    }

    async fn on_record(&self, wanted: &str, bot: &Installation) -> Result<Option<ResolvedChannel>, DbErr> {
        let row = channel::Entity::find()
            .filter(channel::Column::TeamId.eq(&bot.team_id))
            .filter(naming(wanted))
            .filter(channel::Column::IsArchived.eq(false))
            .filter(seen_by(bot))
            .filter(channel::Column::IsMember.eq(true))
            .filter(channel::Column::RefreshedAt.gt(self.clock.now() - ON_RECORD))
            .order_by_desc(channel::Column::RefreshedAt)
            .one(self.database.read())
            .await?;
        Ok(row.map(|row| ResolvedChannel {
            name: hashed(&row.name),
            id: row.channel_id,
            is_member: row.is_member,
        }))
    }

    async fn interaction(&self, wanted: &str, bot: &Bot) -> Result<Answer, DbErr> {
        let monitor = &bot.workspace.monitor;
        let bot = &*bot.installation;
        let found = if is_id(wanted) {
            self.slack.channel(wanted).await.map(Some)
        } else {
            self.slack.find_channel(wanted, bot).await
        };
        let found = match found {
            // Without leave to look at channels an id still says where to post.
            Err(error) if is_id(wanted) && error.is("missing_scope") => {
                return Ok(Ok(ResolvedChannel {
                    id: wanted.to_owned(),
                    name: wanted.to_owned(),
                    is_member: true,
                }));
            }
            Err(error) => {
                if let SlackError::Broken { .. } = &error {
                    let said = monitor.usable().err().unwrap_or_else(|| error.to_string());
                    return Ok(Err(ChannelError::new(WORKSPACE_UNUSABLE, said)));
                }
                return Ok(Err(ChannelError::of(&error, wanted, bot)));
            }
            Ok(None) => return Ok(Err(ChannelError::unseen(wanted, bot))),
            Ok(Some(found)) => found,
        };
        if found.is_archived {
            record(&self.database, bot, &found, self.clock.now()).await?;
            return Ok(Err(ChannelError::new(
                "is_archived",
                archived(&hashed(&found.name)),
            )));
        }
        let is_member = found.is_member || self.join(&found, bot).await;
        let found = Channel { is_member, ..found };
        record(&self.database, bot, &found, self.clock.now()).await?;
        Ok(Ok(ResolvedChannel {
            name: hashed(&found.name),
            id: found.id,
            is_member: found.is_member,
        }))
    }

    /// Joins, so that what was posted can be looked up there and replies are heard. Where that fails, posting tells why.
    async fn join(&self, found: &Channel, bot: &Installation) -> bool {
        if found.is_private || !bot.may("channels:join") {
            return false;
        }
        match self.slack.join(&found.id).await {
            Ok(_) => {
                tracing::info!(slack.channel = %found.id, "the bot has joined #{}", found.name);
                true
            }
            Err(error) => {
                tracing::warn!(slack.channel = %found.id, "the bot cannot join #{}: {error}", found.name);
                false
            }
        }
    }
}

/// What another app's bot has seen says nothing of this one.
fn seen_by(bot: &Installation) -> SimpleExpr {
    let own = channel::Column::SeenBy.eq(&bot.bot_user_id);
    own.or(channel::Column::SeenBy.is_null())
}

fn naming(wanted: &str) -> SimpleExpr {
    if is_id(wanted) {
        channel::Column::ChannelId.eq(wanted)
    } else {
        channel::Column::Name.eq(wanted.trim_start_matches('#'))
    }
}

/// A channel as it is remembered and shown: an id, or a name with its hash, in lower case. A connector of an earlier version may have capitals.
fn called(wanted: &str) -> String {
    if is_id(wanted) {
        wanted.to_owned()
    } else {
        hashed(wanted)
    }
}
