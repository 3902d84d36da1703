//! Slack's mrkdwn, as messages carry it in `text`, where there is no rich text.
//!
//! Source: Slack, "Formatting message text", "Parsing".

use std::collections::BTreeMap;

use tocsin_message::markdown::next_url;

use super::document::{Block, Document, Inline, InlineContent, Style};
use crate::rich_text::elements::moment;

/// A message's `text`.
pub(crate) fn document(text: &str) -> Document {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = fenced(rest) {
        prose(before, &mut blocks);
        blocks.push(Block::Code {
            language: String::new(),
            text: unescape(&references(code.trim_matches('\n'))),
        });
        rest = after;
    }
    prose(rest, &mut blocks);
    Document { blocks }
}

/// `&lt;`, `&gt;` and `&amp;` decoded; the ampersand last, so that nothing is decoded twice.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn fenced(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("```")?;
    let (code, after) = rest.split_once("```")?;
    Some((before, code, after))
}

/// References in code, as text.
fn references(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, inside, after)) = token(rest) {
        out.push_str(before);
        out.push_str(inside.split_once('|').map_or(
            inside,
            |(target, label)| {
                if label.is_empty() { target } else { label }
            },
        ));
        rest = after;
    }
    out + rest
}

/// The next `<…>` of a line.
fn token(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('<')?;
    let (inside, after) = rest.split_once('>')?;
    Some((before, inside, after))
}

/// Lines outside of code, gathered into quotes and paragraphs.
fn prose(text: &str, blocks: &mut Vec<Block>) {
    let mut run: Vec<&str> = Vec::new();
    let mut quoted = false;
    let mut flush = |run: &mut Vec<&str>, quoted: bool| {
        let inlines = inlines(&run.join("\n"), Style::default());
        if run.iter().any(|line| !line.trim().is_empty()) {
            let text = Block::Text(inlines);
            blocks.push(if quoted { Block::Quote(vec![text]) } else { text });
        }
        run.clear();
    };
    for line in text.split('\n') {
        let quote = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'));
        if quote.is_some() != quoted {
            flush(&mut run, quoted);
            quoted = quote.is_some();
        }
        run.push(quote.map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest)));
    }
    flush(&mut run, quoted);
}

/// The marks of styles.
const MARKS: [char; 4] = ['`', '*', '_', '~'];

fn inlines(text: &str, style: Style) -> Vec<Inline> {
    let marks = StyleMarks::of(text);
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let found = marks.read(text, at, c, style);
        if let Some((inner, end)) = found {
            push_text(&mut out, &mut plain, style);
            out.extend(inner);
            at = end;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    push_text(&mut out, &mut plain, style);
    out
}

fn push_text(out: &mut Vec<Inline>, plain: &mut String, style: Style) {
    if !plain.is_empty() {
        out.push(Inline::text(unescape(&std::mem::take(plain)), style));
    }
}

fn with(style: Style, mark: char) -> Style {
    match mark {
        '*' => Style { bold: true, ..style },
        '_' => Style {
            italic: true,
            ..style
        },
        _ => Style {
            strike: true,
            ..style
        },
    }
}

/// Where the styles of a text may end. A mark inside of a link, an address or code is none.
struct StyleMarks {
    /// Links and addresses, each by where it ends.
    whole: BTreeMap<usize, usize>,
    /// For each of [`MARKS`], where it may end a style.
    ends: [Vec<usize>; 4],
}

impl StyleMarks {
    fn of(text: &str) -> Self {
        let mut marks = Self {
            whole: BTreeMap::new(),
            ends: Default::default(),
        };
        let last_bracket = text.rfind('>').unwrap_or(0);
        let reference = |at: usize| {
            let inside = text[at..].strip_prefix('<').filter(|_| at < last_bracket)?;
            inside.find('>').map(|end| at + end + 2)
        };
        let may_end = |at: usize| !is_word(text[at + 1..].chars().next());
        let mut at = 0;
        while let Some(found) = text[at..].find(['<', '`']) {
            let here = at + found;
            let is_after_blank = text[..here].ends_with(char::is_whitespace);
            if text[here..].starts_with('`') && !is_after_blank && may_end(here) {
                marks.ends[0].push(here);
            }
            at = reference(here).unwrap_or(here + 1);
        }
        let mut before = None;
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let mark = MARKS.iter().position(|mark| *mark == c);
            let end = match c {
                '<' => reference(at),
                'h' if !is_word(before) => bare_url(&text[at..]).map(|url| at + url.len()),
                '`' => marks.span(text, at, 0),
                _ => None,
            };
            if let Some(end) = end {
                if c != '`' {
                    marks.whole.insert(at, end);
                }
            } else if let Some(mark) = mark.filter(|mark| *mark > 0)
                && before.is_some_and(|before: char| !before.is_whitespace())
                && may_end(at)
            {
                marks.ends[mark].push(at);
            }
            let end = end.unwrap_or(at + c.len_utf8());
            before = text[..end].chars().next_back();
            at = end;
        }
        marks
    }

    /// Where the style ends that begins with a mark: at its fellow in the same line, where both stand at the edge of a word.
    fn span(&self, text: &str, at: usize, mark: usize) -> Option<usize> {
        if is_word(text[..at].chars().next_back()) {
            return None;
        }
        let first = text[at + 1..].chars().next()?;
        if first == MARKS[mark] || first.is_whitespace() {
            return None;
        }
        let ends = &self.ends[mark];
        let end = *ends.get(ends.partition_point(|end| *end <= at + 1))?;
        (!text[at..end].contains('\n')).then_some(end + 1)
    }

    /// What begins here and is more than a character, and where it ends.
    fn read(&self, text: &str, at: usize, c: char, style: Style) -> Option<(Vec<Inline>, usize)> {
        if let Some(end) = self.whole.get(&at) {
            let inline = if c == '<' {
                reference(&text[at + 1..end - 1], style)
            } else {
                Inline {
                    what: InlineContent::Link {
                        url: unescape(&text[at..*end]),
                        label: None,
                    },
                    style,
                }
            };
            return Some((vec![inline], *end));
        }
        let mark = MARKS.iter().position(|mark| *mark == c)?;
        let end = self.span(text, at, mark)?;
        let inner = &text[at + 1..end - 1];
        if c == '`' {
            let code = Inline::text(unescape(&references(inner)), Style { code: true, ..style });
            return Some((vec![code], end));
        }
        Some((inlines(inner, with(style, c)), end))
    }
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// The address with which a text begins, if it begins with one. Slack marks the addresses in messages; in what is typed elsewhere, and in what
/// apps send, they stand bare.
fn bare_url(text: &str) -> Option<&str> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return None;
    }
    let (before, url, _) = next_url(text)?;
    let end = ["&lt;", "&gt;"]
        .iter()
        .filter_map(|bracket| url.find(bracket))
        .min();
    let url = &url[..end.unwrap_or(url.len())];
    let rest = url.split_once("://")?.1;
    (before.is_empty() && !rest.is_empty()).then_some(url)
}

/// What stands between angle brackets.
fn reference(inside: &str, style: Style) -> Inline {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (
            target,
            Some(unescape(label)).filter(|label| !label.trim().is_empty()),
        ),
        None => (inside, None),
    };
    let what = if let Some(id) = target.strip_prefix('@') {
        InlineContent::Person {
            id: id.to_owned(),
            label: label.map(|label| label.trim_start_matches('@').to_owned()),
        }
    } else if let Some(id) = target.strip_prefix('#') {
        InlineContent::Channel {
            id: id.to_owned(),
            label: label.map(|label| label.trim_start_matches('#').to_owned()),
        }
    } else if let Some(id) = target.strip_prefix("!subteam^") {
        InlineContent::Group {
            id: id.to_owned(),
            label: label.map(|label| label.trim_start_matches('@').to_owned()),
        }
    } else if let Some(special) = target.strip_prefix('!') {
        InlineContent::Text(label.unwrap_or_else(|| special_mention(special)))
    } else if !has_scheme(target) {
        InlineContent::Text(unescape(&format!("<{inside}>")))
    } else {
        let url = unescape(target);
        let label = label.filter(|label| *label != url && format!("mailto:{label}") != url);
        InlineContent::Link { url, label }
    };
    Inline { what, style }
}

/// Whether it is an address. What else stands in brackets is text that an app has not escaped.
fn has_scheme(target: &str) -> bool {
    target.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// `here`, `channel`, `date^1483037604^{date}`, …
fn special_mention(special: &str) -> String {
    match special.split_once('^') {
        Some(("date", rest)) => {
            let timestamp = rest.split('^').next().unwrap_or_default();
            let moment = timestamp.parse().ok().and_then(moment);
            moment.unwrap_or_else(|| timestamp.to_owned())
        }
        Some((_, id)) => format!("@{id}"),
        None => format!("@{special}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rich_text::{document::KnownNames, markdown::render};

    fn markdown(text: &str) -> String {
        render(&document(text), &KnownNames::default())
    }

    #[test]
    fn references_and_entities_are_read_as_slack_writes_them() {
        assert_eq!(
            markdown(
                "<@U1> <@W2|ada> <#C1|ops> <#C2|> <!here> <!subteam^S1|@oncall> <!subteam^S2> <!date^1^{date}|today> <!date^1483037604^{date}> &amp;lt; a &lt; b"
            ),
            "@U1 @ada #ops #C2 @here @oncall @S2 today 2016-12-29 18:53 UTC \\&lt; a \\< b"
        );
        assert_eq!(
            markdown(
                "<https://example.com/?a=1&amp;b=2|docs> <http://x.y|x.y> <mailto:a@b.c|a@b.c> <https://e.com|https://e.com>"
            ),
            "[docs](https://example.com/?a=1&amp;b=2) [x.y](http://x.y) <mailto:a@b.c> <https://e.com>"
        );
    }

    #[test]
    fn styles_quotes_and_code_are_read_and_loose_marks_are_text() {
        assert_eq!(
            markdown("*bold* _it <https://a.b/c_d|x>_ ~gone~ `a &lt; *b*` 2 * 3 * 4 snake_case_name"),
            "**bold** _it [x](https://a.b/c_d)_ ~~gone~~ `a < *b*` 2 \\* 3 \\* 4 snake_case_name"
        );
        assert_eq!(
            markdown("look:\n&gt; said\n&gt; so\n```\nlet a = &amp;b;\n```\nend"),
            "look:\n\n> said  \n> so\n\n```\nlet a = &b;\n```\n\nend"
        );
    }

    proptest! {
        #[test]
        fn any_text_at_all_is_read(text in any::<String>()) {
            let _ = markdown(&text);
        }

        #[test]
        fn any_marks_at_all_are_read(text in "[a<>|*_~`!@#^&;\n é]{0,40}") {
            let _ = markdown(&text);
        }
    }
}
