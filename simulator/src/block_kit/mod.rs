//! Block Kit's rules.

use serde_json::Value;

pub(crate) fn message_problems(_blocks: &[Value], _attachments: &[Value]) -> Vec<String> {
    Vec::new()
}
pub(crate) fn unfurl_problems(_unfurl: &Value) -> Vec<String> {
    Vec::new()
}
pub(crate) fn view_problems(_view: &Value) -> Vec<String> {
    Vec::new()
}
pub(crate) fn too_long_together(_blocks: &[Value]) -> bool {
    false
}
