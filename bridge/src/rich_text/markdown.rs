//! What a person wrote in Slack, as Markdown.
//!
//! What people typed stays what they typed: nothing in it turns into Markdown by accident. A style that Markdown can't
//! express at its place is left out rather than shown as stray asterisks: each block is read back to see to it.

use pulldown_cmark::{Event, Options, Parser};

use super::document::{Block, Document, Inline, InlineContent, KnownNames, Style};
use super::escape::{escape, guard_line_start};

/// The document as Markdown.
pub(crate) fn render(document: &Document, names: &KnownNames) -> String {
    let mut out = String::new();
    let mut depth: Option<usize> = None;
    for block in &document.blocks {
        let (text, now) = match block {
            Block::List {
                ordered,
                indent,
                first,
                items,
            } => {
                let level = depth.map_or(0, |depth| (*indent).min(depth + 1));
                let list = checked(block, names, |styled| {
                    list(items, *ordered, *first, level, names, styled)
                });
                // A list that does not begin with 1 can't interrupt the item before it.
                let joined = depth.is_some() && !(*ordered && *first != 1);
                out.push_str(if out.is_empty() {
                    ""
                } else if joined {
                    "\n"
                } else {
                    "\n\n"
                });
                out.push_str(&list);
                depth = Some(level);
                continue;
            }
            Block::Text(inlines) => (
                checked(block, names, |styled| lines(inlines, names, styled)),
                None,
            ),
            Block::Quote(inlines) => (
                checked(block, names, |styled| {
                    prefixed(&lines(inlines, names, styled), "> ")
                }),
                None,
            ),
            Block::Code { language, text } => (fenced(language, text), None),
        };
        if text.trim().is_empty() {
            continue;
        }
        depth = now;
        out.push_str(if out.is_empty() { "" } else { "\n\n" });
        out.push_str(&text);
    }
    out
}

/// A link as Markdown.
pub(crate) fn link(url: &str, label: &str) -> String {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "mailto") {
        return escape(&if label == url {
            url.to_owned()
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
    if label == url && target == url {
        return format!("<{url}>");
    }
    format!("[{}]({target})", escape(&label.replace('\n', " ")))
}

/// With styles if they read back as what was written, and else without.
fn checked(block: &Block, names: &KnownNames, write: impl Fn(bool) -> String) -> String {
    let styled = write(true);
    let expected: String = block.inlines().map(|inline| inline.shown(names)).collect();
    if visible(&plain(&styled)) == visible(&expected) {
        styled
    } else {
        write(false)
    }
}

/// What a reader of the Markdown sees, without its form.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        if let Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) = event {
            text.push_str(&part);
        }
    }
    text
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn lines(inlines: &[Inline], names: &KnownNames, styled: bool) -> String {
    let mut out = String::new();
    let mut gap = false;
    for line in split(inlines) {
        let text = one_line(&line, names, styled);
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

fn one_line(inlines: &[Inline], names: &KnownNames, styled: bool) -> String {
    let mut out = String::new();
    for (index, inline) in inlines.iter().enumerate() {
        let text = match &inline.what {
            InlineContent::Link { url, label } => link(url, label.as_deref().unwrap_or(url)),
            InlineContent::Text(_)
            | InlineContent::Person { .. }
            | InlineContent::Channel { .. }
            | InlineContent::Group { .. } => {
                if styled && inline.style.code {
                    code_span(&inline.shown(names))
                } else {
                    escape(&inline.shown(names))
                }
            }
        };
        let next = inlines.get(index + 1).map(|next| next.shown(names));
        if styled {
            push_styled(
                &mut out,
                &text,
                inline.style,
                next.and_then(|text| text.chars().next()),
            );
        } else {
            out.push_str(&text);
        }
    }
    guard_line_start(out.trim())
}

/// Markdown sees a style only around text, not around blanks; and an underscore only at the edge of a word.
fn push_styled(out: &mut String, text: &str, style: Style, next: Option<char>) {
    let inner = text.trim();
    if inner.is_empty() || !(style.bold || style.italic || style.strike) {
        out.push_str(text);
        return;
    }
    let (before, rest) = text.split_at(text.len() - text.trim_start().len());
    let after = &rest[inner.len()..];
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let touches =
        (before.is_empty() && in_word(out.chars().next_back())) || (after.is_empty() && in_word(next));
    let mut marks: Vec<&str> = Vec::new();
    if style.strike {
        marks.push("~~");
    }
    if style.bold {
        marks.push("**");
    }
    if style.italic {
        marks.push(if touches { "*" } else { "_" });
    }
    out.push_str(before);
    out.push_str(&marks.concat());
    out.push_str(inner);
    out.extend(marks.into_iter().rev());
    out.push_str(after);
}

fn code_span(code: &str) -> String {
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

fn list(
    items: &[Vec<Inline>],
    ordered: bool,
    first: u64,
    level: usize,
    names: &KnownNames,
    styled: bool,
) -> String {
    let indent = "    ".repeat(level);
    items
        .iter()
        .zip(first..)
        .map(|(item, number)| {
            let marker = if ordered {
                format!("{number}. ")
            } else {
                "- ".to_owned()
            };
            let hanging = format!("{indent}{}", " ".repeat(marker.len()));
            let text = prefixed(&lines(item, names, styled), &hanging);
            format!("{indent}{marker}{}", text.trim_start())
        })
        .collect::<Vec<_>>()
        .join("\n")
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::rich_text::elements;

    fn markdown(elements: &Value) -> String {
        let document = elements::document(&[json!({"type": "rich_text", "elements": elements})]);
        let names = KnownNames {
            people: [("U1".to_owned(), "Ada *L*".to_owned())].into(),
            channels: [("C1".to_owned(), "ops".to_owned())].into(),
            groups: [("S1".to_owned(), "on_call".to_owned())].into(),
        };
        render(&document, &names)
    }

    fn section(leaves: &Value) -> String {
        markdown(&json!([{"type": "rich_text_section", "elements": leaves}]))
    }

    #[test]
    fn styles_links_and_mentions_become_markdown() {
        assert_eq!(
            section(&json!([
                {"type": "text", "text": "see "},
                {"type": "text", "text": "this ", "style": {"bold": true}},
                {"type": "text", "text": "and", "style": {"italic": true}},
                {"type": "text", "text": " "},
                {"type": "text", "text": "a`b", "style": {"code": true}},
                {"type": "text", "text": ", "},
                {"type": "text", "text": "not", "style": {"strike": true, "bold": true}},
                {"type": "text", "text": " "},
                {"type": "link", "url": "https://example.com/(a)?b=1&c=2", "text": "docs"},
                {"type": "text", "text": " "},
                {"type": "link", "url": "https://example.com"},
                {"type": "text", "text": " "},
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": " "},
                {"type": "channel", "channel_id": "C1"},
                {"type": "text", "text": " "},
                {"type": "user", "user_id": "U9"},
            ])),
            r"see **this** _and_ ``a`b``, ~~**not**~~ [docs](https://example.com/%28a%29?b=1&amp;c=2) <https://example.com> @Ada \*L\* #ops @U9"
        );
    }

    #[test]
    fn nested_lists_quotes_and_code_become_markdown() {
        let item =
            |text: &str| json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]});
        assert_eq!(
            markdown(&json!([
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "Steps:\n"}]},
                {"type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [item("one"), item("two")]},
                {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [item("a\nb")]},
                {"type": "rich_text_list", "style": "ordered", "indent": 0, "offset": 2, "elements": [item("three")]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said\n\nso"}]},
                {"type": "rich_text_preformatted", "language": "rust", "elements": [{"type": "text", "text": "```\nfn"}]},
            ])),
            "Steps:\n\n1. one\n2. two\n    - a  \n      b\n\n3. three\n\n> said\n>\n> so\n\n````rust\n```\nfn\n````"
        );
    }

    #[test]
    fn what_people_typed_does_not_turn_into_markdown() {
        let typed = "# not a heading\n1. not a list\n- nor this\n> nor a quote\n*no* _no_ snake_case `no` [a](b) <b>&amp;\n---\n|--|--|\n    no code";
        assert_eq!(
            section(&json!([{"type": "text", "text": typed}])),
            "\\# not a heading  \n1\\. not a list  \n\\- nor this  \n\\> nor a quote  \n\\*no\\* \\_no\\_ snake_case \\`no\\` \\[a\\](b) \\<b>\\&amp;  \n\\---  \n\\|--|--|  \nno code"
        );
    }

    #[test]
    fn a_style_that_markdown_cannot_express_is_left_out() {
        assert_eq!(
            section(&json!([
                {"type": "text", "text": "a"},
                {"type": "text", "text": ".b.", "style": {"bold": true}},
                {"type": "text", "text": "c"},
            ])),
            "a.b.c"
        );
    }

    fn leaf() -> impl Strategy<Value = Inline> {
        let text = prop_oneof![
            "[-a-z0-9*_~`#>+=.()|<&;\\\\\\[\\]! \n]{0,10}",
            "\\PC{0,6}",
            prop::sample::select(vec![
                "1. ", "\n- ", "\n```\n", "\n\n", "&lt;", "---", "===", "\t", "~~~", "\n    x"
            ])
            .prop_map(str::to_owned),
        ];
        let style = any::<(bool, bool, bool, bool)>();
        (text, style).prop_map(|(text, (bold, italic, strike, code))| {
            Inline::text(
                text,
                Style {
                    bold,
                    italic,
                    strike,
                    code,
                },
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn markdown_reads_back_as_the_text_that_was_typed(
            inlines in prop::collection::vec(leaf(), 0..6),
            kind in 0..3,
        ) {
            let typed: String = inlines.iter().map(|inline| inline.shown(&KnownNames::default())).collect();
            let block = match kind {
                0 => Block::Text(inlines),
                1 => Block::Quote(inlines),
                _ => Block::List { ordered: true, indent: 3, first: 4, items: vec![inlines] },
            };
            let written = render(&Document { blocks: vec![block] }, &KnownNames::default());
            prop_assert_eq!(visible(&plain(&written)), visible(&typed), "{:?}", written);
        }
    }
}
