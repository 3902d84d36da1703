//! An incident's messages: its own, its thread, previews, digests, direct messages.

use time::OffsetDateTime;
use tocsin_message::mrkdwn::Mrkdwn;

/// A button of the message.
pub(crate) const ACKNOWLEDGE: &str = "Acknowledge";
/// A button of the message.
pub(crate) const RESOLVE: &str = "Resolve";
/// A button of the message.
pub(crate) const REOPEN: &str = "Reopen";
/// A button of the message.
pub(crate) const VIEW: &str = "View";

/// What the menu says, and its options.
pub(crate) const MORE: &str = "More actions";
/// What the menu says, and its options.
pub(crate) const ADD_NOTE: &str = "Add a note";
/// What the menu says, and its options.
pub(crate) const REASSIGN: &str = "Reassign";
/// What the menu says, and its options.
pub(crate) const ESCALATE: &str = "Escalate";
/// What the menu says, and its options.
pub(crate) const SNOOZE_QUARTER: &str = "Snooze for 15 minutes";
/// What the menu says, and its options.
pub(crate) const SNOOZE_HALF: &str = "Snooze for 30 minutes";
/// What the menu says, and its options.
pub(crate) const SNOOZE_HOUR: &str = "Snooze for 1 hour";
/// What the menu says, and its options.
pub(crate) const SNOOZE_HOURS: &str = "Snooze for 4 hours";
/// What the menu says, and its options.
pub(crate) const SNOOZE_UNTIL: &str = "Snooze until …";
/// What the menu says, and its options.
pub(crate) const UPDATE: &str = "Change severity or urgency";
/// What the menu says, and its options.
pub(crate) const MUTE: &str = "Mute sync";
/// What the menu says, and its options.
pub(crate) const UNMUTE: &str = "Unmute sync";
/// What the menu says, and its options.
pub(crate) const DETAILS: &str = "View details";

/// The link to the whole of a text that is cut.
pub(crate) const READ_MORE: &str = "Read more";
/// The link to the whole of a comment that is cut.
pub(crate) const READ_COMMENT: &str = "Read the whole comment";

/// To somebody to whom an incident is assigned.
pub(crate) const ASSIGNED_TO_YOU: &str = "This incident is assigned to you.";
/// To somebody to whom an incident was assigned.
pub(crate) const NO_LONGER_YOURS: &str = "This incident is no longer assigned to you.";

/// A message of a connector's that is no incident.
pub(crate) fn test_message(connector: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("Test message: nothing has happened. Incidents of the connector ")
        .and(&connector.clone().bold())
        .plus(" appear here, like this.")
}

/// Its title.
pub(crate) const TEST_TITLE: &str = "Test message from Tocsin";
/// What it is in a notification.
pub(crate) const TEST_FALLBACK: &str = "Test message";
/// Its status.
pub(crate) const TEST_STATUS: &str = ":white_check_mark: Test";
/// Who asked for it.
pub(crate) const TEST_FOOTER: &str = "Sent by Tocsin, because an administrator asked for it.";

/// The name of a fact.
pub(crate) const FACT_STATUS: &str = "Status";
/// The name of a fact.
pub(crate) const FACT_SENT: &str = "Sent";

/// In the place of a comment that was retracted.
pub(crate) const RETRACTED: &str = "_comment retracted_";
/// In the place of a comment of which nothing is to be seen.
pub(crate) const EMPTY: &str = "_(empty)_";
/// Below a comment that was edited.
pub(crate) const EDITED: &str = "_(edited)_";

/// In place of a name: Tocsin did it.
pub(crate) const TOCSIN: &str = "Tocsin";
/// In place of a name that can't be seen.
pub(crate) const SOMEBODY: &str = "Somebody";

/// What somebody did, after their name.
pub(crate) const TRIGGERED_IT: &str = "triggered the incident";
/// What somebody did, after their name.
pub(crate) const ACKNOWLEDGED_IT: &str = "acknowledged the incident";
/// What somebody did, after their name.
pub(crate) const RESOLVED_IT: &str = "resolved the incident";
/// What somebody did, after their name.
pub(crate) const REOPENED_IT: &str = "reopened the incident";
/// What somebody did, after their name.
pub(crate) const COMMENTED: &str = "commented";
/// What somebody did, after their name.
pub(crate) const SNOOZE_ENDED: &str = "ended the snooze: the incident is triggered again";
/// What somebody did, after their name.
pub(crate) const UPDATED_IT: &str = "updated the incident";
/// What somebody did, after their name.
pub(crate) const MUTED_SYNC: &str =
    "muted the sync: replies in this thread stay here, and updates from the timeline do not appear here";
/// What somebody did, after their name.
pub(crate) const UNMUTED_SYNC: &str = "unmuted the sync: this thread and the timeline show the same again";
/// What somebody did, after their name.
pub(crate) const UNASSIGNED_IT: &str = "unassigned the incident";
/// What somebody did, after their name.
pub(crate) const REASSIGNED_IT: &str = "reassigned the incident";

/// What somebody did, after their name: a snooze, and until when.
pub(crate) fn snoozed_it(until: Option<OffsetDateTime>) -> Mrkdwn {
    let text = Mrkdwn::own("snoozed the incident");
    match until {
        Some(until) => text.plus(" until ").and(&Mrkdwn::date(until)),
        None => text,
    }
}

/// What somebody did, after their name: to whom it is assigned now.
pub(crate) fn assigned_it(names: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own("assigned the incident to ").and(&names.clone().bold())
}

/// What somebody did, after their name: something that this version does not know, by its name.
pub(crate) fn changed_it(kind: &str) -> Mrkdwn {
    Mrkdwn::own("changed the incident: ").and(&Mrkdwn::text(&kind.to_lowercase().replace('_', " ")))
}

/// After how urgent an incident is.
pub(crate) const URGENCY: &str = " urgency";

/// Below a message that takes the place of one that was deleted.
pub(crate) const POSTED_AGAIN: &str = "Posted again: the earlier message was deleted.";

/// In place of a preview.
pub(crate) const PREVIEW_HIDDEN: &str = "The preview is hidden: this channel is shared with another company.";

/// How long an incident took.
pub(crate) const NO_TIME: &str = "less than a minute";

/// Above the lines of a digest.
pub(crate) fn digest(incidents: usize) -> Mrkdwn {
    Mrkdwn::text(&format!("{incidents} incidents in a short time"))
}

/// Below it.
pub(crate) const DIGEST_WHY: &str =
    "They came faster than Slack accepts messages. Each line stays up to date.";

/// A message of an incident that a backup does not know.
pub(crate) fn lost_incident() -> Mrkdwn {
    Mrkdwn::own("This incident is no longer in Tocsin.").bold().plus(
        " The database was restored from a backup that is older than it. If it still goes on, trigger it again.",
    )
}

/// A reply that a backup does not know.
pub(crate) fn lost_reply() -> Mrkdwn {
    Mrkdwn::own("This is no longer on the incident's timeline.")
        .bold()
        .plus(" The database was restored from an earlier backup.")
}

/// A digest that a backup does not know.
pub(crate) fn lost_digest() -> Mrkdwn {
    Mrkdwn::own("This list is no longer kept up to date.")
        .bold()
        .plus(" The database was restored from an earlier backup. Incidents that are still known have messages of their own.")
}

#[cfg(test)]
pub(super) fn examples() -> super::tests::Examples {
    let mut all = super::tests::listed![
        ACKNOWLEDGE,
        RESOLVE,
        REOPEN,
        VIEW,
        MORE,
        ADD_NOTE,
        REASSIGN,
        ESCALATE,
        SNOOZE_QUARTER,
        SNOOZE_HALF,
        SNOOZE_HOUR,
        SNOOZE_HOURS,
        SNOOZE_UNTIL,
        UPDATE,
        MUTE,
        UNMUTE,
        DETAILS,
        READ_MORE,
        READ_COMMENT,
        ASSIGNED_TO_YOU,
        NO_LONGER_YOURS,
        TEST_TITLE,
        TEST_FALLBACK,
        TEST_STATUS,
        TEST_FOOTER,
        FACT_STATUS,
        FACT_SENT,
        RETRACTED,
        EMPTY,
        EDITED,
        TOCSIN,
        SOMEBODY,
        TRIGGERED_IT,
        ACKNOWLEDGED_IT,
        RESOLVED_IT,
        REOPENED_IT,
        COMMENTED,
        SNOOZE_ENDED,
        UPDATED_IT,
        MUTED_SYNC,
        UNMUTED_SYNC,
        UNASSIGNED_IT,
        REASSIGNED_IT,
        URGENCY,
        POSTED_AGAIN,
        PREVIEW_HIDDEN,
        NO_TIME,
        DIGEST_WHY
    ];
    let at = OffsetDateTime::UNIX_EPOCH;
    all.extend(super::tests::made![
        test_message(&Mrkdwn::text("payments <!here>")),
        snoozed_it(Some(at)),
        snoozed_it(None),
        assigned_it(&Mrkdwn::text("Ada, Bob")),
        changed_it("STATUS_PAGE_POSTED"),
        digest(17),
        lost_incident(),
        lost_reply(),
        lost_digest(),
    ]);
    all
}
