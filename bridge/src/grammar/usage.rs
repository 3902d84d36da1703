//! How subcommands are called, and what people are told of them.

use crate::texts::commands;

/// How a subcommand is called, and what people are told of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Its own name, and others that people try.
    pub(crate) names: &'static [&'static str],
    /// What to write, after the command.
    pub(crate) form: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// What is done, between "You can't" and "this incident"; also what it is counted as.
    pub(crate) deed: &'static str,
    /// Whether it is about one incident.
    pub(crate) of_incident: bool,
}

/// The subcommand that shows what there is.
pub(crate) const HELP: &Usage = &Usage {
    names: &["help", "?"],
    form: "help",
    about: commands::HELP,
    deed: "help",
    of_incident: false,
};

/// How alike two words must be at least, from 0 to 1.
const CLOSE: f64 = 0.49;

/// How alike a word is to one that begins with it.
const PREFIX: f64 = 0.7;

impl Usage {
    /// What to write in the incident's own thread, where it needs no number.
    pub(crate) fn form_in_thread(&self) -> String {
        self.form.replacen(" N", "", 1)
    }

    /// Whether this is one of its names, in any case.
    pub(crate) fn is_named(&self, word: &str) -> bool {
        self.names.contains(&word.to_lowercase().as_str())
    }
}

/// The one whose name is closest to a word, if any is close.
pub(crate) fn close_to(all: impl IntoIterator<Item = &'static Usage>, word: &str) -> Option<&'static Usage> {
    let word: String = word.to_lowercase().chars().take(40).collect();
    let mut best = (CLOSE, None);
    for usage in all {
        for name in usage.names {
            let mut closeness = strsim::normalized_damerau_levenshtein(&word, name);
            if word.len() >= 3 && (word.starts_with(name) || name.starts_with(&word)) {
                closeness = closeness.max(PREFIX);
            }
            if closeness > best.0 {
                best = (closeness, Some(usage));
            }
        }
    }
    best.1
}
