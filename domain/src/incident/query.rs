//! Reading incidents: one, a page of those that are wanted, how many these are, and a stretch of a timeline.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};
use tocsin_entity::{
    id::{IncidentId, OrganizationId, ServiceId, TimelineEntryId, UserId},
    incident::{self, TagValue},
    incident_assignee,
    kinds::{IncidentStatus, Severity, Urgency},
    timeline_entry,
};

use crate::{
    error::{InternalError, RequestError},
    loaders::TimelineOf,
    paging::{PageBounds, PageRequest, RowPage},
    request::Request,
    search,
    tenant::Tenant,
    timeline::TimelinePosition,
    viewer::Permission,
};

/// Most incidents that are asked for by their ids: a page of them.
const IDS_MAX: usize = 100;

/// Which incidents are wanted, of a list and of the event log: those that meet every condition given.
#[derive(Debug, Clone, Default)]
pub struct IncidentCriteria {
    /// One of these; at most 100.
    pub ids: Option<Vec<String>>,
    /// In one of these states.
    pub status: Option<Vec<IncidentStatus>>,
    /// Of one of these urgencies.
    pub urgency: Option<Vec<Urgency>>,
    /// Of one of these severities.
    pub severity: Option<Vec<Severity>>,
    /// Of this service.
    pub service_id: Option<String>,
    /// With this assignee.
    pub assignee_id: Option<String>,
    /// Assigned to nobody.
    pub is_unassigned: bool,
    /// On whose timeline this user is. For lists alone.
    pub participant_id: Option<String>,
    /// With this text in the title, in any case.
    pub search: Option<String>,
}

/// In which order incidents are listed, by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentSort {
    /// The highest number first.
    NewestFirst,
    /// The lowest number first.
    OldestFirst,
}

/// An incident's labels.
///
/// # Errors
/// A broken row.
pub fn tags(incident: &incident::Model) -> Result<Vec<TagValue>, InternalError> {
    serde_json::from_value(incident.tags.clone()).map_err(|error| {
        InternalError::Broken(format!(
            "the tags of incident {} can't be read: {error}",
            incident.id
        ))
    })
}

fn parse<T: std::str::FromStr>(field: &str, id: Option<&String>) -> Result<Option<T>, RequestError> {
    id.map(|id| {
        id.parse()
            .map_err(|_| RequestError::BadInput(format!("`filter.{field}` is not such an id.")))
    })
    .transpose()
}

impl IncidentCriteria {
    /// The criteria as a condition of a query, but for the ids.
    fn condition(&self, is_unassigned: bool) -> Result<Condition, RequestError> {
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
        if is_unassigned {
            let of = (incident_assignee::Entity, incident_assignee::Column::IncidentId);
            all = all.add(
                Expr::exists(
                    Query::select()
                        .expr(Expr::val(1))
                        .from(incident_assignee::Entity)
                        .and_where(Expr::col(of).equals((incident::Entity, incident::Column::Id)))
                        .to_owned(),
                )
                .not(),
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

    /// The ids that are asked for, if any are.
    fn incident_ids(&self) -> Result<Option<Vec<IncidentId>>, RequestError> {
        let Some(ids) = &self.ids else {
            return Ok(None);
        };
        if ids.len() > IDS_MAX {
            return Err(RequestError::BadInput(format!(
                "`filter.ids` takes {IDS_MAX} ids at most."
            )));
        }
        let ids = ids.iter().filter_map(|id| parse("ids", Some(id)).transpose());
        ids.collect::<Result<_, _>>().map(Some)
    }

    /// The criteria as a condition on the organisation's incidents.
    ///
    /// Those that are asked for by their ids are found by their numbers. `SQLite` would look through all of the organisation's incidents for the
    /// ids, since an index has them in the list's order.
    async fn condition_in(
        &self,
        request: &Request<'_>,
        organization: OrganizationId,
    ) -> Result<Condition, RequestError> {
        // A bridge of the version before says null of what it leaves out.
        let all = self.condition(self.is_unassigned && !request.viewer.is_bridge())?;
        let Some(ids) = self.incident_ids()? else {
            return Ok(all);
        };
        let found = request.loaders().load_many(ids).await?;
        let own = found.values().filter(|row| row.organization_id == organization);
        Ok(all.add(incident::Column::Number.is_in(own.map(|row| row.number))))
    }

    /// Whether an incident that is at hand is wanted.
    pub(super) fn wants(&self, row: &incident::Model, assignees: &[UserId]) -> bool {
        self.ids
            .as_ref()
            .is_none_or(|all| all.contains(&row.id.to_string()))
            && self.status.as_ref().is_none_or(|all| all.contains(&row.status))
            && self.urgency.as_ref().is_none_or(|all| all.contains(&row.urgency))
            && self
                .severity
                .as_ref()
                .is_none_or(|all| row.severity.is_some_and(|own| all.contains(&own)))
            && self
                .service_id
                .as_ref()
                .is_none_or(|id| *id == row.service_id.to_string())
            && self
                .assignee_id
                .as_ref()
                .is_none_or(|id| assignees.iter().any(|own| *id == own.to_string()))
            && (!self.is_unassigned || assignees.is_empty())
            && self
                .search
                .as_ref()
                .is_none_or(|text| row.title.to_lowercase().contains(&text.to_lowercase()))
    }

    /// Refuses what the event log cannot be filtered by, before anything is read.
    ///
    /// # Errors
    /// A refusal that names the condition.
    pub(super) fn need_of_log(&self) -> Result<(), RequestError> {
        if self.participant_id.is_some() {
            return Err(RequestError::BadInput(
                "`filter.participantId` is for lists.".to_owned(),
            ));
        }
        self.incident_ids()?;
        self.condition(self.is_unassigned).map(|_| ())
    }
}

/// An incident by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Arc<incident::Model>>, RequestError> {
    request
        .load_owned::<IncidentId, Arc<incident::Model>>(Permission::Read, id)
        .await
}

/// An incident by its number in the viewer's organisation.
pub async fn find_by_number(
    request: &Request<'_>,
    number: i64,
) -> Result<Option<Arc<incident::Model>>, RequestError> {
    let found = request
        .tenant(Permission::Read)?
        .find::<incident::Entity>()
        .filter(incident::Column::Number.eq(number))
        .one(request.read())
        .await?;
    Ok(found.map(Arc::new))
}

/// A page of the organisation's incidents; its cursors are their numbers.
pub async fn list(
    request: &Request<'_>,
    criteria: &IncidentCriteria,
    sort: IncidentSort,
    page: PageRequest,
) -> Result<RowPage<Arc<incident::Model>>, RequestError> {
    let organization = request.viewer.may(Permission::Read)?;
    let page = PageBounds::new(page)?;
    let (after, before) = page.bounds::<i64>()?;
    let condition = criteria.condition_in(request, organization).await?;
    let newest_first = sort == IncidentSort::NewestFirst;
    let (low, high) = if newest_first {
        (before, after)
    } else {
        (after, before)
    };
    let mut find = Tenant::of(organization)
        .find::<incident::Entity>()
        .filter(condition)
        .limit(page.limit + 1);
    if let Some(low) = low {
        find = find.filter(incident::Column::Number.gt(low));
    }
    if let Some(high) = high {
        find = find.filter(incident::Column::Number.lt(high));
    }
    find = if newest_first == page.from_the_end {
        find.order_by_asc(incident::Column::Number)
    } else {
        find.order_by_desc(incident::Column::Number)
    };
    Ok(page.of(find.all(request.read()).await?).map(Arc::new))
}

/// How many of the organisation's incidents are wanted.
pub async fn count(request: &Request<'_>, criteria: &IncidentCriteria) -> Result<u64, RequestError> {
    let organization = request.viewer.may(Permission::Read)?;
    let condition = criteria.condition_in(request, organization).await?;
    let wanted = Tenant::of(organization)
        .find::<incident::Entity>()
        .filter(condition);
    Ok(wanted.count(request.read()).await?)
}

/// An entry of a timeline by its id.
pub async fn find_entry(
    request: &Request<'_>,
    id: &str,
) -> Result<Option<Arc<timeline_entry::Model>>, RequestError> {
    request
        .load_owned::<TimelineEntryId, Arc<timeline_entry::Model>>(Permission::Read, id)
        .await
}

/// A page of an incident's timeline, oldest first, for whoever may see more of an incident than itself. With `changed_after` only what was
/// added, edited or retracted after that version of the incident.
pub async fn timeline(
    request: &Request<'_>,
    incident_id: IncidentId,
    page: PageRequest,
    changed_after: Option<i64>,
) -> Result<RowPage<Arc<timeline_entry::Model>>, RequestError> {
    request.viewer.may_look_around()?;
    let page = PageBounds::new(page)?;
    let (after, before) = page.bounds::<TimelinePosition>()?;
    let wanted = TimelineOf {
        incident_id,
        limit: page.limit + 1,
        after,
        before,
        from_the_end: page.from_the_end,
        changed_after,
    };
    let rows = request.loaders().load_one(wanted).await?;
    Ok(page.of(rows.unwrap_or_default()))
}
