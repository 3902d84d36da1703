//! Variables checked against their declared types before anything runs, as the specification's
//! `CoerceVariableValues` has it: async-graphql finds most of these faults only when it resolves the field.

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::OperationDefinition,
    registry::{MetaType, MetaTypeName, Registry},
};

use super::refusal::HttpRefusal;

/// Every variable whose value does not fit.
pub(super) fn check(
    registry: &Registry,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Vec<ServerError> {
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let declared = definition.node.var_type.node.to_string();
        let fault = match variables.get(name) {
            None if definition.node.default_value.is_some() => None,
            None if !declared.ends_with('!') => None,
            None => Some(format!("is required ({declared}) but was not given")),
            Some(value) => misfit(registry, &declared, value).map(|misfit| format!("does not fit: {misfit}")),
        };
        if let Some(fault) = fault {
            let end = if fault.ends_with('?') { "" } else { "." };
            let message = format!("Variable \"${name}\" {fault}{end}");
            errors.push(HttpRefusal::document("BAD_USER_INPUT", message, Some(definition.pos)).into());
        }
    }
    errors
}

/// What is wrong with the value, with the path to it; `None` when it fits. Unknown types are left to validation.
fn misfit(registry: &Registry, declared: &str, value: &Value) -> Option<String> {
    match (MetaTypeName::create(declared), value) {
        (MetaTypeName::NonNull(_), Value::Null) => Some(format!("expected {declared}, found null")),
        (MetaTypeName::List(_) | MetaTypeName::Named(_), Value::Null) => None,
        (MetaTypeName::List(inner), Value::List(items)) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| misfit(registry, inner, item).map(|misfit| format!("[{at}]: {misfit}"))),
        // A single value stands for a list of one.
        (MetaTypeName::NonNull(inner) | MetaTypeName::List(inner), _) => misfit(registry, inner, value),
        (MetaTypeName::Named(name), _) => named_misfit(registry, name, value),
    }
}

fn named_misfit(registry: &Registry, name: &str, value: &Value) -> Option<String> {
    match registry.types.get(name)? {
        MetaType::Scalar { is_valid, .. } => is_valid
            .as_ref()
            .is_some_and(|is_valid| !is_valid(value))
            .then(|| format!("expected {name}, found {}", kind(value))),
        MetaType::Enum { enum_values, .. } => {
            let given = match value {
                Value::Enum(given) => Some(given.as_str()),
                Value::String(given) => Some(given.as_str()),
                Value::Null
                | Value::Number(_)
                | Value::Boolean(_)
                | Value::Binary(_)
                | Value::List(_)
                | Value::Object(_) => None,
            };
            match given {
                Some(given) if enum_values.contains_key(given) => None,
                Some(_) => Some(format!(
                    "{name} has no such value. Did you mean one of {}?",
                    listed(enum_values.keys())
                )),
                None => Some(format!("expected {name}, found {}", kind(value))),
            }
        }
        MetaType::InputObject {
            input_fields, oneof, ..
        } => {
            let Value::Object(given) = value else {
                return Some(format!("expected {name}, found {}", kind(value)));
            };
            if given
                .keys()
                .any(|field| !input_fields.contains_key(field.as_str()))
            {
                return Some(format!(
                    "{name} does not know a field that it was given. Did you mean one of {}?",
                    listed(input_fields.keys())
                ));
            }
            if *oneof && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
                return Some(format!("{name} takes exactly one field, and not null"));
            }
            input_fields
                .values()
                .find_map(|field| match given.get(&Name::new(&field.name)) {
                    None if field.default_value.is_none() && field.ty.ends_with('!') => {
                        Some(format!(".{}: is required ({})", field.name, field.ty))
                    }
                    None => None,
                    Some(value) => {
                        misfit(registry, &field.ty, value).map(|misfit| format!(".{}: {misfit}", field.name))
                    }
                })
        }
        MetaType::Object { .. } | MetaType::Interface { .. } | MetaType::Union { .. } => None,
    }
}

/// Names of the schema, one after another.
fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What a value is, for a message: never the value itself, which may be secret or long.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Boolean(_) => "a boolean",
        Value::Binary(_) => "binary data",
        Value::Enum(_) => "an enum value",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
    }
}
