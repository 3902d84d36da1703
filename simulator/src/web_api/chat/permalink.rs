//! `chat.getPermalink`.

use serde_json::json;

use crate::state::workspace::Workspace;
use crate::web_api::call::Call;
use crate::web_api::refusal::{Outcome, fields};

/// `chat.getPermalink`.
pub(crate) fn run(call: &Call<'_>) -> Outcome {
    let ts = call.args.required("message_ts")?;
    call.host.read(|ws| {
        let channel = call.channel(ws)?;
        let message = ws.message(&channel.id, &ts).ok_or("message_not_found")?;
        let permalink = Workspace::permalink(call.host.base.as_str(), &channel.id, message);
        Ok(fields(json!({ "channel": channel.id, "permalink": permalink })))
    })
}
