//! Leaves out of a document what stands for a variable that was not given.
//!
//! An argument or an input field whose variable is absent is as good as left out, so that its default counts and an update keeps what is
//! there. async-graphql takes it for null, which in an update clears. Source: the GraphQL specification, `CoerceArgumentValues` and the input
//! coercion of input objects.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

/// A value in a document, which may name variables.
type Value = async_graphql_value::Value;

type Arguments = Vec<(Positioned<Name>, Positioned<Value>)>;

/// Takes arguments and input fields out whose variable may be absent and is; and the variable's definition, where nothing else uses it.
pub(super) fn leave_out(document: &mut ExecutableDocument, given: &Variables) {
    let absent: HashSet<Name> = document
        .operations
        .iter()
        .flat_map(|(_, operation)| &operation.node.variable_definitions)
        .map(|definition| &definition.node)
        .filter(|definition| {
            definition.var_type.node.nullable
                && definition.default_value.is_none()
                && !given.contains_key(&definition.name.node)
        })
        .map(|definition| definition.name.node.clone())
        .collect();
    if absent.is_empty() {
        return;
    }
    let mut taken_out = HashSet::new();
    each_argument_list(document, &mut |arguments| {
        arguments.retain_mut(|(_, value)| keep(&mut value.node, &absent, &mut taken_out));
    });
    let mut used = HashSet::new();
    each_argument_list(document, &mut |arguments| {
        for (_, value) in arguments {
            collect_used(&value.node, &mut used);
        }
    });
    for operation in operations(document) {
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !taken_out.contains(name) || used.contains(name)
        });
    }
}

/// Whether a value stays, once what is absent within it has been taken out. In a list, null stands for an absent variable.
fn keep(value: &mut Value, absent: &HashSet<Name>, taken_out: &mut HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) if absent.contains(name) => {
            taken_out.insert(name.clone());
            false
        }
        Value::Object(fields) => {
            fields.retain(|_, field| keep(field, absent, taken_out));
            true
        }
        Value::List(items) => {
            for item in items
                .iter_mut()
                .filter(|item| !matches!(item, Value::Variable(_)))
            {
                keep(item, absent, taken_out);
            }
            true
        }
        Value::Variable(_)
        | Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => true,
    }
}

fn collect_used(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => {
            used.insert(name.clone());
        }
        Value::Object(fields) => fields.values().for_each(|field| collect_used(field, used)),
        Value::List(items) => items.iter().for_each(|item| collect_used(item, used)),
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => {}
    }
}

fn operations(document: &mut ExecutableDocument) -> Vec<&mut OperationDefinition> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node],
        DocumentOperations::Multiple(operations) => operations
            .values_mut()
            .map(|operation| &mut operation.node)
            .collect(),
    }
}

/// Shows the arguments of every field and every directive.
fn each_argument_list(document: &mut ExecutableDocument, see: &mut impl FnMut(&mut Arguments)) {
    for operation in operations(document) {
        for directive in &mut operation.directives {
            see(&mut directive.node.arguments);
        }
        in_selections(&mut operation.selection_set.node, see);
    }
    for fragment in document.fragments.values_mut() {
        for directive in &mut fragment.node.directives {
            see(&mut directive.node.arguments);
        }
        in_selections(&mut fragment.node.selection_set.node, see);
    }
}

fn in_selections(selections: &mut SelectionSet, see: &mut impl FnMut(&mut Arguments)) {
    for selection in &mut selections.items {
        let (directives, inner) = match &mut selection.node {
            Selection::Field(field) => {
                see(&mut field.node.arguments);
                (
                    &mut field.node.directives,
                    Some(&mut field.node.selection_set.node),
                )
            }
            Selection::InlineFragment(inline) => (
                &mut inline.node.directives,
                Some(&mut inline.node.selection_set.node),
            ),
            Selection::FragmentSpread(spread) => (&mut spread.node.directives, None),
        };
        for directive in directives {
            see(&mut directive.node.arguments);
        }
        if let Some(inner) = inner {
            in_selections(inner, see);
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// The values in the document's arguments, and the variables that it defines, once what is absent is left out.
    fn left(text: &str, given: serde_json::Value) -> (Vec<String>, Vec<String>) {
        let mut document = parse_query(text).expect("a document");
        leave_out(&mut document, &Variables::from_json(given));
        let mut values = Vec::new();
        each_argument_list(&mut document, &mut |arguments| {
            values.extend(
                arguments
                    .iter()
                    .map(|(name, value)| format!("{}: {}", name.node, value.node)),
            );
        });
        let defined = operations(&mut document)
            .into_iter()
            .flat_map(|operation| &operation.variable_definitions)
            .map(|definition| definition.node.name.node.to_string())
            .collect();
        (values, defined)
    }

    #[test]
    fn an_absent_variable_takes_its_field_along() {
        let text = "mutation($id: ID!, $a: Int, $b: Int, $c: Int = 1) { f(input: {id: $id, a: $a, deep: {b: $b}, c: $c}, b: $b) { x } }";
        let (values, defined) = left(text, json!({ "id": "1", "a": null }));
        assert_eq!(values, ["input: {id: $id, a: $a, deep: {}, c: $c}"]);
        assert_eq!(defined, ["id", "a", "c"]);
    }

    #[test]
    fn in_a_list_null_stands_for_it() {
        let text = "query($a: Int) { f(list: [1, $a], other: $a) { ...F } } fragment F on X { g(a: $a) }";
        let (values, defined) = left(text, json!({}));
        assert_eq!(values, ["list: [1, $a]"]);
        assert_eq!(defined, ["a"]);
    }

    #[test]
    fn what_nothing_uses_is_left_for_validation_to_refuse() {
        let (_, defined) = left("query($a: Int, $b: Int!) { f(b: $b) }", json!({}));
        assert_eq!(defined, ["a", "b"]);
    }
}
