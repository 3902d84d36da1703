//! Slack's mrkdwn, as messages carry it in `text`, where there is no rich text.
//!
//! Source: Slack, "Formatting message text", "Parsing".

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
            blocks.push(if quoted {
                Block::Quote(inlines)
            } else {
                Block::Text(inlines)
            });
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

fn inlines(text: &str, style: Style) -> Vec<Inline> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let found = match c {
            '<' => rest[1..]
                .split_once('>')
                .map(|(inside, _)| (vec![reference(inside, style)], inside.len() + 2)),
            '`' => span(text, at, c).map(|inner| {
                let code = Inline::text(unescape(&references(inner)), Style { code: true, ..style });
                (vec![code], inner.len() + 2)
            }),
            '*' | '_' | '~' => {
                span(text, at, c).map(|inner| (inlines(inner, with(style, c)), inner.len() + 2))
            }
            _ => None,
        };
        if let Some((inner, length)) = found {
            push_text(&mut out, &mut plain, style);
            out.extend(inner);
            at += length;
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

/// What stands between a mark and its fellow on the same line, where both stand at the edge of a word.
fn span(text: &str, at: usize, mark: char) -> Option<&str> {
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    if !alone(text[..at].chars().next_back()) {
        return None;
    }
    let rest = &text[at + 1..];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    line.match_indices(mark).map(|(end, _)| end).find_map(|end| {
        let inner = &line[..end];
        let fits = !inner.is_empty()
            && (mark == '`' || (!inner.starts_with(char::is_whitespace) && !inner.ends_with(char::is_whitespace)))
            && !inner.starts_with(mark)
            && alone(line[end + 1..].chars().next())
            // A mark within a link is no mark.
            && inner.matches('<').count() == inner.matches('>').count();
        fits.then_some(inner)
    })
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
    } else {
        let url = unescape(target);
        let label = label.filter(|label| *label != url && format!("mailto:{label}") != url);
        InlineContent::Link { url, label }
    };
    Inline { what, style }
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
            "**bold** _it_ _[x](https://a.b/c_d)_ ~~gone~~ `a < *b*` 2 \\* 3 \\* 4 snake_case_name"
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
