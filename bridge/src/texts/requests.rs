//! What people are told whose request takes longer, or can't be read or done at all.

/// What was asked for is on record, and tried again.
pub(crate) const KEPT: &str = "Tocsin can't do this right now. Your request is saved, and Tocsin does it as soon as it can. You don't need to ask \
                               again (KEPT).";

/// It was tried for long, or can never be done.
pub(crate) const GIVEN_UP: &str = "Tocsin could not do what you asked for, and has stopped trying. Check the incident's page, and tell whoever runs Tocsin \
                                   (GIVEN_UP).";

/// A field says nothing that can be read: who asks, from where, or for what.
pub(crate) const UNREAD: &str =
    "Tocsin could not read this request from Slack, so nothing was done. Try again (UNREADABLE).";

/// Nobody has connected the workspace, or somebody has disconnected it.
pub(crate) const NOT_CONNECTED: &str = "Tocsin is not connected to this Slack workspace, so nothing was done. Ask an administrator of your organisation in \
                                        Tocsin to connect it with `tocsin slack install-url` (NOT_CONNECTED).";

/// An organisation's own app is in a workspace that other organisations use as well.
pub(crate) const NOT_ALONE: &str = "Nothing was done: several organisations use this Slack workspace, so Tocsin ignores an app that belongs to one of them. \
                                    Ask whoever runs Tocsin to install the server's own app here (NOT_ALONE).";

/// The answer takes longer than Slack waits.
pub(crate) const SLOW: &str = "Tocsin is slow right now. Your answer will follow here.";

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    super::tests::listed![KEPT, GIVEN_UP, UNREAD, NOT_CONNECTED, NOT_ALONE, SLOW]
}
