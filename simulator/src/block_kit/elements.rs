//! Elements of blocks: buttons, menus, inputs.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::problems::{Check, ID_MAX};
use super::text::TextKind;

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementPlace {
    Actions,
    Section,
    Context,
    Input,
}

/// Several elements of one block: no two with one `action_id`.
pub(super) fn check_all(check: &mut Check, found: &[(&Value, String)], place: ElementPlace) {
    let mut ids: HashSet<&str> = HashSet::new();
    for (element, at) in found {
        check_one(check, element, at, place);
        if let Some(id) = element["action_id"].as_str()
            && !ids.insert(id)
        {
            check.problem(
                &format!("{at}/action_id"),
                &format!("action_id \"{id}\" already exists"),
            );
        }
    }
}

pub(super) fn check_one(check: &mut Check, element: &Value, at: &str, place: ElementPlace) {
    let Some(kind) = element["type"].as_str() else {
        check.problem(at, "missing required field: type");
        return;
    };
    let Some((required, optional)) = shape(kind).filter(|_| fits(kind, place)) else {
        check.problem(&format!("{at}/type"), &format!("unsupported type: {kind}"));
        return;
    };
    let optional: Vec<&str> = optional.iter().chain(COMMON).copied().collect();
    let Some(fields) = check.object(element, at, required, &optional) else {
        return;
    };
    check.string(fields, "action_id", at, ID_MAX);
    check.text(fields, "placeholder", at, TextKind::Plain, 150);
    check.flag(fields, "focus_on_load", at);
    check.confirm(fields, at);
    match kind {
        "button" | "workflow_button" => button(check, fields, at),
        "image" => image(check, fields, at),
        "overflow" => options(check, fields, at, 5, TextKind::Plain),
        "checkboxes" | "radio_buttons" => options(check, fields, at, 10, TextKind::Any),
        "static_select" | "multi_static_select" => static_menu(check, fields, at),
        "plain_text_input" => check.flag(fields, "multiline", at),
        _ => {}
    }
}

/// Fields of every interactive element.
const COMMON: &[&str] = &["type", "action_id", "confirm", "focus_on_load", "placeholder"];

type Shape = (&'static [&'static str], &'static [&'static str]);

fn shape(kind: &str) -> Option<Shape> {
    Some(match kind {
        "button" => (
            &["type", "text"],
            &["url", "value", "style", "accessibility_label"],
        ),
        "workflow_button" => (&["type", "text", "workflow"], &["style", "accessibility_label"]),
        "image" => (&["type", "alt_text"], &["image_url", "slack_file"]),
        "overflow" => (&["type", "options"], &[]),
        "checkboxes" => (&["type", "options"], &["initial_options"]),
        "radio_buttons" => (&["type", "options"], &["initial_option"]),
        "static_select" => (&["type"], &["options", "option_groups", "initial_option"]),
        "multi_static_select" => (
            &["type"],
            &[
                "options",
                "option_groups",
                "initial_options",
                "max_selected_items",
            ],
        ),
        "external_select" => (&["type"], &["initial_option", "min_query_length"]),
        "multi_external_select" => (
            &["type"],
            &["initial_options", "min_query_length", "max_selected_items"],
        ),
        "users_select" => (&["type"], &["initial_user"]),
        "multi_users_select" => (&["type"], &["initial_users", "max_selected_items"]),
        "channels_select" => (&["type"], &["initial_channel", "response_url_enabled"]),
        "multi_channels_select" => (&["type"], &["initial_channels", "max_selected_items"]),
        "conversations_select" => (
            &["type"],
            &[
                "initial_conversation",
                "default_to_current_conversation",
                "response_url_enabled",
                "filter",
            ],
        ),
        "multi_conversations_select" => (
            &["type"],
            &[
                "initial_conversations",
                "default_to_current_conversation",
                "max_selected_items",
                "filter",
            ],
        ),
        "datepicker" => (&["type"], &["initial_date"]),
        "timepicker" => (&["type"], &["initial_time", "timezone"]),
        "datetimepicker" => (&["type"], &["initial_date_time"]),
        "plain_text_input" => (
            &["type"],
            &[
                "initial_value",
                "multiline",
                "min_length",
                "max_length",
                "dispatch_action_config",
            ],
        ),
        "rich_text_input" | "email_text_input" | "url_text_input" => {
            (&["type"], &["initial_value", "dispatch_action_config"])
        }
        "number_input" => (
            &["type", "is_decimal_allowed"],
            &[
                "initial_value",
                "min_value",
                "max_value",
                "dispatch_action_config",
            ],
        ),
        "file_input" => (&["type"], &["filetypes", "max_files"]),
        _ => return None,
    })
}

fn fits(kind: &str, place: ElementPlace) -> bool {
    let menu = kind.ends_with("_select");
    let picker = matches!(kind, "datepicker" | "timepicker" | "datetimepicker");
    let boxes = matches!(kind, "checkboxes" | "radio_buttons");
    let button = matches!(kind, "button" | "workflow_button" | "overflow");
    match place {
        ElementPlace::Context => kind == "image",
        ElementPlace::Actions => menu || picker || boxes || button || kind == "rich_text_input",
        ElementPlace::Section => {
            kind == "image" || menu || boxes || button || (picker && kind != "datetimepicker")
        }
        ElementPlace::Input => menu || picker || boxes || kind.ends_with("_input"),
    }
}

fn button(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    check.text(fields, "text", at, TextKind::Plain, 75);
    check.string(fields, "value", at, 2_000);
    check.url(fields, "url", at);
    check.string(fields, "accessibility_label", at, 75);
    check.word(fields, "style", at, &["primary", "danger"]);
}

fn image(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    if fields.contains_key("image_url") == fields.contains_key("slack_file") {
        check.problem(at, "must define either `image_url` or `slack_file`");
    }
    check.url(fields, "image_url", at);
    check.string(fields, "alt_text", at, 2_000);
}

fn options(check: &mut Check, fields: &Map<String, Value>, at: &str, most: usize, kind: TextKind) {
    for (option, at) in check.list(fields, "options", at, (1, most)) {
        check.option(option, &at, kind);
    }
}

fn static_menu(check: &mut Check, fields: &Map<String, Value>, at: &str) {
    if fields.contains_key("options") == fields.contains_key("option_groups") {
        check.problem(at, "must define either `options` or `option_groups`");
    }
    options(check, fields, at, 100, TextKind::Plain);
    for (group, at) in check.list(fields, "option_groups", at, (1, 100)) {
        let Some(group) = check.object(group, &at, &["label", "options"], &[]) else {
            continue;
        };
        check.text(group, "label", &at, TextKind::Plain, 75);
        options(check, group, &at, 100, TextKind::Plain);
    }
    let given: Vec<&Value> = listed(fields, "options")
        .chain(
            listed(fields, "option_groups")
                .flat_map(|group| group["options"].as_array().into_iter().flatten()),
        )
        .collect();
    if let Some(initial) = fields.get("initial_option")
        && !given.contains(&initial)
    {
        check.problem(
            &format!("{at}/initial_option"),
            "must be one of the options, exactly",
        );
    }
}

fn listed<'v>(fields: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v Value> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten()
}
