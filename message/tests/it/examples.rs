//! What people write in descriptions, notes and comments, and what stands in Slack.

use tocsin_message::mrkdwn::{Mrkdwn, to_mrkdwn};

const EXAMPLES: &[(&str, &str, &str)] = &[
    ("bold in a heading", "# **Step 1**: x", "*Step 1: x*"),
    ("a heading all in bold", "## **All**", "*All*"),
    ("bold in bold", "**a __b__ c**", "*a b c*"),
    ("bold in italics", "*a **b** c*", "_a *b* c_"),
    ("italics in a heading", "# a *b* c", "*a _b_ c*"),
    (
        "code in a heading",
        "# Run `rm *.log` now",
        "*Run `rm *.log` now*",
    ),
    ("code in bold", "**a `b` c**", "*a `b` c*"),
    ("code with a backtick", "`` a`b ``", "`aˋb`"),
    ("code beside code", "`a`**`b`**", "`a`\u{200b}*`b`*"),
    ("code that ends with a blank", "`` a `` b", "`a` b"),
    ("a blank after code and before bold", "`a `**`b`**", "`a` *`b`*"),
    ("a blank after bold code", "**`b`**` a`", "*`b`* `a`"),
    (
        "signs that were typed",
        r"\*bak\* \_tmp\_ \~x\~ \`y\`",
        "∗bak∗ ˍtmpˍ ∼x∼ ˋyˋ",
    ),
    ("a fence that was typed", r"\`\`\`a", "ˋˋˋa"),
    ("a typed sign beside a style", r"**a\* b** c\*", "*a∗ b* c∗"),
    ("products", "2*3*4", "2\u{200b}_3_\u{200b}4"),
    ("typed products", r"2\*3\*4", "2*3*4"),
    ("a name with underscores", "snake_case_name", "snake_case_name"),
    ("a pattern", r"all \*.log files", "all *.log files"),
    ("a pattern beside bold", r"\*.log and **b**", "∗.log and *b*"),
    ("a home directory", "~/x and ~/y", "~/x and ~/y"),
    ("an emoji", ":smile: **:fire:**", ":smile: *:fire:*"),
    (
        "a broadcast",
        "<!channel> @here <@U1>",
        "&lt;!channel&gt; @here &lt;@U1&gt;",
    ),
    ("a quote that was typed", r"\> x", "\u{200b}&gt; x"),
    ("strikethrough over words", "~~a b *c*~~ d", "~a b _c_~ d"),
    (
        "a style that goes on over a blank where another ends",
        "**~~`a `~~**~~b~~",
        "~*`a`* b~",
    ),
    ("a style beside a letter", "**a**b", "*a*\u{200b}b"),
    (
        "a style beside an ideogram",
        "中**文**字",
        "中\u{200b}*文*\u{200b}字",
    ),
    ("styles that touch", "**a***b*", "*a*\u{200b}_b_"),
    ("a style with a blank at its edge", "**a *b* **c", "**a _b_ **c"),
    ("a style over lines", "**a\nb**", "*a*\n*b*"),
    (
        "a style in a label",
        "[a **b**](https://x.y)",
        "<https://x.y|a b>",
    ),
    (
        "a style of all of a label",
        "[**a** **b**](https://x.y)",
        "*<https://x.y|a b>*",
    ),
    (
        "a link in bold",
        "**see [a](https://x.y)**",
        "*see <https://x.y|a>*",
    ),
    ("signs in a label", r"[\*a\*](https://x.y)", "<https://x.y|∗a∗>"),
    ("code in a label", "[`a|b`](https://x.y)", "<https://x.y|a|b>"),
    (
        "an address with underscores",
        "https://x.y/_a_b_/c_d",
        "<https://x.y/_a_b_/c_d>",
    ),
    (
        "an address with asterisks in it",
        "https://x.y/*a*/b, then *c*",
        "<https://x.y/*a*/b>, then _c_",
    ),
    (
        "an address in italics",
        "*https://x.y/a_b*",
        "_<https://x.y/a_b>_",
    ),
    (
        "an address in brackets and bold",
        "**(https://x.y)**",
        "*(<https://x.y>)*",
    ),
    (
        "a list in a list",
        "1. a\n   - **b**\n2. c",
        "1. a\n    • *b*\n2. c",
    ),
    ("a style at a bullet", "- **a**: b\n- *c*", "• *a*: b\n• _c_"),
    (
        "a table",
        "| a | b |\n|---|---|\n| **c** | d |",
        "| a | b |\n|---|---|\n| *c* | d |",
    ),
    ("writing from right to left", "**שלום** עולם", "*שלום* עולם"),
    ("writing that is turned by force", "a\u{202e}b", "ab"),
    ("an accent of its own", "**e\u{301}**!", "*e\u{301}*!"),
    ("a style in a quote", "> **a**\n> b", "> *a*\n> b"),
    ("html", "<u>a</u> **b**", "&lt;u&gt;a&lt;/u&gt; *b*"),
    ("emphasis of nothing but a sign", r"**\***", "*∗*"),
];

#[test]
fn what_people_write_stands_in_slack_as_they_meant_it() {
    let wrong: Vec<_> = EXAMPLES
        .iter()
        .map(|(name, markdown, expected)| (name, to_mrkdwn(markdown, usize::MAX), *expected))
        .filter(|(_, mrkdwn, expected)| mrkdwn != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_long_address_swallows_nothing_that_follows() {
    let address = format!("https://x.y/{}", "a".repeat(640));
    let labelled = format!("See [the graph]({address}) and restart it.");
    assert_eq!(
        to_mrkdwn(&labelled, 600),
        format!("See <{address}|the graph> and restart it.")
    );
    let bare = to_mrkdwn(&format!("See {address} and restart it."), 600);
    assert!(
        bare.starts_with(&format!("See <{address}|https://x.y/a")),
        "{bare}"
    );
    assert!(bare.ends_with("…> and restart it."), "{bare}");
}

#[test]
fn an_address_too_long_for_slack_is_shown_and_is_no_link() {
    let address = format!("https://x.y/{}", "a".repeat(4_000));
    let text = Mrkdwn::markdown(&format!("See [the graph]({address}) and {address} now."), 600).fit(2_900);
    let shown = format!("See the graph and https://x.y/{}… now.", "a".repeat(47));
    assert_eq!(text.as_str(), shown);
}

#[test]
fn a_line_of_three_thousand_letters_is_cut_and_ends_with_the_whole() {
    let text = Mrkdwn::markdown_of(&"a".repeat(3_000), 600, "https://t/1?a=1&b=2", "Read more");
    assert_eq!(text.seen(), 600);
    assert_eq!(
        text.as_str(),
        format!("{}… <https://t/1?a=1&amp;b=2|Read more>", "a".repeat(589))
    );
}

#[test]
fn escapes_count_as_what_they_stand_for_and_what_slack_cannot_take_is_still_cut() {
    let text = Mrkdwn::markdown_of(&"<".repeat(600), 600, "https://t/1", "Read more");
    assert_eq!(text.as_str(), "&lt;".repeat(600));
    let text = Mrkdwn::markdown_of(&"<".repeat(1_000), 1_000, "https://t/1", "Read more").fit(2_900);
    assert!(
        text.as_str().ends_with("&lt;… <https://t/1|Read more>"),
        "{text:?}"
    );
    assert!((2_890..=2_900).contains(&text.as_str().len()));
    // A second cut leaves one link.
    let again = text.fit(100);
    assert_eq!(again.as_str().matches("Read more").count(), 1);
    assert!(
        again.as_str().ends_with("&lt;… <https://t/1|Read more>"),
        "{again:?}"
    );
}

#[test]
fn a_cut_in_code_closes_it_before_the_link() {
    let text = Mrkdwn::markdown_of(
        &format!("```\n{}\n```", "a".repeat(100)),
        50,
        "https://t/1",
        "Read more",
    );
    assert_eq!(
        text.as_str(),
        format!("```\n{}…\n```\n<https://t/1|Read more>", "a".repeat(38))
    );
}

#[test]
fn a_cut_leaves_signs_of_several_characters_whole() {
    assert_eq!(to_mrkdwn("**👩\u{200d}👧👩\u{200d}👧**", 4), "*👩\u{200d}👧…*");
    assert_eq!(to_mrkdwn("e\u{301}e\u{301}e\u{301}", 4), "e\u{301}…");
}

#[test]
fn what_is_bold_already_does_not_become_so_once_more() {
    let name = Mrkdwn::recorded("*Status* of <https://x.y/*a*|it>".to_owned());
    assert_eq!(name.bold().as_str(), "*Status of <https://x.y/*a*|it>*");
}

#[test]
fn texts_of_several_people_make_no_style_together() {
    let line = Mrkdwn::text("*a").plus(" · ").and(&Mrkdwn::text("b*"));
    assert_eq!(line.as_str(), "∗a · b∗");
    let line = Mrkdwn::text("a* b").bold().plus(" ").and(&Mrkdwn::text("*.log"));
    assert_eq!(line.as_str(), "*a∗ b* *.log");
}

#[test]
fn the_longest_text_takes_no_time_to_speak_of() {
    let text = "**a** [b](https://x.y) *c ".repeat(2_000);
    let cut = Mrkdwn::markdown_of(&text, 600, "https://t/1", "Read more").fit(2_900);
    assert!(cut.as_str().ends_with("|Read more>"));
}
