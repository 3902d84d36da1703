//! The buttons and menus that people can use, and what Slack says of their use.

use serde_json::{Value, json};

use super::state;
use crate::error::ActError;

/// A button or a menu, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct LocatedElement {
    pub(super) element: Value,
    pub(super) block_id: String,
    /// Index among the shown attachments, and the attachment itself.
    pub(super) attachment: Option<(usize, Value)>,
}

/// The one that is meant, by action id or label: a menu where something is chosen, else a button.
pub(super) fn find(
    all: Vec<LocatedElement>,
    action: &str,
    choice: Option<&str>,
) -> Result<LocatedElement, ActError> {
    let menus = choice.is_some();
    let there = labels(&all);
    let all: Vec<LocatedElement> = all
        .into_iter()
        .filter(|located| (located.element["type"] != "button") == menus)
        .collect();
    let by_id = all
        .iter()
        .position(|l| l.element["action_id"].as_str() == Some(action));
    let by_label = || {
        all.iter().position(|l| {
            let label = l.element["text"]["text"].as_str().unwrap_or_default();
            let id = l.element["action_id"].as_str().unwrap_or_default();
            label.eq_ignore_ascii_case(action) || id.eq_ignore_ascii_case(action)
        })
    };
    by_id
        .or_else(by_label)
        .and_then(|index| all.into_iter().nth(index))
        .ok_or_else(|| ActError::NotFound(format!("there is no button \"{action}\"; there are: {there}")))
}

fn labels(all: &[LocatedElement]) -> String {
    let labels: Vec<String> = all
        .iter()
        .filter(|located| located.element["type"] == "button")
        .map(|l| format!("\"{}\"", l.element["text"]["text"].as_str().unwrap_or_default()))
        .collect();
    if labels.is_empty() {
        "none".to_owned()
    } else {
        labels.join(", ")
    }
}

/// Those of a block.
pub(super) fn of_block(block: &Value, attachment: Option<&(usize, Value)>) -> Vec<LocatedElement> {
    let block_id = block["block_id"].as_str().unwrap_or_default().to_owned();
    let listed = block["elements"].as_array().into_iter().flatten();
    listed
        .chain(block.get("accessory"))
        .filter(|element| {
            matches!(
                element["type"].as_str(),
                Some("button" | "static_select" | "overflow")
            )
        })
        .map(|element| LocatedElement {
            element: element.clone(),
            block_id: block_id.clone(),
            attachment: attachment.cloned(),
        })
        .collect()
}

/// What stands in `state.values` after the choice: an overflow menu keeps none.
pub(super) fn state_after(found: &LocatedElement, action: &Value, choice: Option<&str>) -> Value {
    if choice.is_none() || action["type"] == "overflow" {
        return json!({});
    }
    json!({found.block_id.as_str(): {
        action["action_id"].as_str().unwrap_or_default():
            {"type": action["type"], "selected_option": action["selected_option"]},
    }})
}

/// The pressed element as Slack reports it, without what only its look needs.
pub(super) fn action_json(found: &LocatedElement, choice: Option<&str>) -> Result<Value, ActError> {
    if let Some(choice) = choice {
        let chosen = state::option(&found.element, Some(&json!(choice))).map_err(ActError::NotFound)?;
        return Ok(json!({
            "action_id": found.element["action_id"],
            "block_id": found.block_id,
            "type": found.element["type"],
            "selected_option": chosen,
            "placeholder": found.element["placeholder"],
            "action_ts": crate::clock::ts(crate::clock::now_micros()),
        }));
    }
    let mut action = json!({
        "action_id": found.element["action_id"],
        "block_id": found.block_id,
        "type": "button",
        "text": found.element["text"],
        "action_ts": crate::clock::ts(crate::clock::now_micros()),
    });
    for key in ["value", "style", "url"] {
        if let Some(value) = found.element.get(key) {
            action[key] = value.clone();
        }
    }
    Ok(action)
}
