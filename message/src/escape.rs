//! Text as mrkdwn has it: Slack's three characters of markup become entities.

/// Escapes a text for mrkdwn: it is shown as it is, mentions nobody and links nowhere.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match escaped_char(c) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(c),
        }
    }
    escaped
}

/// The entity of a character that has one.
pub(crate) fn escaped_char(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}
