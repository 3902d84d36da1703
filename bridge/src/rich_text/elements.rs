//! Slack's rich text, as the message composer writes it.
//!
//! It is read field by field, so that what Slack adds or leaves out costs no more than itself.
//! Source: Slack, Block Kit reference, "Rich text block".

use serde_json::Value;
use time::OffsetDateTime;

use super::document::{Block, Inline, InlineContent, Style};

/// What stands in a block of rich text.
pub(crate) fn rich_text(block: &Value) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut was_bordered = false;
    for element in list(&block["elements"]) {
        let Some(read) = read_element(element) else {
            continue;
        };
        // Slack draws the line of a quote beside these, and one line beside those that follow each other.
        let is_bordered = element["border"].as_u64().is_some_and(|border| border > 0);
        match blocks.last_mut() {
            Some(Block::Quote(inside)) if is_bordered && was_bordered => inside.push(read),
            _ if is_bordered => blocks.push(Block::Quote(vec![read])),
            _ => blocks.push(read),
        }
        was_bordered = is_bordered || matches!(blocks.last(), Some(Block::Quote(_)));
    }
    blocks
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn read_element(element: &Value) -> Option<Block> {
    let elements = list(&element["elements"]);
    match element["type"].as_str()? {
        "rich_text_section" => Some(Block::Text(inlines(elements))),
        "rich_text_quote" => Some(Block::Quote(vec![Block::Text(inlines(elements))])),
        "rich_text_preformatted" => Some(Block::Code {
            language: string(&element["language"]).unwrap_or_default(),
            text: inlines(elements).iter().map(in_code).collect(),
        }),
        "rich_text_list" => Some(Block::List {
            ordered: element["style"] == "ordered",
            indent: element["indent"]
                .as_u64()
                .and_then(|indent| usize::try_from(indent).ok())
                .unwrap_or(0),
            first: element["offset"].as_u64().unwrap_or(0).saturating_add(1),
            items: elements.iter().map(item).collect(),
        }),
        // An element that Slack adds later shows what stands in it, or its text.
        _ if elements.is_empty() => inline(element).map(|inline| Block::Text(vec![inline])),
        _ => Some(Block::Text(inlines(elements))),
    }
}

/// An item of a list: a section, or a leaf without one.
fn item(item: &Value) -> Vec<Inline> {
    match list(&item["elements"]) {
        [] => inline(item).into_iter().collect(),
        elements => inlines(elements),
    }
}

/// What is seen of a leaf in code, where names are not looked up.
fn in_code(inline: &Inline) -> String {
    match &inline.what {
        InlineContent::Text(text) => text.clone(),
        InlineContent::Link { url, label } => label.clone().unwrap_or_else(|| url.clone()),
        InlineContent::Person { id, .. } | InlineContent::Group { id, .. } => format!("@{id}"),
        InlineContent::Channel { id, .. } => format!("#{id}"),
    }
}

fn inlines(elements: &[Value]) -> Vec<Inline> {
    elements.iter().filter_map(inline).collect()
}

fn inline(leaf: &Value) -> Option<Inline> {
    let flag = |name: &str| leaf["style"][name].as_bool().unwrap_or(false);
    let style = Style {
        bold: flag("bold"),
        italic: flag("italic"),
        strike: flag("strike"),
        code: flag("code"),
    };
    let what = match leaf["type"].as_str()? {
        "text" => InlineContent::Text(string(&leaf["text"])?),
        "link" => link(leaf).or_else(|| other(leaf))?,
        "user" => InlineContent::Person {
            id: string(&leaf["user_id"])?,
            label: None,
        },
        "channel" => InlineContent::Channel {
            id: string(&leaf["channel_id"])?,
            label: None,
        },
        "usergroup" => InlineContent::Group {
            id: string(&leaf["usergroup_id"])?,
            label: None,
        },
        "broadcast" => InlineContent::Text(format!("@{}", leaf["range"].as_str().unwrap_or("channel"))),
        "emoji" => InlineContent::Text(emoji(leaf)?),
        "color" => InlineContent::Text(string(&leaf["value"])?),
        "date" => InlineContent::Text(date(leaf)?),
        "team" => InlineContent::Text(string(&leaf["team_id"])?),
        // A leaf that Slack adds later shows its text, where it has one.
        _ => other(leaf)?,
    };
    Some(Inline { what, style })
}

fn link(leaf: &Value) -> Option<InlineContent> {
    Some(InlineContent::Link {
        url: string(&leaf["url"]).filter(|url| !url.trim().is_empty())?,
        label: string(&leaf["text"]).filter(|label| !label.trim().is_empty()),
    })
}

/// What a leaf shows of which no more is known.
fn other(leaf: &Value) -> Option<InlineContent> {
    let texts = [
        &leaf["text"],
        &leaf["text"]["text"],
        &leaf["fallback"],
        &leaf["title"],
        &leaf["name"],
    ];
    let text = texts.into_iter().find_map(string);
    text.map(InlineContent::Text).or_else(|| link(leaf))
}

/// A moment as whoever wrote it would have it read where it can't be shown in the reader's own time zone.
fn date(leaf: &Value) -> Option<String> {
    let timestamp = &leaf["timestamp"];
    string(&leaf["fallback"])
        .filter(|fallback| !fallback.trim().is_empty())
        .or_else(|| moment(timestamp.as_i64()?))
        .or_else(|| (!timestamp.is_null()).then(|| timestamp.to_string()))
}

/// A moment that Slack gives in seconds since 1970.
pub(crate) fn moment(timestamp: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(timestamp).ok()?;
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    Some(format!("{date} {hour:02}:{minute:02} UTC"))
}

/// The character where Slack tells it (`1f44b-1f3fd`), and else the name (`:wave:`).
fn emoji(leaf: &Value) -> Option<String> {
    let unicode = leaf["unicode"].as_str().and_then(|codes| {
        codes
            .split('-')
            .map(|code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32))
            .collect::<Option<String>>()
    });
    unicode
        .filter(|characters| !characters.is_empty())
        .or_else(|| string(&leaf["name"]).map(|name| format!(":{name}:")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rich_text::document::Document;

    #[test]
    fn leaves_of_every_kind_are_read_and_unknown_ones_show_their_text() {
        let blocks = rich_text(
            &json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "hi ", "style": {"bold": true, "underline": true}},
                {"type": "user", "user_id": "U1"},
                {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd"},
                {"type": "emoji", "name": "shipit"},
                {"type": "broadcast", "range": "here"},
                {"type": "date", "timestamp": 1, "fallback": "today"},
                {"type": "date", "timestamp": 1_483_037_604, "format": "{date}"},
                {"type": "usergroup", "usergroup_id": "S1"},
                {"type": "hologram", "text": "new"},
                {"type": "hologram"},
                {"no": "type"}, 7, null
            ]}, {"type": "rich_text_sphere", "elements": 3}, 5]}),
        );
        let document = Document { blocks };
        let shown: Vec<String> = document.blocks[0]
            .inlines()
            .map(|inline| inline.shown(&super::super::document::KnownNames::default()))
            .collect();
        assert_eq!(document.blocks.len(), 1);
        assert_eq!(
            shown,
            [
                "hi ",
                "@U1",
                "👋🏽",
                ":shipit:",
                "@here",
                "today",
                "2016-12-29 18:53 UTC",
                "@S1",
                "new"
            ]
        );
        assert_eq!(document.groups().into_iter().collect::<Vec<_>>(), ["S1"]);
        assert_eq!(document.people().into_iter().collect::<Vec<_>>(), ["U1"]);
    }
}
