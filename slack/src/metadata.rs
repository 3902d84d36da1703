//! What a message carries for machines.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a message carries for machines. Everybody in the workspace can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// What the metadata is of, as whoever posts names it.
    pub event_type: String,
    /// What it says.
    #[serde(default)]
    pub event_payload: Map<String, Value>,
}

/// How the bot's own posts are marked.
const METADATA_EVENT: &str = "tocsin_post";

/// What is left of a message about which nothing is known any more.
const LOST_EVENT: &str = "tocsin_lost";

impl Metadata {
    /// Marks a message as the post with this id.
    pub fn of_post(id: &str) -> Self {
        let payload = Map::from_iter([("op".to_owned(), Value::from(id))]);
        Self {
            event_type: METADATA_EVENT.to_owned(),
            event_payload: payload,
        }
    }

    /// Marks a message as nobody's.
    pub fn of_lost() -> Self {
        Self {
            event_type: LOST_EVENT.to_owned(),
            event_payload: Map::new(),
        }
    }

    /// Tells more of what is marked.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.event_payload.insert(name.to_owned(), value.into());
        self
    }

    /// What a post's message tells beside its id.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.event_payload.get(name)?.as_str()
    }

    /// The same of a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.event_payload.get(name)?.as_i64()
    }

    /// Which post it marks, if it marks one.
    pub fn post(&self) -> Option<&str> {
        if self.event_type == METADATA_EVENT {
            self.event_payload.get("op")?.as_str()
        } else {
            None
        }
    }
}
