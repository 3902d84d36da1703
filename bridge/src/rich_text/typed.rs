//! What people type where Slack has no composer: in dialogs, and in workflows. The signs mean what they mean in a message, but nothing is
//! escaped.

use tocsin_message::mrkdwn::{Mrkdwn, as_it_was_typed};

use super::{
    document::{Block, Inline, InlineContent, KnownNames},
    markdown::render,
    text,
};

/// What was typed, as Markdown.
pub(crate) fn typed_markdown(typed: &str) -> String {
    let mut document = text::document(&as_mrkdwn(typed));
    document.blocks.iter_mut().for_each(own_signs);
    render(&document, &KnownNames::default())
}

/// What would be typed for a text, to be read by [`typed_markdown`].
pub(crate) fn as_typed(text: &Mrkdwn) -> String {
    text::unescape(text.as_str())
}

/// Typed text as a message would have it: all is escaped but the brackets of links.
fn as_mrkdwn(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len());
    let mut rest = typed;
    while let Some(c) = rest.chars().next() {
        let link = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
        if let Some((inside, after)) = link.filter(|(inside, _)| is_link(inside)) {
            out.push('<');
            out.push_str(&inside.replace('&', "&amp;"));
            out.push('>');
            rest = after;
            continue;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn is_link(inside: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| inside.starts_with(scheme))
        && !inside.contains(['<', '\n'])
}

/// Signs for those that look like them: a dialog was filled with these, so that they make no style.
fn own_signs(block: &mut Block) {
    let own = |text: &mut String| *text = as_it_was_typed(text);
    let inlines = |inlines: &mut Vec<Inline>| {
        for inline in inlines {
            match &mut inline.what {
                InlineContent::Text(text)
                | InlineContent::Link {
                    label: Some(text), ..
                } => own(text),
                InlineContent::Link { .. }
                | InlineContent::Person { .. }
                | InlineContent::Channel { .. }
                | InlineContent::Group { .. } => {}
            }
        }
    };
    match block {
        Block::Text(line) => inlines(line),
        Block::List { items, .. } => items.iter_mut().for_each(inlines),
        Block::Code { text, .. } => own(text),
        Block::Quote(blocks) => blocks.iter_mut().for_each(own_signs),
        Block::Markdown(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogs_are_read_as_messages_are() {
        for (typed, markdown) in [
            ("*bold* _it_ ~gone~ `a < b`", "**bold** _it_ ~~gone~~ `a < b`"),
            ("**not** & 2 < 3 > 1", r"\***not**\* & 2 \< 3 > 1"),
            ("> said\nend", "> said\n\nend"),
            ("<!channel> <@U1> &lt;", r"\<!channel> \<@U1> \&lt;"),
            ("see https://x.y/_a_/*b*/c.", "see <https://x.y/_a_/*b*/c>."),
            (
                "<https://x.y/?a=1&b=2|the *docs*>",
                r"[the \*docs\*](https://x.y/?a=1&amp;b=2)",
            ),
            ("```\n*a* <b>\n```", "```\n*a* <b>\n```"),
            ("- a\n1. b\n# c", "\\- a  \n1\\. b  \n\\# c"),
        ] {
            assert_eq!(typed_markdown(typed), markdown, "{typed}");
        }
    }

    #[test]
    fn what_a_dialog_was_filled_with_is_read_as_it_was() {
        for markdown in [
            r"**bold** _it_ \*bak\* \_tmp\_ 2\*3",
            "a & b \\< c",
            "[docs](https://x.y/?a=1&amp;b=2) <https://x.y/_a_>",
            "> said\n\nend",
            "```\n*a* <b>\n```",
        ] {
            let filled = as_typed(&Mrkdwn::markdown(markdown, 1_000));
            assert_eq!(typed_markdown(&filled), markdown, "{filled}");
        }
    }
}
