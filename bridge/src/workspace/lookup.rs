//! Was it delivered? Finds in Slack the posts of whose sending no answer came.
//!
//! Each post carries its id in the message's metadata. One look into a channel answers for all posts that are uncertain
//! there, since after a crash there are as many as there were jobs, and Slack lets history be read 50 times a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::DbErr;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::slack::post;
use tocsin_slack::{error::SlackError, installation::Installation};
use tocsin_slack_client::{Slack, http::ANSWER_TIMEOUT, web_api::Window};

use crate::store::posts;

/// After so long a message that Slack has taken is seen in the channel's history, and a call has ended whose caller no longer waits. Slack says
/// nothing of either.
pub(crate) const SEEN_WITHIN: Duration = Duration::from_secs(5);

/// How soon after it was put on record a call is made; one that would be made later goes on record anew.
pub(crate) const BEGINS_WITHIN: Duration = Duration::from_secs(2);

/// So long after a call was put on record it has ended, whatever became of its caller, and what came of it is seen: only then that
/// nothing is seen means that nothing was sent.
pub(crate) const SETTLED: Duration = BEGINS_WITHIN
    .saturating_add(ANSWER_TIMEOUT)
    .saturating_add(SEEN_WITHIN);

/// Clocks differ, Slack's included.
const SKEW: Duration = Duration::from_secs(60);

/// How far is looked back for a post that was put on record at a time which has not come: a wrong clock did it.
const LOOK_BACK: Duration = Duration::from_secs(3_600);

/// Pages read at the most; beyond, the posts are taken to be lost.
const PAGES: usize = 25;

/// Channels and threads whose last look is remembered.
const REMEMBERED: usize = 200;

/// What a look into a channel or a thread saw.
#[derive(Clone, Debug)]
struct Sighting {
    looked_at: OffsetDateTime,
    oldest: OffsetDateTime,
    /// By a post's id, and by its key, the messages that carry it, oldest first.
    found: HashMap<String, Vec<String>>,
}

/// A channel, or a thread in it.
type Spot = (String, Option<String>);

/// The last look into a spot; held by whoever looks.
type Look = Arc<tokio::sync::Mutex<Option<Sighting>>>;

/// Looks into channels. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lookups {
    database: Database,
    clock: Clock,
    slack: Slack,
    seen: Arc<Mutex<HashMap<Spot, Look>>>,
}

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error(transparent)]
    Slack(#[from] SlackError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Lookups {
    pub(crate) fn new(database: Database, clock: Clock, slack: Slack) -> Self {
        Self {
            database,
            clock,
            slack,
            seen: Arc::default(),
        }
    }

    /// The messages in Slack that are this post, oldest first; there ought to be one at the most.
    /// That there is none is believed of a look after `settled` only.
    pub(crate) async fn find(
        &self,
        post: &post::Model,
        settled: OffsetDateTime,
        bot: &Installation,
    ) -> Result<Vec<String>, LookupError> {
        let now = self.clock.now();
        let sent_at = post.sent_at.unwrap_or(post.queued_at);
        let sent_at = if sent_at > now { now - LOOK_BACK } else { sent_at };
        let spot = (post.channel_id.clone(), post.thread_ts.clone());
        let seen = self.spot(spot);
        let mut seen = seen.lock().await;
        if let Some(sighting) = &*seen
            && let Some(found) = sighting.answers(post, sent_at, settled)
        {
            return Ok(found);
        }
        let uncertain = posts::oldest_uncertain(self.database.read(), &post.channel_id).await?;
        let oldest = uncertain.map_or(sent_at, |uncertain| uncertain.min(sent_at)) - SKEW;
        let sighting = self.look(post, oldest, bot).await?;
        let found = sighting.of(post).cloned().unwrap_or_default();
        *seen = Some(sighting);
        Ok(found)
    }

    fn spot(&self, spot: Spot) -> Look {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > REMEMBERED {
            // Those in use are kept alive by whoever uses them.
            seen.clear();
        }
        Arc::clone(seen.entry(spot).or_default())
    }

    async fn look(
        &self,
        post: &post::Model,
        oldest: OffsetDateTime,
        bot: &Installation,
    ) -> Result<Sighting, SlackError> {
        let looked_at = self.clock.now();
        let mut messages = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let window = Window {
                channel: &post.channel_id,
                thread_ts: post.thread_ts.as_deref(),
                oldest: oldest.unix_timestamp(),
                cursor: cursor.as_deref(),
            };
            let page = self.slack.messages(window).await?;
            cursor = page.next().map(ToOwned::to_owned);
            messages.extend(page.messages);
            if cursor.is_none() {
                break;
            }
        }
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        for message in messages {
            let is_own = message.bot_id.is_none() || bot.bot_id.is_none() || message.bot_id == bot.bot_id;
            let Some(metadata) = message.metadata.as_ref().filter(|_| is_own) else {
                continue;
            };
            let Some(op) = metadata.post() else { continue };
            for name in [Some(op), metadata.text("key")].into_iter().flatten() {
                found.entry(name.to_owned()).or_default().push(message.ts.clone());
            }
        }
        // Within a channel the names of messages have one form, so that their order is that of time.
        for names in found.values_mut() {
            names.sort_unstable();
        }
        Ok(Sighting {
            looked_at,
            oldest,
            found,
        })
    }
}

impl Sighting {
    /// The messages that are this post: by its id, or by its key where its record was lost with a restore and made anew.
    fn of(&self, post: &post::Model) -> Option<&Vec<String>> {
        self.found
            .get(&post.id.to_string())
            .or_else(|| self.found.get(&post.key))
    }

    /// What it says about a post; nothing when the look was too early or did not go back far enough to deny it.
    fn answers(
        &self,
        post: &post::Model,
        sent_at: OffsetDateTime,
        settled: OffsetDateTime,
    ) -> Option<Vec<String>> {
        let found = self.of(post);
        if found.is_some() {
            return found.cloned();
        }
        let may_deny = self.looked_at >= settled && self.oldest <= sent_at - SKEW;
        may_deny.then(Vec::new)
    }
}
