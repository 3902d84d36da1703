//! Leaves of a document with several operations the one that is asked for.
//!
//! Clients such as `GraphiQL` send all of a document and name an operation; async-graphql measures the complexity of all of
//! them, and misses the variables that only the others have.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::types::{DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

/// Takes every other operation, and the fragments that only they spread, out of the document.
pub(super) fn on_operation(document: &mut ExecutableDocument, name: Option<&str>) {
    let DocumentOperations::Multiple(operations) = &mut document.operations else {
        return;
    };
    let Some(name) = name.filter(|name| operations.len() > 1 && operations.contains_key(*name)) else {
        return;
    };
    operations.retain(|own, _| own.as_str() == name);
    let mut spread = HashSet::new();
    for operation in operations.values() {
        collect(
            &operation.node.selection_set.node,
            &document.fragments,
            &mut spread,
        );
    }
    document.fragments.retain(|own, _| spread.contains(own));
}

fn collect(
    selections: &SelectionSet,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    spread: &mut HashSet<Name>,
) {
    for selection in &selections.items {
        match &selection.node {
            Selection::Field(field) => collect(&field.node.selection_set.node, fragments, spread),
            Selection::InlineFragment(inline) => collect(&inline.node.selection_set.node, fragments, spread),
            Selection::FragmentSpread(used) => {
                let name = &used.node.fragment_name.node;
                if spread.insert(name.clone())
                    && let Some(fragment) = fragments.get(name)
                {
                    collect(&fragment.node.selection_set.node, fragments, spread);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn other_operations_and_their_fragments_are_left_out() {
        let mut document = parse_query(
            "query A { ...Used } query B($n: Int!) { list(first: $n) { ...Other } }
             fragment Used on Query { x { ...Inner } } fragment Inner on X { y } fragment Other on X { z }",
        )
        .expect("a document");
        on_operation(&mut document, Some("A"));
        let mut fragments: Vec<_> = document.fragments.keys().map(Name::as_str).collect();
        fragments.sort_unstable();
        assert_eq!(fragments, ["Inner", "Used"]);
        assert_eq!(
            document
                .operations
                .iter()
                .filter_map(|(name, _)| name)
                .collect::<Vec<_>>(),
            ["A"]
        );
    }

    #[test]
    fn a_name_that_is_not_there_leaves_the_document_for_validation_to_refuse() {
        let mut document = parse_query("query A { x } query B { y }").expect("a document");
        on_operation(&mut document, Some("C"));
        assert_eq!(document.operations.iter().count(), 2);
    }
}
