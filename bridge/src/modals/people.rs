//! Members to choose from.

use serde_json::{Value, json};
use tocsin_entity::id::UserId;
use tocsin_slack::inputs::option;

/// The action id, and the block's name, of every menu of members.
pub(crate) const ASSIGNEES: &str = "assignees";

/// A member who may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
}

impl Candidate {
    pub(super) fn option(&self) -> Value {
        let text = if self.name.trim().is_empty() {
            self.email.clone()
        } else {
            format!("{} ({})", self.name, self.email)
        };
        option(&text, &self.id.to_string())
    }
}

/// The answer to a menu that asks for members.
pub(crate) fn options(candidates: &[Candidate]) -> Value {
    let options: Vec<_> = candidates.iter().take(100).map(Candidate::option).collect();
    json!({"options": options})
}
