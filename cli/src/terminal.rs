//! What people read on standard output.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use secrecy::{ExposeSecret, SecretString};

/// Standard output, with colours where there is someone to see them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    colours: bool,
}

impl Terminal {
    /// Standard output as it is. `NO_COLOR` in the environment, whatever its value, asks for none (no-color.org).
    pub(crate) fn new(environment: &[(String, String)]) -> Self {
        let unwanted = environment
            .iter()
            .any(|(name, value)| name == "NO_COLOR" && !value.is_empty());
        Self {
            colours: io::stdout().is_terminal() && !unwanted,
        }
    }

    /// A line. Whoever closed standard output does not want to read it: that is no reason to stop serving.
    #[expect(clippy::unused_self, reason = "whoever may print lines has a terminal")]
    pub(crate) fn line(self, text: impl Display) {
        if let Err(error) = print(&format!("{text}\n")) {
            tracing::debug!(%error, "nobody reads standard output: {error}");
        }
    }

    /// A name and what belongs to it, in two columns.
    pub(crate) fn row(self, name: &str, value: impl Display) {
        self.line(format!("  {}  {value}", self.dim(&format!("{name:<11}"))));
    }

    /// An API key, this once. It stands last, so that a script finds it.
    pub(crate) fn key(self, key: &SecretString) {
        self.line(self.dim("  keep it: it is shown this once"));
        self.row("key", self.strong(key.expose_secret()));
    }

    /// What matters.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What is well.
    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What is wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    /// What needs a look.
    pub(crate) fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Text that was asked for: that it could not be written is an error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says on standard error what is worth knowing of what was printed.
pub(crate) fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "tocsin: {text}")
}

/// Says on standard error why the command failed.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut out = io::stderr().lock();
    // There is nowhere left to say that standard error is closed.
    drop(writeln!(out, "tocsin: {error:#}"));
}
