//! Block Kit, as far as the bridge's messages need it, within its limits.
//!
//! Source of the limits: docs.slack.dev, "Block Kit reference". Slack does not say how it counts characters, so each keeps
//! a margin.

use serde_json::{Value, json};

use crate::mrkdwn::{Mrkdwn, cut_plain};

/// A section's text: 3,000.
pub const SECTION_MAX: usize = 2_900;

/// A field of a section: 2,000.
const FIELD_MAX: usize = 1_900;

/// Fields of a section.
pub const FIELDS_MAX: usize = 10;

/// An element of a context: a text object, 3,000.
const CONTEXT_MAX: usize = 2_900;

/// A button's text: 75.
const BUTTON_MAX: usize = 70;

/// A button's address: 3,000.
const URL_MAX: usize = 2_900;

/// A message's top-level text, which an update takes up to 4,000 of.
const TEXT_MAX: usize = 3_500;

/// An author's name. Slack does not say how long it may be; its own names have 80.
const USERNAME_MAX: usize = 80;

fn mrkdwn(text: Mrkdwn, max: usize) -> Value {
    // Verbatim: Slack would else make links of what looks like a channel or a person.
    json!({"type": "mrkdwn", "text": text.fit(max).as_str(), "verbatim": true})
}

/// A paragraph.
pub fn section(text: Mrkdwn) -> Value {
    json!({"type": "section", "text": mrkdwn(text, SECTION_MAX)})
}

/// Short facts in two columns; those beyond the tenth are left out.
pub fn fields(facts: Vec<Mrkdwn>) -> Value {
    let fields: Vec<_> = facts
        .into_iter()
        .take(FIELDS_MAX)
        .map(|fact| mrkdwn(fact, FIELD_MAX))
        .collect();
    json!({"type": "section", "fields": fields})
}

/// Small print.
pub fn context(text: Mrkdwn) -> Value {
    json!({"type": "context", "elements": [mrkdwn(text, CONTEXT_MAX)]})
}

/// A row of buttons.
pub fn actions(buttons: &[Value]) -> Value {
    json!({"type": "actions", "elements": buttons})
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonStyle {
    /// As most do.
    Plain,
    /// The one that is likely wanted.
    Primary,
}

/// A button that does something to what `value` names.
pub fn button(text: &str, action_id: &str, value: &str, look: ButtonStyle) -> Value {
    let mut button = json!({
        "type": "button",
        "text": {"type": "plain_text", "text": cut_plain(text, BUTTON_MAX)},
        "action_id": action_id,
        "value": value,
    });
    if look == ButtonStyle::Primary {
        button["style"] = "primary".into();
    }
    button
}

/// A button with what a screen reader says of it, where its text does not say what it acts on.
pub fn labelled(mut button: Value, label: &str) -> Value {
    button["accessibility_label"] = cut_plain(label, BUTTON_MAX).into();
    button
}

/// A paragraph with a button beside it.
pub fn section_with(text: Mrkdwn, button: Value) -> Value {
    let mut section = section(text);
    section["accessory"] = button;
    section
}

/// A button that opens an address; none where the address is too long for Slack.
pub fn link_button(text: &str, action_id: &str, value: &str, url: &str) -> Option<Value> {
    if url.len() > URL_MAX {
        return None;
    }
    let mut button = button(text, action_id, value, ButtonStyle::Plain);
    button["url"] = url.into();
    Some(button)
}

/// The plain summary that stands for a message in notifications.
pub fn fallback(text: Mrkdwn) -> String {
    text.fit(TEXT_MAX).as_str().to_owned()
}

/// An author's name; none when nothing is left of it.
pub fn username(name: &str) -> Option<String> {
    Some(cut_plain(name, USERNAME_MAX)).filter(|name| !name.is_empty())
}
