//! The blocks of a message: rich text, as people write it, and all that apps show.
//!
//! A block that is not known here shows the texts that stand in it: what people see is not lost because Slack has added a kind.
//! Source: Slack, Block Kit reference, "Blocks".

use serde_json::Value;

use super::{
    document::{Block, Inline, InlineContent, Style},
    elements::{list, rich_text},
    text,
};

/// What people see of a message's blocks.
pub(crate) fn read_blocks(blocks: &[Value]) -> Vec<Block> {
    blocks.iter().flat_map(read_block).collect()
}

/// As headings are shown.
pub(super) const BOLD: Style = Style {
    bold: true,
    italic: false,
    strike: false,
    code: false,
};

fn read_block(block: &Value) -> Vec<Block> {
    match block["type"].as_str() {
        Some("rich_text") => rich_text(block),
        Some("section") => section(block),
        Some("header") => said(&block["text"])
            .map(|text| line_of(Inline::text(text::unescape(text), BOLD)))
            .into_iter()
            .collect(),
        Some("context" | "actions") => in_one_line(list(&block["elements"])),
        Some("image") => image(block).map(line_of).into_iter().collect(),
        Some("video") => video(block),
        Some("table" | "data_table") => table(block),
        Some("markdown") => block["text"]
            .as_str()
            .map(|text| Block::Markdown(text.to_owned()))
            .into_iter()
            .collect(),
        Some("divider") | None => Vec::new(),
        Some(_) => unknown(block),
    }
}

fn line_of(inline: Inline) -> Block {
    Block::Text(vec![inline])
}

/// The text of a text object, or a text that stands by itself.
fn said(value: &Value) -> Option<&str> {
    let text = value.as_str().or_else(|| value["text"].as_str())?;
    (!text.trim().is_empty()).then_some(text)
}

/// A text object: plain text as it is, and mrkdwn.
pub(super) fn text_object(value: &Value) -> Vec<Block> {
    match (value["type"].as_str(), said(value)) {
        (_, None) => Vec::new(),
        (Some("plain_text" | "raw_text"), Some(text)) => {
            vec![line_of(Inline::text(text::unescape(text), Style::default()))]
        }
        (_, Some(text)) => text::document(text).blocks,
    }
}

fn section(block: &Value) -> Vec<Block> {
    let mut blocks = text_object(&block["text"]);
    blocks.extend(list(&block["fields"]).iter().flat_map(text_object));
    blocks.extend(in_one_line(std::slice::from_ref(&block["accessory"])));
    blocks
}

/// Small elements in one line: texts, what images show, and what buttons say and where they lead.
fn in_one_line(elements: &[Value]) -> Vec<Block> {
    let mut line: Vec<Inline> = Vec::new();
    let mut blocks = Vec::new();
    for element in elements {
        for block in small(element) {
            match block {
                Block::Text(inlines) => {
                    if !line.is_empty() {
                        line.push(Inline::text(" · ", Style::default()));
                    }
                    line.extend(inlines);
                }
                Block::Quote(_) | Block::Markdown(_) | Block::Code { .. } | Block::List { .. } => {
                    blocks.push(block);
                }
            }
        }
    }
    if !line.is_empty() {
        blocks.insert(0, Block::Text(line));
    }
    blocks
}

fn small(element: &Value) -> Vec<Block> {
    match element["type"].as_str() {
        Some("mrkdwn" | "plain_text") => text_object(element),
        Some("image") => image(element).map(line_of).into_iter().collect(),
        Some("button" | "workflow_button" | "icon_button") => {
            let text = said(&element["text"]).map(str::to_owned);
            let link = linked(text, element["url"].as_str());
            link.map(line_of).into_iter().collect()
        }
        // What may be chosen is for those who look at it in Slack.
        Some(_) | None => Vec::new(),
    }
}

/// A text that leads somewhere, if it does.
pub(super) fn linked(text: Option<String>, url: Option<&str>) -> Option<Inline> {
    match (url.filter(|url| !url.trim().is_empty()), text) {
        (Some(url), label) => Some(Inline {
            what: InlineContent::Link {
                url: url.to_owned(),
                label,
            },
            style: Style::default(),
        }),
        (None, Some(text)) => Some(Inline::text(text, Style::default())),
        (None, None) => None,
    }
}

/// An image, as what it shows. The address of a file in Slack is for programs with a token.
fn image(image: &Value) -> Option<Inline> {
    let text = said(&image["title"]).or_else(|| said(&image["alt_text"]));
    linked(text.map(str::to_owned), image["image_url"].as_str())
}

fn video(block: &Value) -> Vec<Block> {
    let title = said(&block["title"]).or_else(|| said(&block["alt_text"]));
    let title = linked(title.map(str::to_owned), block["title_url"].as_str());
    let mut blocks: Vec<_> = title.map(line_of).into_iter().collect();
    blocks.extend(text_object(&block["description"]));
    let from = [&block["author_name"], &block["provider_name"]];
    let from: Vec<_> = from.into_iter().filter_map(said).collect();
    if !from.is_empty() {
        blocks.push(line_of(Inline::text(from.join(" · "), Style::default())));
    }
    blocks
}

/// A table, a line for each row: Markdown's own tables are an extension, and cells may hold what those can't.
fn table(block: &Value) -> Vec<Block> {
    let mut blocks: Vec<_> = said(&block["caption"])
        .map(|caption| line_of(Inline::text(caption, BOLD)))
        .into_iter()
        .collect();
    let mut lines = Vec::new();
    for row in list(&block["rows"]) {
        if !lines.is_empty() {
            lines.push(Inline::text("\n", Style::default()));
        }
        for (index, cell) in row.as_array().unwrap_or(&Vec::new()).iter().enumerate() {
            if index > 0 {
                lines.push(Inline::text(" | ", Style::default()));
            }
            lines.extend(cell_text(cell).into_iter().map(in_a_line));
        }
    }
    blocks.push(Block::Text(lines));
    blocks
}

fn cell_text(cell: &Value) -> Vec<Inline> {
    let blocks = match cell["type"].as_str() {
        Some("rich_text") => rich_text(cell),
        _ => text_object(cell),
    };
    let mut inlines = Vec::new();
    for block in blocks {
        match block {
            Block::Code { text, .. } | Block::Markdown(text) => {
                inlines.push(Inline::text(text, Style::default()));
            }
            Block::Text(_) | Block::Quote(_) | Block::List { .. } => {
                for inline in block.inlines() {
                    inlines.push(inline.clone());
                }
            }
        }
    }
    if inlines.is_empty() {
        let number = [&cell["value"], &cell["number"], cell];
        let number = number
            .into_iter()
            .find(|value| value.is_number() || value.is_string());
        inlines.extend(number.map(|number| {
            let text = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
            Inline::text(text, Style::default())
        }));
    }
    inlines
}

fn in_a_line(inline: Inline) -> Inline {
    match inline.what {
        InlineContent::Text(text) => Inline::text(text.replace(['\n', '\r'], " "), inline.style),
        InlineContent::Link { .. }
        | InlineContent::Person { .. }
        | InlineContent::Channel { .. }
        | InlineContent::Group { .. } => inline,
    }
}

/// The fields in which blocks have what people read, in the order in which it is shown.
const READ: [&str; 10] = [
    "title",
    "subtitle",
    "subtext",
    "text",
    "body",
    "description",
    "label",
    "elements",
    "blocks",
    "actions",
];

/// All that is read in a block of a kind that is not known.
fn unknown(block: &Value) -> Vec<Block> {
    let mut blocks = Vec::new();
    for field in READ {
        match &block[field] {
            Value::String(text) if !text.trim().is_empty() => {
                blocks.push(line_of(Inline::text(text, Style::default())));
            }
            Value::Array(inside) => {
                for one in inside {
                    let read = small(one);
                    blocks.extend(if read.is_empty() { read_block(one) } else { read });
                }
            }
            object @ Value::Object(_) if object["type"] == "rich_text" => blocks.extend(rich_text(object)),
            object @ Value::Object(_) => blocks.extend(text_object(object)),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    blocks
}
