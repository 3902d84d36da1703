//! What must hold of any Markdown that becomes Slack's mrkdwn.

use pulldown_cmark::{Event, Options, Parser, Tag};
use tocsin_message::mrkdwn::Mrkdwn;

/// Markdown that somebody wrote, and in its first byte how short it is to be.
///
/// # Panics
/// When the mrkdwn mentions somebody, calls a channel, links where the author did not, is too long or is cut through an escape.
pub(crate) fn check(data: &[u8]) {
    let Some((room, markdown)) = data.split_first() else {
        return;
    };
    let markdown = String::from_utf8_lossy(markdown);
    let room = usize::from(*room) * 16;
    let text = Mrkdwn::markdown(&markdown, room);
    assert!(text.seen() <= room, "{} > {room}", text.seen());
    let fitted = text.clone().fit(room);
    assert!(fitted.as_str().encode_utf16().count() <= room, "{fitted:?}");
    let mrkdwn = text.as_str();
    let mut rest = mrkdwn;
    while let Some((_, after)) = rest.split_once('<') {
        let (token, after) = after
            .split_once('>')
            .unwrap_or_else(|| panic!("an open bracket: {mrkdwn:?}"));
        let links = ["http://", "https://", "mailto:"];
        assert!(
            links.iter().any(|scheme| token.starts_with(scheme)),
            "{token:?} in {mrkdwn:?}"
        );
        assert!(!token.contains('<'), "brackets in brackets: {mrkdwn:?}");
        rest = after;
    }
    let escapes = ["&amp;", "&lt;", "&gt;"];
    let unescaped = escapes
        .iter()
        .fold(mrkdwn.to_owned(), |text, escape| text.replace(escape, ""));
    assert!(!unescaped.contains('&'), "an escape was cut: {mrkdwn:?}");
    let read = as_read(&markdown);
    let links_written = ["://", "mailto:", "@"].iter().any(|sign| read.contains(sign));
    assert!(
        links_written || !mrkdwn.contains('<'),
        "a link that nobody wrote: {mrkdwn:?}"
    );
}

/// What a reader of Markdown sees: escapes and entities resolved, and where its links lead.
fn as_read(markdown: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut read = String::new();
    for event in Parser::new_ext(markdown, options) {
        if let Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) = event {
            read.push_str(&text);
        } else if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
            read.push_str(&dest_url);
        }
    }
    read
}
