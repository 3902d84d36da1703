//! The pen that writes mrkdwn: lines and their prefixes, styles that Slack recognises, and the limit.

use crate::escape::escaped_char;

const ELLIPSIS: char = '…';

/// Slack sees a style only at the edge of a word; this makes an edge that nobody sees.
const EDGE: &str = "\u{200b}";

const FENCE: &str = "```";

#[expect(clippy::struct_excessive_bools, reason = "each tells of another thing")]
pub(crate) struct MrkdwnWriter {
    out: String,
    /// Characters in `out`.
    written: usize,
    max: usize,
    full: bool,
    /// Styles in force, outermost first.
    styles: Vec<char>,
    /// How many of them, from the outermost, are open in `out`: one is opened when its first character comes.
    opened: usize,
    /// What each line begins with: quotes and the indents of lists.
    prefixes: Vec<&'static str>,
    at_line_start: bool,
    /// An empty line is due before what comes next, with this prefix.
    gap: Option<String>,
    fenced: bool,
    /// A style was closed just now: a letter that follows must be set off.
    after_style: bool,
}

impl MrkdwnWriter {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            out: String::new(),
            written: 0,
            max,
            full: false,
            styles: Vec::new(),
            opened: 0,
            prefixes: Vec::new(),
            at_line_start: true,
            gap: None,
            fenced: false,
            after_style: false,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// What was written.
    pub(crate) fn finish(mut self) -> String {
        if !self.full {
            self.close_all();
        }
        let kept = self.out.trim_end().len();
        self.out.truncate(kept);
        self.out
    }

    /// Begins a block that stands apart from what is before it.
    pub(crate) fn paragraph(&mut self) {
        self.line();
        if !self.out.is_empty() && self.gap.is_none() {
            self.gap = Some(self.prefixes.concat());
        }
    }

    /// Begins a line, unless one has just begun.
    pub(crate) fn line(&mut self) {
        if !self.at_line_start {
            self.newline();
        }
    }

    pub(crate) fn newline(&mut self) {
        self.close_opened(0);
        if self.raw("\n") {
            self.at_line_start = true;
            self.after_style = false;
        }
    }

    pub(crate) fn indent(&mut self, prefix: &'static str) {
        self.prefixes.push(prefix);
    }

    pub(crate) fn dedent(&mut self) {
        self.line();
        self.prefixes.pop();
    }

    /// Begins a style; nothing is written before its first character comes.
    pub(crate) fn open(&mut self, style: char) {
        self.styles.push(style);
    }

    /// Ends the innermost style of that kind.
    pub(crate) fn close(&mut self, style: char) {
        let Some(index) = self.styles.iter().rposition(|open| *open == style) else {
            return;
        };
        self.close_opened(index);
        self.styles.remove(index);
    }

    pub(crate) fn open_fence(&mut self) {
        self.begin();
        if self.raw_keeping(FENCE, FENCE.len() + 1) {
            self.fenced = true;
            self.newline();
        }
    }

    pub(crate) fn close_fence(&mut self) {
        if !self.fenced || self.full {
            return;
        }
        self.line();
        self.begin();
        self.fenced = false;
        self.raw(FENCE);
        self.newline();
    }

    /// Text of several lines, escaped.
    pub(crate) fn lines(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.newline();
            }
            self.text(line);
        }
    }

    /// Text of one line, escaped.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            if self.full {
                return;
            }
            let mut buffer = [0; 4];
            let atom = escaped_char(c).unwrap_or_else(|| c.encode_utf8(&mut buffer));
            if c.is_whitespace() {
                // A style may not begin with a blank.
                self.begin();
                self.after_style = false;
                self.raw(atom);
                continue;
            }
            self.atom_before(atom, c);
        }
    }

    /// Something that is written whole or not at all, as it is.
    pub(crate) fn atom(&mut self, atom: &str) {
        if let Some(first) = atom.chars().next() {
            self.atom_before(atom, first);
        }
    }

    fn atom_before(&mut self, atom: &str, first: char) {
        self.begin();
        if std::mem::take(&mut self.after_style)
            && self.opened == self.styles.len()
            && first.is_alphanumeric()
        {
            self.raw(EDGE);
        }
        self.open_styles();
        self.raw(atom);
    }

    /// Writes what is due before the first character of a line.
    fn begin(&mut self) {
        if !self.at_line_start || self.full {
            return;
        }
        if let Some(prefix) = self.gap.take() {
            self.raw(prefix.trim_end());
            self.raw("\n");
        }
        self.at_line_start = false;
        self.raw(&self.prefixes.concat());
    }

    fn open_styles(&mut self) {
        while self.opened < self.styles.len() && !self.full {
            if self.opened == 0 && self.out.chars().next_back().is_some_and(char::is_alphanumeric) {
                self.raw(EDGE);
            }
            let style = self.styles[self.opened];
            let mut buffer = [0; 4];
            if self.raw_keeping(style.encode_utf8(&mut buffer), 1) {
                self.opened += 1;
            }
        }
    }

    /// Closes the open styles from the innermost down to `index`.
    fn close_opened(&mut self, index: usize) {
        while self.opened > index && !self.full {
            // No limit to keep: the room was kept when it was opened.
            self.opened -= 1;
            self.out.push(self.styles[self.opened]);
            self.written += 1;
            self.after_style = true;
        }
    }

    /// The characters that closing everything would take.
    fn closing(&self) -> usize {
        self.opened + if self.fenced { FENCE.len() + 1 } else { 0 }
    }

    fn raw(&mut self, text: &str) -> bool {
        self.raw_keeping(text, 0)
    }

    /// Writes `text` if it fits with an ellipsis, with what closes all that is open, and with `more` characters after it.
    fn raw_keeping(&mut self, text: &str, more: usize) -> bool {
        if self.full {
            return false;
        }
        let length = text.chars().count();
        let needed = [length, self.closing(), more, 1]
            .into_iter()
            .fold(self.written, usize::saturating_add);
        if needed > self.max {
            self.full = true;
            if self.max > 0 {
                let kept = self.out.trim_end_matches('\n').len();
                self.out.truncate(kept);
                self.out.push(ELLIPSIS);
            }
            self.close_all();
            return false;
        }
        self.out.push_str(text);
        self.written += length;
        true
    }

    fn close_all(&mut self) {
        while self.opened > 0 {
            self.opened -= 1;
            self.out.push(self.styles[self.opened]);
        }
        if std::mem::take(&mut self.fenced) {
            self.out.push('\n');
            self.out.push_str(FENCE);
        }
    }
}
