//! Channels as plain text, for a terminal.

mod emoji;

use serde_json::Value;

use crate::state::text::escape::unescape;
use crate::state::text::plain;
use crate::state::workspace::snapshot::{ChannelSnapshot, MessageSnapshot, Snapshot};

/// Every channel that has messages, with its threads.
pub fn render_text(snapshot: &Snapshot) -> String {
    let shown = snapshot
        .channels
        .iter()
        .filter(|c| !c.messages.is_empty() || !c.ephemeral.is_empty());
    let channels: Vec<String> = shown.map(|channel| render_channel(snapshot, channel)).collect();
    if channels.is_empty() {
        "(no messages)\n".to_owned()
    } else {
        channels.join("\n")
    }
}

/// One channel with its threads.
pub fn render_channel(snapshot: &Snapshot, channel: &ChannelSnapshot) -> String {
    let mark = if channel.is_im { "" } else { "#" };
    let mut out = Lines {
        text: format!("{mark}{}\n", channel.name),
        first: String::new(),
        snapshot,
    };
    for message in channel
        .messages
        .iter()
        .filter(|m| !m.deleted || !m.visible_replies().is_empty())
    {
        out.message(message, 1);
        for reply in message.visible_replies() {
            out.message(reply, 3);
        }
        for only in channel
            .ephemeral
            .iter()
            .filter(|m| m.thread_ts.as_deref() == Some(&message.ts))
        {
            out.message(only, 3);
        }
    }
    for only in channel.ephemeral.iter().filter(|m| m.thread_ts.is_none()) {
        out.message(only, 1);
    }
    out.text
}

struct Lines<'a> {
    text: String,
    /// Put before the next line, once: the colour of an attachment.
    first: String,
    snapshot: &'a Snapshot,
}

impl Lines<'_> {
    fn line(&mut self, depth: usize, bar: &str, line: &str) {
        let line = format!(
            "{}{bar}{}{line}",
            "  ".repeat(depth),
            std::mem::take(&mut self.first)
        );
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn lines(&mut self, depth: usize, bar: &str, mrkdwn: &str) {
        for line in readable(mrkdwn, self.snapshot).lines() {
            self.line(depth, bar, line);
        }
    }

    fn message(&mut self, message: &MessageSnapshot, depth: usize) {
        if message.deleted {
            self.line(depth, "", "(This message was deleted.)");
            return;
        }
        let mut head = message.author.clone();
        if message.is_from_app {
            head.push_str(" [app]");
        }
        if message.edited {
            head.push_str(" (edited)");
        }
        if let Some(user) = &message.ephemeral_for {
            let name = self
                .snapshot
                .person(user)
                .map_or(user.as_str(), |p| p.name.as_str());
            head = format!("{head} (only visible to @{name})");
        }
        self.line(depth, "", &head);
        let has_rich_text = message.blocks.iter().any(|b| b["type"] == "rich_text");
        if message.blocks.is_empty() || has_rich_text {
            if !is_fallback(message) {
                self.lines(depth + 1, "", &message.text);
            }
        } else {
            self.blocks(&message.blocks, depth + 1, "");
        }
        for attachment in &message.attachments {
            self.attachment(attachment, depth + 1);
        }
        let emoji: Vec<String> = message
            .reactions
            .iter()
            .map(|r| format!(":{}: {}", r.name, r.users.len()))
            .collect();
        if !emoji.is_empty() {
            self.line(depth + 1, "", &emoji.join("  "));
        }
    }

    fn attachment(&mut self, attachment: &Value, depth: usize) {
        let bar = "▌ ";
        let colour = attachment["color"].as_str().map(square).unwrap_or_default();
        if let Some(url) = attachment["app_unfurl_url"].as_str() {
            self.line(depth, bar, &format!("{colour}preview of {url}"));
        } else if !colour.is_empty() {
            colour.clone_into(&mut self.first);
        }
        for key in ["pretext", "title", "text"] {
            if let Some(text) = attachment[key].as_str() {
                self.lines(depth, bar, text);
            }
        }
        for field in attachment["fields"].as_array().into_iter().flatten() {
            let text = |key: &str| field[key].as_str().unwrap_or_default();
            self.lines(depth, bar, &format!("{}: {}", text("title"), text("value")));
        }
        self.blocks(
            attachment["blocks"].as_array().map_or(&[], Vec::as_slice),
            depth,
            bar,
        );
        self.first.clear();
    }

    fn blocks(&mut self, blocks: &[Value], depth: usize, bar: &str) {
        for block in blocks {
            self.block(block, depth, bar);
        }
    }

    fn block(&mut self, block: &Value, depth: usize, bar: &str) {
        match block["type"].as_str().unwrap_or_default() {
            "header" => self.lines(depth, bar, &format!("*{}*", text_of(&block["text"]))),
            "section" => {
                self.lines(depth, bar, text_of(&block["text"]));
                for field in block["fields"].as_array().into_iter().flatten() {
                    self.lines(depth, bar, &text_of(field).replacen('\n', " ", 1));
                }
                if let Some(button) = button(&block["accessory"]) {
                    self.line(depth, bar, &button);
                }
            }
            "context" => {
                let texts: Vec<&str> = elements(block).map(text_of).filter(|t| !t.is_empty()).collect();
                self.lines(depth, bar, &texts.join("  "));
            }
            "actions" => {
                let buttons: Vec<String> = elements(block).filter_map(button).collect();
                self.line(depth, bar, &buttons.join(" "));
            }
            "divider" => self.line(depth, bar, "────────"),
            "image" => self.line(depth, bar, &format!("[image: {}]", text_of(&block["alt_text"]))),
            "rich_text" => {
                let text = plain::rich_text(block);
                self.lines(depth, bar, &text);
            }
            "markdown" => self.lines(depth, bar, block["text"].as_str().unwrap_or_default()),
            other => self.line(depth, bar, &format!("[{other}]")),
        }
    }
}

/// Whether the text only stands in for attachments where these cannot be shown.
fn is_fallback(message: &MessageSnapshot) -> bool {
    let mut attached = message.attachments.iter().filter(|a| a["is_app_unfurl"] != true);
    message.is_from_app
        && attached.any(|a| a["fallback"] == message.text.as_str() || a.get("blocks").is_some())
}

fn elements(block: &Value) -> impl Iterator<Item = &Value> {
    block["elements"].as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> &str {
    value
        .as_str()
        .or_else(|| value["text"].as_str())
        .unwrap_or_default()
}

fn button(element: &Value) -> Option<String> {
    (element["type"] == "button").then(|| format!("[{}]", text_of(&element["text"])))
}

/// A colour bar as a coloured square.
fn square(colour: &str) -> &'static str {
    match colour {
        "good" => return "🟩 ",
        "warning" => return "🟨 ",
        "danger" => return "🟥 ",
        _ => {}
    }
    let digits = colour.trim_start_matches('#');
    let part = |at: usize| {
        digits
            .get(at..at + 2)
            .and_then(|d| u8::from_str_radix(d, 16).ok())
            .map(i32::from)
    };
    let (Some(red), Some(green), Some(blue)) = (part(0), part(2), part(4)) else {
        return "⬜ ";
    };
    if (red - green).abs() < 40 && (green - blue).abs() < 40 {
        "⬜ "
    } else if blue >= red && blue >= green {
        "🟦 "
    } else if green > red {
        "🟩 "
    } else if green * 3 > red * 2 {
        "🟨 "
    } else if green * 2 > red {
        "🟧 "
    } else {
        "🟥 "
    }
}

/// Slack's references and entities as people read them, without the marks of bold text.
fn readable(mrkdwn: &str, snapshot: &Snapshot) -> String {
    let mut out = String::new();
    let mut rest = mrkdwn;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(&unescape(before));
        let Some((inside, after)) = after.split_once('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        out.push_str(&reference(inside, snapshot));
        rest = after;
    }
    out.push_str(&unescape(rest));
    emoji::shown(&without_bold(&out))
}

/// Asterisks that begin or end a word are marks; others are asterisks.
fn without_bold(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let at = |at: Option<usize>| at.and_then(|at| letters.get(at)).copied().unwrap_or(' ');
    let kept = letters.iter().enumerate().filter(|(here, c)| {
        let (before, after) = (at(here.checked_sub(1)), at(here.checked_add(1)));
        let solid = |c: char| !c.is_whitespace() && c != '*';
        let begins = solid(after) && !before.is_alphanumeric();
        let ends = solid(before) && !after.is_alphanumeric();
        **c != '*' || begins == ends
    });
    kept.map(|(_, c)| c).collect()
}

fn reference(inside: &str, snapshot: &Snapshot) -> String {
    let (target, label) = inside.split_once('|').map_or((inside, ""), |(t, l)| (t, l));
    let label = unescape(label);
    if let Some(user) = target.strip_prefix('@') {
        return format!("@{}", snapshot.person(user).map_or(user, |p| p.name.as_str()));
    }
    if let Some(channel) = target.strip_prefix('#') {
        return format!(
            "#{}",
            snapshot.channel(channel).map_or(channel, |c| c.name.as_str())
        );
    }
    if let Some(special) = target.strip_prefix('!') {
        return if special.starts_with("date^") {
            label
        } else {
            format!("@{special}")
        };
    }
    let target = unescape(target);
    if label.is_empty() || label == target {
        target
    } else {
        format!("{label} ({target})")
    }
}
