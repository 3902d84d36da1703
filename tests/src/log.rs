//! What processes log.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// How much of a log is shown when a test fails.
const TAIL_LINES: usize = 60;

/// One line of a process's log.
#[derive(Debug, Clone)]
pub struct LogLine(pub Value);

impl LogLine {
    /// What it says.
    pub fn message(&self) -> &str {
        self.0["message"].as_str().unwrap_or_default()
    }

    /// Whether a field of the line, or of a span it stands in, has this value.
    pub fn has(&self, field: &str, value: &str) -> bool {
        let spans = self.0["spans"].as_array().into_iter().flatten();
        std::iter::once(&self.0)
            .chain(spans)
            .any(|fields| fields[field] == value)
    }
}

/// The file that a process logs to, over all its starts.
#[derive(Debug, Clone)]
pub(crate) struct Log(PathBuf);

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        let bytes = std::fs::read(&self.0).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The lines that are JSON.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.map(LogLine).collect()
    }

    /// The end of it.
    pub(crate) fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(TAIL_LINES);
        lines[from..].join("\n")
    }
}
