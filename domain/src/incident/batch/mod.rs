//! One transaction for many commands: the only place where an incident, its timeline, its events, its timers and the
//! record of its idempotency key are written.
//!
//! The organisations' rows are locked first, in the order of their ids. That orders all changes of an organisation: what is read after
//! it can't change before the commit, and an event's sequence number is the order of commit.

mod decide;
mod revise;
mod save;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use time::OffsetDateTime;
use tocsin_database::rows::is_among;
use tocsin_entity::{
    id::{IncidentId, OrganizationId, ServiceId, TimelineEntryId, TimerId, UserId},
    idempotency, incident, incident_assignee,
    kinds::IncidentStatus,
    membership, organization, service, timeline_entry, timer,
};

use self::save::BatchWrites;
use super::{
    CommandOutcome, CommandRequest,
    command::{ChangeCommand, CommentRef, IncidentCommand},
    error::IncidentError,
};
use crate::tenant::everywhere;

type Answer = Result<CommandOutcome, IncidentError>;

/// Writes the orders in the transaction, and answers each.
pub(super) async fn write(
    tx: &DatabaseTransaction,
    orders: &[CommandRequest],
    now: OffsetDateTime,
) -> Result<Vec<Answer>, DbErr> {
    let mut state = BatchState::load(tx, orders).await?;
    let answers = orders.iter().map(|order| state.take(order, now)).collect();
    state.write.save(tx, &state.organizations).await?;
    Ok(answers)
}

/// What the commands are decided on, as the transaction sees it and as the commands before have left it.
struct BatchState {
    organizations: BTreeMap<OrganizationId, organization::Model>,
    incidents: HashMap<IncidentId, incident::Model>,
    assignees: HashMap<IncidentId, Vec<UserId>>,
    open_by_dedup_key: HashMap<(OrganizationId, String), IncidentId>,
    entry_by_ref: HashMap<(OrganizationId, String), timeline_entry::Model>,
    used_keys: HashMap<(OrganizationId, String, String), idempotency::Model>,
    entries: HashMap<TimelineEntryId, timeline_entry::Model>,
    services: HashMap<ServiceId, service::Model>,
    default_services: HashMap<OrganizationId, ServiceId>,
    members: HashSet<(OrganizationId, UserId)>,
    /// The timers that are to fire, as they are now.
    timers: HashMap<TimerId, timer::Model>,
    write: BatchWrites,
}

/// Why a batch reads everybody's rows.
const TOGETHER: &str =
    "commands of several organisations are written together: each is decided by its own rows";

impl BatchState {
    async fn load(tx: &DatabaseTransaction, orders: &[CommandRequest]) -> Result<Self, DbErr> {
        let wanted = BatchKeys::by(orders);
        let organizations: BTreeMap<_, _> = everywhere::<organization::Entity>(TOGETHER)
            .filter(is_among(
                tx,
                organization::Column::Id,
                wanted.organizations.iter().copied(),
            ))
            .order_by_asc(organization::Column::Id)
            // Weaker than FOR UPDATE: rows that refer to the organisation may be inserted meanwhile.
            .lock(LockType::NoKeyUpdate)
            .all(tx)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut state = Self {
            organizations,
            incidents: HashMap::new(),
            assignees: HashMap::new(),
            open_by_dedup_key: HashMap::new(),
            entry_by_ref: HashMap::new(),
            used_keys: HashMap::new(),
            entries: HashMap::new(),
            services: HashMap::new(),
            default_services: HashMap::new(),
            members: HashSet::new(),
            timers: HashMap::new(),
            write: BatchWrites::default(),
        };
        state.load_records(tx, &wanted).await?;
        state.load_timers(tx, &wanted).await?;
        state.load_incidents(tx, wanted).await?;
        Ok(state)
    }

    /// What says that a command was taken before.
    async fn load_records(&mut self, tx: &DatabaseTransaction, wanted: &BatchKeys) -> Result<(), DbErr> {
        if !wanted.keys.is_empty() {
            let rows = everywhere::<idempotency::Entity>(TOGETHER)
                .filter(wanted.of_organizations(tx, idempotency::Column::OrganizationId))
                .filter(is_among(
                    tx,
                    idempotency::Column::Key,
                    wanted.keys.iter().cloned(),
                ))
                .all(tx)
                .await?;
            self.used_keys = rows
                .into_iter()
                .map(|row| ((row.organization_id, row.caller.clone(), row.key.clone()), row))
                .collect();
        }
        let mut entries = Vec::new();
        if !wanted.refs.is_empty() {
            entries = everywhere::<timeline_entry::Entity>(TOGETHER)
                .filter(wanted.of_organizations(tx, timeline_entry::Column::OrganizationId))
                .filter(is_among(
                    tx,
                    timeline_entry::Column::ExternalRef,
                    wanted.refs.iter().cloned(),
                ))
                .all(tx)
                .await?;
            for entry in &entries {
                if let Some(reference) = &entry.external_ref {
                    self.entry_by_ref
                        .insert((entry.organization_id, reference.clone()), entry.clone());
                }
            }
        }
        let told: Vec<TimelineEntryId> = self
            .used_keys
            .values()
            .filter_map(|row| id_in(&row.result, "entry"))
            .chain(wanted.entries.iter().copied())
            .collect();
        if !told.is_empty() {
            entries.extend(
                everywhere::<timeline_entry::Entity>(TOGETHER)
                    .filter(is_among(tx, timeline_entry::Column::Id, told))
                    .all(tx)
                    .await?,
            );
        }
        self.entries = entries.into_iter().map(|entry| (entry.id, entry)).collect();
        Ok(())
    }

    /// Locks the timers that are to fire, so that nobody puts them off until the change is written.
    async fn load_timers(&mut self, tx: &DatabaseTransaction, wanted: &BatchKeys) -> Result<(), DbErr> {
        if wanted.timers.is_empty() {
            return Ok(());
        }
        let rows = everywhere::<timer::Entity>(TOGETHER)
            .filter(is_among(tx, timer::Column::Id, wanted.timers.iter().copied()))
            .order_by_asc(timer::Column::Id)
            .lock(LockType::Update)
            .all(tx)
            .await?;
        self.timers = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(())
    }

    async fn load_incidents(&mut self, tx: &DatabaseTransaction, mut wanted: BatchKeys) -> Result<(), DbErr> {
        wanted.incidents.extend(
            self.used_keys
                .values()
                .filter_map(|row| id_in::<IncidentId>(&row.result, "incident")),
        );
        wanted
            .incidents
            .extend(self.entries.values().map(|entry| entry.incident_id));
        let mut which = Condition::any();
        if !wanted.incidents.is_empty() {
            which = which.add(is_among(
                tx,
                incident::Column::Id,
                wanted.incidents.iter().copied(),
            ));
        }
        if !wanted.dedup_keys.is_empty() {
            which = which.add(
                Condition::all()
                    .add(wanted.of_organizations(tx, incident::Column::OrganizationId))
                    .add(is_among(
                        tx,
                        incident::Column::DedupKey,
                        wanted.dedup_keys.iter().cloned(),
                    ))
                    .add(incident::Column::Status.ne(IncidentStatus::Resolved)),
            );
        }
        if !which.is_empty() {
            for row in everywhere::<incident::Entity>(TOGETHER)
                .filter(which)
                .all(tx)
                .await?
            {
                self.remember(row);
            }
        }
        if wanted.reopens {
            self.load_open_beside(tx, &wanted).await?;
        }
        self.load_people(tx, &wanted).await?;
        self.load_services(tx, &wanted).await
    }

    /// Who is assigned to the incidents, and which of the users wanted are members.
    async fn load_people(&mut self, tx: &DatabaseTransaction, wanted: &BatchKeys) -> Result<(), DbErr> {
        if wanted.reassigns {
            let rows = everywhere::<incident_assignee::Entity>(TOGETHER)
                .filter(is_among(
                    tx,
                    incident_assignee::Column::IncidentId,
                    wanted.incidents.iter().copied(),
                ))
                .all(tx)
                .await?;
            for row in rows {
                self.assignees
                    .entry(row.incident_id)
                    .or_default()
                    .push(row.user_id);
            }
        }
        if !wanted.users.is_empty() {
            let rows = everywhere::<membership::Entity>(TOGETHER)
                .filter(wanted.of_organizations(tx, membership::Column::OrganizationId))
                .filter(is_among(
                    tx,
                    membership::Column::UserId,
                    wanted.users.iter().copied(),
                ))
                .filter(membership::Column::DeactivatedAt.is_null())
                .all(tx)
                .await?;
            self.members = rows
                .into_iter()
                .map(|row| (row.organization_id, row.user_id))
                .collect();
        }
        Ok(())
    }

    /// The services that incidents may become of.
    async fn load_services(&mut self, tx: &DatabaseTransaction, wanted: &BatchKeys) -> Result<(), DbErr> {
        if wanted.triggers || !wanted.services.is_empty() {
            let rows = everywhere::<service::Entity>(TOGETHER)
                .filter(wanted.of_organizations(tx, service::Column::OrganizationId))
                .filter(
                    Condition::any()
                        .add(service::Column::IsDefault.eq(true))
                        .add(is_among(tx, service::Column::Id, wanted.services.iter().copied())),
                )
                .all(tx)
                .await?;
            for row in rows {
                if row.is_default {
                    self.default_services.insert(row.organization_id, row.id);
                }
                self.services.insert(row.id, row);
            }
        }
        Ok(())
    }

    /// The open incidents that have the dedup key of one that may be reopened.
    async fn load_open_beside(&mut self, tx: &DatabaseTransaction, wanted: &BatchKeys) -> Result<(), DbErr> {
        let keys: HashSet<String> = self
            .incidents
            .values()
            .filter(|row| row.status == IncidentStatus::Resolved)
            .filter_map(|row| row.dedup_key.clone())
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let rows = everywhere::<incident::Entity>(TOGETHER)
            .filter(wanted.of_organizations(tx, incident::Column::OrganizationId))
            .filter(is_among(tx, incident::Column::DedupKey, keys))
            .filter(incident::Column::Status.ne(IncidentStatus::Resolved))
            .all(tx)
            .await?;
        for row in rows {
            self.remember(row);
        }
        Ok(())
    }

    /// Keeps an incident as a command has left it, for the commands after and for the writing.
    fn keep(&mut self, incident: incident::Model) {
        self.write.change(self.incidents.get(&incident.id), &incident);
        self.remember(incident);
    }

    /// Keeps an incident as it is now.
    fn remember(&mut self, row: incident::Model) {
        if let Some(key) = &row.dedup_key {
            let slot = (row.organization_id, key.clone());
            if row.status == IncidentStatus::Resolved {
                if self.open_by_dedup_key.get(&slot) == Some(&row.id) {
                    self.open_by_dedup_key.remove(&slot);
                }
            } else {
                self.open_by_dedup_key.insert(slot, row.id);
            }
        }
        self.incidents.insert(row.id, row);
    }
}

/// What must be read to decide the commands.
#[derive(Default)]
struct BatchKeys {
    organizations: HashSet<OrganizationId>,
    incidents: HashSet<IncidentId>,
    dedup_keys: HashSet<String>,
    refs: HashSet<String>,
    entries: HashSet<TimelineEntryId>,
    keys: HashSet<String>,
    services: HashSet<ServiceId>,
    users: HashSet<UserId>,
    timers: HashSet<TimerId>,
    triggers: bool,
    reassigns: bool,
    reopens: bool,
}

impl BatchKeys {
    fn by(orders: &[CommandRequest]) -> Self {
        let mut wanted = Self::default();
        for order in orders {
            wanted.organizations.insert(order.actor.organization_id);
            wanted
                .keys
                .extend(order.idempotency.iter().map(|used| used.key.clone()));
            match &order.command {
                IncidentCommand::Trigger(trigger) => {
                    wanted.triggers = true;
                    wanted.services.extend(trigger.service_id);
                    wanted.users.extend(&trigger.assignees);
                    wanted.dedup_keys.extend(trigger.dedup_key.clone());
                }
                IncidentCommand::Change(id, change) => wanted.add(*id, change),
                IncidentCommand::Fire(attempt, id, change) => {
                    wanted.timers.insert(attempt.id);
                    wanted.add(*id, change);
                }
                IncidentCommand::Revise(CommentRef::Id(id), _) => {
                    wanted.entries.insert(*id);
                }
                IncidentCommand::Revise(CommentRef::External(reference), _) => {
                    wanted.refs.insert(reference.clone());
                }
            }
        }
        wanted
    }

    /// Whether a row is one of the organisations', by its column.
    fn of_organizations(&self, tx: &DatabaseTransaction, column: impl ColumnTrait) -> Condition {
        is_among(tx, column, self.organizations.iter().copied())
    }

    /// What a change of an incident needs.
    fn add(&mut self, id: IncidentId, change: &ChangeCommand) {
        self.incidents.insert(id);
        match change {
            ChangeCommand::Comment { external_ref, .. } => self.refs.extend(external_ref.clone()),
            ChangeCommand::Reassign { assignees } => {
                self.reassigns = true;
                self.users.extend(assignees);
            }
            ChangeCommand::Reopen { .. } => self.reopens = true,
            ChangeCommand::Update(update) => self.services.extend(update.service_id),
            ChangeCommand::Acknowledge
            | ChangeCommand::Resolve { .. }
            | ChangeCommand::Snooze { .. }
            | ChangeCommand::Unsnooze
            | ChangeCommand::EndSnooze { .. }
            | ChangeCommand::SlackSync { .. } => {}
        }
    }
}

fn id_in<T: std::str::FromStr>(result: &serde_json::Value, name: &str) -> Option<T> {
    result.get(name)?.as_str()?.parse().ok()
}
