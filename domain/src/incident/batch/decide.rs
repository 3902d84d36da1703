//! One command after another, in memory, on what the transaction has read.

use serde_json::json;
use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, ServiceId, TimelineEntryId, UserId},
    idempotency, incident,
    kinds::{EntryKind, IncidentStatus},
    timeline_entry,
};

use super::{Answer, BatchState, id_in};
use crate::{
    actor::Actor,
    incident::{
        CommandOutcome, CommandRequest,
        command::{ChangeCommand, IncidentCommand, IncidentUpdate, TriggerCommand},
        details::EntryDetails,
        error::IncidentError,
        transition::{TimerChange, Transition, TransitionOutcome, event_kind, tags_json, transition},
    },
    moment::micros,
    timer::TimerAttempt,
};

impl BatchState {
    /// Takes one order: what it comes to is remembered for those after it and for the writing.
    pub(super) fn take(&mut self, order: &CommandRequest, now: OffsetDateTime) -> Answer {
        if let Some(answer) = self.replay(order) {
            return answer;
        }
        let applied = match &order.command {
            IncidentCommand::Trigger(trigger) => self.trigger(&order.actor, trigger, now),
            IncidentCommand::Change(id, change) => self.change(&order.actor, *id, change, now),
            IncidentCommand::Revise(comment, revision) => self.revise(&order.actor, comment, revision, now),
            IncidentCommand::Fire(attempt, id, change) => self.fire(&order.actor, *attempt, *id, change, now),
        }?;
        self.keep_key(order, &applied, now);
        Ok(applied)
    }

    /// The answer given before under the same idempotency key.
    fn replay(&self, order: &CommandRequest) -> Option<Answer> {
        let used = order.idempotency.as_ref()?;
        let slot = (order.actor.organization_id, used.caller.clone(), used.key.clone());
        let record = self.used_keys.get(&slot)?;
        if record.fingerprint != used.fingerprint {
            return Some(Err(IncidentError::IdempotencyKeyReused));
        }
        let incident = self.incidents.get(&id_in(&record.result, "incident")?)?;
        let entry = id_in(&record.result, "entry").and_then(|id| self.entries.get(&id));
        Some(Ok(CommandOutcome {
            incident: incident.clone(),
            entry: entry.cloned(),
            changed: false,
            timer_due_at: None,
        }))
    }

    fn keep_key(&mut self, order: &CommandRequest, applied: &CommandOutcome, now: OffsetDateTime) {
        let Some(used) = &order.idempotency else { return };
        let record = idempotency::Model {
            organization_id: order.actor.organization_id,
            caller: used.caller.clone(),
            key: used.key.clone(),
            fingerprint: used.fingerprint.clone(),
            result: json!({ "incident": applied.incident.id, "entry": applied.entry.as_ref().map(|entry| entry.id) }),
            created_at: now,
        };
        self.used_keys.insert(
            (record.organization_id, record.caller.clone(), record.key.clone()),
            record.clone(),
        );
        self.write.keys.push(record.into());
    }

    fn trigger(&mut self, actor: &Actor, trigger: &TriggerCommand, now: OffsetDateTime) -> Answer {
        if let Some(key) = &trigger.dedup_key
            && let Some(open) = self.open_by_dedup_key.get(&(actor.organization_id, key.clone()))
            && let Some(incident) = self.incidents.get(open)
        {
            return Ok(CommandOutcome {
                incident: incident.clone(),
                entry: None,
                changed: false,
                timer_due_at: None,
            });
        }
        let service = trigger
            .service_id
            .or_else(|| self.default_services.get(&actor.organization_id).copied())
            .and_then(|id| self.services.get(&id))
            .filter(|service| service.organization_id == actor.organization_id)
            .ok_or(IncidentError::UnknownService)?;
        if service.archived_at.is_some() {
            return Err(IncidentError::ServiceArchived(service.name.clone()));
        }
        let (service_id, urgency) = (service.id, trigger.urgency.unwrap_or(service.default_urgency));
        self.check_members(actor, &trigger.assignees)?;
        let organization = self
            .organizations
            .get_mut(&actor.organization_id)
            .ok_or(IncidentError::NotFound("organization"))?;
        organization.last_incident_number += 1;
        let incident = incident::Model {
            id: IncidentId::new(),
            organization_id: actor.organization_id,
            service_id,
            number: organization.last_incident_number,
            title: trigger.title.clone(),
            description_markdown: trigger.description_markdown.clone(),
            status: IncidentStatus::Triggered,
            urgency,
            severity: trigger.severity,
            tags: tags_json(&trigger.tags),
            dedup_key: trigger.dedup_key.clone(),
            version: 1,
            triggered_by: actor.user_id,
            source: actor.source,
            triggered_at: now,
            acknowledged_at: None,
            acknowledged_by: None,
            resolved_at: None,
            resolved_by: None,
            resolution_note_markdown: None,
            snoozed_until: None,
            slack_muted: false,
            slack_reply_mode: None,
            updated_at: now,
        };
        self.write.new_incidents.push(incident.id);
        let assignees = (!trigger.assignees.is_empty()).then(|| trigger.assignees.clone());
        let changed = Transition {
            incident,
            kind: EntryKind::Triggered,
            occurred_at: now,
            body: None,
            details: EntryDetails::default(),
            external_ref: None,
            assignees,
            timer: None,
        };
        self.record(actor, changed, now)
    }

    fn change(
        &mut self,
        actor: &Actor,
        id: IncidentId,
        change: &ChangeCommand,
        now: OffsetDateTime,
    ) -> Answer {
        let incident = self
            .incidents
            .get(&id)
            .filter(|incident| incident.organization_id == actor.organization_id)
            .ok_or(IncidentError::NotFound("incident"))?;
        if let ChangeCommand::Comment {
            external_ref: Some(reference),
            ..
        } = change
            && let Some(entry) = self.entry_by_ref.get(&(actor.organization_id, reference.clone()))
        {
            let incident = self.incidents.get(&entry.incident_id).unwrap_or(incident);
            return Ok(CommandOutcome {
                incident: incident.clone(),
                entry: Some(entry.clone()),
                changed: false,
                timer_due_at: None,
            });
        }
        if let ChangeCommand::Comment {
            external_ref: Some(_),
            ..
        } = change
            && incident.slack_muted
        {
            return Err(IncidentError::SyncMuted);
        }
        if let (ChangeCommand::Reopen { .. }, IncidentStatus::Resolved, Some(key)) =
            (change, incident.status, &incident.dedup_key)
            && let Some(open) = self.open_by_dedup_key.get(&(actor.organization_id, key.clone()))
            && let Some(open) = self.incidents.get(open)
        {
            return Err(IncidentError::DedupKeyTaken {
                number: incident.number,
                open: open.number,
            });
        }
        if let ChangeCommand::Update(IncidentUpdate {
            service_id: Some(service),
            ..
        }) = change
        {
            self.check_service(actor, incident, *service)?;
        }
        if let ChangeCommand::Reassign { assignees } = change {
            self.check_members(actor, assignees)?;
        }
        let assignees = self.assignees.get(&id).map_or(&[][..], Vec::as_slice);
        match transition(incident, assignees, change, actor, now)? {
            TransitionOutcome::Unchanged => Ok(CommandOutcome {
                incident: incident.clone(),
                entry: None,
                changed: false,
                timer_due_at: None,
            }),
            TransitionOutcome::Changed(changed) => self.record(actor, *changed, now),
        }
    }

    /// Makes the change that a timer asks for, and deletes the timer. Nothing changes where it is gone or was put off since it was read.
    fn fire(
        &mut self,
        actor: &Actor,
        attempt: TimerAttempt,
        id: IncidentId,
        change: &ChangeCommand,
        now: OffsetDateTime,
    ) -> Answer {
        if self
            .timers
            .get(&attempt.id)
            .is_some_and(|timer| attempt.holds(timer))
        {
            let applied = self.change(actor, id, change, now)?;
            if let Some(timer) = self.timers.remove(&attempt.id) {
                self.write.fire(&timer);
            }
            return Ok(applied);
        }
        let incident = self
            .incidents
            .get(&id)
            .ok_or(IncidentError::NotFound("incident"))?;
        Ok(CommandOutcome {
            incident: incident.clone(),
            entry: None,
            changed: false,
            timer_due_at: None,
        })
    }

    /// Whether an incident may become this service's.
    fn check_service(
        &self,
        actor: &Actor,
        incident: &incident::Model,
        id: ServiceId,
    ) -> Result<(), IncidentError> {
        let service = self
            .services
            .get(&id)
            .filter(|service| service.organization_id == actor.organization_id)
            .ok_or(IncidentError::UnknownService)?;
        if service.archived_at.is_some() && service.id != incident.service_id {
            return Err(IncidentError::ServiceArchived(service.name.clone()));
        }
        Ok(())
    }

    /// Whether all of the users are active members.
    fn check_members(&self, actor: &Actor, users: &[UserId]) -> Result<(), IncidentError> {
        let is_unknown = |user: &UserId| !self.members.contains(&(actor.organization_id, *user));
        let mut unknown = (0..users.len()).filter(|place| is_unknown(&users[*place]));
        match unknown.next() {
            None => Ok(()),
            Some(first) => Err(IncidentError::UnknownAssignees {
                first,
                others: unknown.collect(),
            }),
        }
    }

    /// The next number in the organisation's event log.
    pub(super) fn next_event(&mut self, actor: &Actor, now: OffsetDateTime) -> Result<i64, IncidentError> {
        let organization = self
            .organizations
            .get_mut(&actor.organization_id)
            .ok_or(IncidentError::NotFound("organization"))?;
        organization.last_event_seq += 1;
        organization.last_event_second = Some(now.unix_timestamp());
        self.write.organizations.insert(organization.id);
        Ok(organization.last_event_seq)
    }

    /// Keeps a change for the writing: the incident, its timeline entry, its event, its timer.
    fn record(&mut self, actor: &Actor, changed: Transition, now: OffsetDateTime) -> Answer {
        let seq = self.next_event(actor, now)?;
        let kind = changed.kind;
        let incident = changed.incident;
        let entry = timeline_entry::Model {
            id: TimelineEntryId::new(),
            organization_id: incident.organization_id,
            incident_id: incident.id,
            version: incident.version,
            kind,
            source: actor.source,
            author_user_id: actor.user_id,
            author_key_id: actor.key_id,
            author_name: actor.slack_name.clone(),
            body_markdown: changed.body,
            details: changed.details.to_json(),
            external_ref: changed.external_ref,
            changed_version: 0,
            edited_at: None,
            revision: None,
            retracted_at: None,
            retracted_by: None,
            // That the sync is muted is told before it is.
            slack_muted: incident.slack_muted && kind != EntryKind::SyncMuted,
            created_at: now,
            occurred_at: micros(changed.occurred_at),
        };
        self.write.entries.push(entry.clone().into());
        self.write
            .event(actor, &incident, &entry, seq, event_kind(kind), now);
        let timer_due_at = match changed.timer {
            Some(TimerChange::Set(_, due_at)) => Some(due_at),
            Some(TimerChange::Cancel(_)) | None => None,
        };
        if let Some(timer) = changed.timer {
            self.write.set_timer(&incident, timer);
        }
        if let Some(assignees) = changed.assignees {
            self.assignees.insert(incident.id, assignees.clone());
            self.write.assignees.insert(incident.id, assignees);
        }
        if let Some(reference) = &entry.external_ref {
            self.entry_by_ref
                .insert((entry.organization_id, reference.clone()), entry.clone());
        }
        self.entries.insert(entry.id, entry.clone());
        self.keep(incident.clone());
        Ok(CommandOutcome {
            incident,
            entry: Some(entry),
            changed: true,
            timer_due_at,
        })
    }
}
