//! What a button or a choice asks for.

use time::OffsetDateTime;

use super::dialogs::Dialog;
use crate::acting::Change;

/// What a button or a choice in the menu asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Acknowledge,
    Reopen,
    Snooze {
        minutes: i64,
    },
    Escalate,
    /// What is said in the thread is to stay there, or to be on the timeline again.
    Mute(bool),
    /// To be asked more before anything is done.
    Open(Dialog),
}

/// What is to be done about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    Make(Change),
    /// There is nobody to escalate to yet.
    Escalate,
}

impl Action {
    /// By a button's action id.
    pub(crate) fn of_button(action_id: &str) -> Option<Self> {
        match action_id {
            "acknowledge" => Some(Self::Acknowledge),
            "resolve" => Some(Self::Open(Dialog::Resolve)),
            "reopen" => Some(Self::Reopen),
            _ => None,
        }
    }

    /// By the value of an option in the menu.
    pub(crate) fn of_choice(value: &str) -> Option<Self> {
        match value {
            "note" => Some(Self::Open(Dialog::Note)),
            "reassign" => Some(Self::Open(Dialog::Reassign)),
            "escalate" => Some(Self::Escalate),
            "snooze:15m" => Some(Self::Snooze { minutes: 15 }),
            "snooze:30m" => Some(Self::Snooze { minutes: 30 }),
            "snooze:1h" => Some(Self::Snooze { minutes: 60 }),
            "snooze:4h" => Some(Self::Snooze { minutes: 240 }),
            "snooze:custom" => Some(Self::Open(Dialog::Snooze)),
            "urgency_severity" => Some(Self::Open(Dialog::UrgencySeverity)),
            "mute" => Some(Self::Mute(true)),
            "unmute" => Some(Self::Mute(false)),
            "view" => Some(Self::Open(Dialog::Details)),
            _ => None,
        }
    }

    /// What is done, between "You can't" and "this incident"; also what it is counted as.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Reopen => "reopen",
            Self::Snooze { .. } => "snooze",
            Self::Escalate => "escalate",
            Self::Mute(true) => "mute the sync of",
            Self::Mute(false) => "unmute the sync of",
            Self::Open(dialog) => dialog.verb(),
        }
    }

    pub(crate) fn dialog(self) -> Option<Dialog> {
        match self {
            Self::Open(dialog) => Some(dialog),
            Self::Acknowledge | Self::Reopen | Self::Snooze { .. } | Self::Escalate | Self::Mute(_) => None,
        }
    }

    /// What is done at once; none where a dialog asks first. `at` is when it was asked for.
    pub(crate) fn deed(self, at: OffsetDateTime) -> Option<Deed> {
        let change = match self {
            Self::Acknowledge => Change::Acknowledge,
            Self::Reopen => Change::Reopen,
            Self::Snooze { minutes } => Change::Snooze {
                until: at + time::Duration::minutes(minutes),
            },
            Self::Mute(muted) => Change::Mute(muted),
            Self::Escalate => return Some(Deed::Escalate),
            Self::Open(_) => return None,
        };
        Some(Deed::Make(change))
    }
}
