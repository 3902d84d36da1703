//! The parameters of a GraphQL request, from JSON or from a query string.

use async_graphql::{
    Request, Variables,
    parser::{parse_query, types::OperationType},
};
use serde_json::{Map, Value as Json};

use super::{
    document::{self, DOCUMENT_BYTES_MAX},
    names,
    phases::TELL_COST,
    refusal::HttpRefusal,
};

/// A request as it was sent: well-formed, its document not yet read.
#[derive(Debug)]
pub(super) struct RequestParameters {
    query: String,
    pub(super) operation_name: Option<String>,
    variables: Map<String, Json>,
    /// Whether the caller wants to be told what the query costs.
    tells_cost: bool,
}

impl RequestParameters {
    /// From the body of a POST.
    pub(super) fn from_body(body: &[u8]) -> Result<Self, HttpRefusal> {
        if body.trim_ascii().is_empty() {
            return Err(HttpRefusal::bad_request(
                "The request has no body: send JSON with a `query`.",
            ));
        }
        let body = serde_json::from_slice(body)
            .map_err(|error| HttpRefusal::bad_request(format!("The body is not JSON: {error}.")))?;
        match body {
            Json::Object(object) => Self::from_json(object),
            Json::Array(_) => Err(HttpRefusal::request(
                axum::http::StatusCode::BAD_REQUEST,
                "BATCHING_NOT_SUPPORTED",
                "Batches are not supported: send one request at a time.",
            )),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                Err(HttpRefusal::bad_request("The body must be a JSON object."))
            }
        }
    }

    /// From a JSON object: the body of a POST, or the payload of a `subscribe` message.
    pub(super) fn from_json(mut object: Map<String, Json>) -> Result<Self, HttpRefusal> {
        let extensions = optional_object(&mut object, "extensions")?;
        let query = match object.remove("query") {
            Some(Json::String(query)) => query,
            None if extensions.contains_key("persistedQuery") => {
                // Apollo's clients send the whole document when they read this message.
                return Err(HttpRefusal::request(
                    axum::http::StatusCode::BAD_REQUEST,
                    "PERSISTED_QUERY_NOT_SUPPORTED",
                    "PersistedQueryNotSupported",
                ));
            }
            None => return Err(HttpRefusal::bad_request("`query` is missing.")),
            Some(_) => return Err(HttpRefusal::bad_request("`query` must be a string.")),
        };
        let operation_name = match object.remove("operationName") {
            None | Some(Json::Null) => None,
            Some(Json::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(HttpRefusal::bad_request("`operationName` must be a string.")),
        };
        Ok(Self {
            query,
            operation_name,
            tells_cost: extensions.get(TELL_COST) == Some(&Json::Bool(true)),
            variables: optional_object(&mut object, "variables")?,
        })
    }

    /// From the query string of a GET, where `variables` and `extensions` are JSON.
    pub(super) fn from_query_string(query_string: &str) -> Result<Self, HttpRefusal> {
        let mut object = Map::new();
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            let value = match &*name {
                "query" | "operationName" => Json::String(value.into_owned()),
                "variables" | "extensions" if value.is_empty() => Json::Null,
                "variables" | "extensions" => serde_json::from_str(&value)
                    .map_err(|error| HttpRefusal::bad_request(format!("`{name}` is not JSON: {error}.")))?,
                _ => continue,
            };
            if object.insert(name.to_string(), value).is_some() {
                return Err(HttpRefusal::bad_request(format!("`{name}` is given twice.")));
            }
        }
        Self::from_json(object)
    }

    /// Reads the document: the request to execute, and what kind of operation it is.
    pub(super) fn read(
        self,
        introspection: Option<HttpRefusal>,
    ) -> Result<(Request, OperationType), HttpRefusal> {
        if self.query.len() > DOCUMENT_BYTES_MAX {
            let message = format!("The document is longer than {DOCUMENT_BYTES_MAX} bytes.");
            return Err(HttpRefusal::document("QUERY_TOO_COMPLEX", message, None));
        }
        let document = parse_query(&self.query).map_err(|error| {
            let at = error.positions().next();
            HttpRefusal::document("GRAPHQL_PARSE_FAILED", names::syntax_error(&error), at)
        })?;
        let kind = document::inspect(&document, self.operation_name.as_deref(), introspection)?;
        let variables = Variables::from_json(Json::Object(self.variables));
        let mut request = Request::new(self.query).variables(variables);
        request.operation_name = self.operation_name;
        if self.tells_cost {
            request.extensions.insert(TELL_COST.to_owned(), true.into());
        }
        request.set_parsed_query(document);
        Ok((request, kind))
    }
}

fn optional_object(object: &mut Map<String, Json>, name: &str) -> Result<Map<String, Json>, HttpRefusal> {
    match object.remove(name) {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(value)) => Ok(value),
        Some(_) => Err(HttpRefusal::bad_request(format!(
            "`{name}` must be a JSON object."
        ))),
    }
}

/// The operation's kind as it is named in documents, for logs and metrics.
pub(super) fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
