//! The subcommands, as people are told of them.

/// What may follow the command, as Slack shows it to who types.
pub(crate) const USAGE_HINT: &str = "help | create | list | show 42 | ack 42 | resolve 42";

/// A subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Help,
    Create,
    List,
    Show,
    Acknowledge,
    Resolve,
    Note,
    Assign,
    Snooze,
    Status,
    WhoAmI,
    Link,
    Unlink,
}

impl Verb {
    /// In the order in which help tells of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::Create,
        Self::List,
        Self::Show,
        Self::Acknowledge,
        Self::Resolve,
        Self::Note,
        Self::Assign,
        Self::Snooze,
        Self::Status,
        Self::WhoAmI,
        Self::Link,
        Self::Unlink,
        Self::Help,
    ];

    /// Its own name, and others that people try.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Help => &["help", "?"],
            Self::Create => &["create", "new", "trigger", "declare"],
            Self::List => &["list", "ls"],
            Self::Show => &["show", "view"],
            Self::Acknowledge => &["ack", "acknowledge"],
            Self::Resolve => &["resolve"],
            Self::Note => &["note", "comment"],
            Self::Assign => &["assign", "reassign"],
            Self::Snooze => &["snooze"],
            Self::Status => &["status"],
            Self::WhoAmI => &["whoami"],
            Self::Link => &["link"],
            Self::Unlink => &["unlink"],
        }
    }

    /// What to write, after the command.
    pub(crate) fn usage(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Create => "create [title] [service:NAME] [urgency:high] [severity:sev2]",
            Self::List => "list [mine] [high] [sev1] [service:NAME] [acknowledged] [all]",
            Self::Show => "show N",
            Self::Acknowledge => "ack N",
            Self::Resolve => "resolve N [note]",
            Self::Note => "note N text",
            Self::Assign => "assign N @user",
            Self::Snooze => "snooze N 30m",
            Self::Status => "status",
            Self::WhoAmI => "whoami",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }

    /// What it does.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Help => "shows this",
            Self::Create => "creates an incident, and asks for what is missing",
            Self::List => "lists the open incidents, or with `all` the resolved ones too",
            Self::Show => "shows an incident",
            Self::Acknowledge => "acknowledges an incident",
            Self::Resolve => "resolves an incident, with a note if there is one",
            Self::Note => "adds a note to an incident's timeline",
            Self::Assign => "gives an incident to somebody: `@user`, an e-mail address, or `me`",
            Self::Snooze => "snoozes an incident: `30m`, `2h`, `1d`, up to 30 days",
            Self::Status => "tells how many incidents are open, and whether Tocsin is well",
            Self::WhoAmI => "tells as which member you act here",
            Self::Link => "has you matched with the member with your e-mail address",
            Self::Unlink => "ends that",
        }
    }

    /// What is done, between "You can't" and "this incident"; also what it is counted as.
    pub(crate) fn deed(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Create => "create",
            Self::List => "list",
            Self::Show => "see",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
            Self::Note => "comment on",
            Self::Assign => "reassign",
            Self::Snooze => "snooze",
            Self::Status => "status",
            Self::WhoAmI => "whoami",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }

    /// By one of its names, in any case.
    pub(crate) fn named(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|verb| verb.names().contains(&word.as_str()))
    }

    /// The one whose name is closest to a word, if any is close.
    pub(crate) fn close_to(word: &str) -> Option<Self> {
        let word: String = word.to_lowercase().chars().take(40).collect();
        let mut best = (CLOSE, None);
        for verb in Self::ALL {
            for name in verb.names() {
                let mut closeness = strsim::normalized_damerau_levenshtein(&word, name);
                if word.len() >= 3 && (word.starts_with(name) || name.starts_with(&word)) {
                    closeness = closeness.max(PREFIX);
                }
                if closeness > best.0 {
                    best = (closeness, Some(verb));
                }
            }
        }
        best.1
    }
}

/// How alike two words must be at least, from 0 to 1.
const CLOSE: f64 = 0.49;

/// How alike a word is to one that begins with it.
const PREFIX: f64 = 0.7;
