//! Reads mrkdwn as Slack does, as far as is known: it is the judge of what the crate writes, and shares no code with it.
//!
//! Slack documents the signs and not where exactly it reads them. So there are two readers: a strict one, for which a style needs a blank or a
//! plain mark of punctuation beside it, and a lenient one, for which anything but a letter or a digit will do. What both agree on is certain.

/// A line as people see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) is_quote: bool,
    pub(crate) is_code: bool,
    pub(crate) seen: Vec<Seen>,
}

/// A character as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) c: char,
    /// The signs of its styles, sorted.
    pub(crate) styles: String,
    /// Where it leads.
    pub(crate) link: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Strict,
    Lenient,
}

#[derive(Clone, Debug)]
enum Cell {
    /// A character, and whether it stands as it is: one that was an escape is no sign.
    Char(char, bool),
    Link(String, String),
}

impl Cell {
    fn is_sign(&self, sign: char) -> bool {
        matches!(self, Self::Char(c, true) if *c == sign)
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Char(c, _) if c.is_whitespace())
    }
}

/// The lines that people see.
pub(crate) fn read(mrkdwn: &str, reading: Reading) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut in_code = false;
    for (index, part) in mrkdwn.split("```").enumerate() {
        if index > 0 {
            in_code = !in_code;
        }
        let part = if index > 0 {
            part.strip_prefix('\n').unwrap_or(part)
        } else {
            part
        };
        let part = part.strip_suffix('\n').unwrap_or(part);
        if part.is_empty() && (index == 0 || !in_code) {
            continue;
        }
        for line in part.split('\n') {
            lines.push(read_line(line, in_code, reading)?);
        }
    }
    if in_code {
        return Err(format!("code is never closed: {mrkdwn:?}"));
    }
    Ok(lines)
}

fn read_line(line: &str, is_code: bool, reading: Reading) -> Result<Line, String> {
    let quoted = ["> ", ">", "&gt;"]
        .into_iter()
        .find_map(|prefix| line.strip_prefix(prefix));
    let (is_quote, text) = quoted.map_or((false, line), |text| (true, text));
    let mut seen = Vec::new();
    let cells = cells(text)?;
    if is_code {
        for cell in cells {
            see(&cell, "", &mut seen);
        }
    } else {
        styled(&cells, &code(&cells, reading), "", reading, &mut seen);
    }
    Ok(Line {
        is_quote,
        is_code,
        seen,
    })
}

fn cells(line: &str) -> Result<Vec<Cell>, String> {
    let mut cells = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let escape = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')]
            .into_iter()
            .find(|(escape, _)| rest.starts_with(escape));
        if let Some((escape, c)) = escape {
            cells.push(Cell::Char(c, false));
            rest = &rest[escape.len()..];
        } else if c == '<' {
            let (token, after) = rest[1..]
                .split_once('>')
                .ok_or_else(|| format!("an open bracket: {line:?}"))?;
            if !["https://", "http://", "mailto:"]
                .iter()
                .any(|scheme| token.starts_with(scheme))
            {
                return Err(format!("no link: {token:?}"));
            }
            if token.contains(['<', '\n']) {
                return Err(format!("brackets in brackets: {line:?}"));
            }
            let (url, label) = token.split_once('|').unwrap_or((token, token));
            if url.contains(char::is_whitespace) {
                return Err(format!("a blank in an address: {url:?}"));
            }
            cells.push(Cell::Link(url.replace("&amp;", "&"), unescaped(label)?));
            rest = after;
        } else if matches!(c, '&' | '>') {
            return Err(format!("{c} is not escaped: {line:?}"));
        } else {
            cells.push(Cell::Char(c, true));
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(cells)
}

fn unescaped(text: &str) -> Result<String, String> {
    let bare = ["&amp;", "&lt;", "&gt;"]
        .iter()
        .fold(text.to_owned(), |text, escape| text.replace(escape, ""));
    if bare.contains(['&', '<', '>']) {
        return Err(format!("not escaped: {text:?}"));
    }
    Ok(text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&"))
}

/// Which cells are inside of code: there nothing else is read.
fn code(cells: &[Cell], reading: Reading) -> Vec<bool> {
    let mut code = vec![false; cells.len()];
    let mut at = 0;
    while at < cells.len() {
        let end = end_of(cells, at, '`', reading, &code);
        if let Some(end) = end {
            code[at..=end].fill(true);
            at = end;
        }
        at += 1;
    }
    code
}

/// Where the style ends that begins here, if one does.
fn end_of(cells: &[Cell], at: usize, sign: char, reading: Reading, code: &[bool]) -> Option<usize> {
    let is_edge = |at: Option<usize>| match at.and_then(|at| cells.get(at)) {
        None => true,
        Some(Cell::Link(..)) => reading == Reading::Lenient,
        Some(Cell::Char(c, _)) => match reading {
            Reading::Lenient => !c.is_alphanumeric() || "ˍˋ".contains(*c),
            // The signs of the other styles, because styles stand in each other.
            Reading::Strict => {
                c.is_whitespace() || *c == '\u{200b}' || c.is_ascii_punctuation() || "…—–“”‘’".contains(*c)
            }
        },
    };
    let can_begin = cells[at].is_sign(sign)
        && is_edge(at.checked_sub(1))
        && cells.get(at + 1).is_some_and(|next| !next.is_blank());
    if !can_begin {
        return None;
    }
    (at + 2..cells.len()).find(|end| {
        cells[*end].is_sign(sign) && !code[*end] && !cells[end - 1].is_blank() && is_edge(Some(end + 1))
    })
}

fn styled(cells: &[Cell], code: &[bool], styles: &str, reading: Reading, seen: &mut Vec<Seen>) {
    let mut at = 0;
    while at < cells.len() {
        let none = vec![false; cells.len()];
        let begun = ['`', '*', '_', '~'].into_iter().find_map(|sign| {
            let (is_code, code) = (sign == '`', if sign == '`' { &none[..] } else { code });
            if !is_code && code[at] {
                return None;
            }
            end_of(cells, at, sign, reading, code).map(|end| (sign, end))
        });
        let Some((sign, end)) = begun else {
            see(&cells[at], styles, seen);
            at += 1;
            continue;
        };
        let mut all: Vec<char> = styles.chars().chain([sign]).collect();
        all.sort_unstable();
        let all: String = all.into_iter().collect();
        let (inside, inside_code) = (&cells[at + 1..end], &code[at + 1..end]);
        if sign == '`' {
            for cell in inside {
                see(cell, &all, seen);
            }
        } else {
            styled(inside, inside_code, &all, reading, seen);
        }
        at = end + 1;
    }
}

/// What is seen of a cell. The signs that stand for those of styles are seen as these; what nobody sees is left out.
fn see(cell: &Cell, styles: &str, seen: &mut Vec<Seen>) {
    let (text, link) = match cell {
        Cell::Char(c, _) => (c.to_string(), None),
        Cell::Link(url, label) => (label.clone(), Some(url.clone())),
    };
    seen.extend(text.chars().filter(|c| *c != '\u{200b}').map(|c| Seen {
        c: match c {
            '∗' => '*',
            'ˍ' => '_',
            '∼' => '~',
            'ˋ' => '`',
            c => c,
        },
        styles: styles.to_owned(),
        link: link.clone(),
    }));
}

/// The text alone.
pub(crate) fn text(lines: &[Line]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let text: String = line.seen.iter().map(|seen| seen.c).collect();
            if line.is_quote { format!("> {text}") } else { text }
        })
        .collect();
    lines.join("\n")
}
