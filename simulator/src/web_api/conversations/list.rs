//! `conversations.list` and `users.conversations`.

use serde_json::{Value, json};

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, MethodRefusal, fields};
use crate::state::workspace::{Channel, ChannelKind};
use crate::web_api::paging::{ListPage, add_cursor};

/// `conversations.list`: public channels, and the others that the bot is in.
pub(crate) fn run(call: &MethodCall<'_>) -> MethodOutcome {
    let bot = call.host.read(|ws| ws.app.bot_user_id.clone());
    listed(call, |channel| {
        channel.kind == ChannelKind::Public || channel.members.contains(&bot)
    })
}

/// `users.conversations`: what a user is in, as far as the bot may know.
pub(crate) fn of_user(call: &MethodCall<'_>) -> MethodOutcome {
    let bot = call.host.read(|ws| ws.app.bot_user_id.clone());
    let user = call.args.text("user").unwrap_or_else(|| bot.clone());
    if call.host.read(|ws| ws.person(&user).is_none()) {
        return Err("user_not_found".into());
    }
    listed(call, |channel| {
        let known = channel.kind == ChannelKind::Public || channel.members.contains(&bot);
        known && channel.members.contains(&user)
    })
}

fn listed(call: &MethodCall<'_>, shown: impl Fn(&Channel) -> bool) -> MethodOutcome {
    let page = ListPage::read(call.args, 100, 999)?;
    let types = types(call)?;
    let no_archived = call.args.flag("exclude_archived");
    call.host.read(|ws| {
        let all: Vec<(String, Value)> = ws
            .channels
            .iter()
            .filter(|c| types.contains(&c.kind.list_type()) && shown(c) && !(no_archived && c.archived))
            .map(|c| (c.id.clone(), c.json(&ws.team, &ws.app, true)))
            .collect();
        let (channels, next) = page.of(all);
        let mut reply = fields(json!({ "channels": channels }));
        add_cursor(&mut reply, &next);
        Ok(reply)
    })
}

/// The types asked for, each with its own scope.
fn types(call: &MethodCall<'_>) -> Result<Vec<&'static str>, MethodRefusal> {
    let asked = call
        .args
        .text("types")
        .unwrap_or_else(|| "public_channel".to_owned());
    let mut types = Vec::new();
    for name in asked.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (name, scope) = match name {
            "public_channel" => ("public_channel", "channels:read"),
            "private_channel" => ("private_channel", "groups:read"),
            "im" => ("im", "im:read"),
            "mpim" => ("mpim", "mpim:read"),
            _ => return Err("invalid_types".into()),
        };
        call.require_scope(scope)?;
        types.push(name);
    }
    Ok(types)
}
