//! The small print of an incident's message: who acted last, and when.

use tocsin_client::{Entry, Incident, Known};
use tocsin_entity::kinds::{EntryKind, IncidentStatus};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_slack_app::labels::entry_label;

use super::content::NAME_MAX;

/// The newest entry that tells of an act; what people say is no act.
pub(crate) fn last_act(entries: &[Entry]) -> Option<&Entry> {
    entries
        .iter()
        .rev()
        .find(|entry| entry.kind != EntryKind::Comment)
}

/// Who acted last. Where the timeline does not say, the incident does.
pub(crate) fn footer(incident: &Incident, last: Option<&Entry>) -> Mrkdwn {
    let (done, who, at) = match last {
        Some(entry) => {
            let who = entry.author.as_ref().map(|author| author.name.as_str());
            (deed(&entry.kind), who, entry.occurred_at)
        }
        None => by_state(incident),
    };
    let footer = match who.map(|name| Mrkdwn::text(name).cut(NAME_MAX)) {
        Some(name) if !name.is_empty() => Mrkdwn::own(done).plus(" by ").and(&name),
        Some(_) | None => Mrkdwn::own(done),
    };
    footer.plus(" · ").and(&Mrkdwn::date(at))
}

/// Whether the footer says who brought the incident into its present state.
pub(super) fn tells_state(incident: &Incident, last: Option<&Entry>) -> bool {
    let Some(entry) = last else { return true };
    match incident.status {
        Known::Value(IncidentStatus::Acknowledged) => entry.kind == EntryKind::Acknowledged,
        Known::Value(IncidentStatus::Resolved) => entry.kind == EntryKind::Resolved,
        Known::Value(IncidentStatus::Triggered) | Known::Other(_) => entry.kind == EntryKind::Triggered,
    }
}

/// Whether the footer says when the incident was triggered.
pub(super) fn tells_trigger(incident: &Incident, last: Option<&Entry>) -> bool {
    match last {
        Some(entry) => entry.kind == EntryKind::Triggered,
        None => incident.acknowledged_at.is_none() && incident.resolved_at.is_none(),
    }
}

fn by_state(incident: &Incident) -> (&'static str, Option<&str>, time::OffsetDateTime) {
    if let Some(at) = incident.resolved_at {
        return (
            entry_label(EntryKind::Resolved),
            incident.resolved_by.as_deref(),
            at,
        );
    }
    if let Some(at) = incident.acknowledged_at {
        return (
            entry_label(EntryKind::Acknowledged),
            incident.acknowledged_by.as_deref(),
            at,
        );
    }
    (
        entry_label(EntryKind::Triggered),
        incident.triggered_by.as_deref(),
        incident.triggered_at,
    )
}

fn deed(kind: &Known<EntryKind>) -> &'static str {
    match kind {
        Known::Value(kind) => entry_label(*kind),
        Known::Other(_) => "Changed",
    }
}
