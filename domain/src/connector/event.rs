//! What a connector tells: a set of events, kept as a text.

use std::collections::BTreeSet;

use tocsin_entity::kinds::ConnectorEvent;

/// What a new connector tells: all but notes.
pub(crate) const DEFAULT_EVENTS: [ConnectorEvent; 6] = [
    ConnectorEvent::Triggered,
    ConnectorEvent::Acknowledged,
    ConnectorEvent::Resolved,
    ConnectorEvent::Escalated,
    ConnectorEvent::Reassigned,
    ConnectorEvent::SlaBreached,
];

const ALL: [ConnectorEvent; 7] = {
    let [a, b, c, d, e, f] = DEFAULT_EVENTS;
    [a, b, c, d, e, f, ConnectorEvent::NoteAdded]
};

/// The events in one text, each once and in order.
pub(crate) fn write(events: impl IntoIterator<Item = ConnectorEvent>) -> String {
    let events: BTreeSet<_> = events.into_iter().collect();
    let names: Vec<_> = events.into_iter().map(ConnectorEvent::as_str).collect();
    names.join(",")
}

/// Reads what [`write`] has written; names of a later version are passed over.
pub fn read(text: &str) -> Vec<ConnectorEvent> {
    let named = |name: &str| ALL.into_iter().find(|event| event.as_str() == name);
    text.split(',').filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_were_written() {
        assert_eq!(read(&write(ALL)), ALL);
        assert_eq!(read(&write([])), []);
        assert_eq!(
            write([ConnectorEvent::NoteAdded, ConnectorEvent::Triggered]),
            "TRIGGERED,NOTE_ADDED"
        );
        assert_eq!(read("TRIGGERED,TELEPATHY"), [ConnectorEvent::Triggered]);
    }
}
