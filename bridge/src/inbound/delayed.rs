//! Telling a person that what they asked for takes longer, or can't be done at all.

use serde_json::{Value, json};
use url::Url;

use super::Inbound;

/// At which failure in a row: some seconds have passed, and the person has seen nothing.
pub(super) const TELL_AT: i32 = 3;

/// What is asked for is on record, and tried again.
pub(super) const KEPT: &str = "Tocsin can't do this just now. What you asked for is kept, and is done as soon as Tocsin can; \
                               you need not ask again (KEPT).";

/// It was tried for long, or can never be done.
pub(super) const GIVEN_UP: &str = "What you asked for could not be done, and is not tried any more. Look at the incident's page, and tell whoever runs \
                                   Tocsin (GIVEN_UP).";

/// A field says nothing that can be read: who asks, from where, or for what.
pub(super) const UNREAD: &str =
    "Tocsin could not read what Slack sent of this, so nothing was done. Try it again (UNREADABLE).";

/// Nobody has connected the workspace in which they asked, or somebody has disconnected it.
pub(super) const NOT_CONNECTED: &str = "Tocsin is not connected to this Slack workspace, so nothing was done. Ask an administrator of your organisation in \
                                        Tocsin to connect it with `tocsin slack install-url` (NOT_CONNECTED).";

/// Their organisation's own app is in a workspace that other organisations use as well.
pub(super) const NOT_ALONE: &str = "Nothing was done: several organisations use this Slack workspace, so Tocsin does not listen to an app that belongs to one \
                                    of them. Ask whoever runs Tocsin to use the server's own app here (NOT_ALONE).";

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
