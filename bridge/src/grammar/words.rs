//! What people type, word by word. Pure.
//!
//! People type as their keyboards let them: with smart quotes, hard blanks, capitals, and numbers with or without a hash. What Slack
//! made of mentions and addresses (`<@U…|name>`, `<mailto:…|…>`) is read back.

use tocsin_entity::kinds::{Severity, Urgency};

/// Blanks of any kind, and characters that nobody sees.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The first word, and all that follows.
pub(crate) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_matches(is_blank);
    match text.find(is_blank) {
        Some(at) => (&text[..at], text[at..].trim_matches(is_blank)),
        None => (text, ""),
    }
}

/// Straight quotes for all kinds of them.
pub(crate) fn straight(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '＂' => '"',
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        c => c,
    }
}

/// Without the quotes around it.
pub(crate) fn unquoted(text: &str) -> &str {
    let text = text.trim_matches(is_blank);
    let mut chars = text.chars();
    let (first, last) = (chars.next().map(straight), chars.next_back().map(straight));
    let inner = chars.as_str();
    if first == Some('"') && last == Some('"') && !inner.chars().any(|c| straight(c) == '"') {
        inner.trim_matches(is_blank)
    } else {
        text
    }
}

/// A number from 1 on, with or without its hash, and what follows.
pub(crate) fn numbered(rest: &str) -> Option<(i64, &str)> {
    let (word, rest) = first_word(rest);
    let digits = word.strip_prefix(['#', '＃']).unwrap_or(word);
    let (digits, rest) = if digits.is_empty() {
        first_word(rest)
    } else {
        (digits, rest)
    };
    let digits = digits.trim_end_matches([',', ':', '.']);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    (number > 0).then(|| (i64::from(number), rest))
}

/// Words, of which quoted ones may have blanks in them: `service:"Payments API"`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in text.chars() {
        match straight(c) {
            '"' => quoted = !quoted,
            c if is_blank(c) && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// As plain text: of what Slack made of a mention, a channel or an address, what people see.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside, after)) = rest.split_once('<').and_then(|(before, rest)| {
        rest.split_once('>')
            .map(|(inside, after)| (before, inside, after))
    }) {
        out.push_str(before);
        out.push_str(&seen(inside));
        rest = after;
    }
    out.push_str(rest);
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// What people see of what stands in brackets.
fn seen(inside: &str) -> String {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let sign = target.chars().next().filter(|sign| matches!(sign, '@' | '#'));
    if !label.is_empty() {
        let sign = sign.filter(|sign| !label.starts_with(*sign));
        return sign.into_iter().chain(label.chars()).collect();
    }
    match target.strip_prefix('!') {
        Some(call) => format!("@{}", call.strip_prefix("subteam^").unwrap_or(call)),
        None => target.strip_prefix("mailto:").unwrap_or(target).to_owned(),
    }
}

pub(crate) fn urgency(word: &str) -> Option<Urgency> {
    match word.to_lowercase().as_str() {
        "high" => Some(Urgency::High),
        "medium" => Some(Urgency::Medium),
        "low" => Some(Urgency::Low),
        _ => None,
    }
}

pub(crate) fn severity(word: &str) -> Option<Severity> {
    let word = word.to_lowercase();
    match word.strip_prefix("sev").unwrap_or(&word).trim_start_matches('-') {
        "1" => Some(Severity::Sev1),
        "2" => Some(Severity::Sev2),
        "3" => Some(Severity::Sev3),
        "4" => Some(Severity::Sev4),
        "5" => Some(Severity::Sev5),
        _ => None,
    }
}

/// A name and a value, as in `service:api`.
pub(crate) fn option(word: &str) -> Option<(String, &str)> {
    let (name, value) = word.split_once([':', '='])?;
    let name = name.to_lowercase();
    let is_known = matches!(name.as_str(), "service" | "urgency" | "severity");
    is_known.then_some((name, value.trim_matches(is_blank)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_a_hash_and_whatever_the_blanks() {
        for text in ["12", "#12", "  #12", "\u{a0}# 12", "12.", "\u{3000}12 please"] {
            assert_eq!(numbered(text).map(|(number, _)| number), Some(12), "{text}");
        }
        for text in ["", "x", "#", "0", "-1", "99999999999", "1x", "because"] {
            assert_eq!(numbered(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_at_all_is_read(text in any::<String>()) {
            let _ = plain(&text);
            let _ = words(&text);
            let _ = unquoted(&text);
            let _ = numbered(&text);
        }

        #[test]
        fn a_number_is_the_same_with_a_hash(number in 1_i32..=i32::MAX, blank in "[ \t\u{a0}\u{2003}]{1,3}") {
            for text in [format!("{blank}{number}"), format!("{blank}#{number}")] {
                prop_assert_eq!(numbered(&text), Some((number.into(), "")));
            }
        }
    }
}
