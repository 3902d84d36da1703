//! Writes a text's pieces as mrkdwn. Nothing else does.
//!
//! Slack has no escape for the signs of styles, and reads one only at the edge of a word, in one line. So each line is laid out by itself:
//! blanks leave a style's edges, a style that would touch a word is set off by a character that nobody sees, and where a sign that somebody
//! typed could be read as one of a style, another that looks like it stands.

use std::borrow::Cow;

use crate::{
    characters::{EDGE, atoms, is_edge, is_word, look_alike},
    document::{Styles, TextPiece},
    escape::escaped_char,
};

const FENCE: &str = "```";

/// A text as mrkdwn.
pub(crate) fn write(pieces: &[TextPiece]) -> String {
    let mut out = String::new();
    let mut line = Vec::new();
    for piece in pieces {
        match piece {
            TextPiece::Text { text, styles } => line.extend(text.chars().map(|c| Cell::literal(c, *styles))),
            TextPiece::Own { text, styles } => line.extend(atoms(text).map(|atom| Cell::own(atom, *styles))),
            TextPiece::Link { url, label, styles } => line.push(Cell::link(url, label.as_deref(), *styles)),
            TextPiece::Break { prefix } => {
                write_line(std::mem::take(&mut line), &mut out);
                out.push('\n');
                out.push_str(prefix);
            }
            TextPiece::Code { prefix, lines } => {
                write_line(std::mem::take(&mut line), &mut out);
                out.push_str(FENCE);
                for line in lines {
                    out.push('\n');
                    out.push_str(prefix);
                    // Three backticks would end the block.
                    let line = line.replace(FENCE, &format!("`{EDGE}`{EDGE}`"));
                    out.push_str(&crate::escape::escape(&line));
                }
                out.push('\n');
                out.push_str(prefix);
                out.push_str(FENCE);
            }
        }
    }
    write_line(line, &mut out);
    out
}

/// A foreign label as it stands in a link: without signs that could make a style.
fn label(text: &str) -> String {
    let mut cells: Vec<_> = text
        .chars()
        .map(|c| Cell::literal(c, Styles::default()))
        .collect();
    disarm(&mut cells);
    cells.iter().map(|cell| cell.written.as_ref()).collect()
}

/// Something that is written whole.
#[derive(Clone)]
struct Cell<'a> {
    /// What it is for those beside it.
    sign: char,
    written: Cow<'a, str>,
    /// Somebody typed it: it is shown as it is.
    is_literal: bool,
    styles: Styles,
}

impl<'a> Cell<'a> {
    fn literal(c: char, styles: Styles) -> Self {
        let written = escaped_char(c).map_or_else(|| Cow::Owned(c.to_string()), Cow::Borrowed);
        Self {
            sign: c,
            written,
            is_literal: true,
            styles,
        }
    }

    fn own(atom: &'a str, styles: Styles) -> Self {
        Self {
            sign: atom.chars().next().unwrap_or(EDGE),
            written: Cow::Borrowed(atom),
            is_literal: false,
            styles,
        }
    }

    fn mark(sign: char) -> Self {
        Self {
            sign,
            written: Cow::Owned(sign.to_string()),
            is_literal: false,
            styles: Styles::default(),
        }
    }

    fn link(url: &str, text: Option<&str>, styles: Styles) -> Self {
        let written = match text {
            Some(text) => format!("<{url}|{}>", label(text)),
            None => format!("<{url}>"),
        };
        Self {
            sign: '<',
            written: Cow::Owned(written),
            is_literal: false,
            styles: styles.without(Styles::CODE),
        }
    }

    fn is_blank(&self) -> bool {
        self.sign.is_whitespace()
    }

    /// Whether a style's sign beside it is certainly read as one.
    fn is_edge(&self) -> bool {
        is_edge(self.sign) && (self.is_literal || self.sign != '<')
    }
}

fn write_line(mut cells: Vec<Cell<'_>>, out: &mut String) {
    trim_styles(&mut cells);
    let mut cells = lay_out(cells);
    disarm(&mut cells);
    let first = cells.iter().find(|cell| !cell.is_blank());
    if first.is_some_and(|cell| cell.is_literal && cell.sign == '>') {
        // A line that begins so would be a quote.
        out.push(EDGE);
    }
    for cell in &cells {
        out.push_str(&cell.written);
    }
}

/// A style neither begins nor ends with a blank.
fn trim_styles(cells: &mut [Cell<'_>]) {
    for style in Styles::EACH {
        let mut before = Styles::default();
        for cell in cells.iter_mut() {
            before = trimmed(cell, style, before);
        }
        before = Styles::default();
        for cell in cells.iter_mut().rev() {
            before = trimmed(cell, style, before);
        }
    }
}

/// Takes a style from a blank at its edge; `beside` are the styles of the cell before, and the cell's own are returned. Code ends wherever another style
/// begins or ends, since it is the innermost.
fn trimmed(cell: &mut Cell<'_>, style: Styles, beside: Styles) -> Styles {
    let goes_on = if style == Styles::CODE {
        beside == cell.styles
    } else {
        beside.has(style)
    };
    if cell.styles.has(style) && !goes_on && cell.is_blank() {
        cell.styles = cell.styles.without(style);
    }
    cell.styles
}

/// The cells with the signs of their styles among them.
fn lay_out(cells: Vec<Cell<'_>>) -> Vec<Cell<'_>> {
    let ends = style_ends(&cells);
    let mut laid: Vec<Cell<'_>> = Vec::with_capacity(cells.len());
    let mut open: Vec<Styles> = Vec::new();
    let mut in_force = Styles::default();
    for (cell, ends) in cells.into_iter().zip(ends) {
        if cell.styles != in_force {
            let keeps = |style: &Styles| cell.styles.has(*style) && *style != Styles::CODE;
            let kept = open.iter().position(|style| !keeps(style)).unwrap_or(open.len());
            let has_closed = kept < open.len();
            laid.extend(open.drain(kept..).rev().map(|style| Cell::mark(style.sign())));
            let mut opening: Vec<_> = Styles::EACH
                .into_iter()
                .zip(ends)
                // A style begins with a word: a blank leaves it for what follows.
                .filter(|(style, _)| !cell.is_blank() && cell.styles.has(*style) && !open.contains(style))
                .collect();
            // The longest is the outermost.
            opening.sort_by_key(|(style, end)| (*style == Styles::CODE, std::cmp::Reverse(*end)));
            let touches = if opening.is_empty() {
                has_closed && !cell.is_edge()
            } else {
                laid.last().is_some_and(|last| !last.is_edge())
            };
            if touches {
                laid.push(Cell::mark(EDGE));
            }
            laid.extend(opening.iter().map(|(style, _)| Cell::mark(style.sign())));
            open.extend(opening.iter().map(|(style, _)| *style));
            in_force = open.iter().copied().fold(Styles::default(), Styles::with);
        }
        laid.push(cell);
    }
    laid.extend(open.into_iter().rev().map(|style| Cell::mark(style.sign())));
    laid
}

/// For each cell, where each of its styles ends.
fn style_ends(cells: &[Cell<'_>]) -> Vec<[usize; 4]> {
    let mut ends = vec![[0; 4]; cells.len()];
    let mut next = [0; 4];
    for (at, cell) in cells.iter().enumerate().rev() {
        for (end, style) in next.iter_mut().zip(Styles::EACH) {
            if !cell.styles.has(style) {
                *end = at;
            } else if *end == 0 {
                *end = cells.len();
            }
        }
        ends[at] = next;
    }
    ends
}

/// Takes the meaning from signs that somebody typed, where Slack could read a style in them. The others stay, so that `a_b`, `*.rs` and
/// `~/x` can be copied.
fn disarm(cells: &mut [Cell<'_>]) {
    for style in Styles::EACH {
        let sign = style.sign();
        let is_it = |at: usize| cells.get(at).is_some_and(|cell| cell.sign == sign);
        if !cells.iter().any(|cell| cell.sign == sign && cell.is_literal) {
            continue;
        }
        let beside = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(|cell| cell.sign);
        let opens = |at: usize| {
            beside(at.checked_sub(1)).is_none_or(|c| !is_word(c))
                && beside(at.checked_add(1)).is_some_and(|c| !c.is_whitespace())
        };
        let closes = |at: usize| {
            beside(at.checked_sub(1)).is_some_and(|c| !c.is_whitespace())
                && beside(at.checked_add(1)).is_none_or(|c| !is_word(c))
        };
        let places: Vec<usize> = (0..cells.len()).filter(|at| is_it(*at)).collect();
        let first = places.iter().copied().find(|at| opens(*at));
        let last = places.iter().copied().rfind(|at| closes(*at));
        let pairs = first
            .zip(last)
            .filter(|(first, last)| first + 1 < *last)
            .map(|(first, last)| first..=last);
        let fences =
            |at: usize| sign == '`' && [at.checked_sub(1), Some(at + 1)].into_iter().flatten().any(is_it);
        let disarmed: Vec<usize> = places
            .into_iter()
            .filter(|at| {
                let cell = &cells[*at];
                let in_code = cell.styles.has(Styles::CODE);
                let could =
                    pairs.as_ref().is_some_and(|pairs| pairs.contains(at)) && (opens(*at) || closes(*at));
                cell.is_literal
                    && if in_code {
                        sign == '`'
                    } else {
                        could || fences(*at)
                    }
            })
            .collect();
        for at in disarmed {
            if let Some(other) = look_alike(sign) {
                cells[at].written = Cow::Owned(other.to_string());
            }
        }
    }
    debug_assert!(
        cells.iter().all(|cell| !cell.written.is_empty()),
        "each is written"
    );
}
