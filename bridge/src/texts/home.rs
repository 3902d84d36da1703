//! The Home tab.

use tocsin_message::mrkdwn::Mrkdwn;

use super::name;

/// To whoever has unlinked themselves.
pub(crate) const UNLINKED: &str = "*Your Slack account isn't linked to a member in Tocsin* (NOT_LINKED).\nYou unlinked it with the subcommand `unlink`. To \
                                   link it again, use the subcommand `link`, then open this tab again.";

/// To whoever is a member no longer.
pub(crate) const DEACTIVATED: &str = "*Your account in Tocsin is deactivated* (DEACTIVATED).\nAsk an administrator of your organisation to activate it, then open \
                                      this tab again.";

/// To whomever nothing matches with a member.
pub(crate) fn not_linked(email: Option<&str>) -> Mrkdwn {
    let head = Mrkdwn::own("*Your Slack account isn't linked to a member in Tocsin* (NOT_LINKED).\n");
    match email {
        Some(email) => head
            .plus("No member has the email address of your Slack profile, ")
            .and(&name(email))
            .plus("."),
        None => head.plus("Slack doesn't share your email address with Tocsin."),
    }
}

/// After it.
pub(crate) const NOT_LINKED_HELP: &str = "Ask an administrator of your organisation to add you with that address, or change the address in your Slack profile. \
                                          Then open this tab again to see your incidents.";

/// To whoever may only read.
pub(crate) const READ_ONLY: &str =
    "You have read-only access (READ_ONLY): you can see incidents here, but not change them.";

/// The button that opens the form for a new incident.
pub(crate) const CREATE: &str = "Create incident";

/// Above what is theirs to work.
pub(crate) const ASSIGNED: &str = "Assigned to you";

/// Where there is none.
pub(crate) const NONE_ASSIGNED: &str = "Nothing is assigned to you.";

/// Above what they have had to do with.
pub(crate) const OPEN: &str = "Your open incidents";

/// Above the newest.
pub(crate) const RECENT: &str = "Recent incidents";

/// Where there is none but those above.
pub(crate) const NO_OTHERS: &str = "No other incidents.";

/// Below a list that has more than it shows.
pub(crate) fn more(count: i64) -> Mrkdwn {
    Mrkdwn::text(&format!("… and {count} more"))
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        UNLINKED,
        DEACTIVATED,
        NOT_LINKED_HELP,
        READ_ONLY,
        CREATE,
        ASSIGNED,
        NONE_ASSIGNED,
        OPEN,
        RECENT,
        NO_OTHERS
    ];
    all.extend(super::tests::made![
        not_linked(Some("ada<!here>@example.com")),
        not_linked(None),
        more(7),
    ]);
    all
}
