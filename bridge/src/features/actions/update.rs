//! How urgent and how severe the incident is.

use serde_json::Value;
use tocsin_client::{
    Known,
    documents::{UpdateIncident, update_incident},
};
use tocsin_entity::kinds::{Severity, Urgency};
use tocsin_slack::{
    inputs::{input, option, static_select},
    view::View,
};
use tocsin_slack_app::labels::{SEVERITIES, URGENCIES};

use super::{
    dialog::{ActionDialogMetadata, Dialog, DialogContext, DialogData, DialogValues, form, known},
    incident_action::{ActionTrigger, Element, IncidentAction},
};
use crate::acting::{ActionMutation, mutation};
use crate::texts::actions as texts;

/// Changes urgency and severity.
pub(crate) const UPDATE: IncidentAction = IncidentAction {
    verb: "change",
    triggers: &[ActionTrigger::opens(Element::Choice("urgency_severity"))],
    dialog: Some(DIALOG),
    typed: None,
};

const DIALOG: &Dialog = &Dialog {
    callback_id: "urgency_severity",
    title: texts::UPDATE_TITLE,
    done: Some(texts::UPDATED),
    data: DialogData::Incident,
    is_for_open: false,
    view: |subject, meta, _| view(subject, meta),
    read: Some(|values, meta, _| Ok(Box::new(read(values, meta)))),
};

const URGENCY: &str = "urgency";
const SEVERITY: &str = "severity";

fn urgency_option((urgency, text): (Urgency, &str)) -> Value {
    option(text, urgency.as_str())
}

fn severity_option((severity, text): (Severity, &str)) -> Value {
    option(text, severity.as_str())
}

fn view(subject: &DialogContext<'_>, meta: &ActionDialogMetadata) -> View {
    let incident = subject.incident;
    let (urgency, severity) = (
        known(&incident.urgency),
        incident.severity.as_ref().and_then(known),
    );
    let meta = ActionDialogMetadata {
        urgency,
        severity,
        ..meta.clone()
    };
    let urgency_now = URGENCIES
        .into_iter()
        .find(|(one, _)| Some(*one) == urgency)
        .map(urgency_option);
    let severity_now = SEVERITIES
        .into_iter()
        .find(|(one, _)| Some(*one) == severity)
        .map(severity_option);
    let urgencies = URGENCIES.into_iter().map(urgency_option).collect();
    let severities = SEVERITIES.into_iter().map(severity_option).collect();
    let urgencies = static_select(URGENCY, "Urgency", urgencies, urgency_now.as_ref());
    let severities = static_select(SEVERITY, "None", severities, severity_now.as_ref());
    form(DIALOG, incident, &meta)
        .submit("Change")
        .block(input("Urgency", URGENCY, urgencies, true))
        .block(input("Severity", SEVERITY, severities, true))
}

/// Only what differs from what the dialog showed: somebody else may have changed the rest meanwhile.
fn read(values: DialogValues<'_>, meta: &ActionDialogMetadata) -> Update {
    let urgency = values.chosen(URGENCY).and_then(|name| {
        let mut all = URGENCIES.into_iter().map(|(urgency, _)| urgency);
        all.find(|urgency| urgency.as_str() == name)
    });
    let severity = values.chosen(SEVERITY).and_then(|name| {
        let mut all = SEVERITIES.into_iter().map(|(severity, _)| severity);
        all.find(|severity| severity.as_str() == name)
    });
    Update {
        urgency: urgency.filter(|urgency| meta.urgency != Some(*urgency)),
        severity: severity.filter(|severity| meta.severity != Some(*severity)),
    }
}

/// What is none stays as it is.
#[derive(Debug)]
struct Update {
    urgency: Option<Urgency>,
    severity: Option<Severity>,
}

impl ActionMutation for Update {
    mutation!(self, incident, key: UpdateIncident, update_incident, UpdateIncidentInput {
        id: incident.to_string(),
        title: None,
        description_markdown: None,
        urgency: self.urgency.map(Known::Value),
        severity: self.severity.map(Known::Value),
        tags: None,
        service_id: None,
        version: None,
        idempotency_key: Some(key),
    });
}
