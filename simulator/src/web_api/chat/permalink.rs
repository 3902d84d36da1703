//! `chat.getPermalink`.

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::state::workspace::SimulatedWorkspace;

/// `chat.getPermalink`.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let ts = call.args.required("message_ts")?;
    call.host.read(|ws| {
        let channel = call.channel(ws)?;
        let message = ws.message(&channel.id, &ts).ok_or("message_not_found")?;
        let permalink = SimulatedWorkspace::permalink(call.host.base.as_str(), &channel.id, message);
        Ok(fields(json!({ "channel": channel.id, "permalink": permalink })))
    })
}
