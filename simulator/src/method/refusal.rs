//! Refusals: HTTP 200 with `ok: false` and a code.

use serde_json::{Map, Value, json};

/// A successful answer, without its `ok`.
pub(crate) type Fields = Map<String, Value>;

/// What a method gives back.
pub(crate) type MethodOutcome = Result<Fields, MethodRefusal>;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MethodRefusal {
    /// Slack's error code.
    pub(crate) error: String,
    /// Further fields of the answer.
    pub(crate) fields: Fields,
}

impl MethodRefusal {
    /// With explanations in `response_metadata.messages`.
    pub(crate) fn explained(error: &str, messages: &[String]) -> Self {
        let mut refusal = Self::from(error);
        refusal
            .fields
            .insert("response_metadata".to_owned(), json!({ "messages": messages }));
        refusal
    }

    /// Blocks that Slack does not take: also listed in `errors`.
    pub(crate) fn invalid_blocks(problems: &[String]) -> Self {
        let mut refusal = Self::explained("invalid_blocks", problems);
        let bare: Vec<&str> = problems
            .iter()
            .map(|p| p.trim_start_matches("[ERROR] "))
            .collect();
        refusal.fields.insert("errors".to_owned(), json!(bare));
        refusal
    }

    /// The token lacks a scope.
    pub(crate) fn missing_scope(needed: &str, granted: &[String]) -> Self {
        let mut refusal = Self::from("missing_scope");
        refusal.fields.insert("needed".to_owned(), json!(needed));
        refusal
            .fields
            .insert("provided".to_owned(), json!(granted.join(",")));
        refusal
    }
}

impl From<&str> for MethodRefusal {
    fn from(error: &str) -> Self {
        Self {
            error: error.to_owned(),
            fields: Fields::new(),
        }
    }
}

/// The fields of an object; of anything else none.
pub(crate) fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Fields::new(),
    }
}
