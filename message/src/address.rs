//! Addresses: which may be linked, how mrkdwn holds them, and where one stands bare in a text.

/// A link's target as mrkdwn holds it, where it leads somewhere that a reader of Slack may be sent to.
pub(crate) fn target_of(target: &str) -> Option<String> {
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
pub fn next_url(text: &str) -> Option<(&str, &str, &str)> {
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
