//! The small print of an incident's message: who acted last, and when.

use tocsin_client::{Entry, Incident, Known};
use tocsin_entity::kinds::EntryKind;
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
