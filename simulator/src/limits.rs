//! Rate limits: a bucket per method, and one per channel for posts.
//!
//! Source: Slack, "Rate limits" and the reference of `chat.postMessage`. Slack gives tiers as "N or more a
//! minute" and lets bursts pass without saying how large; the sizes of bursts here are our own.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How often a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// 20 a minute.
    Two,
    /// 50 a minute.
    Three,
    /// 100 a minute.
    Four,
    /// "Hundreds" a minute: `auth.test`, `chat.getPermalink`.
    Special,
    /// `chat.postMessage`: by channel, and a ceiling for the workspace.
    Post,
}

/// Messages for each channel: `per_second` in the long run, `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PostLimit {
    /// Messages a second, for each channel.
    pub per_second: f64,
    /// Messages that a rested channel takes at once; at least 1.
    pub burst: u32,
}

/// Calls a minute by tier; `None` is unlimited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLimits {
    /// Tier 2.
    pub tier_2: Option<u32>,
    /// Tier 3.
    pub tier_3: Option<u32>,
    /// Tier 4.
    pub tier_4: Option<u32>,
    /// Methods with a limit of their own that Slack calls "hundreds a minute".
    pub special: Option<u32>,
    /// `chat.postMessage` in one channel.
    pub posts_per_channel: Option<PostLimit>,
    /// `chat.postMessage` in the workspace, a minute. Slack: "several hundred".
    pub posts_per_workspace: Option<u32>,
}

impl CallLimits {
    /// What Slack documents, with a burst of 10 messages for each channel.
    pub fn documented() -> Self {
        Self {
            tier_2: Some(20),
            tier_3: Some(50),
            tier_4: Some(100),
            special: Some(600),
            posts_per_channel: Some(PostLimit {
                per_second: 1.0,
                burst: 10,
            }),
            posts_per_workspace: Some(600),
        }
    }

    /// No limit at all.
    pub fn none() -> Self {
        Self {
            tier_2: None,
            tier_3: None,
            tier_4: None,
            special: None,
            posts_per_channel: None,
            posts_per_workspace: None,
        }
    }

    /// Documented tiers, and strictly this many posts a second in each channel, without any burst.
    pub fn posts_per_second(per_second: f64) -> Self {
        Self {
            posts_per_channel: Some(PostLimit { per_second, burst: 1 }),
            ..Self::documented()
        }
    }

    fn per_minute(&self, tier: Tier) -> Option<u32> {
        match tier {
            Tier::Two => self.tier_2,
            Tier::Three => self.tier_3,
            Tier::Four => self.tier_4,
            Tier::Special => self.special,
            Tier::Post => self.posts_per_workspace,
        }
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self::documented()
    }
}

/// How much earlier than exactly on time a paced call may come, as a share of the interval: clocks and
/// networks jitter, and Slack counts in windows.
const JITTER: f64 = 0.05;

#[derive(Debug)]
struct Bucket {
    level: f64,
    filled_at: Instant,
}

impl Bucket {
    /// Takes one token, or says how long until there is one. A refused call costs nothing.
    fn take(&mut self, now: Instant, per_second: f64, capacity: f64) -> Result<(), Duration> {
        let waited = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.level = (self.level + waited * per_second).min(capacity);
        self.filled_at = now;
        if self.level >= 1.0 - JITTER {
            self.level -= 1.0;
            return Ok(());
        }
        if per_second <= 0.0 {
            return Err(Duration::from_secs(60));
        }
        Err(Duration::from_secs_f64((1.0 - self.level) / per_second))
    }
}

/// The buckets of one workspace.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: CallLimits,
    buckets: HashMap<String, Bucket>,
}

impl Limiter {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self {
            limits,
            buckets: HashMap::new(),
        }
    }

    /// New limits; every bucket is full again.
    pub(crate) fn set(&mut self, limits: CallLimits) {
        *self = Self::new(limits);
    }

    /// Counts one call. Refused: how many seconds to wait (`Retry-After`, whole and at least 1).
    pub(crate) fn take(&mut self, method: &str, tier: Tier, channel: Option<&str>) -> Result<(), u64> {
        let now = Instant::now();
        if tier == Tier::Post
            && let (Some(limit), Some(channel)) = (self.limits.posts_per_channel, channel)
        {
            let capacity = f64::from(limit.burst.max(1));
            self.bucket(format!("{method} {channel}"), now, capacity)
                .take(now, limit.per_second, capacity)
                .map_err(whole_seconds)?;
        }
        if let Some(per_minute) = self.limits.per_minute(tier) {
            let capacity = f64::from(per_minute.max(1));
            self.bucket(method.to_owned(), now, capacity)
                .take(now, f64::from(per_minute) / 60.0, capacity)
                .map_err(whole_seconds)?;
        }
        Ok(())
    }

    fn bucket(&mut self, key: String, now: Instant, capacity: f64) -> &mut Bucket {
        self.buckets.entry(key).or_insert(Bucket {
            level: capacity,
            filled_at: now,
        })
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    seconds.max(1)
}
