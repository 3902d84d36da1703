//! Text in Slack's mrkdwn that is safe by construction: whatever is foreign has been escaped.

use std::fmt::Write;

use time::OffsetDateTime;

use crate::markdown::escape;

/// A text in mrkdwn. Foreign text gets in by [`Mrkdwn::text`], [`Mrkdwn::link`] and [`Mrkdwn::markdown`] only, which escape it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrkdwn(String);

impl Mrkdwn {
    /// Mrkdwn of our own, written in the code.
    pub fn own(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Mrkdwn that was made here and has been on record since.
    pub fn recorded(text: String) -> Self {
        Self(text)
    }

    /// Foreign text: shown as it is, in one line, without mentions, links and styles.
    pub fn text(text: &str) -> Self {
        Self(escape(&without_styles(&one_line(text))))
    }

    /// Foreign Markdown, in so many characters at the most.
    pub fn markdown(markdown: &str, max: usize) -> Self {
        Self(crate::markdown::to_mrkdwn(markdown, max))
    }

    /// A link with a foreign label. Slack reads no styles inside a label; a bar would end the address.
    pub fn link(url: &str, label: &str) -> Self {
        let url: String = url.chars().filter(|c| !c.is_whitespace()).collect();
        let url = escape(&url).replace('|', "%7C");
        Self(format!("<{url}|{}>", escape(&one_line(label))))
    }

    /// A point in time, in the reader's own time zone.
    pub fn date(at: OffsetDateTime) -> Self {
        let mut text = format!("<!date^{}^{{date_short_pretty}} {{time}}|", at.unix_timestamp());
        let at = at.to_offset(time::UtcOffset::UTC);
        let (date, hour, minute) = (at.date(), at.hour(), at.minute());
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{date} {hour:02}:{minute:02} UTC>");
        Self(text)
    }

    /// How long ago that was, as of when it is read.
    pub fn ago(at: OffsetDateTime) -> Self {
        let date = Self::date(at).0;
        Self(date.replace("{date_short_pretty} {time}|", "{ago}|since "))
    }

    /// The text in bold, unless there is none.
    #[must_use]
    pub fn bold(self) -> Self {
        if self.0.is_empty() {
            self
        } else {
            Self(format!("*{}*", self.0))
        }
    }

    /// This text, and then that one.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// This text, and then some of our own.
    #[must_use]
    pub fn plus(mut self, own: &'static str) -> Self {
        self.0.push_str(own);
        self
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text in so many characters at the most; what was cut off is shown by an ellipsis.
    #[must_use]
    pub fn cut(self, max: usize) -> Self {
        if length(&self.0) <= max {
            return self;
        }
        let mut kept = String::new();
        let mut room = max.saturating_sub(1);
        for atom in atoms(&self.0) {
            let needed = length(atom);
            if needed > room {
                break;
            }
            room -= needed;
            kept.push_str(atom);
        }
        kept.push('…');
        Self(kept)
    }

    /// The same, with the styles closed that the cut has left open.
    #[must_use]
    pub(crate) fn cut_styled(self, max: usize) -> Self {
        if length(&self.0) <= max {
            return self;
        }
        let mut open = String::new();
        // Closing takes room, and what is cut for it may open less.
        for _ in 0..=STYLES.len() {
            let cut = self.clone().cut(max.saturating_sub(open.len()));
            open = left_open(&self.0, &cut.0);
            if length(&cut.0) + open.len() <= max {
                return Self(cut.0 + &open);
            }
        }
        Self("…".to_owned())
    }
}

/// The signs of styles, and what opens and closes code of several lines.
const STYLES: [&str; 5] = ["```", "*", "_", "~", "`"];

/// What closes the styles that are open at the end of a cut text, innermost first. One that the whole text leaves open is none.
fn left_open(whole: &str, cut: &str) -> String {
    let uses = |text: &str, style: &str| {
        let mut count = 0;
        let mut last = 0;
        let plain: String = atoms(text).filter(|atom| !atom.starts_with('<')).collect();
        let plain = if style == "`" {
            plain.replace("```", "   ")
        } else {
            plain
        };
        for (at, _) in plain.match_indices(style) {
            count += 1;
            last = at;
        }
        (count % 2 == 1, last)
    };
    let is_open = |style: &&str| uses(cut, style).0 && !uses(whole, style).0;
    let mut open: Vec<_> = STYLES.into_iter().filter(is_open).collect();
    open.sort_by_key(|style| std::cmp::Reverse(uses(cut, style).1));
    open.concat()
}

/// Characters as Slack may count them: its documentation does not say whether it counts code points or UTF-16 units, and
/// there are never fewer of the latter.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text of one line, in plain text, in so many characters at the most.
pub fn cut_plain(text: &str, max: usize) -> String {
    let text = one_line(text);
    if length(&text) <= max {
        return text;
    }
    let mut kept = String::new();
    let mut room = max.saturating_sub(1);
    for atom in clusters(&text) {
        let needed = length(atom);
        if needed > room {
            break;
        }
        room -= needed;
        kept.push_str(atom);
    }
    kept.push('…');
    kept
}

/// The signs of styles, each with one that looks like it and means nothing.
const LOOK_ALIKES: [(char, char); 4] = [('*', '∗'), ('_', 'ˍ'), ('~', '∼'), ('`', 'ˋ')];

/// Slack has no escape for the signs of styles: where two would make one, others that look like them stand. What makes none stays, so that
/// `a_b`, `*.rs` and `~/x` can be copied.
fn without_styles(text: &str) -> String {
    if !text.contains(LOOK_ALIKES.map(|(sign, _)| sign)) {
        return text.to_owned();
    }
    let signs: Vec<char> = text.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| signs.get(index)).copied();
    let is_edge = |index| at(index).is_none_or(|c| !c.is_alphanumeric());
    let is_word = |index| at(index).is_some_and(|c| !c.is_whitespace());
    let mut shown = signs.clone();
    for (sign, look_alike) in LOOK_ALIKES {
        let places = || (0..signs.len()).filter(|index| at(Some(*index)) == Some(sign));
        let mut ends = places()
            .filter(|end| is_word(end.checked_sub(1)) && is_edge(Some(end + 1)))
            .peekable();
        let mut closed = None;
        for begin in places() {
            if closed >= Some(begin) || !is_edge(begin.checked_sub(1)) || !is_word(Some(begin + 1)) {
                continue;
            }
            while ends.next_if(|end| *end < begin + 2).is_some() {}
            let Some(end) = ends.next() else { break };
            for index in [begin, end] {
                if let Some(place) = shown.get_mut(index) {
                    *place = look_alike;
                }
            }
            closed = Some(end);
        }
    }
    shown.into_iter().collect()
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

/// Runs of white space, line ends included, become one blank. Control characters go, and so do those that turn the direction of
/// writing by force: a cut could leave them open, and they would turn what we write after them.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control() && !turns_direction(*c)));
    }
    line
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a cut must leave whole: `<…>`, `&…;` and what makes up one sign.
fn atoms(text: &str) -> impl Iterator<Item = &str> {
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

fn clusters(text: &str) -> impl Iterator<Item = &str> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn foreign_text_mentions_nobody_and_stays_in_its_line() {
        let text = Mrkdwn::text("<!channel> &\n<https://x|y>");
        assert_eq!(text.as_str(), "&lt;!channel&gt; &amp; &lt;https://x|y&gt;");
        let link = Mrkdwn::link("https://x/a|b c", "> @here | <");
        assert_eq!(link.as_str(), "<https://x/a%7Cbc|&gt; @here | &lt;>");
    }

    #[test]
    fn foreign_text_has_no_styles_and_keeps_the_signs_that_make_none() {
        for (text, shown) in [
            ("*x*", "∗x∗"),
            ("a _b c_, ~d~ `e`", "a ˍb cˍ, ∼d∼ ˋeˋ"),
            ("(*x*) *y", "(∗x∗) *y"),
            ("`_x_` *y *z* *", "ˋˍxˍˋ ∗y *z∗ *"),
            (
                "snake_case_name *.rs 2 * 3 * 4 ~/x",
                "snake_case_name *.rs 2 * 3 * 4 ~/x",
            ),
        ] {
            assert_eq!(Mrkdwn::text(text).as_str(), shown);
        }
        // Slack reads no styles in a label.
        assert_eq!(Mrkdwn::link("https://x", "*x*").as_str(), "<https://x|*x*>");
    }

    #[test]
    fn a_date_is_told_in_the_readers_time_zone() {
        let date = Mrkdwn::date(datetime!(2026-11-20 22:36:07 UTC));
        assert_eq!(
            date.as_str(),
            "<!date^1795214167^{date_short_pretty} {time}|2026-11-20 22:36 UTC>"
        );
        let ago = Mrkdwn::ago(datetime!(2026-11-20 22:36:07 UTC));
        assert_eq!(
            ago.as_str(),
            "<!date^1795214167^{ago}|since 2026-11-20 22:36 UTC>"
        );
    }

    #[test]
    fn a_cut_leaves_links_escapes_and_signs_whole() {
        let text = Mrkdwn::text("ab")
            .and(&Mrkdwn::link("https://x", "label"))
            .and(&Mrkdwn::text("&& cd"));
        assert_eq!(text.clone().cut(10).as_str(), "ab…");
        assert_eq!(text.clone().cut(24).as_str(), "ab<https://x|label>…");
        assert_eq!(text.cut(27).as_str(), "ab<https://x|label>&amp;…");
        assert_eq!(cut_plain("e\u{301}e\u{301}e\u{301}", 4), "e\u{301}…");
        assert_eq!(cut_plain("👨\u{200d}👩\u{200d}👧 family", 6), "…");
    }

    #[test]
    fn many_signs_take_no_time_to_speak_of() {
        let text = " *a".repeat(100_000);
        assert_eq!(without_styles(&text), text);
    }

    proptest! {
        #[test]
        fn a_cut_text_is_short_enough_and_its_entities_are_whole(text in "[a-z&<>é👩 ]{0,60}", max in 1usize..40) {
            let cut = Mrkdwn::text(&text).cut(max);
            prop_assert!(length(cut.as_str()) <= max);
            let unescaped = cut.as_str().replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!unescaped.contains(['&', '<', '>']), "{cut:?}");
        }
    }
}
