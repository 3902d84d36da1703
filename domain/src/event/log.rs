//! Reading the log: events with the incident and the entry they tell of, few queries for many events.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{ColumnTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tocsin_database::Database;
use tocsin_entity::{
    event,
    id::{IncidentId, OrganizationId, TimelineEntryId, UserId},
    incident, incident_assignee, timeline_entry,
};

use super::cursor::Position;
use crate::tenant::{Tenant, everywhere};

/// An event with what it tells of.
#[derive(Debug)]
pub struct EventDetails {
    /// The event.
    pub event: event::Model,
    /// The incident that it is about.
    pub incident: Arc<incident::Model>,
    /// The entry that tells of the change.
    pub entry: Arc<timeline_entry::Model>,
    /// Who was to work it.
    pub assignees: Vec<UserId>,
}

impl EventDetails {
    /// Where it stands in the log.
    pub fn position(&self) -> Position {
        Position::of(&self.event)
    }
}

/// The events after `seq`, oldest first.
pub(super) async fn read_after(
    database: &Database,
    organization_id: OrganizationId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Arc<EventDetails>>, DbErr> {
    let (db, tenant) = (database.read(), Tenant::of(organization_id));
    let events = tenant
        .find::<event::Entity>()
        .filter(event::Column::Seq.gt(seq))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let entries: HashMap<TimelineEntryId, _> = tenant
        .find::<timeline_entry::Entity>()
        .filter(timeline_entry::Column::Id.is_in(events.iter().map(|event| event.entry_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, Arc::new(row)))
        .collect();
    let incidents: HashMap<IncidentId, _> = tenant
        .find::<incident::Entity>()
        .filter(incident::Column::Id.is_in(events.iter().map(|event| event.incident_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, Arc::new(row)))
        .collect();
    let mut assignees: HashMap<IncidentId, Vec<UserId>> = HashMap::new();
    let rows =
        everywhere::<incident_assignee::Entity>("neighbours of events that were read in one organisation")
            .filter(incident_assignee::Column::IncidentId.is_in(incidents.keys().copied()))
            .all(db)
            .await?;
    for row in rows {
        assignees.entry(row.incident_id).or_default().push(row.user_id);
    }
    events
        .into_iter()
        .map(|event| {
            let missing =
                |what: &str| DbErr::RecordNotFound(format!("the {what} of event {} is gone", event.seq));
            Ok(Arc::new(EventDetails {
                incident: incidents
                    .get(&event.incident_id)
                    .cloned()
                    .ok_or_else(|| missing("incident"))?,
                entry: entries
                    .get(&event.entry_id)
                    .cloned()
                    .ok_or_else(|| missing("entry"))?,
                assignees: assignees.get(&event.incident_id).cloned().unwrap_or_default(),
                event,
            }))
        })
        .collect()
}

/// How many events the log has.
pub(super) async fn count(database: &Database, organization_id: OrganizationId) -> Result<u64, DbErr> {
    let own = Tenant::of(organization_id).find::<event::Entity>();
    own.count(database.read()).await
}

/// The event of a number.
pub(super) async fn find(
    database: &Database,
    organization_id: OrganizationId,
    seq: i64,
) -> Result<Option<event::Model>, DbErr> {
    Tenant::of(organization_id)
        .find::<event::Entity>()
        .filter(event::Column::Seq.eq(seq))
        .one(database.read())
        .await
}

/// The sequence number of the organisation's newest event; 0 before the first.
pub(super) async fn newest(database: &Database, organization_id: OrganizationId) -> Result<i64, DbErr> {
    let row = Tenant::of(organization_id)
        .organization()
        .one(database.read())
        .await?;
    Ok(row.map_or(0, |row| row.last_event_seq))
}
