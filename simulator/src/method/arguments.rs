//! The arguments of a call, whether they came in the query, a form or JSON.

use axum::http::{HeaderMap, Method as Verb, Uri, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Map, Value};

use super::refusal::MethodRefusal;

/// What a request carried.
#[derive(Debug, Default)]
pub(crate) struct MethodArguments {
    values: Map<String, Value>,
    /// From the header, or the body of a form: never from the query.
    pub(crate) token: Option<String>,
    /// Name and password of HTTP Basic authentication, which the methods of OAuth take for the app's.
    pub(crate) basic: Option<(String, String)>,
    /// JSON was sent, and in this charset or none.
    pub(crate) json_without_charset: bool,
    /// What a developer should know although Slack does not tell.
    pub(crate) notes: Vec<String>,
}

/// A single request's parts.
pub(crate) struct IncomingRequest<'a> {
    pub(crate) verb: &'a Verb,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl MethodArguments {
    /// Reads them. JSON is read only where the method takes it.
    pub(crate) fn read(incoming: &IncomingRequest<'_>, json_allowed: bool) -> Result<Self, MethodRefusal> {
        let mut arguments = Self::default();
        arguments.add_form(incoming.uri.query().unwrap_or_default().as_bytes())?;
        if arguments.values.remove("token").is_some() {
            arguments
                .notes
                .push("a token in the query string is ignored".to_owned());
        }
        let content_type = header_text(incoming.headers, &header::CONTENT_TYPE).to_ascii_lowercase();
        if incoming.verb == Verb::POST && !incoming.body.is_empty() {
            arguments.add_body(&content_type, incoming.body, json_allowed)?;
        }
        let in_form = arguments
            .values
            .remove("token")
            .and_then(|t| t.as_str().map(str::to_owned));
        let in_header = header_text(incoming.headers, &header::AUTHORIZATION);
        arguments.token = in_header
            .strip_prefix("Bearer ")
            .map(|t| t.trim().to_owned())
            .or(in_form);
        arguments.basic = in_header.strip_prefix("Basic ").and_then(basic);
        Ok(arguments)
    }

    fn add_body(&mut self, content_type: &str, body: &[u8], json_allowed: bool) -> Result<(), MethodRefusal> {
        if content_type.starts_with("application/json") {
            if !json_allowed {
                self.notes
                    .push("the JSON body was ignored: this method reads forms only".to_owned());
                return Ok(());
            }
            self.json_without_charset = !content_type.contains("charset=");
            let json: Value =
                serde_json::from_slice(body).map_err(|_| MethodRefusal::from("invalid_json"))?;
            let Value::Object(fields) = json else {
                return Err(MethodRefusal::from("json_not_object"));
            };
            self.values
                .extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
            return Ok(());
        }
        if content_type.starts_with("application/x-www-form-urlencoded") {
            return self.add_form(body);
        }
        if content_type.is_empty() {
            return Err(MethodRefusal::from("missing_post_type"));
        }
        Err(MethodRefusal::from("invalid_post_type"))
    }

    fn add_form(&mut self, form: &[u8]) -> Result<(), MethodRefusal> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| MethodRefusal::from("invalid_form_data"))?;
        self.values.extend(
            pairs
                .into_iter()
                .map(|(name, value)| (name, Value::String(value))),
        );
        Ok(())
    }

    /// All of them, for the record: what proves who the app is stays out of it.
    pub(crate) fn for_the_record(&self) -> Map<String, Value> {
        let mut values = self.values.clone();
        for (name, value) in &mut values {
            if matches!(name.as_str(), "client_secret" | "refresh_token" | "code") {
                *value = Value::String("…".to_owned());
            }
        }
        values
    }

    /// All of them.
    pub(crate) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Whether it was given at all, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A text; numbers count too. Empty is as good as absent.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = match self.values.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<String, MethodRefusal> {
        self.text(name).ok_or_else(|| missing_argument(name))
    }

    /// `true`, `1` and their JSON forms.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        }
    }

    /// A structure: JSON in a string, or plain JSON in a JSON body. An empty string is as good as absent;
    /// malformed JSON gives `Err(())`.
    pub(crate) fn structure(&self, name: &str) -> Result<Option<Value>, MalformedArguments> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| MalformedArguments),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

/// An argument that should be JSON and is not.
#[derive(Debug)]
pub(crate) struct MalformedArguments;

/// A required argument is absent.
pub(crate) fn missing_argument(name: &str) -> MethodRefusal {
    MethodRefusal::explained(
        "invalid_arguments",
        &[format!("[ERROR] missing required field: {name}")],
    )
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let decoded = BASE64.decode(encoded.trim()).ok()?;
    let (name, password) = String::from_utf8(decoded)
        .ok()?
        .split_once(':')
        .map(|(name, password)| (name.to_owned(), password.to_owned()))?;
    Some((name, password))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
