//! Why nothing was done.

use tocsin_message::mrkdwn::Mrkdwn;

use super::answers;
use crate::{grammar::usage::Usage, notice::Notice};

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ActionRefusal {
    Notice(Notice),
    /// In words of its own, with what it is counted as.
    Words(&'static str, Mrkdwn),
}

impl ActionRefusal {
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Notice(notice) => notice.outcome(),
            Self::Words(outcome, _) => outcome,
        }
    }

    pub(crate) fn text(&self, usage: &Usage) -> String {
        match self {
            Self::Notice(notice) => answers::refused(notice, usage),
            Self::Words(_, text) => text.as_str().to_owned(),
        }
    }
}

impl From<Notice> for ActionRefusal {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}
