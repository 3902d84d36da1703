//! Block Kit's inputs and menus, for dialogs and messages, within Slack's limits.
//!
//! Source of the limits: docs.slack.dev, "Block Kit reference", "Select menu element", "Option object".

use serde_json::{Value, json};
use tocsin_message::mrkdwn::cut_plain;

/// An input's label: 2,000.
const LABEL_MAX: usize = 1_900;

/// An option's text: 75.
pub const OPTION_MAX: usize = 70;

/// A placeholder: 150.
const PLACEHOLDER_MAX: usize = 140;

/// Options of a menu.
const OPTIONS_MAX: usize = 100;

/// What a text input takes: 3,000 characters.
pub const TEXT_INPUT_MAX: usize = 3_000;

fn plain(text: &str, max: usize) -> Value {
    json!({"type": "plain_text", "text": cut_plain(text, max)})
}

/// An input of a dialog; what is wrong with it is told by its `block_id`.
pub fn input(label: &str, block_id: &str, element: Value, optional: bool) -> Value {
    let mut input = json!({
        "type": "input",
        "block_id": block_id,
        "label": plain(label, LABEL_MAX),
        "optional": optional,
    });
    input["element"] = element;
    input
}

/// Small print below an input.
#[must_use]
pub fn with_hint(mut input: Value, hint: &str) -> Value {
    input["hint"] = plain(hint, LABEL_MAX);
    input
}

/// Something for a person to write in, in so many characters; 3,000 at the most.
pub fn text_input(action_id: &str, multiline: bool, max: usize, initial: Option<&str>) -> Value {
    let mut element = json!({
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": multiline,
        "max_length": max.min(TEXT_INPUT_MAX),
    });
    if let Some(initial) = initial.filter(|initial| !initial.is_empty()) {
        element["initial_value"] = initial
            .chars()
            .take(max.min(TEXT_INPUT_MAX))
            .collect::<String>()
            .into();
    }
    element
}

/// One thing to choose. `value` has 150 characters at the most.
pub fn option(text: &str, value: &str) -> Value {
    let shown = cut_plain(text, OPTION_MAX);
    // Slack refuses an empty text.
    let shown = if shown.is_empty() { "–" } else { shown.as_str() };
    json!({"text": {"type": "plain_text", "text": shown}, "value": value})
}

/// A menu of few things; those beyond the hundredth are left out.
pub fn static_select(
    action_id: &str,
    placeholder: &str,
    mut options: Vec<Value>,
    initial: Option<&Value>,
) -> Value {
    options.truncate(OPTIONS_MAX);
    let mut element = json!({
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, PLACEHOLDER_MAX),
        "options": options,
    });
    if let Some(initial) = initial {
        element["initial_option"] = initial.clone();
    }
    element
}

/// A menu whose options come from the bridge as the person types, from so many characters on.
pub fn external_select(
    action_id: &str,
    placeholder: &str,
    min_query_length: u32,
    initial: Option<&Value>,
) -> Value {
    let mut element = json!({
        "type": "external_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, PLACEHOLDER_MAX),
        "min_query_length": min_query_length,
    });
    if let Some(initial) = initial {
        element["initial_option"] = initial.clone();
    }
    element
}

/// As [`external_select`], for several at once.
pub fn multi_external_select(
    action_id: &str,
    placeholder: &str,
    min_query_length: u32,
    initial: &[Value],
) -> Value {
    let mut element = json!({
        "type": "multi_external_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, PLACEHOLDER_MAX),
        "min_query_length": min_query_length,
    });
    if !initial.is_empty() {
        element["initial_options"] = initial.into();
    }
    element
}

/// A day and a time, in the person's own time zone. `initial` in seconds since 1970.
pub fn datetime_picker(action_id: &str, initial: Option<i64>) -> Value {
    let mut element = json!({"type": "datetimepicker", "action_id": action_id});
    if let Some(initial) = initial {
        element["initial_date_time"] = initial.into();
    }
    element
}

/// A line between blocks.
pub fn divider() -> Value {
    json!({"type": "divider"})
}
