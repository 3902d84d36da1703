//! Telling a person that what they asked for takes longer, or can't be done at all.

use serde_json::{Value, json};
use url::Url;

use super::Inbound;

/// At which failure in a row: some seconds have passed, and the person has seen nothing.
pub(super) const TELL_AT: i32 = 3;

/// Tells whoever asked, where a press, a command or a dialog has left an address for that. Events leave none.
pub(super) async fn tell(inbound: &Inbound, payload: &Value, text: &str) {
    let Some(address) = address(payload) else { return };
    let message = json!({"response_type": "ephemeral", "replace_original": false, "text": text});
    inbound.http.respond_in_time(&address, message).await;
}

/// The response address: a dialog carries that of what opened it.
fn address(payload: &Value) -> Option<Url> {
    let direct = payload["response_url"].as_str().map(str::to_owned);
    let carried = || {
        let carried = payload["view"]["private_metadata"].as_str()?;
        let carried: Value = serde_json::from_str(carried).ok()?;
        carried["response_url"].as_str().map(str::to_owned)
    };
    direct.or_else(carried)?.parse().ok()
}
