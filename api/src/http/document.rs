//! What a document asks for, and whether it asks for too much, before the schema sees it.
//!
//! async-graphql walks fragments once for each spread, before it validates: thirty fragments that each spread the
//! next one twice are a billion steps in less than a kilobyte. Here every fragment is counted once.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use super::refusal::HttpRefusal;

/// Longest document, in bytes. Queries that programs write by hand stay far below it.
pub(super) const DOCUMENT_BYTES_MAX: usize = 100_000;
/// Most selections a document may come to once every fragment is spelled out.
const SELECTIONS_MAX: u64 = 5_000;
/// Most aliases, fragments spelled out: one request is not to stand for a thousand.
const ALIASES_MAX: u64 = 100;
/// Most directives, fragments spelled out.
const DIRECTIVES_MAX: u64 = 200;

const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const TOO_MUCH: &str = "QUERY_TOO_COMPLEX";
const UNRESOLVED: &str = "OPERATION_RESOLUTION_FAILURE";

/// Most fields that questions about the schema may come to, as [`LISTS`] counts them. What `GraphiQL` and code generators ask comes to
/// less, and twice of it to more.
const INTROSPECTION_MAX: u64 = 300_000;
/// How long the lists of the schema's description are, roughly: so often counts what is asked of their items.
const LISTS: [(&str, u64); 8] = [
    ("types", 200),
    ("fields", 8),
    ("args", 1),
    ("inputFields", 4),
    ("enumValues", 5),
    ("possibleTypes", 10),
    ("interfaces", 1),
    ("directives", 8),
];

/// Finds the operation to run and measures the document. `introspection` is why the caller may not ask about the schema, if they may not.
pub(super) fn inspect(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    introspection: Option<HttpRefusal>,
) -> Result<OperationType, HttpRefusal> {
    measure(document)?;
    let operation = select(document, operation_name)?;
    if operation.ty == OperationType::Subscription {
        check_subscription(operation)?;
    }
    if let Some(refusal) = introspection
        && let Some(at) = introspects(document, &operation.selection_set, 0)
    {
        return Err(HttpRefusal {
            at: Some(at),
            ..refusal
        });
    }
    Ok(operation.ty)
}

/// The operation with that name, or the only one.
fn select<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, HttpRefusal> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations
            .values()
            .next()
            .map(|operation| &operation.node)
            .ok_or_else(|| no_operation("The document has no operation.")),
        (DocumentOperations::Multiple(_), None) => Err(no_operation(
            "The document has several operations: say which in `operationName`.",
        )),
        (DocumentOperations::Single(_), Some(_)) => Err(unknown_operation()),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .map(|operation| &operation.node)
            .ok_or_else(unknown_operation),
    }
}

fn no_operation(message: &str) -> HttpRefusal {
    HttpRefusal::document(UNRESOLVED, message, None)
}

fn unknown_operation() -> HttpRefusal {
    no_operation("The document has no operation of the name that `operationName` says.")
}

/// One root field, spelled out: async-graphql overlooks root fields in fragments, and would answer nothing.
fn check_subscription(operation: &OperationDefinition) -> Result<(), HttpRefusal> {
    let root = &operation.selection_set;
    if let [selection] = root.node.items.as_slice()
        && let Selection::Field(_) = &selection.node
    {
        return Ok(());
    }
    Err(HttpRefusal::document(
        INVALID,
        "A subscription selects exactly one field, directly and not in a fragment.",
        Some(root.pos),
    ))
}

/// Where the selection asks about the schema itself.
fn introspects(
    document: &ExecutableDocument,
    selections: &Positioned<SelectionSet>,
    depth: usize,
) -> Option<Pos> {
    if depth > document.fragments.len() {
        return None; // a cycle, which `measure` refuses
    }
    selections
        .node
        .items
        .iter()
        .find_map(|selection| match &selection.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                (name == "__schema" || name == "__type").then_some(selection.pos)
            }
            Selection::InlineFragment(inline) => introspects(document, &inline.node.selection_set, depth),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .and_then(|fragment| introspects(document, &fragment.node.selection_set, depth + 1)),
        })
}

/// How much a selection asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: u64,
    aliases: u64,
    directives: u64,
    /// Fields below a question about the schema, those in lists counted as often as [`LISTS`] says.
    described: u64,
    /// The same, of whole questions.
    introspected: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.described = self.described.saturating_add(other.described);
        self.introspected = self.introspected.saturating_add(other.introspected);
    }
}

/// Sizes of the fragments met so far; `None` while one is being measured, so that a cycle shows.
type Known<'a> = HashMap<&'a str, Option<Size>>;

fn measure(document: &ExecutableDocument) -> Result<(), HttpRefusal> {
    let mut known = Known::new();
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        total.directives += operation.node.directives.len() as u64;
        total.add(size(document, &operation.node.selection_set.node, &mut known)?);
    }
    let excess = [
        ("fields", total.selections, SELECTIONS_MAX),
        ("aliases", total.aliases, ALIASES_MAX),
        ("directives", total.directives, DIRECTIVES_MAX),
        (
            "fields of the schema's description",
            total.introspected,
            INTROSPECTION_MAX,
        ),
    ];
    match excess.iter().find(|(_, count, most)| count > most) {
        None => Ok(()),
        Some((what, _, most)) => {
            let message = format!("The document has more than {most} {what}: ask for less at once.");
            Err(HttpRefusal::document(TOO_MUCH, message, None))
        }
    }
}

fn size<'a>(
    document: &'a ExecutableDocument,
    selections: &'a SelectionSet,
    known: &mut Known<'a>,
) -> Result<Size, HttpRefusal> {
    let mut total = Size::default();
    for selection in &selections.items {
        total.selections += 1;
        total.directives += selection.node.directives().len() as u64;
        match &selection.node {
            Selection::Field(field) => {
                total.aliases += u64::from(field.node.alias.is_some());
                let below = size(document, &field.node.selection_set.node, known)?;
                total.add(with_field(field.node.name.node.as_str(), below));
            }
            Selection::InlineFragment(inline) => {
                total.add(size(document, &inline.node.selection_set.node, known)?);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name;
                total.add(fragment_size(document, &name.node, name.pos, known)?);
            }
        }
    }
    Ok(total)
}

/// What a field comes to, with what is selected below it.
fn with_field(name: &str, below: Size) -> Size {
    let times = LISTS
        .iter()
        .find(|(list, _)| *list == name)
        .map_or(1, |(_, length)| *length);
    let described = below.described.saturating_mul(times).saturating_add(1);
    let is_question = name == "__schema" || name == "__type";
    Size {
        described,
        introspected: if is_question {
            described
        } else {
            below.introspected
        },
        ..below
    }
}

fn fragment_size<'a>(
    document: &'a ExecutableDocument,
    name: &'a Name,
    at: Pos,
    known: &mut Known<'a>,
) -> Result<Size, HttpRefusal> {
    match known.get(name.as_str()) {
        Some(Some(size)) => return Ok(*size),
        Some(None) => {
            return Err(HttpRefusal::document(
                INVALID,
                "This fragment spreads itself.",
                Some(at),
            ));
        }
        None => {}
    }
    let Some(fragment) = document.fragments.get(name) else {
        return Ok(Size::default()); // an unknown fragment is found by validation
    };
    known.insert(name, None);
    let measured = size(document, &fragment.node.selection_set.node, known)?;
    known.insert(name, Some(measured));
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Introspection;
    use async_graphql::parser::parse_query;

    fn code(query: &str) -> Option<&'static str> {
        let document = parse_query(query).expect("a document");
        inspect(&document, None, None).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_small_document_that_unfolds_into_a_billion_fields_is_refused() {
        let fragments: Vec<String> = (0..30)
            .map(|n| (n, n + 1))
            .map(|(n, next)| format!("fragment F{n} on Query {{ ...F{next} ...F{next} }}"))
            .collect();
        let last = "fragment F30 on Query { __typename }";
        let query = format!("{{ ...F0 }} {} {last}", fragments.join(" "));
        assert_eq!(code(&query), Some(TOO_MUCH));
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_refused() {
        assert_eq!(
            code("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
            Some(INVALID)
        );
    }

    #[test]
    fn a_hundred_aliases_pass_and_one_more_does_not() {
        let aliases = |count: usize| {
            let fields: Vec<String> = (0..count).map(|n| format!("a{n}: __typename")).collect();
            code(&format!("{{ {} }}", fields.join(" ")))
        };
        assert_eq!(aliases(100), None);
        assert_eq!(aliases(101), Some(TOO_MUCH));
    }

    #[test]
    fn the_operation_is_the_one_named_or_the_only_one() {
        let document = parse_query("query A { a } mutation B { b }").expect("a document");
        assert_eq!(
            inspect(&document, Some("B"), None).ok(),
            Some(OperationType::Mutation)
        );
        for name in [None, Some("C")] {
            assert_eq!(
                inspect(&document, name, None).map_err(|refusal| refusal.code),
                Err(UNRESOLVED)
            );
        }
        let anonymous = parse_query("{ a }").expect("a document");
        assert!(inspect(&anonymous, Some("A"), None).is_err());
    }

    #[test]
    fn introspection_is_found_in_fragments_too() {
        let document = parse_query("{ ...F } fragment F on Query { ... { __schema { types { name } } } }")
            .expect("a document");
        assert!(inspect(&document, None, None).is_ok());
        assert_eq!(
            inspect(&document, None, Introspection::Off.refusal(false)).map_err(|refusal| refusal.code),
            Err("INTROSPECTION_DISABLED")
        );
        let harmless = parse_query("{ __typename }").expect("a document");
        assert!(inspect(&harmless, None, Introspection::Off.refusal(false)).is_ok());
    }

    #[test]
    fn questions_about_the_schema_count_as_often_as_its_lists_are_long() {
        let types = "__schema { types { fields { args { type { ofType { name } } } type { ofType { ofType { name } } } } } }";
        assert_eq!(code(&format!("{{ {types} }}")), None);
        let aliases: Vec<String> = (0..90).map(|n| format!("a{n}: {types}")).collect();
        assert_eq!(code(&format!("{{ {} }}", aliases.join(" "))), Some(TOO_MUCH));
        let nested = "{ __type(name: \"Query\") { fields { type { fields { type { fields { type { fields { type { fields {
            type { fields { name } } } } } } } } } } } } }";
        assert_eq!(code(nested), Some(TOO_MUCH));
        let in_fragments = "{ ...F } fragment F on Query { __schema { types { ...T } } }
            fragment T on __Type { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } }";
        assert_eq!(code(in_fragments), Some(TOO_MUCH));
    }

    #[test]
    fn a_subscription_selects_one_field() {
        assert_eq!(code("subscription { a }"), None);
        assert_eq!(code("subscription { a b }"), Some(INVALID));
        assert_eq!(
            code("subscription { ...F } fragment F on Subscription { a }"),
            Some(INVALID)
        );
    }
}
