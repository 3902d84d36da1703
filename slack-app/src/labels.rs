//! What statuses, urgencies and entries are called where people read them, and the emoji that stand for them in Slack.

use tocsin_entity::kinds::{EntryKind, IncidentStatus, ReplyMode, Severity, Urgency};

/// The emoji for what this version does not know.
pub const UNKNOWN_EMOJI: &str = ":information_source:";

/// The name of a status.
pub const fn status_label(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Triggered => "Triggered",
        IncidentStatus::Acknowledged => "Acknowledged",
        IncidentStatus::Resolved => "Resolved",
    }
}

/// The emoji for a status, as Slack names it.
pub const fn status_emoji(status: IncidentStatus) -> &'static str {
    match status {
        IncidentStatus::Triggered => ":rotating_light:",
        IncidentStatus::Acknowledged => ":eyes:",
        IncidentStatus::Resolved => ":white_check_mark:",
    }
}

/// What an entry of the timeline tells, in short.
pub const fn entry_label(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Triggered => status_label(IncidentStatus::Triggered),
        EntryKind::Acknowledged => status_label(IncidentStatus::Acknowledged),
        EntryKind::Resolved => status_label(IncidentStatus::Resolved),
        EntryKind::Reopened => "Reopened",
        EntryKind::Comment => "Comment",
        EntryKind::Snoozed => "Snoozed",
        EntryKind::SnoozeEnded => "Snooze ended",
        EntryKind::Reassigned => "Reassigned",
        EntryKind::Updated => "Updated",
        EntryKind::SyncMuted => "Slack sync muted",
        EntryKind::SyncUnmuted => "Slack sync unmuted",
    }
}

/// The name of an urgency.
pub const fn urgency_label(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::High => "High",
        Urgency::Medium => "Medium",
        Urgency::Low => "Low",
    }
}

/// How an incident's later changes are told in Slack; without a mode of its own, its connectors decide.
pub const fn reply_mode_label(mode: Option<ReplyMode>) -> &'static str {
    match mode {
        None => "as its connectors say",
        Some(ReplyMode::Thread) => "in the thread",
        Some(ReplyMode::Channel) => "in the channel",
    }
}

/// The urgencies that people choose from, and what each is called.
pub const URGENCIES: [(Urgency, &str); 3] = [
    (Urgency::High, urgency_label(Urgency::High)),
    (Urgency::Medium, urgency_label(Urgency::Medium)),
    (Urgency::Low, urgency_label(Urgency::Low)),
];

/// The severities that people choose from, and what each means.
pub const SEVERITIES: [(Severity, &str); 5] = [
    (Severity::Sev1, "SEV1: all users are affected"),
    (Severity::Sev2, "SEV2: a main function is down"),
    (Severity::Sev3, "SEV3: a function is impaired"),
    (Severity::Sev4, "SEV4: an annoyance"),
    (Severity::Sev5, "SEV5: cosmetic"),
];
