//! Which incidents are wanted: of a list, and of the event log.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use tocsin_domain::incident::{IncidentCriteria, IncidentSort};
use tocsin_entity::kinds::{IncidentStatus, Severity, Urgency};

use crate::graphql::context::text;

/// Which incidents are wanted: those that meet every condition given.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct IncidentFilter {
    /// One of these; at most 100.
    ids: Option<Vec<ID>>,
    /// In one of these states.
    status: Option<Vec<IncidentStatus>>,
    /// Of one of these urgencies.
    urgency: Option<Vec<Urgency>>,
    /// Of one of these severities.
    severity: Option<Vec<Severity>>,
    /// Of this service.
    service_id: Option<ID>,
    /// With this assignee; null for those that are assigned to nobody.
    assignee_id: MaybeUndefined<ID>,
    /// On whose timeline this user is: who triggered it, worked it or said something. For lists alone.
    participant_id: Option<ID>,
    /// With this text in the title, in any case.
    search: Option<String>,
}

/// In which order incidents are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub(crate) enum IncidentOrder {
    /// The highest number first.
    #[default]
    NewestFirst,
    /// The lowest number first.
    OldestFirst,
}

impl From<IncidentFilter> for IncidentCriteria {
    fn from(filter: IncidentFilter) -> Self {
        Self {
            ids: filter.ids.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            status: filter.status,
            urgency: filter.urgency,
            severity: filter.severity,
            service_id: text(filter.service_id),
            is_unassigned: filter.assignee_id.is_null(),
            assignee_id: text(filter.assignee_id.take()),
            participant_id: text(filter.participant_id),
            search: filter.search,
        }
    }
}

impl From<IncidentOrder> for IncidentSort {
    fn from(order: IncidentOrder) -> Self {
        match order {
            IncidentOrder::NewestFirst => Self::NewestFirst,
            IncidentOrder::OldestFirst => Self::OldestFirst,
        }
    }
}
