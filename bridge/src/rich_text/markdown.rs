//! What a person wrote in Slack, as Markdown.
//!
//! What people typed stays what they typed: nothing in it turns into Markdown by accident. A style that Markdown can't
//! express at its place is left out rather than shown as stray asterisks: each block is read back to see to it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    document::{Block, Document, Inline, InlineContent, KnownNames},
    escape::escape,
    line::{is_linked, markdown_line, meant, read_back, shows},
};

/// Longest text that the API takes, in characters. Of what people can type, only thousands of styles or names can come to more.
const TEXT_MAX: usize = 200_000;

/// The document as Markdown, which the API takes: where that would be too long, without styles, and cut if need be.
pub(crate) fn render(document: &Document, names: &KnownNames) -> String {
    let markdown = render_whole(&document.blocks, names);
    if markdown.chars().count() <= TEXT_MAX {
        return markdown;
    }
    let unstyled: Vec<_> = document.blocks.iter().map(Block::unstyled).collect();
    let mut markdown = render_whole(&unstyled, names);
    if let Some((end, _)) = markdown.char_indices().nth(TEXT_MAX) {
        markdown.truncate(end);
        markdown.pop();
        markdown.push('…');
    }
    markdown
}

fn render_whole(blocks: &[Block], names: &KnownNames) -> String {
    // A NUL means nothing to anybody, and PostgreSQL refuses it.
    render_blocks(blocks, names).replace('\0', "")
}

fn render_blocks(blocks: &[Block], names: &KnownNames) -> String {
    let mut out = String::new();
    // The indents of the lists that the last block is in, each within the one before.
    let mut lists: Vec<usize> = Vec::new();
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        let text = match block {
            Block::List {
                ordered,
                indent,
                first,
                items,
            } => {
                // A list that does not begin with 1 can't interrupt the item before it.
                let joined = !lists.is_empty() && (!*ordered || *first == 1);
                lists.truncate(*indent);
                let indent = lists.last().copied().unwrap_or(0);
                let first = ordered.then(|| (*first).min(NUMBER_MAX));
                let list = checked(block, names, |is_styled| {
                    list(items, first, indent, names, is_styled)
                });
                let between = if joined { "\n" } else { "\n\n" };
                out.push_str(if out.is_empty() { "" } else { between });
                out.push_str(&list);
                lists.push(indent + marker(first, items.len()).len().max(INDENT));
                continue;
            }
            Block::Text(inlines) => checked(block, names, |is_styled| lines(inlines, names, is_styled)),
            Block::Quote(blocks) => render_blocks(blocks, names),
            Block::Markdown(text) => contained(text),
            Block::Code { language, text } => fenced(language, text),
        };
        if text.trim().is_empty() {
            continue;
        }
        lists.clear();
        out.push_str(if out.is_empty() { "" } else { "\n\n" });
        if matches!(block, Block::Quote(_)) {
            out.push_str(&prefixed(&text, "> "));
        } else {
            out.push_str(&text);
        }
    }
    out
}

/// The greatest number that an item of a list in Markdown has.
const NUMBER_MAX: u64 = 999_000_000;

/// Markdown of somebody else's, which must end before what follows: what would go on is shown as it is written.
fn contained(markdown: &str) -> String {
    let markdown = markdown.trim_end();
    let probe = format!("{markdown}\n\nx");
    let events: Vec<_> = Parser::new_ext(&probe, Options::ENABLE_STRIKETHROUGH).collect();
    let [
        ..,
        Event::Start(Tag::Paragraph),
        Event::Text(last),
        Event::End(TagEnd::Paragraph),
    ] = events.as_slice()
    else {
        return fenced("", markdown);
    };
    if **last == *"x" {
        markdown.to_owned()
    } else {
        fenced("", markdown)
    }
}

/// A link as Markdown, its label in code if wanted; where it can't be followed, as text.
pub(super) fn link(url: &str, label: &str, is_code: bool) -> String {
    let label = label.replace(['\n', '\r'], " ");
    let written = |text: &str| if is_code { code_span(text) } else { escape(text) };
    if !is_linked(url) {
        return written(&if label == url {
            label
        } else {
            format!("{label} ({url})")
        });
    }
    let mut target = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => target.push_str("%28"),
            ')' => target.push_str("%29"),
            '<' => target.push_str("%3C"),
            '>' => target.push_str("%3E"),
            '\\' => target.push_str("%5C"),
            c if c.is_whitespace() || c.is_control() => target.push_str("%20"),
            // An entity is read in a target as well.
            '&' => target.push_str("&amp;"),
            c => target.push(c),
        }
    }
    if label == url && target == url && !is_code {
        return format!("<{url}>");
    }
    format!("[{}]({target})", written(&label))
}

/// A link to what a sentence of ours names, as Markdown.
pub(crate) fn named_link(url: &str, label: &str) -> String {
    link(url, label, false)
}

/// A block whose lines are well by themselves, with its styles; without them if together they mean something else.
fn checked(block: &Block, names: &KnownNames, write: impl Fn(bool) -> String) -> String {
    let styled = write(true);
    if shows(&read_back(&styled), &meant(block.inlines(), names)) {
        styled
    } else {
        write(false)
    }
}

fn lines(inlines: &[Inline], names: &KnownNames, styled: bool) -> String {
    let mut out = String::new();
    let mut gap = false;
    for line in split(inlines) {
        let text = markdown_line(&line, names, styled);
        if text.is_empty() {
            gap = !out.is_empty();
            continue;
        }
        if !out.is_empty() {
            // Two blanks: a line break that Markdown keeps.
            out.push_str(if gap { "\n\n" } else { "  \n" });
        }
        gap = false;
        out.push_str(&text);
    }
    out
}

/// The inlines of each line.
fn split(inlines: &[Inline]) -> Vec<Vec<Inline>> {
    let mut lines = vec![Vec::new()];
    for inline in inlines {
        let InlineContent::Text(text) = &inline.what else {
            if let Some(line) = lines.last_mut() {
                line.push(inline.clone());
            }
            continue;
        };
        for (index, part) in text.split(['\n', '\r', '\u{b}', '\u{c}']).enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut()
                && !part.is_empty()
            {
                line.push(Inline::text(part, inline.style));
            }
        }
    }
    lines
}

pub(super) fn code_span(code: &str) -> String {
    let code = code.replace('\n', " ");
    if code.trim().is_empty() {
        return code;
    }
    let fence = "`".repeat(longest_run(&code) + 1);
    let pad = if code.starts_with(['`', ' ']) || code.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{code}{pad}{fence}")
}

fn fenced(language: &str, code: &str) -> String {
    let fence = "`".repeat(longest_run(code).max(2) + 1);
    let language: String = language
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_' | '#' | '.'))
        .collect();
    format!("{fence}{language}\n{}\n{fence}", code.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The least by which a list in a list is indented.
const INDENT: usize = 4;

/// What the item at `index` begins with; `first` is the number of the first, where they have numbers.
fn marker(first: Option<u64>, index: usize) -> String {
    first.map_or_else(
        || "- ".to_owned(),
        |first| format!("{}. ", first.saturating_add(u64::try_from(index).unwrap_or(0))),
    )
}

fn list(
    items: &[Vec<Inline>],
    first: Option<u64>,
    indent: usize,
    names: &KnownNames,
    styled: bool,
) -> String {
    let indent = " ".repeat(indent);
    let items = items.iter().enumerate().map(|(index, item)| {
        let marker = marker(first, index);
        let hanging = format!("{indent}{}", " ".repeat(marker.len()));
        let text = prefixed(&lines(item, names, styled), &hanging);
        // With nothing in it, an item would end before a list that stands in it.
        let text = Some(text.trim_start()).filter(|text| !text.is_empty());
        format!("{indent}{marker}{}", text.unwrap_or("&nbsp;"))
    });
    items.collect::<Vec<_>>().join("\n")
}

fn prefixed(text: &str, prefix: &str) -> String {
    text.split('\n')
        .map(|line| {
            if line.is_empty() {
                prefix.trim_end().to_owned()
            } else {
                format!("{prefix}{line}")
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}
