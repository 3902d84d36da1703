//! `reactions.add` and `pins.add`.

use crate::clock;
use crate::method::call::MethodCall;
use crate::method::refusal::{Fields, MethodOutcome, MethodRefusal};

/// Different emoji on one message. Source: Slack's help pages; the reference gives no number.
const EMOJI_MAX: usize = 23;

/// `reactions.add`, as the bot.
pub(crate) fn add(call: &MethodCall<'_>) -> MethodOutcome {
    let name = call.args.required("name")?;
    let ts = timestamp(call)?;
    let known = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-':".contains(&b));
    if !known {
        return Err("invalid_name".into());
    }
    call.host.change(|ws| {
        let channel = call.channel(ws)?;
        if channel.archived {
            return Err("is_archived".into());
        }
        let channel_id = channel.id.clone();
        let message = ws.message(&channel_id, &ts).ok_or("message_not_found")?;
        let bot = ws.app.bot_user_id.clone();
        if message
            .reactions
            .iter()
            .any(|r| r.name == name && r.users.contains(&bot))
        {
            return Err("already_reacted".into());
        }
        if message.reactions.len() >= EMOJI_MAX && !message.reactions.iter().any(|r| r.name == name) {
            return Err("too_many_emoji".into());
        }
        ws.toggle_reaction(&channel_id, &ts, &bot, &name);
        ws.emit_reaction("reaction_added", &channel_id, &ts, &bot, &name);
        Ok(Fields::new())
    })
}

/// `pins.add`.
pub(crate) fn pin(call: &MethodCall<'_>) -> MethodOutcome {
    if !call.args.has("timestamp") {
        return Err("no_item_specified".into());
    }
    let ts = timestamp(call)?;
    call.host.change(|ws| {
        let channel_id = call.joined_channel(ws)?.id.clone();
        ws.message(&channel_id, &ts).ok_or("message_not_found")?;
        if let Some(channel) = ws.channel_mut(&channel_id) {
            if channel.pins.contains(&ts) {
                return Err("already_pinned".into());
            }
            channel.pins.push(ts);
        }
        ws.touch(&channel_id);
        Ok(Fields::new())
    })
}

fn timestamp(call: &MethodCall<'_>) -> Result<String, MethodRefusal> {
    let ts = call.args.required("timestamp")?;
    if clock::is_ts(&ts) {
        Ok(ts)
    } else {
        Err("bad_timestamp".into())
    }
}
