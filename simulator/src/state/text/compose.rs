//! What Slack's composer makes of typed text: escaped `text`, and a `rich_text` block.
//!
//! Source: Slack, "Rich text block", and the messages in the tests of its SDKs.

use serde_json::{Value, json};

use super::escape::escape;
use super::inline::{Piece, mrkdwn, pieces};
use crate::state::workspace::SimulatedWorkspace;

/// A composed message.
pub(crate) struct ComposedMessage {
    pub(crate) text: String,
    pub(crate) blocks: Vec<Value>,
    /// The links in it, as typed.
    pub(crate) urls: Vec<String>,
}

/// A run of lines of one sort.
enum Part {
    Lines(Vec<Vec<Piece>>),
    Quote(Vec<Vec<Piece>>),
    List { ordered: bool, items: Vec<Vec<Piece>> },
    Code(String),
}

/// Turns typed text into a message.
pub(crate) fn compose(typed: &str, workspace: &SimulatedWorkspace) -> ComposedMessage {
    let parts = parts(typed.trim(), workspace);
    let text = parts.iter().map(Part::mrkdwn).collect::<Vec<_>>().join("\n");
    let elements: Vec<Value> = parts.iter().map(Part::element).collect();
    let urls = parts.iter().flat_map(Part::urls).collect();
    ComposedMessage {
        text,
        blocks: vec![json!({"type": "rich_text", "elements": elements})],
        urls,
    }
}

fn parts(typed: &str, workspace: &SimulatedWorkspace) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = typed;
    while let Some((before, fenced)) = rest.split_once("```") {
        let Some((code, after)) = fenced.split_once("```") else {
            break;
        };
        lines(before.trim_end_matches('\n'), workspace, &mut parts);
        parts.push(Part::Code(code.trim_matches('\n').to_owned()));
        rest = after.trim_start_matches('\n');
    }
    lines(rest, workspace, &mut parts);
    parts
}

fn lines(text: &str, workspace: &SimulatedWorkspace, parts: &mut Vec<Part>) {
    if text.is_empty() {
        return;
    }
    for line in text.split('\n') {
        if let Some(quoted) = line.strip_prefix("> ").or_else(|| line.strip_prefix('>')) {
            let quoted = pieces(quoted, workspace);
            if let Some(Part::Quote(lines)) = parts.last_mut() {
                lines.push(quoted);
            } else {
                parts.push(Part::Quote(vec![quoted]));
            }
        } else if let Some((is_ordered, item)) = list_item(line) {
            let item = pieces(item, workspace);
            match parts.last_mut() {
                Some(Part::List { ordered, items }) if *ordered == is_ordered => items.push(item),
                _ => parts.push(Part::List {
                    ordered: is_ordered,
                    items: vec![item],
                }),
            }
        } else {
            let line = pieces(line, workspace);
            if let Some(Part::Lines(lines)) = parts.last_mut() {
                lines.push(line);
            } else {
                parts.push(Part::Lines(vec![line]));
            }
        }
    }
}

/// A bullet or a number at the start of a line.
fn list_item(line: &str) -> Option<(bool, &str)> {
    for bullet in ["- ", "* ", "• "] {
        if let Some(item) = line.strip_prefix(bullet) {
            return Some((false, item));
        }
    }
    let (number, item) = line.split_once(". ")?;
    (!number.is_empty() && number.len() < 4 && number.bytes().all(|b| b.is_ascii_digit()))
        .then_some((true, item))
}

impl Part {
    fn mrkdwn(&self) -> String {
        let joined = |line: &Vec<Piece>| mrkdwn(line);
        match self {
            Self::Lines(lines) => lines.iter().map(joined).collect::<Vec<_>>().join("\n"),
            Self::Quote(lines) => lines
                .iter()
                .map(|l| format!("&gt; {}", joined(l)))
                .collect::<Vec<_>>()
                .join("\n"),
            Self::List {
                ordered: false,
                items,
            } => items
                .iter()
                .map(|i| format!("• {}", joined(i)))
                .collect::<Vec<_>>()
                .join("\n"),
            Self::List { ordered: true, items } => {
                let numbered = items
                    .iter()
                    .enumerate()
                    .map(|(n, i)| format!("{}. {}", n + 1, joined(i)));
                numbered.collect::<Vec<_>>().join("\n")
            }
            Self::Code(code) => format!("```{}```", escape(code)),
        }
    }

    fn element(&self) -> Value {
        match self {
            Self::Lines(lines) => json!({"type": "rich_text_section", "elements": elements(lines)}),
            Self::Quote(lines) => json!({"type": "rich_text_quote", "elements": elements(lines)}),
            Self::List { ordered, items } => {
                let items: Vec<Value> = items
                    .iter()
                    .map(|item| {
                        let elements: Vec<Value> = item.iter().map(Piece::element).collect();
                        json!({"type": "rich_text_section", "elements": elements})
                    })
                    .collect();
                let style = if *ordered { "ordered" } else { "bullet" };
                json!({"type": "rich_text_list", "elements": items, "style": style, "indent": 0})
            }
            Self::Code(code) => {
                json!({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": code}]})
            }
        }
    }

    fn urls(&self) -> Vec<String> {
        let lines = match self {
            Self::Lines(lines) | Self::Quote(lines) | Self::List { items: lines, .. } => lines,
            Self::Code(_) => return Vec::new(),
        };
        lines
            .iter()
            .flatten()
            .filter_map(|piece| {
                if let Piece::Link { url, .. } = piece {
                    Some(url.clone())
                } else {
                    None
                }
            })
            .collect()
    }
}

/// Lines as leaf elements, the line breaks inside the text.
fn elements(lines: &[Vec<Piece>]) -> Vec<Value> {
    let mut elements: Vec<Value> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            push_break(&mut elements);
        }
        elements.extend(line.iter().map(Piece::element));
    }
    elements
}

fn push_break(elements: &mut Vec<Value>) {
    if let Some(last) = elements.last_mut()
        && last["type"] == "text"
        && last.get("style").is_none()
        && let Some(text) = last["text"].as_str()
    {
        last["text"] = json!(format!("{text}\n"));
        return;
    }
    elements.push(json!({"type": "text", "text": "\n"}));
}
