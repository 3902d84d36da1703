//! Text in Slack's mrkdwn that is safe by construction: it is a list of pieces, of which those that are foreign are known, and one writer
//! writes them.

use std::fmt::Write;

use time::OffsetDateTime;

pub(crate) use crate::characters::with_own_signs;
use crate::{
    characters::{EDGE, atoms, clusters, length, one_line},
    document::{FullText, Styles, TextPiece, address_shown, cut},
    escape::escape,
    writer::write,
};

/// The most that is shown of an address that has no label, where a text is too long: what is after it is worth more.
const ADDRESS_SEEN: usize = 60;

/// Writes Markdown as Slack's mrkdwn, of which people see `max` characters at most; what is cut off is shown by an ellipsis.
pub fn to_mrkdwn(markdown: &str, max: usize) -> String {
    Mrkdwn::markdown(markdown, max).as_str().to_owned()
}

/// A text in mrkdwn. Foreign text gets in by [`Mrkdwn::text`], [`Mrkdwn::link`] and [`Mrkdwn::markdown`] only, which escape it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrkdwn {
    pieces: Vec<TextPiece>,
    /// Where the whole is, if this must be cut.
    whole: Option<FullText>,
    /// Whether it ends with a link to the whole already.
    is_cut: bool,
    /// The pieces, as they are written.
    written: String,
}

impl Mrkdwn {
    fn of(pieces: Vec<TextPiece>) -> Self {
        let written = write(&pieces);
        Self {
            pieces,
            written,
            ..Self::default()
        }
    }

    fn made(text: String) -> Self {
        if !text.contains('\n') && !text.is_empty() {
            return Self::of(vec![TextPiece::own(text)]);
        }
        let mut pieces = Vec::new();
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                pieces.push(TextPiece::line_end());
            }
            if !line.is_empty() {
                pieces.push(TextPiece::own(line));
            }
        }
        Self::of(pieces)
    }

    /// Mrkdwn of our own, written in the code.
    pub fn own(text: &'static str) -> Self {
        Self::made(text.to_owned())
    }

    /// Mrkdwn that was made here and has been on record since.
    pub fn recorded(text: String) -> Self {
        Self::made(text)
    }

    /// Foreign text: shown as it is, in one line, without mentions, links and styles.
    pub fn text(text: &str) -> Self {
        Self::of(vec![TextPiece::text(one_line(text), Styles::default())])
    }

    /// Foreign Markdown, of which so many characters are seen at the most.
    pub fn markdown(markdown: &str, max: usize) -> Self {
        Self::of(crate::markdown::read(markdown)).cut(max)
    }

    /// Foreign Markdown, of which so many characters are seen at the most. If it is cut, now or later, it ends with a link to the whole.
    pub fn markdown_of(markdown: &str, max: usize, whole_url: &str, label: &'static str) -> Self {
        Self::of(crate::markdown::read(markdown))
            .whole_at(whole_url, label)
            .cut(max)
    }

    /// The same text. If it is cut later, it ends with a link to the whole, which is there.
    #[must_use]
    pub fn whole_at(self, url: &str, label: &'static str) -> Self {
        let url = link_target(url);
        Self {
            whole: Some(FullText { url, label }),
            ..self
        }
    }

    /// A link with a foreign label. A bar would end the address.
    pub fn link(url: &str, label: &str) -> Self {
        Self::of(vec![TextPiece::Link {
            url: link_target(url),
            label: Some(one_line(label)),
            styles: Styles::default(),
        }])
    }

    /// A point in time, in the reader's own time zone.
    pub fn date(at: OffsetDateTime) -> Self {
        Self::moment(at, "{date_short_pretty} {time}", "")
    }

    /// How long ago that was, as of when it is read.
    pub fn ago(at: OffsetDateTime) -> Self {
        Self::moment(at, "{ago}", "since ")
    }

    fn moment(at: OffsetDateTime, format: &str, before: &str) -> Self {
        let mut text = format!("<!date^{}^{format}|{before}", at.unix_timestamp());
        let at = at.to_offset(time::UtcOffset::UTC);
        let (date, hour, minute) = (at.date(), at.hour(), at.minute());
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{date} {hour:02}:{minute:02} UTC>");
        Self::of(vec![TextPiece::own(text)])
    }

    /// The text in bold, unless there is none.
    #[must_use]
    pub fn bold(self) -> Self {
        let mut pieces = self.pieces;
        for piece in &mut pieces {
            match piece {
                TextPiece::Text { styles, .. } | TextPiece::Link { styles, .. } => {
                    *styles = styles.with(Styles::BOLD);
                }
                TextPiece::Own { text, styles } => {
                    // What is bold already does not become so once more.
                    *text = atoms(text).filter(|atom| *atom != "*").collect();
                    *styles = styles.with(Styles::BOLD);
                }
                TextPiece::Break { .. } | TextPiece::Code { .. } => {}
            }
        }
        Self {
            written: write(&pieces),
            pieces,
            ..self
        }
    }

    /// This text, and then that one.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.pieces.extend(more.pieces.iter().cloned());
        self.written = write(&self.pieces);
        self.is_cut = more.is_cut;
        self.whole = self.whole.or_else(|| more.whole.clone());
        self
    }

    /// This text, and then some of our own.
    #[must_use]
    pub fn plus(self, own: &'static str) -> Self {
        self.and(&Self::own(own))
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.written.trim().is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// How many characters of it people see: of a link its label, of an escape the one that it stands for, and none of what makes the
    /// styles of foreign text.
    pub fn seen(&self) -> usize {
        self.pieces.iter().map(TextPiece::seen).sum()
    }

    /// The text, of which so many characters are seen at the most; what was cut off is shown by an ellipsis.
    #[must_use]
    pub fn cut(self, max: usize) -> Self {
        if self.seen() <= max {
            return self;
        }
        let shorter = self.with_short_addresses();
        if shorter.seen() <= max {
            return shorter;
        }
        // The most of it is for the text.
        let whole = shorter.whole.clone().filter(|whole| 2 * whole.seen() < max);
        match max.checked_sub(1 + whole.as_ref().map_or(0, FullText::seen)) {
            Some(room) => shorter.cut_to(room, whole.as_ref()),
            None => Self::default(),
        }
    }

    /// The text in so many characters at the most as it is written, as Slack limits it.
    #[must_use]
    pub fn fit(self, max: usize) -> Self {
        if length(&self.written) <= max {
            return self;
        }
        let text = self.without_links_beyond(max);
        if length(&text.written) <= max {
            return text;
        }
        let whole = text
            .whole
            .clone()
            .filter(|whole| 2 * (length(&whole.url) + whole.seen()) < max);
        let (mut least, mut most) = (0, text.seen().saturating_sub(1));
        let mut best = text.clone().cut_to(0, whole.as_ref());
        while least < most {
            let middle = least.midpoint(most + 1);
            let cut = text.clone().cut_to(middle, whole.as_ref());
            if length(&cut.written) <= max {
                (least, best) = (middle, cut);
            } else {
                most = middle - 1;
            }
        }
        if max == 0 { Self::default() } else { best }
    }

    /// The beginning that takes so many characters to see, an ellipsis, and the link to the whole.
    fn cut_to(self, room: usize, whole: Option<&FullText>) -> Self {
        let mut pieces = self.pieces;
        if self.is_cut {
            // The link to the whole, and the blank or line end before it.
            pieces.truncate(pieces.len().saturating_sub(2));
        }
        let seen: usize = pieces.iter().map(TextPiece::seen).sum();
        let pieces = cut(&pieces, room.min(seen.saturating_sub(1)), whole);
        Self {
            written: write(&pieces),
            pieces,
            is_cut: whole.is_some(),
            whole: self.whole,
        }
    }

    fn with_short_addresses(self) -> Self {
        let mut pieces = self.pieces;
        for piece in &mut pieces {
            let TextPiece::Link { url, label, .. } = piece else {
                continue;
            };
            if label.is_none() {
                let shown = cut_plain(&address_shown(url), ADDRESS_SEEN);
                *label = Some(shown).filter(|shown| shown.ends_with('…'));
            }
        }
        Self {
            written: write(&pieces),
            pieces,
            ..self
        }
    }

    /// An address too long to be written is no link; what it says stays.
    fn without_links_beyond(self, max: usize) -> Self {
        let mut pieces = self.pieces;
        for piece in &mut pieces {
            let TextPiece::Link { url, label, styles } = piece else {
                continue;
            };
            let seen = label.as_ref().map_or(0, |label| length(label).min(ADDRESS_SEEN));
            if length(url) + seen + 3 > max {
                let text = label
                    .take()
                    .unwrap_or_else(|| cut_plain(&address_shown(url), ADDRESS_SEEN));
                *piece = TextPiece::text(text, *styles);
            }
        }
        Self {
            written: write(&pieces),
            pieces,
            ..self
        }
    }
}

/// An address of our own as a link holds it.
fn link_target(url: &str) -> String {
    let url: String = url.chars().filter(|c| !c.is_whitespace()).collect();
    escape(&url).replace('|', "%7C")
}

/// A text that was read from mrkdwn of ours, with the signs that somebody typed, and without what set off styles.
pub fn as_it_was_typed(text: &str) -> String {
    with_own_signs(text).replace(EDGE, "")
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
            ("`_x_` *y *z* *", "ˋˍxˍˋ ∗y ∗z∗ *"),
            (
                "snake_case_name *.rs 2 * 3 * 4 ~/x",
                "snake_case_name *.rs 2 * 3 * 4 ~/x",
            ),
        ] {
            assert_eq!(Mrkdwn::text(text).as_str(), shown);
        }
        assert_eq!(Mrkdwn::link("https://x", "*x*").as_str(), "<https://x|∗x∗>");
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
        assert_eq!(text.clone().cut(7).as_str(), "ab…");
        assert_eq!(text.clone().cut(8).as_str(), "ab<https://x|label>…");
        assert_eq!(text.clone().cut(9).as_str(), "ab<https://x|label>&amp;…");
        assert_eq!(text.clone().fit(10).as_str(), "ablabel…");
        assert_eq!(text.clone().fit(27).as_str(), "ab<https://x|label>&amp;…");
        assert_eq!(cut_plain("e\u{301}e\u{301}e\u{301}", 4), "e\u{301}…");
        assert_eq!(cut_plain("👨\u{200d}👩\u{200d}👧 family", 6), "…");
    }

    #[test]
    fn many_signs_take_no_time_to_speak_of() {
        let text = " *a".repeat(100_000);
        assert_eq!(Mrkdwn::text(&text).as_str(), text.trim());
    }

    proptest! {
        #[test]
        fn a_cut_text_is_short_enough_and_its_entities_are_whole(text in "[a-z&<>é👩 ]{0,60}", max in 1usize..40) {
            let cut = Mrkdwn::text(&text).fit(max);
            prop_assert!(length(cut.as_str()) <= max);
            let unescaped = cut.as_str().replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!unescaped.contains(['&', '<', '>']), "{cut:?}");
        }
    }
}
