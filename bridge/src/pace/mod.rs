//! The pace of calls to Slack, shared by all workers through the table `slack_pace`.
//!
//! Each limit is a row and a generic cell rate algorithm (GCRA): `free_at` is when the next call would be due if calls came
//! evenly spaced, and a burst is how far ahead of that a call may be. Taking a place is one SQL statement, so that
//! workers need no lock and no Redis. They all go by the database's clock.
//!
//! A time that a right clock cannot have written is not believed: a place further ahead than any is taken, and a limit of Slack's that was set
//! later than now, or for longer than any is. The place is free then, and at the worst Slack says once more that it is not.
//!
//! A place that would be too far away is not taken: the caller is told how far, and decides.

mod saturation;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_slack::{
    method::{CHAT_POST_MESSAGE, Method, Tier},
    retry_after::RETRY_AFTER_MAX,
};
use tocsin_slack_client::pacer::{PaceSlot, Pacer};

use self::saturation::{BELIEVED, Saturation};
use crate::config::Pace;

/// After Slack said that it was too much, a limit has no burst for so long.
const CALM: Duration = Duration::from_secs(60);

/// The clocks of replicas differ by less.
const CLOCKS_DIFFER: Duration = Duration::from_secs(2);

/// How far ahead a place is taken at the most.
pub(crate) const RESERVED_MAX: Duration = Duration::from_secs(60);

/// How far ahead the next free place may be on record, whatever the rate.
const PLACED_MAX: Duration = Duration::from_secs(900);

/// How long to wait before asking again where the database could not say.
const DATABASE_TROUBLE: Duration = Duration::from_secs(1);

/// A rate and its burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The time between two calls in the long run.
    interval: Duration,
    /// Calls that a rested limit takes at once; at least 1.
    burst: u32,
}

impl Rate {
    const fn per_minute(calls: u32, burst: u32) -> Self {
        Self {
            interval: Duration::from_millis(60_000 / calls as u64),
            burst,
        }
    }

    fn tolerance(self) -> Duration {
        self.interval * self.burst.saturating_sub(1)
    }
}

/// Posts in one channel. Slack: "1 message per second, short bursts allowed", without saying how short. Five at once is
/// what an incident and its first changes need; whoever has more to say at once is better read in a digest.
const POSTS_PER_CHANNEL: Rate = Rate {
    interval: Duration::from_secs(1),
    burst: 5,
};

/// Posts in the workspace. Slack: "several hundred messages per minute".
const POSTS_PER_WORKSPACE: Rate = Rate::per_minute(300, 50);

/// What a call is for: the urgent may take the last places of a burst, the others leave them free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// A new incident, or the digest that stands for many.
    NewIncident,
    /// Everything else.
    Change,
}

impl Purpose {
    /// How many places of a burst are left to new incidents.
    fn leaves_free(self) -> u32 {
        match self {
            Self::NewIncident => 0,
            Self::Change => 2,
        }
    }
}

/// All limits of one workspace. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct WorkspacePace {
    database: Database,
    pace: Pace,
    workspace: Arc<str>,
    /// What Slack has told this process to leave alone, and until when: places taken before that are void.
    blocked: Arc<Mutex<HashMap<String, Instant>>>,
    full: Saturation,
    clock: Clock,
}

impl WorkspacePace {
    /// `workspace` tells the rows of different installations apart.
    pub(crate) fn new(database: Database, clock: Clock, pace: Pace, workspace: &str) -> Self {
        Self {
            database,
            pace,
            workspace: workspace.into(),
            blocked: Arc::default(),
            full: Saturation::default(),
            clock,
        }
    }

    /// What time it is, for what is put on record of calls.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Takes a place for a method other than a post; for a post it has been taken before.
    pub(crate) async fn reserve_method(&self, method: Method, max_wait: Duration) -> PaceSlot {
        match self.rate(method.tier) {
            Some(rate) => {
                self.reserve_at(&self.method_key(method), rate, Purpose::NewIncident, max_wait)
                    .await
            }
            None => self.unless_blocked(&self.method_key(method), max_wait),
        }
    }

    /// Takes a place for a post in a channel, and in the workspace.
    pub(crate) async fn reserve_post(&self, channel: &str, purpose: Purpose, max_wait: Duration) -> PaceSlot {
        let channel_key = self.channel_key(channel);
        let Some(rate) = self.posts_per_channel() else {
            return self.unless_blocked(&channel_key, max_wait);
        };
        let workspace_key = self.method_key(CHAT_POST_MESSAGE);
        if self.rate(Tier::Post).is_some()
            && let Some(wait) = self.full.wait(&workspace_key, purpose, self.now(), max_wait)
        {
            return PaceSlot::WouldWait(wait);
        }
        let in_channel = self.reserve_at(&channel_key, rate, purpose, max_wait).await;
        let (PaceSlot::At(wait), Some(ceiling)) = (in_channel, self.rate(Tier::Post)) else {
            return in_channel;
        };
        match self.reserve_at(&workspace_key, ceiling, purpose, max_wait).await {
            PaceSlot::At(ceiling_wait) => PaceSlot::At(wait.max(ceiling_wait)),
            PaceSlot::WouldWait(longer) => {
                self.give_back(&channel_key, rate).await;
                PaceSlot::WouldWait(longer)
            }
        }
    }

    /// How long Slack still wants no posts in the channel, as far as this process has heard.
    pub(crate) fn blocked_for(&self, channel: &str) -> Option<Duration> {
        self.still_blocked(&self.channel_key(channel))
    }

    /// Slack said `Retry-After` to a post in this channel.
    pub(crate) async fn block_posts(&self, channel: &str, retry_after: Duration) {
        self.block_at(&self.channel_key(channel), self.posts_per_channel(), retry_after)
            .await;
    }

    /// Slack said `Retry-After` to this method.
    pub(crate) async fn block_method(&self, method: Method, retry_after: Duration) {
        self.block_at(&self.method_key(method), self.rate(method.tier), retry_after)
            .await;
    }

    fn method_key(&self, method: Method) -> String {
        format!("{}/{}", self.workspace, method.name)
    }

    fn channel_key(&self, channel: &str) -> String {
        format!("{}/{}/{channel}", self.workspace, CHAT_POST_MESSAGE.name)
    }

    fn posts_per_channel(&self) -> Option<Rate> {
        match self.pace {
            Pace::Unlimited => None,
            Pace::PostsPerSecond(posts) if posts > 0.0 => Some(Rate {
                interval: Duration::from_secs_f64(1.0 / posts),
                burst: 1,
            }),
            Pace::Documented | Pace::PostsPerSecond(_) => Some(POSTS_PER_CHANNEL),
        }
    }

    /// The rates that Slack documents for tiers, with a third of a minute's calls at once: Slack lets bursts pass
    /// without saying how large, and counts by the minute.
    fn rate(&self, tier: Tier) -> Option<Rate> {
        if self.pace == Pace::Unlimited {
            return None;
        }
        match tier {
            Tier::Two => Some(Rate::per_minute(20, 7)),
            Tier::Three => Some(Rate::per_minute(50, 17)),
            Tier::Four => Some(Rate::per_minute(100, 33)),
            Tier::Special => Some(Rate::per_minute(300, 50)),
            Tier::Post => match self.pace {
                // Whoever sets the posts of a channel by hand knows better than the documented ceiling.
                Pace::PostsPerSecond(posts) if posts > 5.0 => None,
                Pace::Documented | Pace::PostsPerSecond(_) => Some(POSTS_PER_WORKSPACE),
                Pace::Unlimited => None,
            },
        }
    }

    async fn reserve_at(&self, key: &str, rate: Rate, purpose: Purpose, max_wait: Duration) -> PaceSlot {
        let _turn = self.full.turn(key).await;
        if let Some(wait) = self.full.wait(key, purpose, self.now(), max_wait) {
            return PaceSlot::WouldWait(wait);
        }
        let tolerance = rate
            .tolerance()
            .saturating_sub(rate.interval * purpose.leaves_free());
        match self.try_reserve(key, rate, tolerance, max_wait).await {
            Ok(place) => {
                if let PaceSlot::WouldWait(wait) = place {
                    self.full.note(key, purpose, self.now(), wait);
                }
                place
            }
            Err(error) => {
                tracing::error!(%error, "the pace of {key} could not be read: {error}");
                let wait = DATABASE_TROUBLE.max(max_wait);
                // Those who wait for their turn need not wait for the database, one after the other.
                self.full.note(key, purpose, self.now(), wait + BELIEVED);
                PaceSlot::WouldWait(wait)
            }
        }
    }

    async fn try_reserve(
        &self,
        key: &str,
        rate: Rate,
        tolerance: Duration,
        max_wait: Duration,
    ) -> Result<PaceSlot, DbErr> {
        let now = self.micros_now();
        let (interval, tolerance) = (micros(rate.interval), micros(tolerance));
        let latest = now + micros(max_wait);
        let greatest = self.greatest();
        let (free_at, blocked_until) = (believed_place("$7"), believed_block("$8", "$9"));
        let taken = format!(
            "INSERT INTO slack_pace (key, free_at, blocked_until) VALUES ($1, $2 + $3, 0)
             ON CONFLICT (key) DO UPDATE SET
               free_at = {greatest}({free_at}, $2, {blocked_until}) + $3
             WHERE {greatest}(
               {free_at} - CASE WHEN $2 < {blocked_until} + $4 THEN 0 ELSE $5 END,
               {blocked_until}
             ) <= $6
             RETURNING free_at, {blocked_until} AS blocked_until"
        );
        let [placed, blocked_at, blocked] = Self::believed(rate, now);
        let values = [
            key.into(),
            now.into(),
            interval.into(),
            micros(CALM).into(),
            tolerance.into(),
            latest.into(),
            placed.into(),
            blocked_at.into(),
            blocked.into(),
        ];
        if let Some(row) = self
            .database
            .write()
            .query_one_raw(self.statement(&taken, values))
            .await?
        {
            let (free_at, blocked_until): (i64, i64) =
                (row.try_get("", "free_at")?, row.try_get("", "blocked_until")?);
            let at = place(free_at - interval, blocked_until, tolerance, now);
            return Ok(PaceSlot::At(from_micros(at - now)));
        }
        let seen = format!(
            "SELECT {} AS free_at, {} AS blocked_until FROM slack_pace WHERE key = $1",
            believed_place("$2"),
            believed_block("$3", "$4")
        );
        let values = [key.into(), placed.into(), blocked_at.into(), blocked.into()];
        let row = self
            .database
            .write()
            .query_one_raw(self.statement(&seen, values))
            .await?;
        let Some(row) = row else {
            return Ok(PaceSlot::WouldWait(max_wait));
        };
        let at = place(
            row.try_get("", "free_at")?,
            row.try_get("", "blocked_until")?,
            tolerance,
            now,
        );
        Ok(PaceSlot::WouldWait(from_micros(at - now).max(max_wait)))
    }

    /// The latest times that are believed: of a place at this rate, of when Slack set a limit, and of when that ends.
    fn believed(rate: Rate, now: i64) -> [i64; 3] {
        let ahead = RESERVED_MAX + rate.tolerance() + rate.interval * 2;
        [
            now + micros(ahead),
            now + micros(CLOCKS_DIFFER),
            now + micros(RETRY_AFTER_MAX),
        ]
    }

    async fn give_back(&self, key: &str, rate: Rate) {
        self.full.forget(key);
        let sql = "UPDATE slack_pace SET free_at = free_at - $2 WHERE key = $1";
        let values = [key.into(), micros(rate.interval).into()];
        if let Err(error) = self
            .database
            .write()
            .execute_raw(self.statement(sql, values))
            .await
        {
            tracing::warn!(%error, "a place in the pace of {key} is lost: {error}");
        }
    }

    /// The place of the call that was refused is lost: those after it may be taken.
    async fn block_at(&self, key: &str, rate: Option<Rate>, retry_after: Duration) {
        let retry_after = retry_after.min(RETRY_AFTER_MAX);
        self.blocked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned(), Instant::now() + retry_after);
        if rate.is_none() {
            return;
        }
        let now = self.micros_now();
        let until = now + micros(retry_after);
        let greatest = self.greatest();
        let before = believed_block("$4", "$5");
        let sql = format!(
            "INSERT INTO slack_pace (key, free_at, blocked_until, blocked_at) VALUES ($1, $2, $2, $3)
             ON CONFLICT (key) DO UPDATE SET
               blocked_until = {greatest}({before}, excluded.blocked_until), blocked_at = excluded.blocked_at"
        );
        let values = [
            key.into(),
            until.into(),
            now.into(),
            (now + micros(CLOCKS_DIFFER)).into(),
            (now + micros(RETRY_AFTER_MAX)).into(),
        ];
        if let Err(error) = self
            .database
            .write()
            .execute_raw(self.statement(&sql, values))
            .await
        {
            tracing::error!(%error, "other workers do not learn that Slack limits {key}: {error}");
        }
    }

    fn micros_now(&self) -> i64 {
        micros_of(self.now())
    }

    fn unless_blocked(&self, key: &str, max_wait: Duration) -> PaceSlot {
        match self.still_blocked(key) {
            Some(wait) if wait > max_wait => PaceSlot::WouldWait(wait),
            Some(wait) => PaceSlot::At(wait),
            None => PaceSlot::At(Duration::ZERO),
        }
    }

    fn still_blocked(&self, key: &str) -> Option<Duration> {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let left = blocked.get(key)?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            blocked.remove(key);
            return None;
        }
        Some(left)
    }

    /// The scalar maximum, which the two databases name differently.
    fn greatest(&self) -> &'static str {
        if self.database.is_sqlite() {
            "max"
        } else {
            "GREATEST"
        }
    }

    fn statement<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Statement {
        Statement::from_sql_and_values(self.database.write().get_database_backend(), sql, values)
    }
}

impl Pacer for WorkspacePace {
    fn reserve(&self, method: Method, max_wait: Duration) -> BoxFuture<'_, PaceSlot> {
        self.reserve_method(method, max_wait).boxed()
    }

    fn block(&self, method: Method, retry_after: Duration) -> BoxFuture<'_, ()> {
        self.block_method(method, retry_after).boxed()
    }
}

/// Forgets what a wrong clock has written, before its time comes and it is believed; how many rows.
pub(crate) async fn repair(database: &Database, now: OffsetDateTime) -> Result<u64, DbErr> {
    const WRONG: &str = "blocked_at > $1 OR blocked_until > $2 OR free_at > $3";
    let at = |ahead: Duration| micros_of(now) + micros(ahead);
    let statement = |sql: String| {
        let backend = database.write().get_database_backend();
        let latest = [CLOCKS_DIFFER, RETRY_AFTER_MAX, PLACED_MAX].map(|ahead| at(ahead).into());
        Statement::from_sql_and_values(backend, sql, latest)
    };
    let any = statement(format!("SELECT 1 AS found FROM slack_pace WHERE {WRONG} LIMIT 1"));
    if database.read().query_one_raw(any).await?.is_none() {
        return Ok(0);
    }
    let forget = statement(format!("DELETE FROM slack_pace WHERE {WRONG}"));
    Ok(database.write().execute_raw(forget).await?.rows_affected())
}

/// When a call may be made that finds a limit in this state.
fn place(free_at: i64, blocked_until: i64, tolerance: i64, now: i64) -> i64 {
    let calm = now < blocked_until.saturating_add(micros(CALM));
    let tolerance = if calm { 0 } else { tolerance };
    (free_at - tolerance).max(blocked_until).max(now)
}

/// The next free place on record, where it is not later than this: else it is free.
fn believed_place(latest: &str) -> String {
    format!("CASE WHEN slack_pace.free_at > {latest} THEN 0 ELSE slack_pace.free_at END")
}

/// The end of Slack's limit on record, where it was not set and does not end later than this: else there is none.
fn believed_block(set: &str, ends: &str) -> String {
    format!(
        "CASE WHEN slack_pace.blocked_at > {set} OR slack_pace.blocked_until > {ends} THEN 0 ELSE slack_pace.blocked_until END"
    )
}

fn micros_of(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX / 4)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

fn from_micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
