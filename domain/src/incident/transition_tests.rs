//! What holds of an incident after any sequence of changes.

use proptest::{collection::vec, prelude::*, sample::select};
use time::{Duration, OffsetDateTime, macros::datetime};
use tocsin_entity::{
    id::{IncidentId, OrganizationId, ServiceId, UserId},
    incident::{self, TagValue},
    kinds::{IncidentStatus, ReplyMode, Severity, Source, TimerKind, Urgency},
};
use uuid::Uuid;

use super::{
    command::{ChangeCommand, IncidentUpdate, ReplyModeChoice},
    error::IncidentError,
    transition::{TimerChange, TransitionOutcome, transition},
};
use crate::{actor::Actor, patch::Patch};

const START: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

/// An incident as the database has it: its row, its assignees and its timer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    incident: incident::Model,
    assignees: Vec<UserId>,
    timer: Option<OffsetDateTime>,
}

fn person(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn actor() -> Actor {
    Actor {
        organization_id: OrganizationId(Uuid::nil()),
        user_id: Some(person(1)),
        key_id: None,
        slack_name: None,
        source: Source::Api,
        request_id: None,
    }
}

fn triggered() -> Stored {
    let incident = incident::Model {
        id: IncidentId(Uuid::nil()),
        organization_id: OrganizationId(Uuid::nil()),
        service_id: ServiceId(Uuid::nil()),
        number: 1,
        title: "Down".to_owned(),
        description_markdown: String::new(),
        status: IncidentStatus::Triggered,
        urgency: Urgency::High,
        severity: None,
        tags: serde_json::json!([]),
        dedup_key: None,
        version: 1,
        triggered_by: None,
        source: Source::Api,
        triggered_at: START,
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_at: None,
        resolved_by: None,
        resolution_note_markdown: None,
        snoozed_until: None,
        slack_muted: false,
        slack_reply_mode: None,
        updated_at: START,
    };
    Stored {
        incident,
        assignees: Vec::new(),
        timer: None,
    }
}

fn text() -> impl Strategy<Value = String> {
    select(vec!["one", "two"]).prop_map(str::to_owned)
}

fn moment() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..40).prop_map(|hours| START + Duration::hours(hours))
}

fn update() -> impl Strategy<Value = ChangeCommand> {
    let tag = text().prop_map(|value| TagValue {
        key: "region".to_owned(),
        value,
    });
    let fields = (
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(select(vec![Urgency::High, Urgency::Low])),
        select(vec![
            Patch::Keep,
            Patch::Clear,
            Patch::Set(Severity::Sev1),
            Patch::Set(Severity::Sev5),
        ]),
        proptest::option::of(vec(tag, 0..2)),
        proptest::option::of((1..3_u128).prop_map(|id| ServiceId(Uuid::from_u128(id)))),
    );
    fields.prop_map(
        |(title, description_markdown, urgency, severity, tags, service_id)| {
            ChangeCommand::Update(IncidentUpdate {
                title,
                description_markdown,
                urgency,
                severity,
                tags,
                service_id,
                version: None,
            })
        },
    )
}

fn sync() -> impl Strategy<Value = ChangeCommand> {
    let telling = select(vec![
        ReplyModeChoice::AsBefore,
        ReplyModeChoice::AsConnectorsSay,
        ReplyModeChoice::So(ReplyMode::Thread),
        ReplyModeChoice::So(ReplyMode::Channel),
    ]);
    (proptest::option::of(any::<bool>()), telling)
        .prop_map(|(muted, telling)| ChangeCommand::SlackSync { muted, telling })
}

/// Any change, whether or not it makes sense.
fn change() -> impl Strategy<Value = ChangeCommand> {
    prop_oneof![
        Just(ChangeCommand::Acknowledge),
        proptest::option::of(text()).prop_map(|note| ChangeCommand::Resolve { note }),
        proptest::option::of(text()).prop_map(|reason| ChangeCommand::Reopen { reason }),
        text().prop_map(|body| ChangeCommand::Comment {
            body,
            said_at: None,
            external_ref: None
        }),
        moment().prop_map(|until| ChangeCommand::Snooze { until }),
        Just(ChangeCommand::Unsnooze),
        moment().prop_map(|due_at| ChangeCommand::EndSnooze { due_at }),
        vec((1..4_u128).prop_map(person), 0..3).prop_map(|assignees| ChangeCommand::Reassign { assignees }),
        update(),
        sync(),
    ]
}

/// What one change comes to: the incident after it, and whether it is another.
fn after(
    stored: &Stored,
    change: &ChangeCommand,
    now: OffsetDateTime,
) -> Result<(Stored, bool), IncidentError> {
    let outcome = transition(&stored.incident, &stored.assignees, change, &actor(), now)?;
    let TransitionOutcome::Changed(changed) = outcome else {
        return Ok((stored.clone(), false));
    };
    let timer = match changed.timer {
        None => stored.timer,
        Some(TimerChange::Cancel(TimerKind::SnoozeEnd)) => None,
        Some(TimerChange::Set(TimerKind::SnoozeEnd, at)) => Some(at),
    };
    let next = Stored {
        incident: changed.incident,
        assignees: changed.assignees.unwrap_or_else(|| stored.assignees.clone()),
        timer,
    };
    Ok((next, true))
}

fn assert_sound(stored: &Stored) {
    let incident = &stored.incident;
    assert_eq!(
        incident.status == IncidentStatus::Resolved,
        incident.resolved_at.is_some()
    );
    if incident.status == IncidentStatus::Triggered {
        assert!(incident.acknowledged_at.is_none() && incident.acknowledged_by.is_none());
    }
    if incident.status == IncidentStatus::Acknowledged {
        assert!(incident.acknowledged_at.is_some());
    }
    if incident.status != IncidentStatus::Resolved {
        assert!(incident.resolved_by.is_none() && incident.resolution_note_markdown.is_none());
    }
    if incident.snoozed_until.is_some() {
        assert_eq!(incident.status, IncidentStatus::Acknowledged);
    }
    assert_eq!(stored.timer, incident.snoozed_until);
}

proptest! {
    #[test]
    fn any_sequence_of_changes_leaves_a_sound_incident(changes in vec((change(), 0_i64..5), 0..40)) {
        let (mut stored, mut now) = (triggered(), START);
        for (change, hours) in &changes {
            now += Duration::hours(*hours);
            let Ok((next, changed)) = after(&stored, change, now) else { continue };
            let steps = i64::from(changed);
            prop_assert_eq!(next.incident.version, stored.incident.version + steps);
            if changed {
                prop_assert_eq!(next.incident.updated_at, now);
            } else {
                prop_assert_eq!(&next, &stored);
            }
            assert_sound(&next);
            stored = next;
        }
    }

    #[test]
    fn the_same_change_twice_is_one_unless_it_is_a_comment(changes in vec(change(), 0..20), last in change()) {
        let mut stored = triggered();
        for change in &changes {
            stored = after(&stored, change, START).map_or(stored, |(next, _)| next);
        }
        if let Ok((once, _)) = after(&stored, &last, START) {
            let (twice, changed) = after(&once, &last, START).expect("what was allowed is allowed again");
            prop_assert_eq!(changed, matches!(last, ChangeCommand::Comment { .. }));
            if !changed {
                prop_assert_eq!(twice, once);
            }
        }
    }

    #[test]
    fn only_acknowledging_snoozing_and_unsnoozing_are_ever_refused(changes in vec(change(), 0..20), last in change()) {
        let mut stored = triggered();
        for change in &changes {
            stored = after(&stored, change, START).map_or(stored, |(next, _)| next);
        }
        let resolved = stored.incident.status == IncidentStatus::Resolved;
        let wanted = match &last {
            ChangeCommand::Snooze { until } if *until <= START => "until",
            ChangeCommand::Acknowledge | ChangeCommand::Snooze { .. } | ChangeCommand::Unsnooze if resolved => "status",
            ChangeCommand::Acknowledge
            | ChangeCommand::Resolve { .. }
            | ChangeCommand::Reopen { .. }
            | ChangeCommand::Comment { .. }
            | ChangeCommand::Snooze { .. }
            | ChangeCommand::Unsnooze
            | ChangeCommand::EndSnooze { .. }
            | ChangeCommand::Reassign { .. }
            | ChangeCommand::Update(_)
            | ChangeCommand::SlackSync { .. } => "nothing",
        };
        let refused = match after(&stored, &last, START) {
            Ok(_) => "nothing",
            Err(IncidentError::Invalid { field, .. }) => field,
            Err(IncidentError::WrongStatus { .. }) => "status",
            Err(other) => panic!("{other}"),
        };
        prop_assert_eq!(refused, wanted);
    }

    #[test]
    fn a_timer_that_is_no_longer_meant_ends_nothing(until in 1_i64..40, due in 0_i64..40) {
        let (snoozed, _) = after(&triggered(), &ChangeCommand::Snooze { until: START + Duration::hours(until) }, START)
            .expect("it may be snoozed");
        let due_at = START + Duration::hours(due);
        let (woken, changed) = after(&snoozed, &ChangeCommand::EndSnooze { due_at }, START + Duration::hours(41)).expect("never refused");
        prop_assert_eq!(changed, until == due);
        let status = if changed { IncidentStatus::Triggered } else { IncidentStatus::Acknowledged };
        prop_assert_eq!(woken.incident.status, status);
    }
}

#[test]
fn a_snooze_lasts_thirty_days_at_the_most() {
    let until = |days| ChangeCommand::Snooze {
        until: START + Duration::days(days),
    };
    assert!(after(&triggered(), &until(30), START).is_ok());
    assert!(after(&triggered(), &until(31), START).is_err());
}

#[test]
fn no_change_is_told_before_the_one_that_it_follows_unless_a_clock_was_wrong() {
    let mut stored = triggered();
    let first = START + Duration::MINUTE;
    stored.incident.updated_at = first;
    let commented = |incident: &incident::Model| {
        let change = ChangeCommand::Comment {
            body: "On it".to_owned(),
            external_ref: None,
            said_at: None,
        };
        let asked_at = first - Duration::seconds(2);
        let outcome = transition(incident, &[], &change, &actor(), asked_at);
        let Ok(TransitionOutcome::Changed(changed)) = outcome else {
            panic!("a comment is a change");
        };
        (changed.occurred_at, changed.incident.updated_at)
    };
    assert_eq!(commented(&stored.incident), (first, first));
    stored.incident.updated_at = first + Duration::HOUR;
    let own = first - Duration::seconds(2);
    assert_eq!(commented(&stored.incident), (own, own));
}
