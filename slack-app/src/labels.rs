//! What statuses and urgencies are called where people read them, and the emoji that stand for them in Slack.

use tocsin_entity::kinds::{IncidentStatus, Urgency};

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

/// The name of an urgency.
pub const fn urgency_label(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::High => "High",
        Urgency::Medium => "Medium",
        Urgency::Low => "Low",
    }
}
