//! Messages without source text: a secret may stand beside the fault, or be the fault.
//!
//! async-graphql quotes in its messages what a request says. Names of the schema are no secret; everything else becomes `…`. The place of
//! the fault is in the error's `locations`.

use std::collections::HashSet;

use async_graphql::registry::{MetaField, MetaInputValue, MetaType, Registry};

/// What stands for source text.
const HIDDEN: &str = "…";
/// What follows these words is a value, which may hold quotes itself: the message ends here.
const BEFORE_VALUES: [&str; 2] = [" does not contain the value ", ", found "];

/// Every name of a schema.
#[derive(Debug, Default)]
pub(super) struct SchemaNames(HashSet<String>);

impl SchemaNames {
    pub(super) fn of(registry: &Registry) -> Self {
        let mut names = HashSet::new();
        let mut add = |name: &str| {
            names.insert(name.to_owned());
        };
        for (name, meta) in &registry.types {
            add(name);
            match meta {
                MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => {
                    fields.values().for_each(|field| add_field(field, &mut add));
                }
                MetaType::Enum { enum_values, .. } => enum_values.keys().for_each(|value| add(value)),
                MetaType::InputObject { input_fields, .. } => add_inputs(input_fields.values(), &mut add),
                MetaType::Scalar { .. } | MetaType::Union { .. } => {}
            }
        }
        for (name, directive) in &registry.directives {
            add(name);
            add_inputs(directive.args.values(), &mut add);
        }
        Self(names)
    }

    /// The message, with nothing in it that the request brought.
    pub(super) fn clean(&self, message: &str) -> String {
        if message.starts_with("Failed to parse \"") {
            return self.parsing_failed(message);
        }
        if message.starts_with("Variable ") && !message.contains('"') {
            return "A variable is not defined.".to_owned();
        }
        let end = BEFORE_VALUES.iter().filter_map(|words| message.find(words)).min();
        let whole = end.map_or(message, |end| message.get(..end).unwrap_or_default());
        let mut clean = self.quoted(whole);
        if end.is_some() {
            clean.push_str(if message.contains(BEFORE_VALUES[0]) {
                " does not contain this value"
            } else {
                ""
            });
        }
        clean
    }

    /// Of a scalar's own words only those about the range of a number are known to say nothing else.
    fn parsing_failed(&self, message: &str) -> String {
        let (head, words) = message.split_once("\": ").unwrap_or((message, ""));
        let reason = words.split(" (occurred while").next().unwrap_or_default();
        let reason = if reason.starts_with("Only integers from ") {
            reason
        } else {
            "the value does not fit"
        };
        format!("{}\": {reason}", self.quoted(head))
    }

    /// Hides what stands in quotes and is no name of the schema.
    pub(super) fn quoted(&self, message: &str) -> String {
        let mut clean = String::with_capacity(message.len());
        for (at, part) in message.split('"').enumerate() {
            if at > 0 {
                clean.push('"');
            }
            clean.push_str(if at % 2 == 0 || self.is_known(part) {
                part
            } else {
                HIDDEN
            });
        }
        clean
    }

    /// Whether a quoted part is a name of the schema, a path of such names, or a type made of one.
    pub(super) fn is_known(&self, part: &str) -> bool {
        part.trim_start_matches(['$', '@'])
            .split(['.', '[', ']', '!', ' '])
            .filter(|name| !name.is_empty())
            .all(|name| self.0.contains(name) || is_index(name))
    }
}

fn is_index(name: &str) -> bool {
    name.len() <= 6 && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn add_field(field: &MetaField, add: &mut impl FnMut(&str)) {
    add(&field.name);
    add_inputs(field.args.values(), add);
}

fn add_inputs<'a>(inputs: impl Iterator<Item = &'a MetaInputValue>, add: &mut impl FnMut(&str)) {
    inputs.for_each(|input| add(&input.name));
}

/// Why a document can't be read, without a word of it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum grows without us"
)]
pub(super) fn syntax_error(error: &async_graphql::parser::Error) -> String {
    use async_graphql::parser::Error;
    match error {
        Error::Syntax { message, start, .. } => {
            let at = format!("Syntax error at line {}, column {}", start.line, start.column);
            match expected(message) {
                Some(expected) => format!("{at}: {expected}."),
                None => format!("{at}."),
            }
        }
        Error::OperationDuplicated { .. } => "Two operations have the same name.".to_owned(),
        Error::FragmentDuplicated { .. } => "Two fragments have the same name.".to_owned(),
        // These name nothing.
        other => {
            let mut message = format!("The document can't be read: {other}");
            if !message.ends_with('.') {
                message.push('.');
            }
            message
        }
    }
}

/// What the parser expected: the last line of its message, where that names rules of the grammar alone.
fn expected(message: &str) -> Option<String> {
    let (_, last) = message.trim_end().rsplit_once("= ")?;
    let is_plain = |character: char| character.is_ascii_lowercase() || "_, ".contains(character);
    (last.starts_with("expected ") && last.chars().all(is_plain)).then(|| last.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> SchemaNames {
        SchemaNames(
            ["Query", "input", "token", "String", "Status"]
                .map(str::to_owned)
                .into(),
        )
    }

    #[test]
    fn names_of_the_schema_stay_and_all_else_is_hidden() {
        for (message, clean) in [
            (
                r#"Unknown field "xoxb" on type "Query". Did you mean "input"?"#,
                r#"Unknown field "…" on type "Query". Did you mean "input"?"#,
            ),
            (
                r#"Invalid value for argument "input.token", expected type "String!""#,
                r#"Invalid value for argument "input.token", expected type "String!""#,
            ),
            (
                r#"Invalid value for argument "input.0", enumeration type "Status" does not contain the value "a "secret" b""#,
                r#"Invalid value for argument "input.0", enumeration type "Status" does not contain this value"#,
            ),
            (
                r#"Expected input type "String", found {token: "secret"}."#,
                r#"Expected input type "String""#,
            ),
            (
                r#"Failed to parse "Status": Enumeration type "Status" does not contain the value "secret"."#,
                r#"Failed to parse "Status": the value does not fit"#,
            ),
            (
                r#"Failed to parse "Int": Only integers from -2147483648 to 2147483647 are accepted. (occurred while parsing "Query")"#,
                r#"Failed to parse "Int": Only integers from -2147483648 to 2147483647 are accepted."#,
            ),
            ("Variable secret is not defined.", "A variable is not defined."),
        ] {
            let names = SchemaNames(names().0.into_iter().chain(["Int".to_owned()]).collect());
            assert_eq!(names.clean(message), clean);
        }
    }
}
