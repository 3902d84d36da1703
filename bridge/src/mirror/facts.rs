//! The facts of an incident that stand in two columns, and its people: who is to work it, and who took or resolved it.

use tocsin_client::{Entry, Incident, Known};
use tocsin_entity::kinds::IncidentStatus;
use tocsin_message::mrkdwn::Mrkdwn;

use super::{
    content::{self, NAME_MAX, emoji, severity_name, status, urgency},
    footer,
};

/// How the incident stands: for whoever looks at it alone.
pub(crate) fn facts(incident: &Incident) -> Vec<Mrkdwn> {
    let mut facts = main_facts(incident);
    facts.extend(state_facts(incident));
    facts.push(triggered_fact(incident));
    facts.extend(
        incident
            .triggered_by
            .as_deref()
            .map(|by| fact("Triggered by", &Mrkdwn::text(by).cut(NAME_MAX))),
    );
    facts.extend(snooze_fact(incident));
    facts
}

/// How the incident stands, but for what the footer below says.
pub(super) fn facts_above_footer(incident: &Incident, last_act: Option<&Entry>) -> Vec<Mrkdwn> {
    let mut facts = main_facts(incident);
    if !footer::tells_state(incident, last_act) {
        facts.extend(state_facts(incident));
    }
    if !footer::tells_trigger(incident, last_act) {
        facts.push(triggered_fact(incident));
    }
    facts.extend(snooze_fact(incident));
    facts
}

/// What stands in every view of an incident.
pub(super) fn main_facts(incident: &Incident) -> Vec<Mrkdwn> {
    let mut facts = vec![
        fact("Status", &status_with_emoji(incident)),
        fact("Urgency", &urgency(&incident.urgency)),
        fact("Service", &Mrkdwn::text(&incident.service).cut(NAME_MAX)),
    ];
    facts.extend(
        incident
            .severity
            .as_ref()
            .map(|severity| fact("Severity", &severity_name(severity))),
    );
    facts.extend(assigned(incident).map(|who| fact("Assigned to", &who)));
    facts
}

/// Who took or resolved it, and when.
fn state_facts(incident: &Incident) -> Vec<Mrkdwn> {
    let when = match incident.status {
        Known::Value(IncidentStatus::Acknowledged) => incident.acknowledged_at.map(|at| ("Acknowledged", at)),
        Known::Value(IncidentStatus::Resolved) => incident.resolved_at.map(|at| ("Resolved", at)),
        Known::Value(IncidentStatus::Triggered) | Known::Other(_) => None,
    };
    let when = when.map(|(what, at)| fact(what, &Mrkdwn::date(at)));
    acted_fact(incident).into_iter().chain(when).collect()
}

/// Who took or resolved it.
pub(super) fn acted_fact(incident: &Incident) -> Option<Mrkdwn> {
    let what = if incident.status == IncidentStatus::Resolved {
        "Resolved by"
    } else {
        "Acknowledged by"
    };
    acted(incident).map(|who| fact(what, &who))
}

fn triggered_fact(incident: &Incident) -> Mrkdwn {
    fact("Triggered", &Mrkdwn::date(incident.triggered_at))
}

pub(super) fn snooze_fact(incident: &Incident) -> Option<Mrkdwn> {
    let until = incident.snoozed_until?;
    Some(fact("Snoozed until", &Mrkdwn::date(until)))
}

pub(crate) fn status_with_emoji(incident: &Incident) -> Mrkdwn {
    Mrkdwn::own(emoji(&incident.status))
        .plus(" ")
        .and(&status(&incident.status))
}

pub(super) fn fact(name: &'static str, value: &Mrkdwn) -> Mrkdwn {
    Mrkdwn::own(name).bold().plus("\n").and(value)
}

/// Who is to work it.
fn assigned(incident: &Incident) -> Option<Mrkdwn> {
    names(&incident.assignees)
}

/// People's names in a row; none for nobody.
pub(super) fn names(names: &[String]) -> Option<Mrkdwn> {
    (!names.is_empty()).then(|| Mrkdwn::text(&names.join(", ")).cut(3 * NAME_MAX))
}

/// Who took it, or resolved it.
fn acted(incident: &Incident) -> Option<Mrkdwn> {
    let by = match incident.status {
        Known::Value(IncidentStatus::Acknowledged) => incident.acknowledged_by.as_ref(),
        Known::Value(IncidentStatus::Resolved) => incident.resolved_by.as_ref(),
        Known::Value(IncidentStatus::Triggered) | Known::Other(_) => None,
    };
    by.map(|name| Mrkdwn::text(name).cut(NAME_MAX))
}

/// The people of an incident in one line: who is to work it, and who took or resolved it.
pub(crate) fn people(incident: &Incident) -> Option<Mrkdwn> {
    let did = if incident.status == IncidentStatus::Resolved {
        "Resolved by "
    } else {
        "Acknowledged by "
    };
    let assigned = assigned(incident).map(|who| Mrkdwn::own("Assigned to ").and(&who));
    let acted = acted(incident).map(|who| Mrkdwn::own(did).and(&who));
    match (assigned, acted) {
        (Some(assigned), Some(acted)) => Some(assigned.plus(" · ").and(&acted)),
        (assigned, acted) => assigned.or(acted),
    }
}

/// The incident among others, with its people, and until when it is snoozed.
pub(crate) fn overview_with_people(incident: &Incident) -> Mrkdwn {
    let mut text = content::overview(incident);
    if let Some(people) = people(incident) {
        text = text.plus("\n").and(&people);
    }
    if let Some(until) = incident.snoozed_until {
        text = text.plus("\nSnoozed until ").and(&Mrkdwn::date(until));
    }
    text
}

/// Who has it, or had it last.
pub(super) fn who(incident: &Incident) -> Option<Mrkdwn> {
    acted(incident).or_else(|| assigned(incident))
}
