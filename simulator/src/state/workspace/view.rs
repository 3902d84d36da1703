//! Modals and Home tabs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SimulatedWorkspace;
use crate::clock;

/// A view that the app has opened or published for a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) id: String,
    /// The person who sees it.
    pub(crate) user: String,
    /// `modal` or `home`.
    pub(crate) kind: String,
    pub(crate) external_id: String,
    pub(crate) root_id: String,
    pub(crate) previous_id: Option<String>,
    /// Changes with every update; a stale one is refused.
    pub(crate) hash: String,
    /// As the app sent it.
    pub(crate) content: Value,
    /// Options that the app has offered as the person typed, by `action_id`.
    #[serde(default)]
    pub(crate) offered: BTreeMap<String, Vec<Value>>,
}

impl View {
    pub(crate) fn new(
        id: String,
        user: String,
        root_id: String,
        previous_id: Option<String>,
        content: Value,
    ) -> Self {
        let mut view = Self {
            id,
            user,
            kind: String::new(),
            external_id: String::new(),
            root_id,
            previous_id,
            hash: String::new(),
            content: Value::Null,
            offered: BTreeMap::new(),
        };
        view.set_content(content);
        view
    }

    /// Puts new content into the view, under a new hash.
    pub(crate) fn set_content(&mut self, content: Value) {
        let text = |key: &str| content[key].as_str().unwrap_or_default().to_owned();
        self.kind = text("type");
        self.external_id = text("external_id");
        let now = clock::now_micros();
        self.hash = format!("{}.{}", now / 1_000_000, &crate::random::hex()[..8]);
        self.content = content;
    }

    /// The view object of answers and interactions.
    pub(crate) fn json(&self, ws: &SimulatedWorkspace) -> Value {
        let mut view = self.content.clone();
        view["id"] = json!(self.id);
        view["team_id"] = json!(ws.team.id);
        view["app_id"] = json!(ws.app.id);
        view["app_installed_team_id"] = json!(ws.team.id);
        view["bot_id"] = json!(ws.app.bot_id);
        view["hash"] = json!(self.hash);
        view["root_view_id"] = json!(self.root_id);
        view["previous_view_id"] = json!(self.previous_id);
        view["state"] = json!({ "values": {} });
        for key in ["callback_id", "private_metadata", "external_id"] {
            if view.get(key).is_none() {
                view[key] = json!("");
            }
        }
        view
    }
}
