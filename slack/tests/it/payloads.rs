//! What must hold of any body that comes to Slack's endpoints.

use serde_json::Value;
use tocsin_slack::envelope::{self, Envelope, EventRequest};

/// A body of any of Slack's endpoints.
///
/// # Panics
/// When reading it does, or when it loses what tells it from others.
pub(crate) fn check(body: &[u8]) {
    if let Ok(EventRequest::Event(envelope)) = envelope::event(body) {
        check_envelope(&envelope);
    }
    for envelope in [envelope::interaction(body), envelope::command(body)]
        .into_iter()
        .flatten()
    {
        check_envelope(&envelope);
    }
}

fn check_envelope(envelope: &Envelope) {
    assert!(!envelope.key.is_empty(), "a request without a key: {envelope:?}");
    assert!(
        !holds_nul(&envelope.payload),
        "PostgreSQL can't store a NUL: {envelope:?}"
    );
}

/// Whether a text or a name in a value holds a NUL.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
