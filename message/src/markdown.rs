//! Markdown to Slack's mrkdwn.
//!
//! What always holds, whatever the author wrote: `&`, `<` and `>` of the text are escaped, so the output never mentions
//! anybody, never calls a channel and never links anywhere unless the author wrote that link; and the output is never
//! longer than asked, without a cut through an escape, a link or a style.
//!
//! Source: Slack, "Formatting message text". Slack has no escape for `*_~` and the backtick, no headings and no lists:
//! headings become bold lines, lists become lines with a bullet.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};

pub use crate::escape::escape;
use crate::writer::MrkdwnWriter;

/// Writes Markdown as Slack's mrkdwn, in `max` characters at most; what is cut off is shown by an ellipsis.
pub fn to_mrkdwn(markdown: &str, max: usize) -> String {
    let whole = write(markdown, usize::MAX);
    if whole.chars().count() <= max {
        whole
    } else {
        write(markdown, max)
    }
}

fn write(markdown: &str, max: usize) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page {
        writer: MrkdwnWriter::new(max),
        lists: Vec::new(),
        link: None,
        code: false,
    };
    for event in TextMergeStream::new(Parser::new_ext(markdown, options)) {
        if page.writer.is_full() {
            break;
        }
        page.event(event);
    }
    page.writer.finish()
}

/// A link or an image being read: where it leads, and what its label says so far.
struct Link {
    target: Option<String>,
    label: String,
}

struct Page {
    writer: MrkdwnWriter,
    /// The lists being read, innermost last: the next number, or none for bullets.
    lists: Vec<Option<u64>>,
    link: Option<Link>,
    code: bool,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => self.code(&code),
            Event::Html(html) | Event::InlineHtml(html) => self.text(&html),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
            Event::SoftBreak | Event::HardBreak => match &mut self.link {
                Some(link) => link.label.push(' '),
                None => self.writer.newline(),
            },
            Event::Rule => {
                self.writer.paragraph();
                self.writer.text("———");
            }
            Event::TaskListMarker(done) => self.writer.text(if done { "☑ " } else { "☐ " }),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's options leave off all other tags"
    )]
    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock if self.lists.is_empty() => self.writer.paragraph(),
            Tag::Heading { .. } => {
                self.writer.paragraph();
                self.writer.open('*');
            }
            Tag::BlockQuote(_) => {
                self.writer.paragraph();
                self.writer.indent("> ");
            }
            Tag::CodeBlock(kind) => self.open_code(&kind),
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.writer.paragraph();
                } else {
                    self.writer.line();
                    self.writer.indent("    ");
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self.writer.open('_'),
            Tag::Strong => self.writer.open('*'),
            Tag::Strikethrough => self.writer.open('~'),
            Tag::Link {
                link_type, dest_url, ..
            }
            | Tag::Image {
                link_type, dest_url, ..
            } => self.open_link(link_type, &dest_url),
            // A paragraph of an item stands on the item's line; what the options leave off does not come.
            _ => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's options leave off all other tags"
    )]
    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Item => self.writer.line(),
            TagEnd::Heading(_) => {
                self.writer.close('*');
                self.writer.line();
            }
            TagEnd::BlockQuote(_) => self.writer.dedent(),
            TagEnd::CodeBlock => {
                self.writer.close_fence();
                self.code = false;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if !self.lists.is_empty() {
                    self.writer.dedent();
                }
            }
            TagEnd::Emphasis => self.writer.close('_'),
            TagEnd::Strong => self.writer.close('*'),
            TagEnd::Strikethrough => self.writer.close('~'),
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    fn open_code(&mut self, _kind: &CodeBlockKind<'_>) {
        if self.lists.is_empty() {
            self.writer.paragraph();
        } else {
            self.writer.line();
        }
        self.writer.open_fence();
        self.code = true;
    }

    fn item(&mut self) {
        self.writer.line();
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                self.writer.text(&marker);
            }
            Some(None) | None => self.writer.text("• "),
        }
    }

    fn open_link(&mut self, link_type: LinkType, destination: &str) {
        // An image inside a link: the link's target stays, the image's text joins its label.
        if self.link.is_some() {
            return;
        }
        let destination = if link_type == LinkType::Email {
            format!("mailto:{destination}")
        } else {
            destination.to_owned()
        };
        self.link = Some(Link {
            target: Some(destination),
            label: String::new(),
        });
    }

    fn close_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let target = link.target.unwrap_or_default();
        let label = link.label.trim();
        match target_of(&target) {
            Some(url) if label.is_empty() || label == target || url == format!("mailto:{label}") => {
                self.writer.atom(&format!("<{url}>"));
            }
            Some(url) => self.writer.atom(&format!("<{url}|{}>", escape(label))),
            None if target.is_empty() || label == target => self.writer.text(label),
            None if label.is_empty() => self.writer.text(&target),
            None => self.writer.text(&format!("{label} ({target})")),
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(link) = &mut self.link {
            link.label.push_str(&text.replace('\n', " "));
        } else if self.code {
            // Three backticks would end the block: a zero-width space stands between them.
            self.writer.lines(&text.replace("```", "`\u{200b}`\u{200b}`"));
        } else {
            self.linked_text(text);
        }
    }

    /// Text in which URLs that stand bare become links, as every reader of Markdown shows them.
    fn linked_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, url, after)) = next_url(rest) {
            self.writer.lines(before);
            match target_of(url) {
                Some(target) => self.writer.atom(&format!("<{target}>")),
                None => self.writer.lines(url),
            }
            rest = after;
        }
        self.writer.lines(rest);
    }

    fn code(&mut self, code: &str) {
        if let Some(link) = &mut self.link {
            link.label.push_str(code);
            return;
        }
        // mrkdwn can't hold a backtick in a code span.
        let code = code.replace('`', "'").replace('\n', " ");
        if code.trim().is_empty() {
            self.writer.text(&code);
        } else {
            self.writer.open('`');
            self.writer.text(&code);
            self.writer.close('`');
        }
    }
}

/// A link's target as mrkdwn holds it, where it leads somewhere that a reader of Slack may be sent to.
fn target_of(target: &str) -> Option<String> {
    let target = target.trim();
    let (scheme, rest) = target.split_once(':')?;
    let known = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|host| !host.is_empty()),
        "mailto" => !rest.is_empty(),
        _ => false,
    };
    if !known {
        return None;
    }
    let mut url = format!("{}:", scheme.to_ascii_lowercase());
    for c in rest.chars() {
        match c {
            '&' => url.push_str("&amp;"),
            '<' => url.push_str("%3C"),
            '>' => url.push_str("%3E"),
            '|' => url.push_str("%7C"),
            c if c.is_whitespace() || c.is_control() => url.push_str("%20"),
            c => url.push(c),
        }
    }
    Some(url)
}

/// The next URL that stands bare in a text, with what is before and after it.
fn next_url(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| text.find(scheme))
        .min()?;
    let rest = &text[start..];
    let end = rest
        .find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '`'))
        .unwrap_or(rest.len());
    let mut url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', ']', '}']);
    // A closing bracket belongs to the URL only if it was opened there.
    while url.ends_with(')') && url.matches(')').count() > url.matches('(').count() {
        url = &url[..url.len() - 1];
    }
    Some((&text[..start], url, &rest[url.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(markdown: &str) -> String {
        to_mrkdwn(markdown, usize::MAX)
    }

    #[test]
    fn styles_links_and_code_become_those_of_slack() {
        assert_eq!(
            whole("**bold** *italic* ~~gone~~ `a < b` [docs](https://example.com/?a=1&b=2)"),
            "*bold* _italic_ ~gone~ `a &lt; b` <https://example.com/?a=1&amp;b=2|docs>"
        );
        assert_eq!(whole("**_both_**"), "*_both_*");
        assert_eq!(whole("<https://example.com>"), "<https://example.com>");
        assert_eq!(whole("<a@example.com>"), "<mailto:a@example.com>");
        assert_eq!(
            whole("see https://example.com/a_b_c?x=1&y=2."),
            "see <https://example.com/a_b_c?x=1&amp;y=2>."
        );
        assert_eq!(whole("(https://example.com/a)"), "(<https://example.com/a>)");
    }

    #[test]
    fn headings_lists_and_quotes_become_lines() {
        assert_eq!(
            whole("# Title\n\nText\nmore\n\n- a\n- b\n  1. c\n  2. d\n- [x] e\n\n> quoted\n> twice\n\nend"),
            "*Title*\n\nText\nmore\n\n• a\n• b\n    1. c\n    2. d\n• ☑ e\n\n> quoted\n> twice\n\nend"
        );
    }

    #[test]
    fn a_code_block_keeps_its_lines_and_cannot_be_left_from_within() {
        assert_eq!(
            whole("```rust\nfn a() {}\n\n  b\n```\nend"),
            "```\nfn a() {}\n\n  b\n```\n\nend"
        );
        assert_eq!(whole("~~~\n```\n~~~"), "```\n`\u{200b}`\u{200b}`\n```");
    }

    #[test]
    fn a_style_over_two_lines_is_closed_and_opened_again() {
        assert_eq!(whole("**one\ntwo**"), "*one*\n*two*");
    }

    #[test]
    fn a_style_inside_a_word_is_set_off_so_that_slack_sees_it() {
        assert_eq!(whole("re**start**ed"), "re\u{200b}*start*\u{200b}ed");
    }

    #[test]
    fn a_mention_in_foreign_text_is_shown_and_calls_nobody() {
        assert_eq!(
            whole("a <!channel> <@U123> <#C1> &lt;!here&gt;"),
            "a &lt;!channel&gt; &lt;@U123&gt; &lt;#C1&gt; &lt;!here&gt;"
        );
        assert_eq!(
            whole("[x](!channel) [y](javascript:alert)"),
            "x (!channel) y (javascript:alert)"
        );
        assert_eq!(
            whole("[a|<!here>](https://example.com/<!here>|b)"),
            "<https://example.com/%3C!here%3E%7Cb|a|&lt;!here&gt;>"
        );
        assert_eq!(
            whole("[p](<https://example.com/|x y>)"),
            "<https://example.com/%7Cx%20y|p>"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_its_styles_are_closed() {
        assert_eq!(to_mrkdwn("**hello world**", 8), "*hello…*");
        assert_eq!(to_mrkdwn("a & b", 4), "a …");
        assert_eq!(to_mrkdwn("see [the docs](https://example.com) now", 12), "see …");
        assert_eq!(to_mrkdwn("```\nabcdefgh\nijk\n```", 14), "```\nabcde…\n```");
        assert_eq!(to_mrkdwn("abc", 3), "abc");
        assert_eq!(to_mrkdwn("abcd", 1), "…");
        assert_eq!(to_mrkdwn("abcd", 0), "");
    }

    /// Everything between angle brackets, and nothing of either left over.
    fn tokens(mrkdwn: &str) -> Result<Vec<String>, TestCaseError> {
        let mut tokens = Vec::new();
        let mut rest = mrkdwn;
        while let Some(open) = rest.find('<') {
            let inside = &rest[open + 1..];
            let close = inside
                .find('>')
                .ok_or_else(|| TestCaseError::fail(format!("open bracket: {mrkdwn:?}")))?;
            prop_assert!(!inside[..close].contains('<'), "nested brackets: {mrkdwn:?}");
            tokens.push(inside[..close].to_owned());
            rest = &inside[close + 1..];
        }
        Ok(tokens)
    }

    fn markdownish() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z ]{0,6}",
            ".{0,4}",
            prop::sample::select(vec![
                "<!channel>",
                "<!here|x>",
                "<@U1>",
                "<#C1|n>",
                "<!subteam^S1>",
                "<",
                ">",
                "&",
                "&lt;",
                "&amp;lt;",
                "*",
                "**",
                "_",
                "~~",
                "`",
                "```\n",
                "\n",
                "\n\n",
                "> ",
                "- ",
                "1. ",
                "# ",
                "[",
                "](",
                ")",
                "](!here)",
                "|",
                "![",
                "<https://a.b>",
                "https://a.b/<!here>",
                "[x](https://a.b)",
                "[<!here>](http://a.b|c)",
                "\\",
                "<b>",
                "<!-- ",
                " -->",
                "mailto:",
                "[m](mailto:<!here>)",
                "    ",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn only_links_of_the_author_stand_in_angle_brackets(markdown in markdownish(), max in 0_usize..200) {
            for mrkdwn in [whole(&markdown), to_mrkdwn(&markdown, max)] {
                for token in tokens(&mrkdwn)? {
                    let scheme = ["http://", "https://", "mailto:"].into_iter().find(|scheme| token.starts_with(scheme));
                    prop_assert!(scheme.is_some(), "{token:?} in {mrkdwn:?}");
                }
                if !markdown.contains("://") && !markdown.contains("mailto:") && !markdown.contains('@') {
                    prop_assert!(!mrkdwn.contains('<'), "{mrkdwn:?}");
                }
                let entities = mrkdwn.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
                prop_assert!(!entities.contains('&'), "an escape was cut: {mrkdwn:?}");
            }
        }

        #[test]
        fn the_output_is_never_longer_than_asked(markdown in markdownish(), max in 0_usize..80) {
            prop_assert!(to_mrkdwn(&markdown, max).chars().count() <= max);
        }

        #[test]
        fn any_text_at_all_is_written(markdown in any::<String>()) {
            tokens(&whole(&markdown))?;
        }
    }
}
