//! What the dialogs show, and what is read from them. The snapshots are the views as they are sent.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};
use tocsin_client::{Entry, Incident, Known, MemberChoice};
use tocsin_entity::{
    id::UserId,
    kinds::{EntryKind, Severity, Urgency},
};
use uuid::Uuid;

use super::{
    DETAILS, IncidentAction, NOTE, REASSIGN, RESOLVE, SNOOZE, UPDATE,
    dialog::{ActionDialogMetadata, DialogContext, InputError, loading, refusal, submitted, text_dialog},
    people::options,
};
use crate::{
    mirror::tests::fixtures::{acknowledged, entry, incident},
    notice::Notice,
};

const NOW: OffsetDateTime = datetime!(2026-11-20 22:36:07 UTC);

const WITH_DIALOGS: [&IncidentAction; 6] = [&RESOLVE, &NOTE, &REASSIGN, &SNOOZE, &UPDATE, &DETAILS];

fn meta() -> ActionDialogMetadata {
    let incident = incident();
    ActionDialogMetadata {
        organization: incident.organization_id,
        incident: incident.id,
        channel: Some("C1".to_owned()),
        response_url: Some("https://hooks.slack.com/actions/1".to_owned()),
        is_ephemeral: false,
        urgency: None,
        severity: None,
    }
}

fn candidate(number: u128, name: &str) -> MemberChoice {
    MemberChoice {
        id: UserId(Uuid::from_u128(number)),
        name: name.to_owned(),
        email: "alice@example.com".to_owned(),
    }
}

fn shown(
    action: &IncidentAction,
    incident: &Incident,
    assignees: &[MemberChoice],
    entries: &[Entry],
) -> Value {
    let subject = DialogContext {
        incident,
        assignees,
        entries,
    };
    let dialog = action.dialog.expect("a dialog");
    (dialog.view)(&subject, &meta(), NOW).json().clone()
}

#[test]
fn every_dialog_as_it_is_shown() {
    let entries = [
        entry(1, EntryKind::Triggered),
        Entry {
            body_markdown: Some("Restarted the **gateway** <!here>".to_owned()),
            ..entry(2, EntryKind::Comment)
        },
    ];
    for action in WITH_DIALOGS {
        let view = shown(action, &acknowledged(), &[candidate(1, "Alice Archer")], &entries);
        let dialog = action.dialog.expect("a dialog");
        assert_json_snapshot!(dialog.callback_id, view);
    }
}

#[test]
fn what_is_shown_where_there_is_nothing_to_fill_in() {
    let by = Some("Bob <!here>".to_owned());
    let dialog = RESOLVE.dialog.expect("a dialog");
    assert_json_snapshot!([
        loading(dialog).json(),
        refusal(&RESOLVE, dialog, &Notice::AlreadyResolved { by }).json(),
        text_dialog("Nothing (CODE).").json(),
    ]);
}

#[test]
fn whatever_an_incident_says_its_dialogs_keep_slacks_limits() {
    let long = "<!channel> & \u{202e}*x* ".repeat(2_000);
    let incident = Incident {
        title: long.clone(),
        description_markdown: long.clone(),
        service: long.clone(),
        assignees: vec![long.clone(); 50],
        severity: Some(Known::Other(long.clone())),
        urgency: Known::Other(long.clone()),
        ..incident()
    };
    let people: Vec<_> = (0..200).map(|number| candidate(number, &long)).collect();
    let entries: Vec<_> = (0..200)
        .map(|version| Entry {
            body_markdown: Some(long.clone()),
            changes: vec![long.clone()],
            ..entry(version, EntryKind::Updated)
        })
        .collect();
    for action in WITH_DIALOGS {
        keeps_limits(&shown(action, &incident, &people[..50], &entries));
    }
    let answer = options(&people);
    assert_eq!(answer["options"].as_array().map(Vec::len), Some(100));
    keeps_limits(&json!({"blocks": [{"type": "input", "element": answer}], "submit": {}}));
}

fn keeps_limits(view: &Value) {
    assert!(view.to_string().len() < 250_000);
    let text = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
    for label in ["title", "submit", "close"] {
        assert!(text(&view[label]["text"]) <= 24, "{view}");
    }
    assert!(text(&view["private_metadata"]) <= 3_000);
    let blocks = view["blocks"].as_array().expect("blocks");
    assert!((1..=100).contains(&blocks.len()));
    let has_input = blocks.iter().any(|block| block["type"] == "input");
    assert_eq!(has_input, view.get("submit").is_some(), "{view}");
    each(view, &|object| {
        if object
            .get("type")
            .is_some_and(|kind| kind == "mrkdwn" || kind == "plain_text")
        {
            assert!((1..=3_000).contains(&text(&object["text"])), "{object:?}");
        }
        if let Some(options) = object.get("options").and_then(Value::as_array) {
            assert!((1..=100).contains(&options.len()));
        }
        if object.contains_key("text") && object.contains_key("value") {
            assert!((1..=75).contains(&text(&object["text"]["text"])));
            assert!(text(&object["value"]) <= 150);
        }
    });
}

fn each(value: &Value, look: &impl Fn(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            look(fields);
            fields.values().for_each(|value| each(value, look));
        }
        Value::Array(values) => values.iter().for_each(|value| each(value, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn submission(values: &Value) -> Value {
    json!({"type": "view_submission", "view": {"callback_id": "resolve", "private_metadata": serde_json::to_string(&meta()).expect("JSON"),
        "state": {"values": values}}})
}

/// The mutation that is asked for, as it is logged.
fn asked_with(
    action: &IncidentAction,
    meta: &ActionDialogMetadata,
    values: &Value,
) -> Result<String, Vec<InputError>> {
    let dialog = action.dialog.expect("a dialog");
    let read = dialog.read(meta, &submission(values), NOW);
    read.map(|mutation| format!("{mutation:?}"))
}

fn asked(action: &IncidentAction, values: &Value) -> Result<String, Vec<InputError>> {
    asked_with(action, &meta(), values)
}

#[test]
fn what_a_dialog_carries_comes_back() {
    let submitted = |payload: &Value| {
        let (action, dialog, meta) = submitted(&WITH_DIALOGS, payload)?;
        Some((action.verb, dialog.callback_id, meta))
    };
    assert_eq!(
        submitted(&submission(&json!({}))),
        Some(("resolve", "resolve", meta()))
    );
    for (place, value) in [
        ("callback_id", json!("details")),
        ("private_metadata", json!("{}")),
    ] {
        let mut other = submission(&json!({}));
        other["view"][place] = value;
        assert_eq!(submitted(&other), None, "{place}");
    }
    assert_eq!(submitted(&json!({"view": null})), None);
}

#[test]
fn a_note_is_what_was_written_and_nothing_is_no_note() {
    let written = |text: &str| json!({"note": {"note": {"type": "plain_text_input", "value": text}}});
    let note = |note: Option<&str>| Ok(format!("Resolve {{ note: {note:?} }}"));
    assert_eq!(
        asked(&RESOLVE, &written(" Rolled back. ")),
        note(Some("Rolled back."))
    );
    assert_eq!(asked(&RESOLVE, &written(" \n")), note(None));
    assert_eq!(
        asked(&RESOLVE, &json!({"note": {"note": {"value": null}}})),
        note(None)
    );
    let comment = "Comment { markdown: \"on it\", external_ref: None }".to_owned();
    assert_eq!(asked(&NOTE, &written("on it")), Ok(comment));
    assert_eq!(
        asked(&NOTE, &written(" \n ")),
        Err(vec![("note", "Type a note.")])
    );
}

#[test]
fn assignees_are_who_was_chosen() {
    let chosen = |ids: &[String]| {
        let options: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
        json!({"assignees": {"assignees": {"type": "multi_external_select", "selected_options": options}}})
    };
    let people = [UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2))];
    let reassign = |people: &[UserId]| Ok(format!("Reassign {{ assignees: {people:?} }}"));
    assert_eq!(
        asked(&REASSIGN, &chosen(&people.map(|id| id.to_string()))),
        reassign(&people)
    );
    assert_eq!(asked(&REASSIGN, &chosen(&[])), reassign(&[]));
    assert!(asked(&REASSIGN, &chosen(&["inc_1".to_owned()])).is_err());
    let many: Vec<_> = (0..51)
        .map(|number| UserId(Uuid::from_u128(number)).to_string())
        .collect();
    assert!(asked(&REASSIGN, &chosen(&many)).is_err());
}

#[test]
fn a_rest_lies_ahead_and_lasts_thirty_days_at_the_most() {
    let until = |at: OffsetDateTime| {
        asked(
            &SNOOZE,
            &json!({"until": {"until": {"selected_date_time": at.unix_timestamp()}}, "minutes": {"minutes": {"value": null}}}),
        )
    };
    let minutes = |text: &str| {
        asked(
            &SNOOZE,
            &json!({"until": {"until": {"selected_date_time": 1}}, "minutes": {"minutes": {"value": text}}}),
        )
    };
    let rest = |until: OffsetDateTime| Ok(format!("Snooze {{ until: {until:?} }}"));
    assert_eq!(until(NOW + Duration::days(30)), rest(NOW + Duration::days(30)));
    assert_eq!(
        until(NOW),
        Err(vec![("until", "This time has passed. Choose a later one.")])
    );
    assert_eq!(
        until(NOW + Duration::days(30) + Duration::SECOND),
        Err(vec![("until", "Choose a time within the next 30 days.")])
    );
    assert_eq!(minutes("45"), rest(NOW + Duration::minutes(45)));
    assert_eq!(minutes("43200"), rest(NOW + Duration::days(30)));
    for wrong in ["43201", "0", "-5", "soon", "1.5", "9223372036854775807"] {
        let wrong = minutes(wrong).expect_err(wrong);
        assert_eq!(wrong[0].0, "minutes");
    }
    assert_eq!(
        asked(&SNOOZE, &json!({})),
        Err(vec![("until", "Choose a time, or type a number of minutes.")])
    );
}

#[test]
fn only_what_is_chosen_anew_is_changed() {
    let meta = ActionDialogMetadata {
        urgency: Some(Urgency::High),
        severity: Some(Severity::Sev2),
        ..meta()
    };
    let chosen = |urgency: &str, severity: &str| {
        let values = json!({"urgency": {"urgency": {"selected_option": {"value": urgency}}},
            "severity": {"severity": {"selected_option": {"value": severity}}}});
        asked_with(&UPDATE, &meta, &values)
    };
    let update = |urgency: Option<Urgency>, severity: Option<Severity>| {
        Ok(format!(
            "Update {{ urgency: {urgency:?}, severity: {severity:?} }}"
        ))
    };
    assert_eq!(chosen("HIGH", "SEV2"), update(None, None));
    assert_eq!(chosen("LOW", "SEV2"), update(Some(Urgency::Low), None));
    assert_eq!(chosen("HIGH", "SEV1"), update(None, Some(Severity::Sev1)));
    assert_eq!(chosen("EXTREME", ""), update(None, None));
}
