//! One line of what people wrote, as Markdown.
//!
//! Markdown can't express a style at every place: `a.b.c` can't have bold dots and a bold b. So a line is read back as a reader of Markdown
//! reads it, and a style that does not come back as it was is left out: that style alone, and not its neighbours'.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    document::{Inline, InlineContent, KnownNames, Style},
    escape::{escape, guard_line_start},
    markdown::{code_span, link},
};

/// How many times a line is read at most to find the styles that it can't express.
const READ_MAX: usize = 48;

/// The styles that have marks around them, the outermost first.
const MARKED: [Style; 3] = [
    Style { strike: true, ..NONE },
    Style { bold: true, ..NONE },
    Style { italic: true, ..NONE },
];

const CODE: Style = Style { code: true, ..NONE };

const NONE: Style = Style {
    bold: false,
    italic: false,
    strike: false,
    code: false,
};

impl Style {
    fn and(self, other: Self) -> Self {
        Self {
            bold: self.bold && other.bold,
            italic: self.italic && other.italic,
            strike: self.strike && other.strike,
            code: self.code && other.code,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            bold: self.bold || other.bold,
            italic: self.italic || other.italic,
            strike: self.strike || other.strike,
            code: self.code || other.code,
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            bold: self.bold && !other.bold,
            italic: self.italic && !other.italic,
            strike: self.strike && !other.strike,
            code: self.code && !other.code,
        }
    }
}

/// A character as a reader of Markdown sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeenChar {
    pub(super) character: char,
    pub(super) style: Style,
    pub(super) is_link: bool,
}

/// Whether Markdown shows what was meant: the same characters and links, and no style that was not meant.
pub(super) fn shows(read: &[SeenChar], meant: &[SeenChar]) -> bool {
    read.len() == meant.len()
        && read.iter().zip(meant).all(|(read, meant)| {
            read.character == meant.character
                && read.is_link == meant.is_link
                && read.style.and(meant.style) == read.style
        })
}

/// What is meant to be seen, but for blanks.
pub(super) fn meant<'a>(inlines: impl IntoIterator<Item = &'a Inline>, names: &KnownNames) -> Vec<SeenChar> {
    let mut all = Vec::new();
    for inline in inlines {
        let is_link = matches!(&inline.what, InlineContent::Link { url, .. } if is_linked(url));
        let text = match &inline.what {
            InlineContent::Link {
                url,
                label: Some(label),
            } if !is_linked(url) && label != url => format!("{label} ({url})"),
            InlineContent::Link { .. }
            | InlineContent::Text(_)
            | InlineContent::Person { .. }
            | InlineContent::Channel { .. }
            | InlineContent::Group { .. } => inline.shown(names),
        };
        let visible = text.chars().filter(|c| is_visible(*c));
        all.extend(visible.map(|character| SeenChar {
            character,
            style: inline.style,
            is_link,
        }));
    }
    all
}

/// Whether Markdown of ours links to an address.
pub(super) fn is_linked(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else {
        return false;
    };
    let scheme = scheme.to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https" | "mailto") && !rest.is_empty()
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && c != '\0'
}

/// What a reader of Markdown sees, but for blanks.
pub(super) fn read_back(markdown: &str) -> Vec<SeenChar> {
    let mut all = Vec::new();
    let mut styles: Vec<Style> = Vec::new();
    let mut links = 0_usize;
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        let (part, code) = match event {
            Event::Start(tag) => {
                styles.extend(opened(&tag));
                links += usize::from(matches!(tag, Tag::Link { .. } | Tag::Image { .. }));
                continue;
            }
            Event::End(tag) => {
                if matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) {
                    styles.pop();
                }
                links = links.saturating_sub(usize::from(matches!(tag, TagEnd::Link | TagEnd::Image)));
                continue;
            }
            Event::Code(part) => (part, CODE),
            Event::Text(part) | Event::Html(part) | Event::InlineHtml(part) => (part, NONE),
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => continue,
        };
        let style = styles.iter().fold(code, |all, style| all.or(*style));
        let visible = part.chars().filter(|c| is_visible(*c));
        all.extend(visible.map(|character| SeenChar {
            character,
            style,
            is_link: links > 0,
        }));
    }
    all
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other tags have no style")]
fn opened(tag: &Tag<'_>) -> Option<Style> {
    match tag {
        Tag::Strikethrough => Some(MARKED[0]),
        Tag::Strong => Some(MARKED[1]),
        Tag::Emphasis => Some(MARKED[2]),
        _ => None,
    }
}

/// A line as Markdown. Without `is_styled`, as it is if all styles are left out.
pub(super) fn markdown_line(inlines: &[Inline], names: &KnownNames, is_styled: bool) -> String {
    let mut parts = parts(inlines, names);
    if !is_styled || parts.iter().all(|part| part.style == NONE) {
        for part in &mut parts {
            part.style = NONE;
        }
        return write(&parts);
    }
    let styled = write(&parts);
    let meant = meant(inlines, names);
    if read_back(&styled) == meant {
        return styled;
    }
    write(&expressible(parts, &meant))
}

/// The parts with as many of their styles as Markdown can express.
fn expressible(mut parts: Vec<LinePart>, meant: &[SeenChar]) -> Vec<LinePart> {
    let mut wanted = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let styles = MARKED.into_iter().chain([CODE]);
        wanted.extend(
            styles
                .filter(|style| part.style.and(*style) == *style)
                .map(|style| (at, style)),
        );
    }
    for part in &mut parts {
        part.style = NONE;
    }
    for together in wanted.chunks(wanted.len().div_ceil(READ_MAX).max(1)) {
        let before: Vec<_> = together.iter().map(|(at, _)| parts[*at].style).collect();
        for (at, style) in together {
            parts[*at].style = parts[*at].style.or(*style);
        }
        if !shows(&read_back(&write(&parts)), meant) {
            for ((at, _), before) in together.iter().zip(before).rev() {
                parts[*at].style = before;
            }
        }
    }
    parts
}

/// A part of a line that is written as a whole.
struct LinePart {
    /// What people read, or the label of a link.
    text: String,
    url: Option<String>,
    style: Style,
}

impl LinePart {
    fn is_blank(&self) -> bool {
        self.url.is_none() && self.text.trim().is_empty()
    }

    /// What it begins with; none where that is a bracket or a mark.
    fn first_char(&self) -> Option<char> {
        let is_bare = self.url.is_none() && !self.style.code;
        self.text.chars().next().filter(|_| is_bare)
    }

    fn markdown(&self) -> String {
        match &self.url {
            Some(url) => link(url, &self.text, self.style.code),
            None if self.style.code => code_span(&self.text),
            None => escape(&self.text),
        }
    }
}

/// A line's parts: neighbours of one style are one, and blanks at the edges of a style stand alone.
fn parts(inlines: &[Inline], names: &KnownNames) -> Vec<LinePart> {
    let mut merged: Vec<LinePart> = Vec::new();
    for inline in inlines {
        let (text, url) = match &inline.what {
            InlineContent::Link { url, label } => (label.as_ref().unwrap_or(url).clone(), Some(url.clone())),
            InlineContent::Text(_)
            | InlineContent::Person { .. }
            | InlineContent::Channel { .. }
            | InlineContent::Group { .. } => (inline.shown(names), None),
        };
        let style = inline.style;
        match merged.last_mut() {
            Some(last) if last.url.is_none() && url.is_none() && last.style == style => {
                last.text.push_str(&text);
            }
            _ => merged.push(LinePart { text, url, style }),
        }
    }
    let mut parts = Vec::new();
    for part in merged {
        if part.url.is_some() {
            parts.push(part);
            continue;
        }
        let inner = part.text.trim();
        let start = part.text.len() - part.text.trim_start().len();
        let (before, after) = (&part.text[..start], &part.text[start + inner.len()..]);
        for text in [before, inner, after].into_iter().filter(|text| !text.is_empty()) {
            parts.push(LinePart {
                text: text.to_owned(),
                url: None,
                style: part.style,
            });
        }
    }
    parts
}

/// The parts with the marks of their styles. A blank has those styles that go on after it.
fn write(parts: &[LinePart]) -> String {
    let styles = marked_styles(parts);
    let mut out = String::new();
    // The styles that are open, the outermost first, each with its mark.
    let mut open: Vec<(Style, &'static str)> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let style = styles[at];
        let kept = open
            .iter()
            .position(|(one, _)| style.and(*one) != *one)
            .unwrap_or(open.len());
        out.extend(open.drain(kept..).rev().map(|(_, mark)| mark));
        let mut opening: Vec<_> = MARKED
            .into_iter()
            // A style begins with a word.
            .filter(|one| !part.is_blank() && style.and(*one) == *one)
            .filter(|one| open.iter().all(|(open, _)| open != one))
            .map(|one| (one, end_of(&styles, at, one)))
            .collect();
        // The longest is the outermost.
        opening.sort_by_key(|(_, end)| std::cmp::Reverse(*end));
        for (one, end) in opening {
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let follows = parts
                .get(end)
                .filter(|_| styles[end] == styles[end - 1].without(one));
            let touches = is_word(out.chars().next_back()) || is_word(follows.and_then(LinePart::first_char));
            let mark = match (one.strike, one.bold) {
                (true, _) => "~~",
                (_, true) => "**",
                // An underscore is a mark at the edge of a word alone.
                (_, _) => {
                    if touches {
                        "*"
                    } else {
                        "_"
                    }
                }
            };
            out.push_str(mark);
            open.push((one, mark));
        }
        let markdown = part.markdown();
        if markdown.starts_with('[') && out.ends_with('!') {
            // Else it would be an image.
            out.pop();
            out.push_str("\\!");
        }
        out.push_str(&markdown);
    }
    out.extend(open.into_iter().rev().map(|(_, mark)| mark));
    guard_line_start(out.trim())
}

fn marked_styles(parts: &[LinePart]) -> Vec<Style> {
    let mut styles: Vec<_> = parts.iter().map(|part| part.style.without(CODE)).collect();
    let mut before = NONE;
    for (at, part) in parts.iter().enumerate() {
        if part.is_blank() {
            let after = parts[at..].iter().find(|part| !part.is_blank());
            styles[at] = before.and(after.map_or(NONE, |part| part.style)).without(CODE);
        } else {
            before = part.style;
        }
    }
    styles
}

fn end_of(styles: &[Style], from: usize, style: Style) -> usize {
    let ended = styles[from..].iter().position(|one| one.and(style) != style);
    ended.map_or(styles.len(), |after| from + after)
}
