//! Which incidents are wanted: as a condition of a query, and of an incident at hand.

use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use serde_json::json;
use tocsin_database::Database;
use tocsin_entity::{
    id::{IncidentId, OrganizationId, ServiceId, UserId},
    incident::{self, TagValue},
    incident_assignee,
    kinds::{EntryKind, IncidentStatus, Severity, Urgency},
    timeline_entry,
};

use super::query::tags;
use crate::{error::RequestError, request::Request, search, time_range::TimeRange};

/// Most values of one condition: a page of incidents.
const VALUES_MAX: usize = 100;

/// Which incidents are wanted, of a list and of the event log: those that meet every condition given.
#[derive(Debug, Clone, Default)]
pub struct IncidentCriteria {
    /// One of these; at most 100.
    pub ids: Option<Vec<String>>,
    /// In one of these states.
    pub statuses: Option<Vec<IncidentStatus>>,
    /// Of one of these urgencies.
    pub urgencies: Option<Vec<Urgency>>,
    /// Of one of these severities.
    pub severities: Option<Vec<Severity>>,
    /// Of one of these services; at most 100.
    pub service_ids: Option<Vec<String>>,
    /// Assigned to one of these people; at most 100.
    pub assignee_ids: Option<Vec<String>>,
    /// Whether they are assigned to nobody.
    pub unassigned: Option<bool>,
    /// With each of these tags; at most 20.
    pub tags: Vec<TagCriterion>,
    /// Triggered within this time.
    pub triggered_at: TimeRange,
    /// Last changed within this time.
    pub updated_at: TimeRange,
    /// Whether they are snoozed.
    pub is_snoozed: Option<bool>,
    /// On whose timeline this user is. For lists alone.
    pub participant_id: Option<String>,
    /// With this text in the title, the description or, in lists, a comment, in any case; or with this number (`#42`).
    pub search: Option<String>,
}

/// A tag that a wanted incident has.
#[derive(Debug, Clone)]
pub struct TagCriterion {
    /// The tag's key.
    pub key: String,
    /// The tag's value; any where there is none.
    pub value: Option<String>,
}

/// One id, where it is among those that are wanted.
fn only(wanted: Option<Vec<String>>, id: String) -> Vec<String> {
    if wanted.is_none_or(|wanted| wanted.contains(&id)) {
        vec![id]
    } else {
        Vec::new()
    }
}

/// The ids of a condition.
fn parse_all<T: std::str::FromStr>(
    field: &str,
    ids: Option<&Vec<String>>,
) -> Result<Option<Vec<T>>, RequestError> {
    let Some(ids) = ids else { return Ok(None) };
    if ids.len() > VALUES_MAX {
        return Err(RequestError::BadInput(format!(
            "`filter.{field}` takes {VALUES_MAX} ids at most."
        )));
    }
    let parsed = ids.iter().map(|id| {
        id.parse().map_err(|_| {
            RequestError::BadInput(format!("`filter.{field}` has an id of another kind: `{id}`."))
        })
    });
    parsed.collect::<Result<_, _>>().map(Some)
}

/// The incidents that have an assignee at all, or one of these.
fn assigned(to: Option<Vec<UserId>>) -> SelectStatement {
    let of = (incident_assignee::Entity, incident_assignee::Column::IncidentId);
    Query::select()
        .expr(Expr::val(1))
        .from(incident_assignee::Entity)
        .and_where(Expr::col(of).equals((incident::Entity, incident::Column::Id)))
        .and_where_option(to.map(|users| incident_assignee::Column::UserId.is_in(users)))
        .take()
}

/// The entries of an incident's timeline for which this holds.
fn entries(which: Condition) -> SelectStatement {
    let of = (timeline_entry::Entity, timeline_entry::Column::IncidentId);
    Query::select()
        .expr(Expr::val(1))
        .from(timeline_entry::Entity)
        .and_where(Expr::col(of).equals((incident::Entity, incident::Column::Id)))
        .cond_where(which)
        .take()
}

/// The number that is searched for: `#42` or `42`.
fn searched_number(text: &str) -> Option<i64> {
    let text = text.trim();
    text.strip_prefix('#').unwrap_or(text).parse().ok()
}

impl TagCriterion {
    fn condition(&self, database: &Database) -> Expr {
        if database.is_sqlite() {
            let mut sql = r#"EXISTS (SELECT 1 FROM json_each("incident"."tags") AS tag WHERE json_extract(tag.value, '$.key') = ?"#.to_owned();
            let mut values = vec![self.key.clone()];
            if let Some(value) = &self.value {
                sql.push_str(" AND json_extract(tag.value, '$.value') = ?");
                values.push(value.clone());
            }
            sql.push(')');
            return Expr::cust_with_values(sql, values);
        }
        let tag = match &self.value {
            Some(value) => json!([{ "key": self.key, "value": value }]),
            None => json!([{ "key": self.key }]),
        };
        Expr::cust_with_values(r#""incident"."tags" @> $1"#, [tag])
    }

    fn holds(&self, tags: &[TagValue]) -> bool {
        tags.iter()
            .any(|tag| tag.key == self.key && self.value.as_ref().is_none_or(|value| *value == tag.value))
    }
}

impl IncidentCriteria {
    /// Those of them that are this service's.
    #[must_use]
    pub fn of_service(mut self, id: ServiceId) -> Self {
        self.service_ids = Some(only(self.service_ids, id.to_string()));
        self
    }

    /// Those of them that are assigned to this user.
    #[must_use]
    pub fn assigned_to(mut self, id: UserId) -> Self {
        self.assignee_ids = Some(only(self.assignee_ids, id.to_string()));
        self
    }

    /// The criteria as a condition of a query, but for the ids.
    fn condition(&self, database: &Database) -> Result<Condition, RequestError> {
        use incident::Column;
        let mut all = Condition::all()
            .add_option(
                self.statuses
                    .as_ref()
                    .map(|own| Column::Status.is_in(own.iter().copied())),
            )
            .add_option(
                self.urgencies
                    .as_ref()
                    .map(|own| Column::Urgency.is_in(own.iter().copied())),
            )
            .add_option(
                self.severities
                    .as_ref()
                    .map(|own| Column::Severity.is_in(own.iter().copied())),
            )
            .add(self.triggered_at.condition(database, Column::TriggeredAt))
            .add(self.updated_at.condition(database, Column::UpdatedAt));
        if let Some(services) = parse_all::<ServiceId>("serviceIds", self.service_ids.as_ref())? {
            all = all.add(Column::ServiceId.is_in(services));
        }
        if let Some(assignees) = parse_all::<UserId>("assigneeIds", self.assignee_ids.as_ref())? {
            all = all.add(Expr::exists(assigned(Some(assignees))));
        }
        if let Some(unassigned) = self.unassigned {
            let assigned = Expr::exists(assigned(None));
            all = all.add(if unassigned { assigned.not() } else { assigned });
        }
        if let Some(is_snoozed) = self.is_snoozed {
            all = all.add(if is_snoozed {
                Column::SnoozedUntil.is_not_null()
            } else {
                Column::SnoozedUntil.is_null()
            });
        }
        for tag in &self.tags {
            all = all.add(tag.condition(database));
        }
        if let Some(id) = &self.participant_id {
            let participant: UserId = id.parse().map_err(|_| {
                RequestError::BadInput("`filter.participantId` is not the id of a user.".to_owned())
            })?;
            let theirs = Condition::all().add(timeline_entry::Column::AuthorUserId.eq(participant));
            all = all.add(Expr::exists(entries(theirs)));
        }
        if let Some(text) = &self.search {
            all = all.add(searched(text)?);
        }
        Ok(all)
    }

    /// The ids that are asked for, if any are.
    fn incident_ids(&self) -> Result<Option<Vec<IncidentId>>, RequestError> {
        parse_all("ids", self.ids.as_ref())
    }

    /// The criteria as a condition on the organisation's incidents.
    ///
    /// Those that are asked for by their ids are found by their numbers. `SQLite` would look through all of the organisation's incidents for the
    /// ids, since an index has them in the list's order.
    ///
    /// # Errors
    /// A refusal that names the condition.
    pub(super) async fn condition_in(
        &self,
        request: &Request<'_>,
        organization: OrganizationId,
    ) -> Result<Condition, RequestError> {
        let all = self.condition(request.domain.database())?;
        let Some(ids) = self.incident_ids()? else {
            return Ok(all);
        };
        let found = request.loaders().load_many(ids).await?;
        let own = found.values().filter(|row| row.organization_id == organization);
        Ok(all.add(incident::Column::Number.is_in(own.map(|row| row.number))))
    }

    /// Whether an incident that is at hand is wanted.
    pub(super) fn wants(&self, row: &incident::Model, assignees: &[UserId]) -> bool {
        fn among<T: PartialEq>(all: Option<&Vec<T>>, own: &T) -> bool {
            all.is_none_or(|all| all.contains(own))
        }
        among(self.ids.as_ref(), &row.id.to_string())
            && among(self.statuses.as_ref(), &row.status)
            && among(self.urgencies.as_ref(), &row.urgency)
            && self
                .severities
                .as_ref()
                .is_none_or(|all| row.severity.is_some_and(|own| all.contains(&own)))
            && among(self.service_ids.as_ref(), &row.service_id.to_string())
            && self
                .assignee_ids
                .as_ref()
                .is_none_or(|all| assignees.iter().any(|own| all.contains(&own.to_string())))
            && self
                .unassigned
                .is_none_or(|wanted| assignees.is_empty() == wanted)
            && self
                .is_snoozed
                .is_none_or(|wanted| row.snoozed_until.is_some() == wanted)
            && self.triggered_at.contains(row.triggered_at)
            && self.updated_at.contains(row.updated_at)
            && self.wants_tags(row)
            && self.search.as_ref().is_none_or(|text| mentions(row, text))
    }

    fn wants_tags(&self, row: &incident::Model) -> bool {
        if self.tags.is_empty() {
            return true;
        }
        // Tags that can't be read are a fault of ours, which the incident's own field tells.
        tags(row).is_ok_and(|own| self.tags.iter().all(|tag| tag.holds(&own)))
    }

    /// Refuses what the event log cannot be filtered by, before anything is read.
    ///
    /// # Errors
    /// A refusal that names the condition.
    pub(super) fn need_of_log(&self, database: &Database) -> Result<(), RequestError> {
        if self.participant_id.is_some() {
            return Err(RequestError::BadInput(
                "`filter.participantId` is for lists.".to_owned(),
            ));
        }
        self.incident_ids()?;
        self.condition(database).map(|_| ())
    }
}

/// Whether an incident's number, title, description or one of its comments contains the text.
fn searched(text: &str) -> Result<Condition, RequestError> {
    let comments = Condition::all()
        .add(timeline_entry::Column::Kind.eq(EntryKind::Comment))
        .add(timeline_entry::Column::RetractedAt.is_null())
        .add(search::contains(timeline_entry::Column::BodyMarkdown, text)?);
    Ok(Condition::any()
        .add_option(searched_number(text).map(|number| incident::Column::Number.eq(number)))
        .add(search::contains(incident::Column::Title, text)?)
        .add(search::contains(incident::Column::DescriptionMarkdown, text)?)
        .add(Expr::exists(entries(comments))))
}

/// Whether the number, title or description of an incident at hand contains the text.
fn mentions(row: &incident::Model, text: &str) -> bool {
    let wanted = text.trim().to_lowercase();
    searched_number(text) == Some(row.number)
        || row.title.to_lowercase().contains(&wanted)
        || row.description_markdown.to_lowercase().contains(&wanted)
}
