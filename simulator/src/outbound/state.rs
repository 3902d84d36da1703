//! `state.values`: what a person has put into a dialog, checked as Slack's client checks it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::state::workspace::View;

/// What a person puts in, by `block_id` or `action_id`: text, an option's value, several of them, or a full option of a menu whose
/// options come from the app.
pub(crate) type ViewInputs = BTreeMap<String, Value>;

/// The input blocks of a view.
pub(crate) fn inputs_of(view: &Value) -> impl Iterator<Item = &Value> {
    let blocks = view["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    blocks.iter().filter(|block| block["type"] == "input")
}

/// What would be submitted; or what the client says instead.
pub(crate) fn of(view: &View, given: &ViewInputs) -> Result<Value, String> {
    let offered = &view.offered;
    let view = &view.content;
    for name in given.keys() {
        if !inputs_of(view).any(|block| names(block).contains(&name.as_str())) {
            return Err(format!("the dialog has no input \"{name}\""));
        }
    }
    let mut values = Map::new();
    for block in inputs_of(view) {
        let [block_id, action_id] = names(block);
        let element = &block["element"];
        let given = given.get(block_id).or_else(|| given.get(action_id));
        let (field, value) = value(
            element,
            given,
            offered.get(action_id).map_or(&[][..], Vec::as_slice),
        )?;
        let missing = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        if missing && block["optional"] != true {
            return Err(format!("\"{block_id}\" is required"));
        }
        let value = if missing && !value.is_array() {
            Value::Null
        } else {
            value
        };
        values.insert(
            block_id.to_owned(),
            json!({action_id: {"type": element["type"], field: value}}),
        );
    }
    Ok(Value::Object(values))
}

fn names(block: &Value) -> [&str; 2] {
    [
        block["block_id"].as_str().unwrap_or_default(),
        block["element"]["action_id"].as_str().unwrap_or_default(),
    ]
}

/// The field in which an element's value stands, and the value: the given one, else what the app has put there.
fn value(element: &Value, given: Option<&Value>, offered: &[Value]) -> Result<(&'static str, Value), String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let or = |initial: &str| given.cloned().unwrap_or_else(|| element[initial].clone());
    Ok(match kind {
        "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" => {
            let text = or("initial_value");
            if !text.is_string() && !text.is_null() {
                return Err(format!("{} takes text", element["action_id"]));
            }
            let length = text.as_str().map_or(0, |text| text.chars().count()) as u64;
            let (least, most) = (element["min_length"].as_u64(), element["max_length"].as_u64());
            if length > 0 && least.is_some_and(|least| length < least)
                || most.is_some_and(|most| length > most)
            {
                return Err(format!(
                    "the text of {} is too short or too long",
                    element["action_id"]
                ));
            }
            ("value", text)
        }
        "static_select" | "radio_buttons" => ("selected_option", option(element, given)?),
        "external_select" => ("selected_option", external(element, given, offered)?),
        "multi_external_select" => {
            let chosen = match given.and_then(Value::as_array) {
                Some(options) => options
                    .iter()
                    .map(|option| external(element, Some(option), offered))
                    .collect::<Result<_, _>>()?,
                None => element["initial_options"].as_array().cloned().unwrap_or_default(),
            };
            ("selected_options", Value::Array(chosen))
        }
        "multi_static_select" | "checkboxes" => {
            let chosen = match given.and_then(Value::as_array) {
                Some(values) => values
                    .iter()
                    .map(|value| option(element, Some(value)))
                    .collect::<Result<_, _>>()?,
                None => element["initial_options"].as_array().cloned().unwrap_or_default(),
            };
            ("selected_options", Value::Array(chosen))
        }
        "datetimepicker" => ("selected_date_time", or("initial_date_time")),
        "datepicker" => ("selected_date", or("initial_date")),
        "timepicker" => ("selected_time", or("initial_time")),
        "users_select" => ("selected_user", or("initial_user")),
        other => return Err(format!("{other} is not simulated in dialogs")),
    })
}

/// The option with a value or a label; the initial one where none is given.
pub(crate) fn option(element: &Value, given: Option<&Value>) -> Result<Value, String> {
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(element["initial_option"].clone());
    };
    let options = element["options"].as_array().map_or(&[][..], Vec::as_slice);
    let found = options
        .iter()
        .find(|option| option["value"] == *given || option["text"]["text"] == *given);
    found
        .cloned()
        .ok_or_else(|| format!("{given} is not among the options of {}", element["action_id"]))
}

/// An option that the app has offered as the person typed, or one that stood there; by itself or by value.
fn external(element: &Value, given: Option<&Value>, offered: &[Value]) -> Result<Value, String> {
    let initial = &element["initial_option"];
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(initial.clone());
    };
    let stood_there = element["initial_options"].as_array().into_iter().flatten();
    let mut known = offered.iter().chain(stood_there).chain([initial]);
    known
        .find(|option| !option.is_null() && (*option == given || option["value"] == *given))
        .cloned()
        .ok_or_else(|| format!("the app has not offered {given} for {}", element["action_id"]))
}
