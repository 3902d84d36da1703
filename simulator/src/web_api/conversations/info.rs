//! `conversations.info` and `conversations.members`.

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::web_api::paging::{ListPage, add_cursor};

/// `conversations.info`.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    call.host.read(|ws| {
        let channel = call.channel(ws)?;
        let with_members = call.args.flag("include_num_members");
        Ok(fields(
            json!({ "channel": channel.json(&ws.team, &ws.app, with_members) }),
        ))
    })
}

/// `conversations.members`.
pub(crate) fn members(call: &MethodCall<'_>) -> MethodOutcome {
    let page = ListPage::read(call.args, 100, 1_000)?;
    call.host.read(|ws| {
        let channel = call.channel(ws)?;
        let (members, next) = page.of(channel.members.iter().map(|m| (m.clone(), m.clone())).collect());
        let mut reply = fields(json!({ "members": members }));
        add_cursor(&mut reply, &next);
        Ok(reply)
    })
}
