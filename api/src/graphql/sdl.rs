//! The schema as text: `schema.graphql` for everybody, and `bridge.graphql` with what is there for the Slack bridge alone.

use std::collections::{HashMap, HashSet};

use async_graphql::{SDLExportOptions, Value};

use crate::graphql::schema;

/// What everybody is shown.
const SHOWN: &str =
    "{ __schema { types { name fields(includeDeprecated: true) { name } inputFields { name } } } }";

/// The fields of each type that is shown; none of those that have no fields.
type Shown = HashMap<String, Option<HashSet<String>>>;

/// The whole schema, described and sorted, with what the Slack bridge alone is shown: what `bridge.graphql` holds.
pub fn bridge_sdl() -> String {
    schema::unlimited().sdl_with_options(
        SDLExportOptions::new()
            .sorted_arguments()
            .sorted_enum_items()
            .sorted_fields()
            .include_specified_by(),
    )
}

/// The schema that everybody is shown: what `schema.graphql` holds.
pub async fn sdl() -> String {
    let answer = schema::unlimited().execute(SHOWN).await;
    leave_out_hidden(&bridge_sdl(), &shown(&answer.data))
}

fn shown(data: &Value) -> Shown {
    let types = entry(data, "__schema").and_then(|schema| entry(schema, "types"));
    items(types)
        .iter()
        .filter_map(|kind| Some((name(kind)?, fields(kind))))
        .collect()
}

fn fields(kind: &Value) -> Option<HashSet<String>> {
    let all = ["fields", "inputFields"].map(|key| items(entry(kind, key)));
    let names: HashSet<String> = all.into_iter().flatten().filter_map(name).collect();
    Some(names).filter(|names| !names.is_empty())
}

fn entry<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object) => object.get(key),
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_)
        | Value::List(_) => None,
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        Some(_) | None => &[],
    }
}

fn name(value: &Value) -> Option<String> {
    match entry(value, "name") {
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) | None => None,
    }
}

/// Leaves out types and fields that are not shown, with their descriptions. async-graphql writes one definition or field
/// a line, indents fields by one tab and arguments by two, and puts descriptions between lines of three quotes.
fn leave_out_hidden(whole: &str, shown: &Shown) -> String {
    let mut left = String::with_capacity(whole.len());
    let mut type_name: Option<&str> = None;
    let mut keeps_type = true;
    let mut keeps_field = true;
    let mut description = String::new();
    let mut describes = false;
    for line in whole.split_inclusive('\n') {
        let text = line.trim_end();
        let is_argument = text.starts_with("\t\t");
        if !is_argument && (describes || text.trim_start() == "\"\"\"") {
            describes ^= text.trim_start() == "\"\"\"";
            description.push_str(line);
            continue;
        }
        if let Some(field) = text.strip_prefix('\t') {
            let goes_on = is_argument || field.starts_with(')');
            if !goes_on {
                let end = field.find(['(', ':', ' ']).unwrap_or(field.len());
                let fields = type_name
                    .and_then(|name| shown.get(name))
                    .and_then(Option::as_ref);
                keeps_field = fields.is_none_or(|fields| fields.contains(&field[..end]));
            }
        } else {
            keeps_field = true;
            if let Some(name) = defined(text) {
                type_name = Some(name);
                keeps_type = shown.contains_key(name);
            } else if text.starts_with("directive") || text.starts_with("schema") {
                (type_name, keeps_type) = (None, true);
            }
        }
        if keeps_type && keeps_field {
            left.push_str(&description);
            left.push_str(line);
        }
        description.clear();
    }
    left
}

/// The type that a line defines.
fn defined(line: &str) -> Option<&str> {
    let (keyword, rest) = line.split_once(' ')?;
    let is_type = ["type", "input", "enum", "interface", "scalar", "union"].contains(&keyword);
    is_type.then(|| rest.split(' ').next())?
}
