//! Characters as people and Slack see them: what must stay whole, what means a style, and how much room a text takes.

/// The signs of styles, each with one that looks like it and means nothing.
const LOOK_ALIKES: [(char, char); 4] = [('*', '∗'), ('_', 'ˍ'), ('~', '∼'), ('`', 'ˋ')];

/// Slack sees a style only at the edge of a word; this makes an edge that nobody sees.
pub(crate) const EDGE: char = '\u{200b}';

/// What looks like a sign of a style, for a sign.
pub(crate) fn look_alike(c: char) -> Option<char> {
    LOOK_ALIKES
        .iter()
        .find(|(sign, _)| *sign == c)
        .map(|(_, other)| *other)
}

/// Whether a character is a sign of a style, or looks like one.
pub(crate) fn is_sign(c: char) -> bool {
    LOOK_ALIKES
        .iter()
        .any(|(sign, other)| [*sign, *other].contains(&c))
}

/// A text with the signs that it had before others took their place: where it is no text to be read.
pub(crate) fn with_own_signs(text: &str) -> String {
    let own = |c: char| {
        LOOK_ALIKES
            .iter()
            .find(|(_, other)| *other == c)
            .map_or(c, |(own, _)| *own)
    };
    text.chars().map(own).collect()
}

/// Whether a character is part of a word: a style's sign beside it is none for Slack.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_sign(c)
}

/// Whether a style's sign beside this character is certainly read as one.
pub(crate) fn is_edge(c: char) -> bool {
    c.is_whitespace()
        || c == EDGE
        || (c.is_ascii_punctuation() && !is_sign(c))
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
}

/// Characters as Slack may count them: its documentation does not say whether it counts code points or UTF-16 units, and
/// there are never fewer of the latter.
pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Runs of white space, line ends included, become one blank.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let word = shown(word);
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    line
}

/// The characters of a text of one line that are shown. Control characters go, and so do those that turn the direction of writing by
/// force: a cut could leave them open, and they would turn what we write after them.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            c if c.is_control() || turns_direction(c) => None,
            c => Some(c),
        })
        .collect()
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a cut of mrkdwn must leave whole: `<…>`, `&…;` and what makes up one sign.
pub(crate) fn atoms(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match first {
            '<' => rest.find('>'),
            '&' => rest.find(';'),
            _ => None,
        };
        let size = end.map_or_else(|| cluster(rest), |at| at + 1);
        let (atom, after) = rest.split_at(size);
        rest = after;
        Some(atom)
    })
}

/// What makes up one sign each.
pub(crate) fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest.chars().next()?;
        let (sign, after) = rest.split_at(cluster(rest));
        rest = after;
        Some(sign)
    })
}

/// The size of the first sign: a character with the marks, selectors and joined characters that follow it. Not the whole of
/// Unicode's rules, but no accent and no family of emoji is torn apart.
fn cluster(text: &str) -> usize {
    let mut size = 0;
    let mut joined = false;
    for c in text.chars() {
        if size > 0 && !joined && !extends(c) {
            break;
        }
        joined = c == '\u{200d}';
        size += c.len_utf8();
    }
    size
}

fn extends(c: char) -> bool {
    matches!(c,
        '\u{200d}' | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}
