//! The writing: few statements, however many commands.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, Iterable, QueryFilter, sea_query::OnConflict,
};
use time::OffsetDateTime;
use tocsin_entity::{
    comment_revision, event,
    id::{IncidentId, OrganizationId, TimelineEntryId, TimerId, UserId},
    idempotency, incident, incident_assignee,
    kinds::{EventKind, TimerKind},
    organization, timeline_entry, timer,
};

use crate::{actor::Actor, incident::transition::TimerChange, moment::micros};

/// What is to be written.
#[derive(Default)]
pub(super) struct Writes {
    pub(super) organizations: HashSet<OrganizationId>,
    pub(super) new_incidents: Vec<IncidentId>,
    pub(super) incidents: HashMap<IncidentId, incident::Model>,
    pub(super) entries: Vec<timeline_entry::ActiveModel>,
    events: Vec<event::ActiveModel>,
    pub(super) assignees: HashMap<IncidentId, Vec<UserId>>,
    pub(super) keys: Vec<idempotency::ActiveModel>,
    /// Comments that were edited or retracted.
    pub(super) revised: HashMap<TimelineEntryId, timeline_entry::Model>,
    /// What they said before.
    pub(super) earlier_texts: Vec<comment_revision::ActiveModel>,
    /// Timers that fired.
    pub(super) fired: Vec<TimerId>,
    timers: HashMap<(IncidentId, TimerKind), Option<timer::ActiveModel>>,
}

impl Writes {
    pub(super) fn set_timer(&mut self, incident: &incident::Model, change: TimerChange) {
        match change {
            TimerChange::Cancel(kind) => {
                self.timers.insert((incident.id, kind), None);
            }
            TimerChange::Set(kind, due_at) => {
                self.timers.insert(
                    (incident.id, kind),
                    Some(timer::ActiveModel {
                        id: Set(TimerId::new()),
                        organization_id: Set(incident.organization_id),
                        incident_id: Set(incident.id),
                        kind: Set(kind),
                        due_at: Set(due_at),
                        fire_at: Set(Some(micros(due_at))),
                        attempts: Set(0),
                        last_error: Set(None),
                    }),
                );
            }
        }
    }

    /// An event that goes with an entry.
    pub(super) fn event(
        &mut self,
        actor: &Actor,
        incident: &incident::Model,
        entry: &timeline_entry::Model,
        seq: i64,
        kind: EventKind,
        now: OffsetDateTime,
    ) {
        self.events.push(event::ActiveModel {
            organization_id: Set(incident.organization_id),
            seq: Set(seq),
            kind: Set(kind),
            incident_id: Set(incident.id),
            incident_version: Set(incident.version),
            entry_id: Set(entry.id),
            request_id: Set(actor.request_id.clone()),
            created_at: Set(now),
        });
    }

    pub(super) async fn save(
        mut self,
        tx: &DatabaseTransaction,
        organizations: &BTreeMap<OrganizationId, organization::Model>,
    ) -> Result<(), DbErr> {
        for row in organizations
            .values()
            .filter(|row| self.organizations.contains(&row.id))
        {
            organization::ActiveModel {
                id: Set(row.id),
                last_incident_number: Set(row.last_incident_number),
                last_event_seq: Set(row.last_event_seq),
                ..Default::default()
            }
            .update(tx)
            .await?;
        }
        let new: Vec<_> = self
            .new_incidents
            .iter()
            .filter_map(|id| self.incidents.remove(id))
            .collect();
        if !new.is_empty() {
            incident::Entity::insert_many(new.into_iter().map(IntoActiveModel::into_active_model))
                .exec_without_returning(tx)
                .await?;
        }
        update_incidents(tx, self.incidents).await?;
        if !self.entries.is_empty() {
            timeline_entry::Entity::insert_many(self.entries)
                .exec_without_returning(tx)
                .await?;
        }
        if !self.events.is_empty() {
            event::Entity::insert_many(self.events)
                .exec_without_returning(tx)
                .await?;
        }
        save_revised(tx, self.revised, self.earlier_texts).await?;
        if !self.keys.is_empty() {
            idempotency::Entity::insert_many(self.keys)
                .exec_without_returning(tx)
                .await?;
        }
        save_assignees(tx, self.assignees).await?;
        save_timers(tx, self.fired, self.timers).await
    }
}

/// Writes incidents that were there before, all in one statement.
async fn update_incidents(
    tx: &DatabaseTransaction,
    incidents: HashMap<IncidentId, incident::Model>,
) -> Result<(), DbErr> {
    if incidents.is_empty() {
        return Ok(());
    }
    let columns = incident::Column::iter().filter(|column| !matches!(column, incident::Column::Id));
    let by_id = OnConflict::column(incident::Column::Id)
        .update_columns(columns)
        .to_owned();
    incident::Entity::insert_many(incidents.into_values().map(IntoActiveModel::into_active_model))
        .on_conflict(by_id)
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

async fn save_revised(
    tx: &DatabaseTransaction,
    revised: HashMap<TimelineEntryId, timeline_entry::Model>,
    earlier_texts: Vec<comment_revision::ActiveModel>,
) -> Result<(), DbErr> {
    if !earlier_texts.is_empty() {
        comment_revision::Entity::insert_many(earlier_texts)
            .exec_without_returning(tx)
            .await?;
    }
    let retracted: Vec<TimelineEntryId> = revised
        .values()
        .filter(|entry| entry.retracted_at.is_some())
        .map(|entry| entry.id)
        .collect();
    if !retracted.is_empty() {
        // It was retracted for a reason.
        comment_revision::Entity::delete_many()
            .filter(comment_revision::Column::EntryId.is_in(retracted))
            .exec(tx)
            .await?;
    }
    for entry in revised.into_values() {
        entry.into_active_model().reset_all().update(tx).await?;
    }
    Ok(())
}

async fn save_assignees(
    tx: &DatabaseTransaction,
    assignees: HashMap<IncidentId, Vec<UserId>>,
) -> Result<(), DbErr> {
    if assignees.is_empty() {
        return Ok(());
    }
    incident_assignee::Entity::delete_many()
        .filter(incident_assignee::Column::IncidentId.is_in(assignees.keys().copied()))
        .exec(tx)
        .await?;
    let rows: Vec<_> = assignees
        .into_iter()
        .flat_map(|(incident_id, users)| {
            let users: HashSet<UserId> = users.into_iter().collect();
            users
                .into_iter()
                .map(move |user_id| incident_assignee::ActiveModel {
                    incident_id: Set(incident_id),
                    user_id: Set(user_id),
                })
        })
        .collect();
    if !rows.is_empty() {
        incident_assignee::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn save_timers(
    tx: &DatabaseTransaction,
    fired: Vec<TimerId>,
    timers: HashMap<(IncidentId, TimerKind), Option<timer::ActiveModel>>,
) -> Result<(), DbErr> {
    if !fired.is_empty() {
        timer::Entity::delete_many()
            .filter(timer::Column::Id.is_in(fired))
            .exec(tx)
            .await?;
    }
    let (mut replaced, mut set) = (BTreeMap::<&str, (TimerKind, Vec<IncidentId>)>::new(), Vec::new());
    for ((incident_id, kind), wanted) in timers {
        let of_kind = replaced
            .entry(kind.as_str())
            .or_insert_with(|| (kind, Vec::new()));
        of_kind.1.push(incident_id);
        set.extend(wanted);
    }
    for (kind, incidents) in replaced.into_values() {
        timer::Entity::delete_many()
            .filter(timer::Column::Kind.eq(kind))
            .filter(timer::Column::IncidentId.is_in(incidents))
            .exec(tx)
            .await?;
    }
    if !set.is_empty() {
        timer::Entity::insert_many(set).exec_without_returning(tx).await?;
    }
    Ok(())
}
