//! A text before it is mrkdwn: pieces with the set of styles that each has.
//!
//! Styles are a set, so that no style can nest in itself; a link's address is apart from its label; what is foreign is apart from what is
//! ours. Only `writer` turns it into mrkdwn.

use crate::characters::{atoms, clusters};

/// The styles of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Styles(u8);

impl Styles {
    pub(crate) const BOLD: Self = Self(1);
    pub(crate) const ITALIC: Self = Self(2);
    pub(crate) const STRIKE: Self = Self(4);
    pub(crate) const CODE: Self = Self(8);
    /// Each style, in the order in which they are opened: nothing is read inside of code, so it is the innermost.
    pub(crate) const EACH: [Self; 4] = [Self::BOLD, Self::ITALIC, Self::STRIKE, Self::CODE];

    pub(crate) fn has(self, style: Self) -> bool {
        self.0 & style.0 != 0
    }

    pub(crate) fn with(self, style: Self) -> Self {
        Self(self.0 | style.0)
    }

    pub(crate) fn without(self, style: Self) -> Self {
        Self(self.0 & !style.0)
    }

    pub(crate) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The sign of one style.
    pub(crate) fn sign(self) -> char {
        match self {
            Self::BOLD => '*',
            Self::ITALIC => '_',
            Self::STRIKE => '~',
            _ => '`',
        }
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextPiece {
    /// Foreign text in one line. It is shown as it is.
    Text { text: String, styles: Styles },
    /// A link: its address as mrkdwn holds it, and its label as people read it; the address is shown if there is none.
    Link {
        url: String,
        label: Option<String>,
        styles: Styles,
    },
    /// Mrkdwn that was made here, in one line.
    Own { text: String, styles: Styles },
    /// The end of a line, and what the next begins with: quotes and the indents of lists.
    Break { prefix: String },
    /// A block of code, and what each of its lines begins with.
    Code { prefix: String, lines: Vec<String> },
}

impl TextPiece {
    pub(crate) fn text(text: impl Into<String>, styles: Styles) -> Self {
        Self::Text {
            text: text.into(),
            styles,
        }
    }

    pub(crate) fn own(text: impl Into<String>) -> Self {
        Self::Own {
            text: text.into(),
            styles: Styles::default(),
        }
    }

    pub(crate) fn line_end() -> Self {
        Self::Break {
            prefix: String::new(),
        }
    }

    /// The characters that people see of it.
    pub(crate) fn seen(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.chars().count(),
            Self::Link {
                label: Some(label), ..
            } => label.chars().count(),
            Self::Link { url, .. } => address_shown(url).chars().count(),
            Self::Own { text, .. } => atoms(text).map(atom_seen).sum(),
            Self::Break { prefix } => 1 + prefix.chars().count(),
            Self::Code { prefix, lines } => {
                let seen = |line: &String| 1 + prefix.chars().count() + line.chars().count();
                lines.iter().map(seen).sum()
            }
        }
    }
}

/// An address as people see it where it is its own label.
pub(crate) fn address_shown(url: &str) -> String {
    let url = url.replace("&amp;", "&");
    url.strip_prefix("mailto:").map_or(url.clone(), str::to_owned)
}

/// The characters that people see of an atom of mrkdwn. Signs of styles are counted, though they are not seen where they make one.
fn atom_seen(atom: &str) -> usize {
    if atom.len() > 1 && atom.starts_with('&') && atom.ends_with(';') {
        return 1;
    }
    let token = atom.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let Some(token) = token else {
        return atom.chars().count();
    };
    let shown = token.split_once('|').map_or(token, |(_, label)| label);
    let entities = ["&amp;", "&lt;", "&gt;"].map(|entity| shown.matches(entity).count() * (entity.len() - 1));
    shown.chars().count() - entities.iter().sum::<usize>()
}

/// Where the whole of a text is that is cut: an address, and what the link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FullText {
    pub(crate) url: String,
    pub(crate) label: &'static str,
}

impl FullText {
    fn link(&self) -> TextPiece {
        TextPiece::Link {
            url: self.url.clone(),
            label: Some(self.label.to_owned()),
            styles: Styles::default(),
        }
    }

    /// The characters that it takes, with what is before it.
    pub(crate) fn seen(&self) -> usize {
        1 + self.label.chars().count()
    }
}

/// As much of a text as takes `room` characters to see, an ellipsis, and the link to the whole.
pub(crate) fn cut(pieces: &[TextPiece], room: usize, whole: Option<&FullText>) -> Vec<TextPiece> {
    let mut kept = Vec::new();
    let mut room = room;
    for piece in pieces {
        let needed = piece.seen();
        if needed <= room {
            room -= needed;
            kept.push(piece.clone());
            continue;
        }
        kept.extend(begun(piece, room, kept.is_empty()));
        break;
    }
    while matches!(kept.last(), Some(TextPiece::Break { .. })) {
        kept.pop();
    }
    kept.extend(closing(pieces, &kept));
    let in_code = if let Some(TextPiece::Code { lines, .. }) = kept.last_mut() {
        lines.last_mut().map(|line| line.push('…')).is_some()
    } else {
        match kept.last_mut() {
            Some(TextPiece::Text { text, styles }) if !styles.has(Styles::CODE) => text.push('…'),
            _ => kept.push(TextPiece::text("…", Styles::default())),
        }
        false
    };
    if let Some(whole) = whole {
        kept.push(if in_code {
            TextPiece::line_end()
        } else {
            TextPiece::own(" ")
        });
        kept.push(whole.link());
    }
    kept
}

/// The beginning of a piece that does not fit. A link is whole or not at all, unless there is nothing else to see.
fn begun(piece: &TextPiece, room: usize, is_first: bool) -> Option<TextPiece> {
    match piece {
        TextPiece::Text { text, styles } => {
            let text = first(clusters(text), room, |cluster| cluster.chars().count());
            (!text.is_empty()).then(|| TextPiece::text(text, *styles))
        }
        TextPiece::Own { text, styles } => {
            let text = first(atoms(text), room, atom_seen);
            (!text.is_empty()).then_some(TextPiece::Own {
                text,
                styles: *styles,
            })
        }
        TextPiece::Link { url, label, styles } if is_first && room > 0 => {
            let label = label.clone().unwrap_or_else(|| address_shown(url));
            Some(TextPiece::Link {
                url: url.clone(),
                label: Some(first(clusters(&label), room, |cluster| cluster.chars().count())),
                styles: *styles,
            })
        }
        TextPiece::Link { .. } | TextPiece::Break { .. } => None,
        TextPiece::Code { prefix, lines } => {
            let mut room = room;
            let mut kept = Vec::new();
            for line in lines {
                let Some(left) = room.checked_sub(1 + prefix.chars().count()) else {
                    break;
                };
                let line = first(clusters(line), left, |cluster| cluster.chars().count());
                room = left - line.chars().count();
                kept.push(line);
                if room == 0 {
                    break;
                }
            }
            (!kept.is_empty()).then(|| TextPiece::Code {
                prefix: prefix.clone(),
                lines: kept,
            })
        }
    }
}

fn first<'a>(parts: impl Iterator<Item = &'a str>, room: usize, seen: impl Fn(&str) -> usize) -> String {
    let mut kept = String::new();
    let mut room = room;
    for part in parts {
        let needed = seen(part);
        if needed > room {
            break;
        }
        room -= needed;
        kept.push_str(part);
    }
    kept
}

/// What closes the styles of our own mrkdwn that a cut has left open, innermost first.
fn closing(whole: &[TextPiece], kept: &[TextPiece]) -> Option<TextPiece> {
    let own = |pieces: &[TextPiece]| -> String {
        let own = pieces.iter().filter_map(|piece| match piece {
            TextPiece::Own { text, .. } => Some(text.as_str()),
            TextPiece::Text { .. }
            | TextPiece::Link { .. }
            | TextPiece::Break { .. }
            | TextPiece::Code { .. } => None,
        });
        own.collect()
    };
    let closing = left_open(&own(whole), &own(kept));
    (!closing.is_empty()).then(|| TextPiece::own(closing))
}

/// The signs of styles, and what opens and closes code of several lines.
const SIGNS: [&str; 5] = ["```", "*", "_", "~", "`"];

/// What closes the styles that are open at the end of a cut text. One that the whole text leaves open is none.
fn left_open(whole: &str, cut: &str) -> String {
    let uses = |text: &str, style: &str| {
        let plain: String = atoms(text).filter(|atom| !atom.starts_with('<')).collect();
        let plain = if style == "`" {
            plain.replace("```", "   ")
        } else {
            plain
        };
        let places = plain.match_indices(style);
        places.fold((false, 0), |(is_open, _), (at, _)| (!is_open, at))
    };
    let is_open = |style: &&str| uses(cut, style).0 && !uses(whole, style).0;
    let mut open: Vec<_> = SIGNS.into_iter().filter(is_open).collect();
    open.sort_by_key(|style| std::cmp::Reverse(uses(cut, style).1));
    open.concat()
}
