//! From what the schema answered to what the caller may read: codes, request ids, no suggestions to strangers.

use std::collections::BTreeMap;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{phases::RequestProgress, refusal::HttpRefusal};

/// The body of an answer.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    /// `None` when nothing was executed: then the body has no `data` entry at all.
    data: Option<Value>,
    errors: Vec<ServerError>,
    extensions: BTreeMap<String, Value>,
}

/// To whom an answer goes, and in reply to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipient<'a> {
    pub(super) request_id: &'a str,
    /// Showed no key.
    pub(super) anonymous: bool,
}

impl HttpAnswer {
    /// What the schema answered.
    pub(super) fn executed(response: Response, progress: &RequestProgress, recipient: Recipient<'_>) -> Self {
        let executed = progress.validated() || response.data != Value::Null;
        let mut answer = Self {
            data: executed.then_some(response.data),
            errors: response.errors,
            extensions: response.extensions,
        };
        for error in &mut answer.errors {
            if error
                .extensions
                .as_ref()
                .is_none_or(|known| known.get("code").is_none())
            {
                hide_source(error, executed, progress);
            }
            finish(error, executed, recipient);
        }
        answer
    }

    /// What the transport turned down.
    pub(super) fn refused(refusal: HttpRefusal, request_id: &str) -> Self {
        let mut error = refusal.into();
        let recipient = Recipient {
            request_id,
            anonymous: false,
        };
        finish(&mut error, false, recipient);
        Self {
            data: None,
            errors: vec![error],
            extensions: BTreeMap::new(),
        }
    }

    /// Whether the document was executed, well or badly.
    pub(super) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// Whether anything went wrong.
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether nothing was given because no key was shown.
    pub(super) fn needs_a_key(&self) -> bool {
        let nothing = self.data.as_ref().is_none_or(|data| *data == Value::Null);
        nothing && self.errors.iter().any(|error| has_code(error, "UNAUTHENTICATED"))
    }

    /// For a subscription whose source could not be opened: errors, and nothing executed.
    pub(super) fn without_data(mut self) -> Self {
        self.data = None;
        self
    }

    /// The errors alone, as an `error` message of graphql-transport-ws carries them.
    pub(super) fn into_errors(self) -> Vec<ServerError> {
        self.errors
    }

    /// As JSON. Values of GraphQL always are representable.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "a GraphQL answer could not be written as JSON: {error}");
            r#"{"errors":[{"message":"The answer could not be written.","extensions":{"code":"INTERNAL_ERROR"}}]}"#.to_owned()
        })
    }
}

impl Serialize for HttpAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        if let Some(data) = &self.data {
            map.serialize_entry("data", data)?;
        }
        if !self.extensions.is_empty() {
            map.serialize_entry("extensions", &self.extensions)?;
        }
        map.end()
    }
}

fn has_code(error: &ServerError, code: &str) -> bool {
    let extensions = error.extensions.as_ref();
    extensions.and_then(|extensions| extensions.get("code")) == Some(&Value::from(code))
}

/// Takes out of an error of async-graphql's what the request brought; its code, which is known by its words, comes first.
fn hide_source(error: &mut ServerError, executed: bool, progress: &RequestProgress) {
    let code = if executed {
        code_of_executed(&error.message)
    } else {
        code_of_unexecuted(&error.message)
    };
    error.message = progress.clean(&error.message);
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", code);
}

/// Gives the error what every error has: a code and the request's id.
fn finish(error: &mut ServerError, executed: bool, recipient: Recipient<'_>) {
    if recipient.anonymous
        && let Some(at) = error.message.find(" Did you mean")
    {
        error.message.truncate(at);
    }
    let code = if executed {
        code_of_executed(&error.message)
    } else {
        code_of_unexecuted(&error.message)
    };
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    extensions.set("requestId", recipient.request_id);
}

/// The code of an error that has none: only async-graphql itself makes such. Its text is all there is to go by.
fn code_of_executed(message: &str) -> &'static str {
    const INPUT: [&str; 3] = [
        "Failed to parse \"",
        "Expected input type \"",
        "Invalid value for argument",
    ];
    if INPUT.iter().any(|start| message.starts_with(start)) {
        "BAD_USER_INPUT"
    } else {
        "INTERNAL_ERROR"
    }
}

/// The same, before execution.
fn code_of_unexecuted(message: &str) -> &'static str {
    const TOO_MUCH: [&str; 4] = [
        "Query is too complex",
        "Query is nested too deep",
        "The recursion depth of the query",
        "The number of directives on the field",
    ];
    if TOO_MUCH.iter().any(|start| message.starts_with(start)) {
        "QUERY_TOO_COMPLEX"
    } else {
        "GRAPHQL_VALIDATION_FAILED"
    }
}
