//! What a command prints: columns and sentences for people, JSON for programs.

use anyhow::Context;
use serde::Serialize;

use crate::terminal::{self, Terminal};

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "–";

/// Standard output, for people or for programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    terminal: Terminal,
    json: bool,
}

impl Output {
    pub(super) fn new(terminal: Terminal, json: bool) -> Self {
        Self { terminal, json }
    }

    /// One thing: as JSON, or as these lines.
    pub(super) fn object<T: Serialize>(self, value: &T, lines: &[String]) -> anyhow::Result<()> {
        if self.json {
            return print_json(value);
        }
        for line in lines {
            self.terminal.line(printable(line));
        }
        Ok(())
    }

    /// Many things: as a JSON list, or in columns with these titles.
    pub(super) fn list<T: Serialize, const COLUMNS: usize>(
        self,
        items: &[T],
        titles: [&str; COLUMNS],
        none: &str,
        row: impl Fn(&T) -> [String; COLUMNS],
    ) -> anyhow::Result<()> {
        if self.json {
            return print_json(&items);
        }
        if items.is_empty() {
            self.terminal.line(none);
            return Ok(());
        }
        let rows: Vec<[String; COLUMNS]> = items
            .iter()
            .map(|item| row(item).map(|cell| printable(&cell)))
            .collect();
        let mut widths = titles.map(width);
        for row in &rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        self.terminal.line(
            self.terminal
                .dim(&in_columns(&titles.map(str::to_owned), &widths)),
        );
        for row in &rows {
            self.terminal.line(in_columns(row, &widths));
        }
        Ok(())
    }

    /// A remark for people beside what was asked for; programs don't get it.
    pub(super) fn remark(self, text: &str) {
        if !self.json {
            self.terminal.line(self.terminal.dim(&printable(text)));
        }
    }
}

fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value).context("the answer is no JSON")?;
    text.push('\n');
    terminal::print(&text).context("the answer could not be printed")
}

/// The text without control characters: names come from other people, and a terminal obeys what they may hold.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn in_columns(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell)))))
        .collect::<Vec<_>>();
    padded.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_sends_no_command_to_the_terminal() {
        assert_eq!(printable("Eve\u{1b}[2J\nAdmin"), "Eve\u{fffd}[2J\u{fffd}Admin");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let widths = [4, 6];
        let shown = |cells: [&str; 2]| in_columns(&cells.map(str::to_owned), &widths);
        assert_eq!(shown(["ops", "ACTIVE"]), "ops   ACTIVE");
        assert_eq!(shown(["Käse", ""]), "Käse");
    }
}
