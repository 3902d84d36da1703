//! Documents that are made up, written as Markdown, turned into mrkdwn, and read back: people see all that is said, in the styles that it has,
//! and nothing else.

use proptest::prelude::*;
use tocsin_message::mrkdwn::Mrkdwn;

use crate::reader::{Line, Reading, Seen, read, text};

const WHOLE: &str = "https://tocsin.example.com/incidents/42";
const READ_MORE: &str = "Read more";

#[derive(Clone, Debug)]
enum Inline {
    Text(String),
    Styled(Style, Vec<Inline>),
    /// A style inside of a word.
    InWord(Style),
    Code(String),
    Link(String, Vec<Inline>),
    Address(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bold,
    Italic,
    Strike,
}

impl Style {
    fn markdown(self) -> &'static str {
        match self {
            Self::Bold => "**",
            Self::Italic => "*",
            Self::Strike => "~~",
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Bold => '*',
            Self::Italic => '_',
            Self::Strike => '~',
        }
    }
}

#[derive(Clone, Debug)]
enum Block {
    Paragraph(Vec<Vec<Inline>>),
    Heading(Vec<Inline>),
    List(Vec<Vec<Inline>>),
    Quote(Vec<Inline>),
    Code(Vec<String>),
}

/// A document as Markdown, and the lines that people should see.
#[derive(Default)]
struct Sheet {
    markdown: String,
    lines: Vec<Line>,
}

impl Sheet {
    fn of(blocks: &[Block]) -> Self {
        let mut sheet = Self::default();
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                sheet.markdown.push_str("\n<!-- -->\n\n");
            }
            sheet.block(block);
        }
        sheet
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(lines) => {
                for line in lines {
                    self.line("", "", line, "");
                }
            }
            Block::Heading(line) => self.line("## ", "", line, "*"),
            Block::List(items) => {
                for item in items {
                    self.line("- ", "• ", item, "");
                }
            }
            Block::Quote(line) => {
                self.line("> ", "", line, "");
                self.lines.last_mut().expect("a line").is_quote = true;
            }
            Block::Code(lines) => {
                self.markdown.push_str("~~~\n");
                for line in lines {
                    self.markdown.push_str(line);
                    self.markdown.push('\n');
                    let seen = line.chars().map(|c| seen(c, "", None)).collect();
                    self.lines.push(Line {
                        is_code: true,
                        seen,
                        ..Line::default()
                    });
                }
                self.markdown.push_str("~~~\n");
            }
        }
    }

    fn line(&mut self, marker: &str, bullet: &str, line: &[Inline], styles: &str) {
        let mut all = bullet.chars().map(|c| seen(c, "", None)).collect();
        self.markdown.push_str(marker);
        write(line, styles, &mut self.markdown, &mut all);
        self.markdown.push('\n');
        self.lines.push(Line {
            seen: all,
            ..Line::default()
        });
    }
}

fn seen(c: char, styles: &str, link: Option<&str>) -> Seen {
    Seen {
        c,
        styles: styles.to_owned(),
        link: link.map(str::to_owned),
    }
}

fn with(styles: &str, sign: char) -> String {
    let mut all: Vec<char> = styles.chars().filter(|c| *c != sign).chain([sign]).collect();
    all.sort_unstable();
    all.into_iter().collect()
}

/// Writes a line's parts with blanks between them, and says what should be seen.
fn write(line: &[Inline], styles: &str, markdown: &mut String, all: &mut Vec<Seen>) {
    for (index, inline) in line.iter().enumerate() {
        if index > 0 {
            markdown.push(' ');
            all.push(seen(' ', styles, None));
        }
        write_inline(inline, styles, markdown, all);
    }
}

fn write_inline(inline: &Inline, styles: &str, markdown: &mut String, all: &mut Vec<Seen>) {
    match inline {
        Inline::Text(text) => {
            for c in text.chars() {
                if c.is_ascii_punctuation() {
                    markdown.push('\\');
                }
                markdown.push(c);
                all.push(seen(c, styles, None));
            }
        }
        Inline::Styled(style, inside) => {
            markdown.push_str(style.markdown());
            write(inside, &with(styles, style.sign()), markdown, all);
            markdown.push_str(style.markdown());
        }
        Inline::InWord(style) if styles.contains(style.sign()) => {
            // The sign would end the style that is open.
            markdown.push_str("aabbcc");
            all.extend("aabbcc".chars().map(|c| seen(c, styles, None)));
        }
        Inline::InWord(style) => {
            let sign = style.markdown();
            markdown.extend(["aa", sign, "bb", sign, "cc"]);
            let inner = with(styles, style.sign());
            for (text, styles) in [("aa", styles), ("bb", &inner), ("cc", styles)] {
                all.extend(text.chars().map(|c| seen(c, styles, None)));
            }
        }
        Inline::Code(code) => {
            markdown.extend(["``` ", code, " ```"]);
            let styles = with(styles, '`');
            all.extend(code.chars().map(|c| seen(c, &styles, None)));
        }
        Inline::Link(url, label) => {
            let mut inside = Vec::new();
            markdown.push('[');
            write(label, styles, markdown, &mut inside);
            markdown.extend(["](<", url, ">)"]);
            let common = ['*', '_', '~'].into_iter().filter(|sign| {
                inside
                    .iter()
                    .filter(|seen| !seen.c.is_whitespace())
                    .all(|seen| seen.styles.contains(*sign))
            });
            let styles: String = common.collect();
            all.extend(inside.iter().map(|inside| seen(inside.c, &styles, Some(url))));
        }
        Inline::Address(url) => {
            markdown.push_str(url);
            all.extend(url.chars().map(|c| seen(c, styles, Some(url))));
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z0-9]{1,6}",
        prop::sample::select(vec![
            "*",
            "_",
            "~",
            "`",
            "```",
            "**",
            "&",
            "<",
            ">",
            "|",
            "*bak*",
            "_tmp_",
            "~x~",
            "`id`",
            "2*3*4",
            "*.log",
            "snake_case_name",
            "~/x",
            "<!channel>",
            "@here",
            "&amp;",
            ":smile:",
            "> x",
            "(*y*)",
            "é",
            "e\u{301}",
            "שלום",
            "👩\u{200d}👧",
            "中文",
            "#1",
            "- ",
            "1. ",
            "<@U1>",
            "…",
            "!",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..4).prop_map(|pieces| {
        let text = pieces.concat().trim().to_owned();
        if text.is_empty() { "x".to_owned() } else { text }
    })
}

fn url() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "https://example.com/a_b_c",
        "https://example.com/_a_/*b*/~c~?x=1&y=2",
        "https://example.com/(a)",
        "http://example.com",
    ])
    .prop_map(str::to_owned)
    .prop_flat_map(
        |url| prop_oneof![9 => Just(url.clone()), 1 => Just(format!("{url}/{}", "long_".repeat(40)) + "x")],
    )
}

fn style() -> impl Strategy<Value = Style> {
    prop::sample::select(vec![Style::Bold, Style::Italic, Style::Strike])
}

fn code() -> impl Strategy<Value = String> {
    "[a-z*_~<>&`]{1,6}".prop_map(|code| format!("c{}c", code.replace("```", "``")))
}

/// Parts of a line, each of which has none of the styles around it.
fn inline() -> impl Strategy<Value = Inline> {
    let leaf = prop_oneof![
        6 => words().prop_map(Inline::Text),
        1 => style().prop_map(Inline::InWord),
        1 => code().prop_map(Inline::Code),
        1 => url().prop_map(Inline::Address),
    ];
    let label = prop_oneof![
        4 => words().prop_map(Inline::Text),
        1 => (style(), words()).prop_map(|(style, text)| Inline::Styled(style, vec![Inline::Text(text)])),
    ];
    let leaf = prop_oneof![
        6 => leaf,
        1 => (url(), prop::collection::vec(label, 1..3)).prop_map(|(url, label)| Inline::Link(url, label)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (style(), prop::collection::vec(inner, 1..4)).prop_map(|(style, inside)| {
            // An address would take the sign that follows it for its own.
            let end = [Inline::Text("z".to_owned())];
            let begin = [Inline::Text("a".to_owned())];
            Inline::Styled(style, begin.into_iter().chain(inside).chain(end).collect())
        })
    })
}

fn line() -> impl Strategy<Value = Vec<Inline>> {
    prop::collection::vec(inline(), 1..5)
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        4 => prop::collection::vec(line(), 1..3).prop_map(Block::Paragraph),
        1 => line().prop_map(Block::Heading),
        1 => prop::collection::vec(line(), 1..4).prop_map(Block::List),
        1 => line().prop_map(Block::Quote),
        1 => prop::collection::vec("[a-z*_<>&` ]{0,9}".prop_map(|line| format!("c{line}c")), 1..3).prop_map(Block::Code),
    ]
}

/// The lines that are not empty: how blocks stand apart is told by the examples.
fn full(lines: Vec<Line>) -> Vec<Line> {
    lines
        .into_iter()
        .filter(|line| !line.seen.is_empty())
        .map(|mut line| {
            for seen in line.seen.iter_mut().filter(|seen| seen.c.is_whitespace()) {
                // Whether a blank is bold, nobody sees.
                seen.styles.clear();
            }
            line
        })
        .collect()
}

fn read_both(mrkdwn: &str) -> Result<Vec<Line>, TestCaseError> {
    let strict = read(mrkdwn, Reading::Strict).map_err(TestCaseError::fail)?;
    let lenient = read(mrkdwn, Reading::Lenient).map_err(TestCaseError::fail)?;
    prop_assert_eq!(&strict, &lenient, "read in two ways: {}", mrkdwn);
    for seen in strict.iter().flat_map(|line| &line.seen) {
        let mut signs: Vec<char> = seen.styles.chars().collect();
        signs.dedup();
        prop_assert_eq!(signs.len(), seen.styles.len(), "a style in itself: {}", mrkdwn);
    }
    Ok(full(strict))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn people_see_what_is_said_in_the_styles_that_it_has(blocks in prop::collection::vec(block(), 1..4)) {
        let sheet = Sheet::of(&blocks);
        let mrkdwn = Mrkdwn::markdown(&sheet.markdown, usize::MAX);
        let mrkdwn = mrkdwn.as_str().replace("\n\n&lt;!-- --&gt;\n", "\n").replace("\n&lt;!-- --&gt;", "");
        let read = read_both(&mrkdwn)?;
        prop_assert_eq!(text(&read), text(&full(sheet.lines.clone())), "{}", mrkdwn);
        prop_assert_eq!(read, full(sheet.lines), "{}", mrkdwn);
    }

    #[test]
    fn a_cut_text_is_short_enough_to_see_and_ends_with_the_whole(
        blocks in prop::collection::vec(block(), 1..4), max in 30_usize..200,
    ) {
        let sheet = Sheet::of(&blocks);
        let all = Mrkdwn::markdown(&sheet.markdown, usize::MAX);
        let cut = Mrkdwn::markdown_of(&sheet.markdown, max, WHOLE, READ_MORE);
        let read = read_both(cut.as_str())?;
        prop_assert!(text(&read).chars().count() <= max, "{}", cut.as_str());
        if all.seen() <= max {
            prop_assert_eq!(cut.as_str(), all.as_str());
        } else if cut.as_str().contains("|Read more>") {
            ends_with_the_whole(&cut)?;
            is_the_beginning(&read, &read_both(all.as_str())?)?;
        } else {
            // It was enough to show less of its addresses.
            prop_assert!(cut.as_str().contains("…>"), "{}", cut.as_str());
        }
    }

    #[test]
    fn what_is_too_long_as_it_is_written_ends_with_the_whole_too(
        blocks in prop::collection::vec(block(), 1..4), max in 120_usize..400,
    ) {
        let sheet = Sheet::of(&blocks);
        let all = Mrkdwn::markdown_of(&sheet.markdown, 1_000_000, WHOLE, READ_MORE);
        let fitted = all.clone().fit(max);
        prop_assert!(fitted.as_str().encode_utf16().count() <= max, "{}", fitted.as_str());
        let read = read_both(fitted.as_str())?;
        if all.as_str().encode_utf16().count() <= max {
            prop_assert_eq!(fitted, all);
        } else if fitted.as_str().contains("|Read more>") {
            ends_with_the_whole(&fitted)?;
            prop_assert!(read.len() <= sheet.lines.len() + 8);
        } else {
            // It was enough to write an address that is too long as text.
            prop_assert!(sheet.markdown.contains("long_long_"), "{}", fitted.as_str());
        }
    }

    #[test]
    fn foreign_texts_in_one_line_make_no_style_with_each_other_or_with_ours(
        first in words(), second in words(), third in words(),
    ) {
        let line = Mrkdwn::text(&first).bold().plus(" · ").and(&Mrkdwn::text(&second)).plus(" ")
            .and(&Mrkdwn::link("https://x", &third));
        let read = read_both(line.as_str())?;
        let mut expected = Vec::new();
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (text, styles, link) in [
            (one_line(&first), "*", None), (" · ".to_owned(), "", None), (one_line(&second), "", None),
            (" ".to_owned(), "", None), (one_line(&third), "", Some("https://x")),
        ] {
            expected.extend(text.chars().map(|c| seen(c, styles, link)));
        }
        prop_assert_eq!(read, full(vec![Line { seen: expected, ..Line::default() }]), "{}", line.as_str());
    }
}

fn ends_with_the_whole(cut: &Mrkdwn) -> Result<(), TestCaseError> {
    let ending = format!("<{WHOLE}|{READ_MORE}>");
    prop_assert!(cut.as_str().ends_with(&ending), "{}", cut.as_str());
    let before = cut.as_str().strip_suffix(&ending).expect("just seen");
    prop_assert!(before.contains('…'), "{}", cut.as_str());
    Ok(())
}

/// Whether a cut text is the beginning of the whole, in the same styles. Of an address, less may be seen.
fn is_the_beginning(cut: &[Line], all: &[Line]) -> Result<(), TestCaseError> {
    let is_address = |seen: &&Seen| seen.link.is_none();
    let cut: Vec<_> = cut
        .iter()
        .flat_map(|line| &line.seen)
        .filter(is_address)
        .collect();
    let all: Vec<_> = all
        .iter()
        .flat_map(|line| &line.seen)
        .filter(is_address)
        .collect();
    let same = cut.iter().zip(&all).take_while(|(cut, all)| cut == all).count();
    let rest: String = cut[same..].iter().map(|seen| seen.c).collect();
    // Where the label of a link is cut, the ellipsis is in the label.
    prop_assert!(
        ["…", "… ", " ", ""].contains(&rest.as_str()),
        "{:?} is not the beginning",
        rest
    );
    Ok(())
}
