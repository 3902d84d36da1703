//! Trigger ids: a few seconds, one use. Source: Slack, "Handling user interaction".

use std::collections::HashMap;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Trigger {
    issued: Instant,
    used: bool,
    user: String,
}

/// The trigger ids given out.
#[derive(Debug)]
pub(crate) struct Triggers {
    given: HashMap<String, Trigger>,
    lives: Duration,
}

impl Triggers {
    pub(crate) fn new(lives: Duration) -> Self {
        Self {
            given: HashMap::new(),
            lives,
        }
    }

    /// A new one for this person's action.
    pub(crate) fn issue(&mut self, user: &str) -> String {
        let id = format!("1000000000.2000000000.{}", crate::random::hex());
        self.given.insert(
            id.clone(),
            Trigger {
                issued: Instant::now(),
                used: false,
                user: user.to_owned(),
            },
        );
        id
    }

    /// Uses one up; gives whose it is, or Slack's error.
    pub(crate) fn exchange(&mut self, id: &str) -> Result<String, &'static str> {
        let trigger = self.given.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.used {
            return Err("exchanged_trigger_id");
        }
        if trigger.issued.elapsed() > self.lives {
            return Err("expired_trigger_id");
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }
}
