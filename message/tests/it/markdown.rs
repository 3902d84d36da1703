//! Any Markdown at all becomes good mrkdwn.

use proptest::prelude::*;

use tocsin_message::mrkdwn::{Mrkdwn, to_mrkdwn};

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
    assert_eq!(to_mrkdwn("**hello world**", 6), "*hello…*");
    assert_eq!(to_mrkdwn("a & b", 4), "a &amp;…");
    assert_eq!(to_mrkdwn("see [the docs](https://example.com) now", 12), "see …");
    assert_eq!(
        to_mrkdwn("see [the docs](https://example.com) now", 16),
        "see <https://example.com|the docs> now"
    );
    assert_eq!(to_mrkdwn("```\nabcdefgh\nijk\n```", 7), "```\nabcde…\n```");
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
        prop_assert!(Mrkdwn::markdown(&markdown, max).seen() <= max);
        prop_assert!(Mrkdwn::markdown(&markdown, 600).fit(max).as_str().encode_utf16().count() <= max);
    }

    #[test]
    fn any_text_at_all_is_written(markdown in any::<String>()) {
        tokens(&whole(&markdown))?;
    }
}
