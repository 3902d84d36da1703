//! What a dialog shows before it can be filled, and where it can't be.

use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_slack::view::View;

use super::Dialog;
use crate::notice::{self, Notice};

/// Shown at once: what opens a dialog is good for 3 s, and reading an incident may take as long.
pub(crate) fn loading(dialog: Dialog) -> View {
    View::modal("loading", dialog.title())
        .close("Close")
        .block(blocks::section(Mrkdwn::own("One moment …")))
}

/// Why there is nothing to fill in.
pub(crate) fn refusal(dialog: Dialog, notice: &Notice) -> View {
    let text = Mrkdwn::recorded(notice::press(notice, dialog.verb()));
    View::modal("refused", dialog.title())
        .close("Close")
        .block(blocks::section(text))
}

/// What a person is told where there is no channel to tell it in; `text` is mrkdwn of our own.
pub(crate) fn told(text: &str) -> View {
    View::modal("told", "Nothing was done")
        .close("Close")
        .block(blocks::section(Mrkdwn::recorded(text.to_owned())))
}
