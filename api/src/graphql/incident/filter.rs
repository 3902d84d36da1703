//! Which incidents are wanted: of a list, and of the event log.

use async_graphql::{Enum, ID, InputObject};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Query},
};
use tocsin_domain::{error::Refusal, search};
use tocsin_entity::{
    id::{ServiceId, UserId},
    incident, incident_assignee,
    kinds::{IncidentStatus, Severity, Urgency},
    timeline_entry,
};

use crate::graphql::failure::Result;

/// Which incidents are wanted: those that meet every condition given.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct IncidentFilter {
    /// In one of these states.
    status: Option<Vec<IncidentStatus>>,
    /// Of one of these urgencies.
    urgency: Option<Vec<Urgency>>,
    /// Of one of these severities.
    severity: Option<Vec<Severity>>,
    /// Of this service.
    service_id: Option<ID>,
    /// With this assignee.
    assignee_id: Option<ID>,
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

fn parse<T: std::str::FromStr>(field: &str, id: Option<&ID>) -> Result<Option<T>, Refusal> {
    id.map(|id| {
        id.parse()
            .map_err(|_| Refusal::BadInput(format!("`filter.{field}` is not such an id.")))
    })
    .transpose()
}

impl IncidentFilter {
    /// The filter as a condition of a query.
    pub(super) fn condition(&self) -> Result<Condition, Refusal> {
        let mut all = Condition::all();
        if let Some(status) = &self.status {
            all = all.add(incident::Column::Status.is_in(status.iter().copied()));
        }
        if let Some(urgency) = &self.urgency {
            all = all.add(incident::Column::Urgency.is_in(urgency.iter().copied()));
        }
        if let Some(severity) = &self.severity {
            all = all.add(incident::Column::Severity.is_in(severity.iter().copied()));
        }
        if let Some(service_id) = parse::<ServiceId>("serviceId", self.service_id.as_ref())? {
            all = all.add(incident::Column::ServiceId.eq(service_id));
        }
        if let Some(assignee) = parse::<UserId>("assigneeId", self.assignee_id.as_ref())? {
            all = all.add(
                incident::Column::Id.in_subquery(
                    Query::select()
                        .column(incident_assignee::Column::IncidentId)
                        .from(incident_assignee::Entity)
                        .and_where(incident_assignee::Column::UserId.eq(assignee))
                        .to_owned(),
                ),
            );
        }
        if let Some(participant) = parse::<UserId>("participantId", self.participant_id.as_ref())? {
            let of = (timeline_entry::Entity, timeline_entry::Column::IncidentId);
            all = all.add(Expr::exists(
                Query::select()
                    .expr(Expr::val(1))
                    .from(timeline_entry::Entity)
                    .and_where(Expr::col(of).equals((incident::Entity, incident::Column::Id)))
                    .and_where(timeline_entry::Column::AuthorUserId.eq(participant))
                    .to_owned(),
            ));
        }
        if let Some(search) = &self.search {
            all = all.add(search::contains(incident::Column::Title, search)?);
        }
        Ok(all)
    }

    /// Whether an incident that is at hand is wanted.
    pub(crate) fn wants(&self, row: &incident::Model, assignees: &[UserId]) -> bool {
        self.status.as_ref().is_none_or(|all| all.contains(&row.status))
            && self.urgency.as_ref().is_none_or(|all| all.contains(&row.urgency))
            && self
                .severity
                .as_ref()
                .is_none_or(|all| row.severity.is_some_and(|own| all.contains(&own)))
            && self
                .service_id
                .as_ref()
                .is_none_or(|id| **id == row.service_id.to_string())
            && self
                .assignee_id
                .as_ref()
                .is_none_or(|id| assignees.iter().any(|own| **id == own.to_string()))
            && self
                .search
                .as_ref()
                .is_none_or(|text| row.title.to_lowercase().contains(&text.to_lowercase()))
    }

    /// Refuses what the event log cannot be filtered by, before anything is read.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.participant_id.is_some() {
            return Err(Refusal::BadInput(
                "`filter.participantId` is for lists.".to_owned(),
            ));
        }
        self.condition().map(|_| ())
    }
}
