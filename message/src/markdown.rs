//! Markdown as a text's pieces, which `writer` writes as Slack's mrkdwn.
//!
//! What always holds, whatever the author wrote: `&`, `<` and `>` of the text are escaped, so the output never mentions
//! anybody, never calls a channel and never links anywhere unless the author wrote that link; what the author styled has that style, and
//! nothing else has; and a cut goes through no escape, link or style.
//!
//! Source: Slack, "Formatting message text". mrkdwn has no headings and no lists: headings become bold lines, lists become lines with a
//! bullet.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

pub use crate::{address::next_url, escape::escape};
use crate::{
    address::target_of,
    characters::shown,
    document::{Styles, TextPiece},
};

/// The pieces of a text in Markdown.
pub(crate) fn read(markdown: &str) -> Vec<TextPiece> {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::new(markdown);
    for (event, range) in TextMergeWithOffset::new(Parser::new_ext(markdown, options).into_offset_iter()) {
        page.event(event, range);
    }
    page.finish()
}

/// A link or an image being read: where it leads, and what its label says so far.
struct Link {
    target: String,
    label: String,
    /// The styles that all of the label has.
    styles: Option<Styles>,
}

struct Page<'a> {
    source: &'a str,
    pieces: Vec<TextPiece>,
    /// What each line begins with: quotes and the indents of lists.
    prefixes: Vec<&'static str>,
    at_line_start: bool,
    /// An empty line is due before what comes next, with this prefix.
    gap: Option<String>,
    /// The styles in force, the innermost last. One may be there twice.
    styles: Vec<Styles>,
    /// The lists being read, innermost last: the next number, or none for bullets.
    lists: Vec<Option<u64>>,
    link: Option<Link>,
    /// A block of code being read.
    code: Option<String>,
    /// Where in the source an address ends that has been read whole.
    read_until: usize,
}

impl<'a> Page<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            pieces: Vec::new(),
            prefixes: Vec::new(),
            at_line_start: true,
            gap: None,
            styles: Vec::new(),
            lists: Vec::new(),
            link: None,
            code: None,
            read_until: 0,
        }
    }

    fn finish(mut self) -> Vec<TextPiece> {
        loop {
            match self.pieces.last_mut() {
                Some(TextPiece::Text { text, .. }) if text.trim_end().is_empty() => {}
                Some(TextPiece::Text { text, .. }) => {
                    text.truncate(text.trim_end().len());
                    break;
                }
                Some(TextPiece::Own { text, .. }) if !text.trim_end().is_empty() => {
                    text.truncate(text.trim_end().len());
                    break;
                }
                Some(TextPiece::Own { .. } | TextPiece::Break { .. }) => {}
                Some(TextPiece::Link { .. } | TextPiece::Code { .. }) | None => break,
            }
            self.pieces.pop();
        }
        self.pieces
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => self.code(&code, range),
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text, range),
            Event::SoftBreak | Event::HardBreak => match &mut self.link {
                Some(link) => link.label.push(' '),
                None => self.newline(),
            },
            Event::Rule => {
                self.paragraph();
                self.own("———");
            }
            Event::TaskListMarker(done) => self.own(if done { "☑ " } else { "☐ " }),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's options leave off all other tags"
    )]
    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock if self.lists.is_empty() => self.paragraph(),
            Tag::Heading { .. } => {
                self.paragraph();
                self.styles.push(Styles::BOLD);
            }
            Tag::BlockQuote(_) => {
                self.paragraph();
                self.prefixes.push("> ");
            }
            Tag::CodeBlock(_) => {
                if self.lists.is_empty() {
                    self.paragraph();
                } else {
                    self.line();
                }
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.paragraph();
                } else {
                    self.line();
                    self.prefixes.push("    ");
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self.styles.push(Styles::ITALIC),
            Tag::Strong => self.styles.push(Styles::BOLD),
            Tag::Strikethrough => self.styles.push(Styles::STRIKE),
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
            TagEnd::Paragraph | TagEnd::Item => self.line(),
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.line();
            }
            TagEnd::BlockQuote(_) => {
                self.line();
                self.prefixes.pop();
            }
            TagEnd::CodeBlock => self.close_code(),
            TagEnd::List(_) => {
                self.lists.pop();
                if !self.lists.is_empty() {
                    self.line();
                    self.prefixes.pop();
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    /// Begins a block that stands apart from what is before it.
    fn paragraph(&mut self) {
        self.line();
        if !self.pieces.is_empty() && self.gap.is_none() {
            self.gap = Some(self.prefixes.concat());
        }
    }

    /// Begins a line, unless one has just begun.
    fn line(&mut self) {
        if !self.at_line_start {
            self.newline();
        }
    }

    fn newline(&mut self) {
        self.begin();
        self.at_line_start = true;
    }

    /// Writes what is due before the first character of a line.
    fn begin(&mut self) {
        if !self.at_line_start {
            return;
        }
        self.at_line_start = false;
        let is_first = self.pieces.is_empty();
        if let Some(prefix) = self.gap.take() {
            self.pieces.push(TextPiece::Break {
                prefix: prefix.trim_end().to_owned(),
            });
        }
        let prefix = self.prefixes.concat();
        if !is_first {
            self.pieces.push(TextPiece::Break { prefix });
        } else if !prefix.is_empty() {
            self.pieces.push(TextPiece::own(prefix));
        }
    }

    fn push(&mut self, piece: TextPiece) {
        self.begin();
        self.pieces.push(piece);
    }

    fn own(&mut self, text: &str) {
        self.push(TextPiece::own(text));
    }

    fn style(&self) -> Styles {
        self.styles.iter().copied().fold(Styles::default(), Styles::with)
    }

    fn close_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let lines = code.strip_suffix('\n').unwrap_or(&code).split('\n').map(shown);
        let lines = lines.collect();
        self.push(TextPiece::Code {
            prefix: self.prefixes.concat(),
            lines,
        });
        self.line();
    }

    fn item(&mut self) {
        self.line();
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                self.own(&marker);
            }
            Some(None) | None => self.own("• "),
        }
    }

    fn open_link(&mut self, link_type: LinkType, destination: &str) {
        // An image inside a link: the link's target stays, the image's text joins its label.
        if self.link.is_some() {
            return;
        }
        let target = if link_type == LinkType::Email {
            format!("mailto:{destination}")
        } else {
            destination.to_owned()
        };
        self.link = Some(Link {
            target,
            label: String::new(),
            styles: None,
        });
    }

    fn close_link(&mut self) {
        let Some(Link {
            target,
            label,
            styles,
        }) = self.link.take()
        else {
            return;
        };
        let label = shown(label.trim());
        let styles = styles.unwrap_or(self.style());
        match target_of(&target) {
            Some(url) => {
                let is_address = label.is_empty() || label == target || url == format!("mailto:{label}");
                let label = (!is_address).then_some(label);
                self.push(TextPiece::Link { url, label, styles });
            }
            None if target.is_empty() || label == target => self.push(TextPiece::text(label, styles)),
            None if label.is_empty() => self.push(TextPiece::text(shown(&target), styles)),
            None => self.push(TextPiece::text(format!("{label} ({})", shown(&target)), styles)),
        }
    }

    /// Adds to a link's label. mrkdwn has no styles in a label: those that all of it has go around the link.
    fn label(&mut self, text: &str) {
        let now = self.style();
        if let Some(link) = &mut self.link {
            link.label.push_str(&text.replace('\n', " "));
            if !text.trim().is_empty() {
                link.styles = Some(link.styles.map_or(now, |styles| styles.both(now)));
            }
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
        } else if self.link.is_some() {
            self.label(text);
        } else if range.start >= self.read_until {
            self.linked_text(text, range.end);
        } else if range.end > self.read_until {
            // The beginning was part of an address.
            let read = self.source.get(range.start..self.read_until);
            let rest = read.and_then(|read| text.strip_prefix(read)).unwrap_or(text);
            self.linked_text(rest, range.end);
        }
    }

    /// Text in which URLs that stand bare become links, as every reader of Markdown shows them.
    fn linked_text(&mut self, text: &str, end: usize) {
        let mut rest = text;
        while let Some((before, url, after)) = next_url(rest) {
            self.lines(before);
            let whole = if after.is_empty() {
                self.whole_url(url, end)
            } else {
                url
            };
            match target_of(whole) {
                Some(url) => {
                    let styles = self.style();
                    self.push(TextPiece::Link {
                        url,
                        label: None,
                        styles,
                    });
                }
                None => self.lines(whole),
            }
            rest = after;
        }
        self.lines(rest);
    }

    /// The whole of an address that ends with a text because a sign of Markdown follows: in an address, it is part of it.
    fn whole_url<'t>(&mut self, url: &'t str, end: usize) -> &'t str
    where
        'a: 't,
    {
        let source = self.source;
        let whole = end
            .checked_sub(url.len())
            .and_then(|start| source.get(start..))
            .and_then(next_url)
            .filter(|(before, whole, _)| {
                before.is_empty() && whole.len() > url.len() && whole.starts_with(url) && !is_escaped(whole)
            });
        match whole {
            Some((_, whole, _)) => {
                self.read_until = end - url.len() + whole.len();
                whole
            }
            None => url,
        }
    }

    /// Foreign text of several lines.
    fn lines(&mut self, text: &str) {
        let styles = self.style();
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.newline();
            }
            let line = shown(line);
            if !line.is_empty() {
                self.push(TextPiece::text(line, styles));
            }
        }
    }

    fn code(&mut self, code: &str, range: Range<usize>) {
        if self.link.is_some() {
            self.label(code);
        } else if range.start >= self.read_until {
            let styles = self.style().with(Styles::CODE);
            self.push(TextPiece::text(shown(&code.replace('\n', " ")), styles));
        }
    }
}

/// Whether an address may be another in Markdown than it is in the source.
fn is_escaped(source: &str) -> bool {
    source.contains('\\')
        || source
            .split_once('&')
            .is_some_and(|(_, after)| after.contains(';'))
}
