//! What people do to an incident: dialogs, what is wrong with them, and what is said when it is done.

use time::OffsetDateTime;
use tocsin_message::mrkdwn::Mrkdwn;

use super::name;

/// Before the link to the incident, when it is done.
pub(crate) const ACKNOWLEDGED: &str = "You acknowledged ";
/// Before the link to the incident, when it is done.
pub(crate) const RESOLVED: &str = "You resolved ";
/// Before the link to the incident, when it is done.
pub(crate) const REOPENED: &str = "You reopened ";
/// Before the link to the incident, when it is done.
pub(crate) const ESCALATED: &str = "You escalated ";
/// Before the link to the incident, when it is done.
pub(crate) const SNOOZED: &str = "You snoozed ";
/// Before the link to the incident, when it is done.
pub(crate) const ASSIGNED: &str = "You assigned ";
/// Before the link to the incident, when it is done.
pub(crate) const REASSIGNED: &str = "You reassigned ";
/// Before the link to the incident, when it is done.
pub(crate) const NOTED: &str = "You added a note to ";
/// Before the link to the incident, when it is done.
pub(crate) const UPDATED: &str = "You changed the urgency or severity of ";
/// Before the link to the incident, when it is done.
pub(crate) const MUTED: &str = "You muted the sync of ";
/// Before the link to the incident, when it is done.
pub(crate) const UNMUTED: &str = "You unmuted the sync of ";

/// After the link to an incident that was resolved with a note.
pub(crate) const WITH_NOTE: &str = " with your note";

/// After the link to an incident that was snoozed.
pub(crate) fn until(at: OffsetDateTime) -> Mrkdwn {
    Mrkdwn::own(" until ").and(&Mrkdwn::date(at))
}

/// After the link to an incident that was assigned.
pub(crate) fn to(names: &[&str]) -> Mrkdwn {
    Mrkdwn::own(" to ").and(&Mrkdwn::text(&names.join(", ")).cut(300))
}

/// It is done: with the words before the link and after it.
pub(crate) fn done(before: &'static str, link: &Mrkdwn, after: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own(before).and(link).and(after).plus(".")
}

/// The incident was so before.
pub(crate) fn unchanged(link: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("Nothing changed: ")
        .and(link)
        .plus(" was already like that.")
}

/// What somebody wants, between "You can't" and "this incident".
pub(crate) const MUTE_VERB: &str = "mute the sync of";
/// What somebody wants, between "You can't" and "this incident".
pub(crate) const UNMUTE_VERB: &str = "unmute the sync of";

/// A dialog's title.
pub(crate) const RESOLVE_TITLE: &str = "Resolve incident";
/// A dialog's title.
pub(crate) const SNOOZE_TITLE: &str = "Snooze incident";
/// A dialog's title.
pub(crate) const REASSIGN_TITLE: &str = "Reassign incident";
/// A dialog's title.
pub(crate) const NOTE_TITLE: &str = "Add a note";
/// A dialog's title.
pub(crate) const UPDATE_TITLE: &str = "Urgency and severity";
/// A dialog's title.
pub(crate) const DETAILS_TITLE: &str = "Incident";

/// The button that submits a dialog.
pub(crate) const RESOLVE: &str = "Resolve";
/// The button that submits a dialog.
pub(crate) const SNOOZE: &str = "Snooze";
/// The button that submits a dialog.
pub(crate) const REASSIGN: &str = "Reassign";
/// The button that submits a dialog.
pub(crate) const ADD: &str = "Add";

/// A note, and what to write.
pub(crate) const NOTE_LABEL: &str = "Note";
/// A note, and what to write.
pub(crate) const NOTE_HINT: &str =
    "Your note goes on the incident's timeline. You can format it as in a message.";
/// A note, and what to write.
pub(crate) const NOTE_MISSING: &str = "Type a note.";

/// A note with the resolution, and what to write.
pub(crate) const RESOLUTION_LABEL: &str = "Resolution note";
/// A note with the resolution, and what to write.
pub(crate) const RESOLUTION_HINT: &str =
    "What was wrong, and what helped. You can format it as in a message.";

/// Who is to work the incident.
pub(crate) const ASSIGNEES_LABEL: &str = "Assigned to";
/// Who is to work the incident.
pub(crate) const ASSIGNEES_PLACEHOLDER: &str = "Type a name or an email address";
/// Who is to work the incident.
pub(crate) const ASSIGNEES_HINT: &str = "Replaces the current assignees. Leave it empty to assign nobody.";
/// Who is to work the incident.
pub(crate) const ASSIGNEES_TOO_MANY: &str = "Choose 50 people at most.";
/// Who is to work the incident.
pub(crate) const ASSIGNEES_UNKNOWN: &str = "Choose people from the list.";

/// Until when an incident is snoozed.
pub(crate) const UNTIL_LABEL: &str = "Until";
/// Until when an incident is snoozed.
pub(crate) const UNTIL_HINT: &str = "In your time zone, within the next 30 days.";
/// Until when an incident is snoozed.
pub(crate) const UNTIL_MISSING: &str = "Choose a time, or type a number of minutes.";
/// Until when an incident is snoozed.
pub(crate) const UNTIL_PAST: &str = "This time has passed. Choose a later one.";
/// Until when an incident is snoozed.
pub(crate) const UNTIL_TOO_LATE: &str = "Choose a time within the next 30 days.";

/// For how long an incident is snoozed.
pub(crate) const MINUTES_LABEL: &str = "Or for a number of minutes";
/// For how long an incident is snoozed.
pub(crate) const MINUTES_HINT: &str = "If you fill this in, the time above is ignored.";
/// For how long an incident is snoozed.
pub(crate) const MINUTES_WRONG: &str = "Type a whole number of minutes, such as 45.";

/// Somebody who is named can't be assigned: their account is deactivated.
pub(crate) fn assignee_deactivated(who: &str) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: ")
        .and(&name(who))
        .plus("'s account is deactivated (DEACTIVATED).")
}

/// Somebody who is named can't be assigned: they may only read.
pub(crate) fn assignee_read_only(who: &str) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: ")
        .and(&name(who))
        .plus(" has read-only access and can't work incidents (READ_ONLY).")
}

/// Somebody who is named can't be assigned: they are no member.
pub(crate) fn assignee_not_linked(who: &str) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: ")
        .and(&name(who))
        .plus(" isn't a member of the incident's organisation (NOT_LINKED).")
}

/// Nobody has the address that was named.
pub(crate) fn no_such_email(email: &str) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: no member of the incident's organisation has the email address ")
        .and(&name(email))
        .plus(" (NOT_FOUND).")
}

/// Nobody has the name that was named.
pub(crate) fn no_such_name(who: &str) -> Mrkdwn {
    Mrkdwn::own(
        "Nothing was done: no member of the incident's organisation who can work incidents is called \"",
    )
    .and(&name(who))
    .plus("\" (NOT_FOUND).")
}

/// Several have the name that was named.
pub(crate) fn ambiguous_name(who: &str) -> Mrkdwn {
    Mrkdwn::own("Nothing was done: several members are called \"")
        .and(&name(who))
        .plus("\" (AMBIGUOUS_NAME). Type their email address instead.")
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        ACKNOWLEDGED,
        RESOLVED,
        REOPENED,
        ESCALATED,
        SNOOZED,
        ASSIGNED,
        REASSIGNED,
        NOTED,
        UPDATED,
        MUTED,
        UNMUTED,
        WITH_NOTE,
        MUTE_VERB,
        UNMUTE_VERB,
        RESOLVE_TITLE,
        SNOOZE_TITLE,
        REASSIGN_TITLE,
        NOTE_TITLE,
        UPDATE_TITLE,
        DETAILS_TITLE,
        RESOLVE,
        SNOOZE,
        REASSIGN,
        ADD,
        NOTE_LABEL,
        NOTE_HINT,
        NOTE_MISSING,
        RESOLUTION_LABEL,
        RESOLUTION_HINT,
        ASSIGNEES_LABEL,
        ASSIGNEES_PLACEHOLDER,
        ASSIGNEES_HINT,
        ASSIGNEES_TOO_MANY,
        ASSIGNEES_UNKNOWN,
        UNTIL_LABEL,
        UNTIL_HINT,
        UNTIL_MISSING,
        UNTIL_PAST,
        UNTIL_TOO_LATE,
        MINUTES_LABEL,
        MINUTES_HINT,
        MINUTES_WRONG
    ];
    let link = super::tests::link();
    let at = OffsetDateTime::UNIX_EPOCH;
    all.extend(super::tests::made![
        until(at),
        to(&["Ada", "Bob <!here>"]),
        done(SNOOZED, &link, &until(at)),
        done(ASSIGNED, &link, &to(&["Ada", "Bob"])),
        done(RESOLVED, &link, &Mrkdwn::own(WITH_NOTE)),
        unchanged(&link),
        assignee_deactivated("Bob"),
        assignee_read_only("Bob"),
        assignee_not_linked("Bob <!here>"),
        no_such_email("bob@example.com"),
        no_such_name("bob"),
        ambiguous_name("bob"),
    ]);
    all
}
