//! The state machine of an incident: a pure function from a state and a change to the new state or a refusal.

use serde_json::json;
use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    id::UserId,
    incident::{self, TagValue},
    kinds::{EntryKind, EventKind, IncidentStatus, Severity, TimerKind},
};
use tocsin_slack_app::labels::{reply_mode_label, urgency_label};

use super::{
    command::{ChangeCommand, IncidentUpdate, ReplyModeChoice},
    details::{AssigneeChange, EntryDetails, ServiceChange},
    error::IncidentError,
};
use crate::{actor::Actor, moment::micros};

/// Longest rest that may be given to an incident, in days.
const SNOOZE_DAYS_MAX: i64 = 30;

/// What a change came to.
#[derive(Debug, Clone)]
pub(crate) enum TransitionOutcome {
    /// It was so already.
    Unchanged,
    /// It is another now.
    Changed(Box<Transition>),
}

/// An incident after a change, and what is to be written with it.
#[derive(Debug, Clone)]
pub(crate) struct Transition {
    /// The incident as it is now, its version one higher.
    pub(crate) incident: incident::Model,
    /// What the timeline tells.
    pub(crate) kind: EntryKind,
    /// What was said.
    pub(crate) body: Option<String>,
    /// When it happened.
    pub(crate) occurred_at: OffsetDateTime,
    /// What the timeline keeps of it.
    pub(crate) details: EntryDetails,
    /// Where it came from outside.
    pub(crate) external_ref: Option<String>,
    /// Its assignees, where they are others now.
    pub(crate) assignees: Option<Vec<UserId>>,
    /// The timer that the new state needs, where that is not the one it had.
    pub(crate) timer: Option<TimerChange>,
}

/// What becomes of an incident's timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimerChange {
    /// It is no longer needed.
    Cancel(TimerKind),
    /// It is set, in place of the one before.
    Set(TimerKind, OffsetDateTime),
}

/// The event that goes with an entry of the timeline.
pub(crate) fn event_kind(kind: EntryKind) -> EventKind {
    match kind {
        EntryKind::Triggered => EventKind::IncidentTriggered,
        EntryKind::Acknowledged => EventKind::IncidentAcknowledged,
        EntryKind::Resolved => EventKind::IncidentResolved,
        EntryKind::Reopened => EventKind::IncidentReopened,
        EntryKind::Comment => EventKind::CommentAdded,
        EntryKind::Snoozed => EventKind::IncidentSnoozed,
        EntryKind::SnoozeEnded => EventKind::IncidentSnoozeEnded,
        EntryKind::Reassigned => EventKind::IncidentReassigned,
        EntryKind::Updated => EventKind::IncidentUpdated,
        EntryKind::SyncMuted | EntryKind::SyncUnmuted => EventKind::SlackSyncChanged,
    }
}

/// Applies a change. The same change twice is no change.
///
/// # Errors
/// The refusal, where the incident's state does not allow the change or a value is out of bounds.
pub(crate) fn transition(
    incident: &incident::Model,
    assignees: &[UserId],
    change: &ChangeCommand,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<TransitionOutcome, IncidentError> {
    let now = not_before(incident, now);
    match change {
        ChangeCommand::Acknowledge => acknowledge(incident, actor, now),
        ChangeCommand::Resolve { note } => Ok(resolve(incident, actor, note.clone(), now)),
        ChangeCommand::Reopen { reason } => Ok(reopen(incident, reason.clone(), now)),
        ChangeCommand::Comment {
            body,
            external_ref,
            said_at,
        } => {
            let mut changed = change_of(incident, EntryKind::Comment, now);
            changed.body = Some(body.clone());
            changed.occurred_at = occurred_at(incident, *said_at, now);
            changed.external_ref.clone_from(external_ref);
            Ok(TransitionOutcome::Changed(Box::new(changed)))
        }
        ChangeCommand::Snooze { until } => snooze(incident, actor, *until, now),
        ChangeCommand::Unsnooze => unsnooze(incident, now),
        ChangeCommand::EndSnooze { due_at } => Ok(end_snooze(incident, *due_at, now)),
        ChangeCommand::Reassign { assignees: wanted } => Ok(reassign(incident, assignees, wanted, now)),
        ChangeCommand::Update(update) => describe(incident, update, now),
        ChangeCommand::SlackSync { muted, telling } => Ok(sync(incident, *muted, *telling, now)),
    }
}

fn change_of(incident: &incident::Model, kind: EntryKind, now: OffsetDateTime) -> Transition {
    let mut incident = incident.clone();
    incident.version += 1;
    incident.updated_at = now;
    Transition {
        incident,
        kind,
        occurred_at: now,
        body: None,
        details: EntryDetails::default(),
        external_ref: None,
        assignees: None,
        timer: None,
    }
}

/// How much later than another a replica may have asked what time it is, and still change the incident first: as long as one waits for the other's
/// transaction, and as clocks differ.
const OVERTAKEN_BY: Duration = Duration::seconds(10);

/// When a change happens: not before the one that it follows. Who asks the time and then waits for others would be told before them, and the timeline
/// would say it in another order than it was done. A time further ahead was written by a wrong clock, and nobody waits for it.
fn not_before(incident: &incident::Model, now: OffsetDateTime) -> OffsetDateTime {
    if incident.updated_at - now <= OVERTAKEN_BY {
        now.max(incident.updated_at)
    } else {
        now
    }
}

/// When something was said. Clocks differ, and whoever tells it may be wrong: nothing is said in the future, or of an incident before it began.
fn occurred_at(
    incident: &incident::Model,
    said_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> OffsetDateTime {
    said_at.map_or(now, |said_at| said_at.max(incident.triggered_at).min(now))
}

/// Ends a rest, where there is one.
fn wake(changed: &mut Transition) {
    if changed.incident.snoozed_until.take().is_some() {
        changed.timer = Some(TimerChange::Cancel(TimerKind::SnoozeEnd));
    }
}

fn acknowledge(
    incident: &incident::Model,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<TransitionOutcome, IncidentError> {
    match incident.status {
        IncidentStatus::Triggered => {
            let mut changed = change_of(incident, EntryKind::Acknowledged, now);
            changed.incident.status = IncidentStatus::Acknowledged;
            changed.incident.acknowledged_at = Some(now);
            changed.incident.acknowledged_by = actor.user_id;
            Ok(TransitionOutcome::Changed(Box::new(changed)))
        }
        IncidentStatus::Acknowledged => Ok(TransitionOutcome::Unchanged),
        IncidentStatus::Resolved => Err(IncidentError::wrong_status(incident, "acknowledged")),
    }
}

fn resolve(
    incident: &incident::Model,
    actor: &Actor,
    note: Option<String>,
    now: OffsetDateTime,
) -> TransitionOutcome {
    match incident.status {
        IncidentStatus::Triggered | IncidentStatus::Acknowledged => {
            let mut changed = change_of(incident, EntryKind::Resolved, now);
            changed.incident.status = IncidentStatus::Resolved;
            changed.incident.resolved_at = Some(now);
            changed.incident.resolved_by = actor.user_id;
            changed.incident.resolution_note_markdown.clone_from(&note);
            changed.body = note;
            wake(&mut changed);
            TransitionOutcome::Changed(Box::new(changed))
        }
        IncidentStatus::Resolved => TransitionOutcome::Unchanged,
    }
}

fn reopen(incident: &incident::Model, reason: Option<String>, now: OffsetDateTime) -> TransitionOutcome {
    match incident.status {
        IncidentStatus::Resolved => {
            let mut changed = change_of(incident, EntryKind::Reopened, now);
            changed.incident.status = IncidentStatus::Triggered;
            changed.incident.acknowledged_at = None;
            changed.incident.acknowledged_by = None;
            changed.incident.resolved_at = None;
            changed.incident.resolved_by = None;
            changed.incident.resolution_note_markdown = None;
            changed.body = reason;
            TransitionOutcome::Changed(Box::new(changed))
        }
        IncidentStatus::Acknowledged if incident.snoozed_until.is_some() => {
            let mut changed = woken(incident, EntryKind::Reopened, now);
            changed.body = reason;
            TransitionOutcome::Changed(Box::new(changed))
        }
        IncidentStatus::Triggered | IncidentStatus::Acknowledged => TransitionOutcome::Unchanged,
    }
}

fn snooze(
    incident: &incident::Model,
    actor: &Actor,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<TransitionOutcome, IncidentError> {
    if until <= now || until > now + time::Duration::days(SNOOZE_DAYS_MAX) {
        return Err(IncidentError::invalid(
            "until",
            format!("The end of a snooze must lie in the future, {SNOOZE_DAYS_MAX} days away at the most."),
        ));
    }
    match incident.status {
        IncidentStatus::Triggered | IncidentStatus::Acknowledged => {
            if incident.snoozed_until == Some(until) {
                return Ok(TransitionOutcome::Unchanged);
            }
            let mut changed = change_of(incident, EntryKind::Snoozed, now);
            if incident.status == IncidentStatus::Triggered {
                changed.incident.status = IncidentStatus::Acknowledged;
                changed.incident.acknowledged_at = Some(now);
                changed.incident.acknowledged_by = actor.user_id;
            }
            changed.incident.snoozed_until = Some(until);
            changed.details.snoozed_until = Some(micros(until));
            changed.timer = Some(TimerChange::Set(TimerKind::SnoozeEnd, until));
            Ok(TransitionOutcome::Changed(Box::new(changed)))
        }
        IncidentStatus::Resolved => Err(IncidentError::wrong_status(incident, "snoozed")),
    }
}

/// A snoozed incident that is triggered again.
fn woken(incident: &incident::Model, kind: EntryKind, now: OffsetDateTime) -> Transition {
    let mut changed = change_of(incident, kind, now);
    changed.incident.status = IncidentStatus::Triggered;
    changed.incident.acknowledged_at = None;
    changed.incident.acknowledged_by = None;
    wake(&mut changed);
    changed
}

fn unsnooze(incident: &incident::Model, now: OffsetDateTime) -> Result<TransitionOutcome, IncidentError> {
    match (incident.status, incident.snoozed_until) {
        (IncidentStatus::Acknowledged, Some(_)) => Ok(TransitionOutcome::Changed(Box::new(woken(
            incident,
            EntryKind::SnoozeEnded,
            now,
        )))),
        (IncidentStatus::Triggered | IncidentStatus::Acknowledged, _) => Ok(TransitionOutcome::Unchanged),
        (IncidentStatus::Resolved, _) => Err(IncidentError::wrong_status(incident, "unsnoozed")),
    }
}

fn end_snooze(incident: &incident::Model, due_at: OffsetDateTime, now: OffsetDateTime) -> TransitionOutcome {
    match (incident.status, incident.snoozed_until) {
        (IncidentStatus::Acknowledged, Some(until)) if until == due_at => {
            TransitionOutcome::Changed(Box::new(woken(incident, EntryKind::SnoozeEnded, now)))
        }
        (IncidentStatus::Triggered | IncidentStatus::Acknowledged | IncidentStatus::Resolved, _) => {
            TransitionOutcome::Unchanged
        }
    }
}

fn reassign(
    incident: &incident::Model,
    assignees: &[UserId],
    wanted: &[UserId],
    now: OffsetDateTime,
) -> TransitionOutcome {
    let sorted = |ids: &[UserId]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let wanted = sorted(wanted);
    if sorted(assignees) == wanted {
        return TransitionOutcome::Unchanged;
    }
    let mut changed = change_of(incident, EntryKind::Reassigned, now);
    changed.details.assignees = Some(AssigneeChange {
        before: sorted(assignees),
        after: wanted.clone(),
    });
    changed.assignees = Some(wanted);
    TransitionOutcome::Changed(Box::new(changed))
}

fn describe(
    incident: &incident::Model,
    update: &IncidentUpdate,
    now: OffsetDateTime,
) -> Result<TransitionOutcome, IncidentError> {
    if update.version.is_some_and(|version| version != incident.version) {
        return Err(IncidentError::Changed {
            number: incident.number,
            version: incident.version,
        });
    }
    let mut changed = change_of(incident, EntryKind::Updated, now);
    let now_is = &mut changed.incident;
    let told = &mut changed.details.changes;
    if let Some(title) = update.title.as_ref().filter(|title| **title != incident.title) {
        told.push(format!("title: {} → {title}", incident.title));
        now_is.title.clone_from(title);
    }
    if let Some(text) = update
        .description_markdown
        .as_ref()
        .filter(|text| **text != incident.description_markdown)
    {
        told.push("description".to_owned());
        now_is.description_markdown.clone_from(text);
    }
    if let Some(urgency) = update.urgency.filter(|urgency| *urgency != incident.urgency) {
        told.push(format!(
            "urgency: {} → {}",
            urgency_label(incident.urgency),
            urgency_label(urgency)
        ));
        now_is.urgency = urgency;
    }
    let severity = update.severity.apply(incident.severity);
    if severity != incident.severity {
        let [before, after] =
            [incident.severity, severity].map(|severity| severity.map_or("none", Severity::as_str));
        told.push(format!("severity: {before} → {after}"));
        now_is.severity = severity;
    }
    if let Some(tags) = &update.tags {
        let tags = tags_json(tags);
        if tags != incident.tags {
            told.push("tags".to_owned());
            now_is.tags = tags;
        }
    }
    if let Some(after) = update.service_id.filter(|id| *id != incident.service_id) {
        changed.details.service = Some(ServiceChange {
            before: incident.service_id,
            after,
        });
        changed.incident.service_id = after;
    }
    Ok(if changed.details == EntryDetails::default() {
        TransitionOutcome::Unchanged
    } else {
        TransitionOutcome::Changed(Box::new(changed))
    })
}

fn sync(
    incident: &incident::Model,
    muted: Option<bool>,
    telling: ReplyModeChoice,
    now: OffsetDateTime,
) -> TransitionOutcome {
    let muted = muted.filter(|muted| *muted != incident.slack_muted);
    let (before, after) = match (incident.slack_reply_mode, telling) {
        (before, ReplyModeChoice::AsBefore) => (before, before),
        (before, ReplyModeChoice::AsConnectorsSay) => (before, None),
        (before, ReplyModeChoice::So(mode)) => (before, Some(mode)),
    };
    let kind = match muted {
        Some(true) => EntryKind::SyncMuted,
        Some(false) => EntryKind::SyncUnmuted,
        None if before != after => EntryKind::Updated,
        None => return TransitionOutcome::Unchanged,
    };
    let mut changed = change_of(incident, kind, now);
    if let Some(muted) = muted {
        changed.incident.slack_muted = muted;
    }
    if before != after {
        let change = format!(
            "updates in Slack: {} → {}",
            reply_mode_label(before),
            reply_mode_label(after)
        );
        changed.details.changes.push(change);
        changed.incident.slack_reply_mode = after;
    }
    TransitionOutcome::Changed(Box::new(changed))
}

/// Tags as they are stored.
pub(crate) fn tags_json(tags: &[TagValue]) -> serde_json::Value {
    json!(tags)
}
