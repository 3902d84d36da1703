//! The writing: few statements, however many commands.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, Iterable, ModelTrait, QueryFilter, Value,
};
use time::OffsetDateTime;
use tocsin_database::rows;
use tocsin_entity::{
    comment_revision, event,
    id::{IncidentId, OrganizationId, TimelineEntryId, TimerId, UserId},
    idempotency, incident, incident_assignee,
    kinds::{EventKind, IncidentStatus, TimerKind},
    organization, timeline_entry, timer,
};

use crate::{actor::Actor, incident::transition::TimerChange, moment::micros};

/// What is to be written.
#[derive(Default)]
pub(super) struct BatchWrites {
    pub(super) organizations: HashSet<OrganizationId>,
    pub(super) new_incidents: Vec<IncidentId>,
    /// Incidents as they are to be.
    incidents: HashMap<IncidentId, incident::Model>,
    /// Those that were there before, as they are on record.
    on_record: HashMap<IncidentId, incident::Model>,
    pub(super) entries: Vec<timeline_entry::ActiveModel>,
    events: Vec<event::ActiveModel>,
    pub(super) assignees: HashMap<IncidentId, Vec<UserId>>,
    pub(super) keys: Vec<idempotency::ActiveModel>,
    /// Comments that were edited or retracted.
    pub(super) revised: HashMap<TimelineEntryId, timeline_entry::Model>,
    /// What they said before.
    pub(super) earlier_texts: Vec<comment_revision::ActiveModel>,
    /// Timers that fired.
    fired: Vec<TimerId>,
    timers: HashMap<(IncidentId, TimerKind), Option<timer::ActiveModel>>,
}

impl BatchWrites {
    /// An incident as it is to be; `was` is what it was before the change, where it was there.
    pub(super) fn change(&mut self, was: Option<&incident::Model>, incident: &incident::Model) {
        if let Some(was) = was
            && !self.incidents.contains_key(&incident.id)
        {
            self.on_record.insert(was.id, was.clone());
        }
        self.incidents.insert(incident.id, incident.clone());
    }

    /// A timer that fired. Its change may have cancelled it as well: it is deleted once.
    pub(super) fn fire(&mut self, timer: &timer::Model) {
        let slot = (timer.incident_id, timer.kind);
        if self.timers.get(&slot).is_some_and(Option::is_none) {
            self.timers.remove(&slot);
        }
        self.fired.push(timer.id);
    }

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
                last_event_second: Set(row.last_event_second),
                ..Default::default()
            }
            .update(tx)
            .await?;
        }
        // First: a new incident may have the dedup key of one that is resolved here.
        for change in changes(&self.incidents, &self.on_record) {
            rows::update::<incident::Entity>(tx, incident::Column::Id, &change.columns, change.rows).await?;
        }
        let new = self
            .new_incidents
            .iter()
            .filter_map(|id| self.incidents.remove(id))
            .map(IntoActiveModel::into_active_model)
            .collect();
        rows::insert::<incident::ActiveModel>(tx, new).await?;
        rows::insert(tx, self.entries).await?;
        rows::insert(tx, self.events).await?;
        save_revised(tx, self.revised, self.earlier_texts).await?;
        rows::insert(tx, self.keys).await?;
        save_assignees(tx, self.assignees).await?;
        save_timers(tx, self.fired, self.timers).await
    }
}

/// A set of columns, and the incidents in which just these changed: the id of each, and a value for each column.
struct ChangedColumns {
    columns: Vec<incident::Column>,
    rows: Vec<Vec<Value>>,
}

/// What changed of incidents, by the set of columns that did: columns that stay cost their indexes nothing. What is resolved comes first: its dedup
/// key may be that of an incident that is reopened.
fn changes(
    incidents: &HashMap<IncidentId, incident::Model>,
    on_record: &HashMap<IncidentId, incident::Model>,
) -> Vec<ChangedColumns> {
    let columns: Vec<incident::Column> = incident::Column::iter().collect();
    let mut rows_by_columns: BTreeMap<(bool, Vec<usize>), Vec<Vec<Value>>> = BTreeMap::new();
    for incident in incidents.values() {
        let Some(was) = on_record.get(&incident.id) else {
            continue;
        };
        let changed: Vec<usize> = (0..columns.len())
            .filter(|number| incident.get(columns[*number]) != was.get(columns[*number]))
            .collect();
        if changed.is_empty() {
            continue;
        }
        let id = std::iter::once(incident.get(incident::Column::Id));
        let values = id.chain(changed.iter().map(|number| incident.get(columns[*number])));
        let row = values.collect();
        let is_open = incident.status != IncidentStatus::Resolved;
        rows_by_columns.entry((is_open, changed)).or_default().push(row);
    }
    rows_by_columns
        .into_iter()
        .map(|((_, changed), rows)| ChangedColumns {
            columns: changed.into_iter().map(|number| columns[number]).collect(),
            rows,
        })
        .collect()
}

async fn save_revised(
    tx: &DatabaseTransaction,
    revised: HashMap<TimelineEntryId, timeline_entry::Model>,
    earlier_texts: Vec<comment_revision::ActiveModel>,
) -> Result<(), DbErr> {
    rows::insert(tx, earlier_texts).await?;
    let retracted: Vec<TimelineEntryId> = revised
        .values()
        .filter(|entry| entry.retracted_at.is_some())
        .map(|entry| entry.id)
        .collect();
    if !retracted.is_empty() {
        // It was retracted for a reason.
        comment_revision::Entity::delete_many()
            .filter(rows::is_among(tx, comment_revision::Column::EntryId, retracted))
            .exec(tx)
            .await?;
    }
    for entry in revised.into_values() {
        entry.into_active_model().reset_all().update(tx).await?;
    }
    Ok(())
}

pub(super) async fn save_assignees(
    tx: &DatabaseTransaction,
    assignees: HashMap<IncidentId, Vec<UserId>>,
) -> Result<(), DbErr> {
    if assignees.is_empty() {
        return Ok(());
    }
    incident_assignee::Entity::delete_many()
        .filter(rows::is_among(
            tx,
            incident_assignee::Column::IncidentId,
            assignees.keys().copied(),
        ))
        .exec(tx)
        .await?;
    let assigned: Vec<_> = assignees
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
    rows::insert(tx, assigned).await
}

async fn save_timers(
    tx: &DatabaseTransaction,
    fired: Vec<TimerId>,
    timers: HashMap<(IncidentId, TimerKind), Option<timer::ActiveModel>>,
) -> Result<(), DbErr> {
    if !fired.is_empty() {
        timer::Entity::delete_many()
            .filter(rows::is_among(tx, timer::Column::Id, fired))
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
            .filter(rows::is_among(tx, timer::Column::IncidentId, incidents))
            .exec(tx)
            .await?;
    }
    rows::insert(tx, set).await
}
