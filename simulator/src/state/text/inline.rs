//! One line of typed text, split into what the composer recognises.

use serde_json::{Map, Value, json};

use super::escape::escape;
use crate::state::workspace::SimulatedWorkspace;

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text {
        text: String,
        style: PieceStyle,
    },
    /// The label of a bare domain, which Slack makes an address of.
    Link {
        url: String,
        label: Option<String>,
        style: PieceStyle,
    },
    User {
        id: String,
    },
    Channel {
        id: String,
        name: String,
    },
    Broadcast {
        range: String,
    },
    Emoji {
        name: String,
    },
}

/// The marks of mrkdwn, and what rich text calls them.
const MARKS: [(char, &str); 4] = [('*', "bold"), ('_', "italic"), ('~', "strike"), ('`', "code")];

/// How a stretch is set: which of [`MARKS`] are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PieceStyle([bool; MARKS.len()]);

impl PieceStyle {
    fn on(self) -> impl Iterator<Item = (char, &'static str)> {
        MARKS
            .into_iter()
            .zip(self.0)
            .filter_map(|(mark, on)| on.then_some(mark))
    }

    fn json(self) -> Option<Value> {
        let style: Map<String, Value> = self
            .on()
            .map(|(_, name)| (name.to_owned(), json!(true)))
            .collect();
        (!style.is_empty()).then_some(Value::Object(style))
    }

    fn marks(self) -> String {
        self.on().map(|(mark, _)| mark).collect()
    }

    fn with(mut self, mark: char) -> Self {
        if let Some(at) = MARKS.iter().position(|(known, _)| *known == mark) {
            self.0[at] = true;
        }
        self
    }
}

impl Piece {
    /// As in the `text` of a message, without marks.
    fn bare(&self) -> String {
        match self {
            Self::Text { text, .. } => escape(text),
            Self::Link { url, label: None, .. } => format!("<{}>", escape(url)),
            Self::Link {
                url,
                label: Some(label),
                ..
            } => format!("<{}|{}>", escape(url), escape(label)),
            Self::User { id } => format!("<@{id}>"),
            Self::Channel { id, name } => format!("<#{id}|{name}>"),
            Self::Broadcast { range } => format!("<!{range}>"),
            Self::Emoji { name } => format!(":{name}:"),
        }
    }

    fn style(&self) -> PieceStyle {
        match self {
            Self::Text { style, .. } | Self::Link { style, .. } => *style,
            Self::User { .. } | Self::Channel { .. } | Self::Broadcast { .. } | Self::Emoji { .. } => {
                PieceStyle::default()
            }
        }
    }

    /// As an element of a `rich_text` block.
    pub(crate) fn element(&self) -> Value {
        let (mut element, style) = match self {
            Self::Text { text, style } => (json!({"type": "text", "text": text}), style.json()),
            Self::Link {
                url,
                label: None,
                style,
            } => (json!({"type": "link", "url": url}), style.json()),
            Self::Link {
                url,
                label: Some(label),
                style,
            } => (json!({"type": "link", "url": url, "text": label}), style.json()),
            Self::User { id } => (json!({"type": "user", "user_id": id}), None),
            Self::Channel { id, .. } => (json!({"type": "channel", "channel_id": id}), None),
            Self::Broadcast { range } => (json!({"type": "broadcast", "range": range}), None),
            Self::Emoji { name } => (json!({"type": "emoji", "name": name}), None),
        };
        if let Some(style) = style {
            element["style"] = style;
        }
        element
    }
}

/// A line as in the `text` of a message: marks open and close where styles do, properly nested.
pub(crate) fn mrkdwn(line: &[Piece]) -> String {
    let mut text = String::new();
    let mut open: Vec<char> = Vec::new();
    for piece in line {
        let marks = piece.style().marks();
        let kept = open.iter().take_while(|mark| marks.contains(**mark)).count();
        text.extend(open.drain(kept..).rev());
        for mark in marks.chars() {
            if !open.contains(&mark) {
                open.push(mark);
                text.push(mark);
            }
        }
        text.push_str(&piece.bare());
    }
    text.extend(open.into_iter().rev());
    text
}

/// Splits a line.
pub(crate) fn pieces(line: &str, workspace: &SimulatedWorkspace) -> Vec<Piece> {
    let mut found = Vec::new();
    split(line, PieceStyle::default(), workspace, &mut found);
    found
}

fn split(line: &str, style: PieceStyle, workspace: &SimulatedWorkspace, found: &mut Vec<Piece>) {
    let mut plain = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let at_word_start = plain.chars().last().is_none_or(|c| !c.is_alphanumeric());
        let special = if at_word_start {
            special(rest, style, workspace)
        } else {
            None
        };
        if let Some((piece, length)) = special {
            flush(&mut plain, style, found);
            found.push(piece);
            rest = &rest[length..];
            continue;
        }
        if at_word_start && let Some(inner) = marked(rest, style) {
            flush(&mut plain, style, found);
            if first == '`' {
                found.push(Piece::Text {
                    text: inner.to_owned(),
                    style: style.with('`'),
                });
            } else {
                split(inner, style.with(first), workspace, found);
            }
            rest = &rest[inner.len() + 2..];
            continue;
        }
        plain.push(first);
        rest = &rest[first.len_utf8()..];
    }
    flush(&mut plain, style, found);
}

fn flush(plain: &mut String, style: PieceStyle, found: &mut Vec<Piece>) {
    if !plain.is_empty() {
        found.push(Piece::Text {
            text: std::mem::take(plain),
            style,
        });
    }
}

/// What stands between two equal marks, when these open and close at words.
fn marked(rest: &str, style: PieceStyle) -> Option<&str> {
    let mark = rest.chars().next().filter(|c| "*_~`".contains(*c))?;
    if style.marks().contains(mark) {
        return None;
    }
    let inner = &rest[1..];
    let end = inner.find(mark)?;
    let after = inner[end + 1..].chars().next();
    let tight = end > 0 && !inner.starts_with(' ') && !inner[..end].ends_with(' ');
    (tight && after.is_none_or(|c| !c.is_alphanumeric())).then_some(&inner[..end])
}

/// A link, mention or emoji at the start of the text, and how many bytes it takes.
fn special(rest: &str, style: PieceStyle, workspace: &SimulatedWorkspace) -> Option<(Piece, usize)> {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        let end = rest
            .find(|c: char| c.is_whitespace() || "<>|".contains(c))
            .unwrap_or(rest.len());
        let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_', '~', '"', '\'']);
        let piece = Piece::Link {
            url: url.to_owned(),
            label: None,
            style,
        };
        return Some((piece, url.len()));
    }
    if let Some(domain) = bare_domain(rest) {
        let piece = Piece::Link {
            url: format!("http://{domain}"),
            label: Some(domain.to_owned()),
            style,
        };
        return Some((piece, domain.len()));
    }
    if let Some(name) = rest.strip_prefix('@') {
        return mention(name, workspace);
    }
    if let Some(name) = rest.strip_prefix('#') {
        let name = word(name);
        let channel = workspace.channels.iter().find(|c| !c.is_im() && c.name == name)?;
        let piece = Piece::Channel {
            id: channel.id.clone(),
            name: channel.name.clone(),
        };
        return Some((piece, name.len() + 1));
    }
    let name = rest.strip_prefix(':')?;
    let end = name.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && !"_+-'".contains(c))?;
    let closed =
        end > 0 && name[end..].starts_with(':') && name.starts_with(|c: char| c.is_ascii_lowercase());
    closed.then(|| {
        (
            Piece::Emoji {
                name: name[..end].to_owned(),
            },
            end + 2,
        )
    })
}

/// A word such as `grafana.example.com`, under a few of the endings that Slack knows.
fn bare_domain(rest: &str) -> Option<&str> {
    const ENDINGS: &[&str] = &["com", "dev", "io", "net", "org"];
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !"-.".contains(c))
        .unwrap_or(rest.len());
    let word = rest[..end].trim_end_matches('.');
    let (name, ending) = word.rsplit_once('.')?;
    let goes_on = rest[word.len()..].starts_with(['@', '_']);
    let sound = name
        .split('.')
        .all(|label| !label.is_empty() && !label.starts_with('-'));
    (ENDINGS.contains(&ending) && sound && !goes_on).then_some(word)
}

fn mention(name: &str, workspace: &SimulatedWorkspace) -> Option<(Piece, usize)> {
    let name = word(name);
    if matches!(name, "here" | "channel" | "everyone") {
        return Some((
            Piece::Broadcast {
                range: name.to_owned(),
            },
            name.len() + 1,
        ));
    }
    let person = workspace.people.iter().find(|p| p.name == name)?;
    Some((
        Piece::User {
            id: person.id.clone(),
        },
        name.len() + 1,
    ))
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && !"-_".contains(c))
        .unwrap_or(text.len());
    &text[..end]
}
