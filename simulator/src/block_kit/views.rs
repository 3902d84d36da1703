//! Modals and Home tabs.

use serde_json::Value;

use super::Surface;
use super::blocks;
use super::problems::{Check, ID_MAX};
use super::text::TextKind;

/// Fields of a modal; a Home tab has the first six.
const FIELDS: &[&str] = &[
    "type",
    "blocks",
    "private_metadata",
    "callback_id",
    "external_id",
    "close",
    "title",
    "submit",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
];

/// What is wrong with a view.
pub(crate) fn view_problems(view: &Value) -> Vec<String> {
    let mut check = Check::default();
    let at = "/view";
    let (surface, required): (Surface, &[&str]) = match view["type"].as_str() {
        Some("modal") => (Surface::Modal, &["type", "title", "blocks"]),
        Some("home") => (Surface::Home, &["type", "blocks"]),
        Some(other) => {
            check.problem("/view/type", &format!("unsupported type: {other}"));
            return check.into_problems();
        }
        None => {
            check.problem(at, "missing required field: type");
            return check.into_problems();
        }
    };
    let Some(fields) = check.object(view, at, required, FIELDS) else {
        return check.into_problems();
    };
    for name in ["title", "submit", "close"] {
        check.text(fields, name, at, TextKind::Plain, 24);
    }
    for (name, max) in [
        ("private_metadata", 3_000),
        ("callback_id", ID_MAX),
        ("external_id", ID_MAX),
    ] {
        if fields.get(name).and_then(Value::as_str) != Some("") {
            check.string(fields, name, at, max);
        }
    }
    match fields.get("blocks") {
        None => {}
        Some(Value::Array(list)) => {
            blocks::check_list(&mut check, list, "/view/blocks", surface);
            let asks = list.iter().any(|block| block["type"] == "input");
            if surface == Surface::Modal && asks && !fields.contains_key("submit") {
                check.problem(at, "missing required field: submit");
            }
        }
        Some(_) => check.problem("/view/blocks", "must provide an array"),
    }
    check.into_problems()
}
