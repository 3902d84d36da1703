//! What people wrote, as Markdown.

use proptest::prelude::*;
use serde_json::{Value, json};
use tocsin_message::mrkdwn::{Mrkdwn, as_it_was_typed};

use crate::rich_text::{
    document::{Block, Document, Inline, InlineContent, KnownNames, Style},
    elements::rich_text,
    line::{SeenChar, meant, read_back, shows},
    markdown::render,
    text,
};

/// What our mrkdwn sets styles off with, where a word stands beside them.
const EDGE: char = '\u{200b}';

fn markdown(elements: &Value) -> String {
    let document = Document {
        blocks: rich_text(&json!({"type": "rich_text", "elements": elements})),
    };
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

fn inline() -> impl Strategy<Value = Inline> {
    let url = prop::sample::select(vec![
        "https://x.y",
        "https://x.y/_a_/*b*?c=1&d=2",
        "http://x.y/(a)",
        "mailto:a@b.c",
        "slack://x",
        "https://x.y/|a<b>",
    ]);
    let label = prop::option::of("[-a-z0-9*_~`!\\[\\]()<&;]{1,8}");
    prop_oneof![
        6 => leaf(),
        1 => (leaf(), url, label).prop_map(|(leaf, url, label)| Inline {
            what: InlineContent::Link { url: url.to_owned(), label: label.filter(|label| !label.trim().is_empty()) },
            style: leaf.style,
        }),
        1 => leaf().prop_map(|leaf| Inline {
            what: InlineContent::Person { id: "U1".to_owned(), label: Some("Ada_ *L*".to_owned()) },
            style: leaf.style,
        }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let text = || prop::collection::vec(inline(), 0..6);
    prop_oneof![
        3 => text().prop_map(Block::Text),
        1 => text().prop_map(|text| Block::Quote(vec![Block::Text(text)])),
        1 => ("[a-z*_<>&`~# \n-]{0,20}").prop_map(|text| Block::Code { language: String::new(), text }),
        2 => (any::<bool>(), 0_usize..4, prop::sample::select(vec![1_u64, 4, 98, 1_000]), prop::collection::vec(text(), 1..4))
            .prop_map(|(ordered, indent, first, items)| Block::List { ordered, indent, first, items }),
    ]
}

/// What is meant to be seen of blocks, in order.
fn all_meant(blocks: &[Block]) -> Vec<SeenChar> {
    let names = KnownNames::default();
    let of = |block: &Block| match block {
        Block::Code { text, .. } => meant(&[Inline::text(text.clone(), Style::default())], &names),
        Block::Text(_) | Block::Quote(_) | Block::List { .. } | Block::Markdown(_) => {
            meant(block.inlines(), &names)
        }
    };
    blocks.iter().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markdown_shows_all_that_was_written_and_no_style_that_was_not(blocks in prop::collection::vec(block(), 1..4)) {
        let meant = all_meant(&blocks);
        let written = render(&Document { blocks }, &KnownNames::default());
        let seen = read_back(&written);
        prop_assert!(shows(&seen, &meant), "{}\n{:?}\n{:?}", written, seen, meant);
    }

    #[test]
    fn words_have_the_styles_that_were_given_them(words in prop::collection::vec(("[a-z]{1,5}", 0_u8..8), 1..8)) {
        // With blanks between them, there is no style that Markdown can't express.
        let style = |bits: u8| Style { bold: bits & 1 > 0, italic: bits & 2 > 0, strike: bits & 4 > 0, code: false };
        let mut line = Vec::new();
        for (word, bits) in &words {
            line.push(Inline::text(word.as_str(), style(*bits)));
            line.push(Inline::text(" ", Style::default()));
        }
        let meant = meant(&line, &KnownNames::default());
        let written = render(&Document { blocks: vec![Block::Text(line)] }, &KnownNames::default());
        prop_assert_eq!(read_back(&written), meant, "{}", written);
    }
}

/// What people see of a message of ours in Slack that shows the Markdown.
fn seen_in_slack(markdown: &str) -> Vec<SeenChar> {
    let mrkdwn = Mrkdwn::markdown(markdown, usize::MAX);
    let mut seen = all_meant(&text::document(mrkdwn.as_str()).blocks);
    seen.retain(|seen| seen.character != EDGE);
    for seen in &mut seen {
        let own = as_it_was_typed(&seen.character.to_string());
        seen.character = own.chars().next().unwrap_or(seen.character);
    }
    seen
}

/// What Slack shows of styles: none inside of a link's label but those that all of it has.
fn in_slack(markdown: &str) -> Vec<SeenChar> {
    let mut seen = read_back(markdown);
    seen.retain(|seen| seen.character != EDGE);
    for seen in seen.iter_mut().filter(|seen| seen.is_link) {
        seen.style.code = false;
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_typed_in_slack_is_shown_in_slack_as_it_was(lines in prop::collection::vec(prop::collection::vec(inline(), 0..6), 1..4)) {
        let blocks = lines.into_iter().map(Block::Text).collect();
        let markdown = render(&Document { blocks }, &KnownNames::default());
        let (shown, expected) = (seen_in_slack(&markdown), in_slack(&markdown));
        prop_assert_eq!(&shown, &expected, "{}\n{}", markdown, Mrkdwn::markdown(&markdown, usize::MAX).as_str());
    }
}

#[test]
fn blanks_at_the_edges_of_code_stand_outside_of_it() {
    assert_eq!(
        section(&json!([
            {"type": "text", "text": "run "},
            {"type": "text", "text": " make ", "style": {"code": true}},
            {"type": "text", "text": "now", "style": {"bold": true}},
            {"type": "text", "text": "  ", "style": {"code": true}},
            {"type": "text", "text": " twice", "style": {"code": true, "bold": true}},
        ])),
        "run  `make` **now   `twice`**"
    );
}

#[test]
fn a_style_that_markdown_cannot_express_costs_its_neighbours_nothing() {
    assert_eq!(
        section(&json!([
            {"type": "text", "text": "now "},
            {"type": "text", "text": "down", "style": {"bold": true}},
            {"type": "text", "text": " a"},
            {"type": "text", "text": ".b.", "style": {"bold": true, "italic": true}},
            {"type": "text", "text": "c "},
            {"type": "text", "text": "gone", "style": {"strike": true}},
            {"type": "text", "text": "\nand "},
            {"type": "text", "text": "so", "style": {"italic": true}},
        ])),
        "now **down** a.b.c ~~gone~~  \nand _so_"
    );
}

#[test]
fn an_exclamation_mark_before_a_link_makes_no_image_of_it() {
    assert_eq!(
        section(&json!([
            {"type": "text", "text": "look!"},
            {"type": "link", "url": "https://x.y", "text": "here"},
        ])),
        "look\\![here](https://x.y)"
    );
}

#[test]
fn one_style_over_several_leaves_is_one_style() {
    assert_eq!(
        section(&json!([
            {"type": "text", "text": "ask ", "style": {"bold": true}},
            {"type": "user", "user_id": "U1", "style": {"bold": true}},
            {"type": "text", "text": ", ", "style": {"bold": true}},
            {"type": "text", "text": "please", "style": {"bold": true, "italic": true}},
            {"type": "link", "url": "https://x.y", "text": "docs", "style": {"bold": true}},
            {"type": "text", "text": "rm", "style": {"code": true}},
            {"type": "text", "text": " x", "style": {"code": true}},
        ])),
        "**ask @Ada \\*L\\*, _please_[docs](https://x.y)**`rm x`"
    );
}

#[test]
fn lists_within_lists_of_great_numbers_stay_lists() {
    let item =
        |text: &str| json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]});
    assert_eq!(
        markdown(&json!([
            {"type": "rich_text_list", "style": "ordered", "offset": 998, "elements": [item("a"), item("b")]},
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [item("c")]},
            {"type": "rich_text_list", "style": "bullet", "indent": 2, "border": 0, "elements": [item("d")]},
        ])),
        "999. a\n1000. b\n      - c\n          - d"
    );
}

#[test]
fn what_has_too_many_styles_for_the_api_is_said_without_them() {
    let style = |number: u32| Style {
        bold: number.is_multiple_of(2),
        italic: number.is_multiple_of(3),
        strike: number.is_multiple_of(5),
        code: false,
    };
    let words = (0..40_000)
        .map(|number| Inline::text("x ", style(number)))
        .collect();
    let document = Document {
        blocks: vec![Block::Text(words)],
    };
    let written = render(&document, &KnownNames::default());
    assert_eq!(written.replace("x ", ""), "x");
}
