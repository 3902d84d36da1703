//! What may be done to an incident from Slack, as it stands: the buttons of its message and the menu beside them.

use serde_json::Value;
use tocsin_client::{Incident, Known};
use tocsin_entity::{id::IncidentId, kinds::IncidentStatus};
use tocsin_message::{
    blocks::{self, ButtonStyle},
    mrkdwn::Mrkdwn,
};
use tocsin_slack::inputs;

use crate::texts::incident as texts;

/// The menu's action id.
pub(crate) const MORE: &str = "more";

/// How the name of a block begins that acts on an incident.
const BLOCK: &str = "incident:";

/// The row of buttons and the menu. `menu_uses` is part of the block's name: Slack goes on showing what was chosen in a menu until
/// its block is another.
pub(crate) fn row(incident: &Incident, menu_uses: i32) -> Value {
    let mut elements = buttons(incident);
    elements.push(menu(incident));
    let mut row = blocks::actions(&elements);
    row["block_id"] = block_id(incident.id, menu_uses).into();
    row
}

/// The name of a block that acts on an incident.
pub(crate) fn block_id(incident: IncidentId, menu_uses: i32) -> String {
    format!("{BLOCK}{incident}:{menu_uses}")
}

/// The incident that a block acts on, by its name.
pub(crate) fn incident_of(block_id: &str) -> Option<IncidentId> {
    let (incident, _) = block_id.strip_prefix(BLOCK)?.rsplit_once(':')?;
    incident.parse().ok()
}

/// The incident in a list, with the button for what is likely done next beside it.
pub(crate) fn listed(text: Mrkdwn, incident: &Incident) -> Value {
    let next = buttons(incident).into_iter().next();
    let mut section = match next {
        Some(button) => blocks::section_with(text, button),
        None => blocks::section(text),
    };
    section["block_id"] = block_id(incident.id, 0).into();
    section
}

/// The buttons, each labelled with the incident: in a list, many have the same text.
fn buttons(incident: &Incident) -> Vec<Value> {
    let labelled = |button: Value| {
        let text = button["text"]["text"].as_str().unwrap_or_default();
        let label = format!("{text} #{}: {}", incident.number, incident.title);
        blocks::labelled(button, &label)
    };
    plain_buttons(incident).into_iter().map(labelled).collect()
}

fn plain_buttons(incident: &Incident) -> Vec<Value> {
    let id = incident.id.to_string();
    let mut buttons = match incident.status {
        Known::Value(IncidentStatus::Triggered) => vec![
            blocks::button(texts::ACKNOWLEDGE, "acknowledge", &id, ButtonStyle::Primary),
            blocks::button(texts::RESOLVE, "resolve", &id, ButtonStyle::Plain),
        ],
        Known::Value(IncidentStatus::Acknowledged) => {
            vec![blocks::button(
                texts::RESOLVE,
                "resolve",
                &id,
                ButtonStyle::Primary,
            )]
        }
        Known::Value(IncidentStatus::Resolved) => {
            vec![blocks::button(texts::REOPEN, "reopen", &id, ButtonStyle::Plain)]
        }
        Known::Other(_) => Vec::new(),
    };
    buttons.extend(blocks::link_button(texts::VIEW, "view", &id, &incident.url));
    buttons
}

/// More than fits into a row. What is over can't be reassigned or snoozed; there is still something to say about it.
fn menu(incident: &Incident) -> Value {
    let mut options = vec![(texts::ADD_NOTE, "note")];
    if incident.status != IncidentStatus::Resolved {
        options.extend([
            (texts::REASSIGN, "reassign"),
            (texts::ESCALATE, "escalate"),
            (texts::SNOOZE_QUARTER, "snooze:15m"),
            (texts::SNOOZE_HALF, "snooze:30m"),
            (texts::SNOOZE_HOUR, "snooze:1h"),
            (texts::SNOOZE_HOURS, "snooze:4h"),
            (texts::SNOOZE_UNTIL, "snooze:custom"),
            (texts::UPDATE, "urgency_severity"),
        ]);
    }
    options.push(if incident.slack_muted {
        (texts::UNMUTE, "unmute")
    } else {
        (texts::MUTE, "mute")
    });
    options.push((texts::DETAILS, "view"));
    let options = options
        .into_iter()
        .map(|(text, value)| inputs::option(text, value))
        .collect();
    inputs::static_select(MORE, texts::MORE, options, None)
}
