//! Which incidents are wanted, and in which order: of a list, and of the event log.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined};
use tocsin_domain::{
    error::RequestError,
    incident::{IncidentCriteria, IncidentOrderField as Field, IncidentSort, TagCriterion},
    ordering::Direction,
};
use tocsin_entity::kinds::{IncidentStatus, Severity, Urgency};

use crate::graphql::{
    conditions::{Conditions, TimeRangeInput},
    context::texts,
    failure::Result,
    ordering::OrderDirection,
};

/// Which incidents you want: the incidents that meet every condition. To leave out a condition, leave out the field: null is refused unless the field
/// describes what null means.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct IncidentFilter {
    /// Incidents with these ids; at most 100.
    ids: MaybeUndefined<Vec<ID>>,
    /// Incidents with any of these statuses.
    statuses: MaybeUndefined<Vec<IncidentStatus>>,
    /// Incidents with any of these urgencies.
    urgencies: MaybeUndefined<Vec<Urgency>>,
    /// Incidents with any of these severities.
    severities: MaybeUndefined<Vec<Severity>>,
    /// Incidents of any of these services, by the services' ids; at most 100.
    service_ids: MaybeUndefined<Vec<ID>>,
    /// Incidents assigned to at least 1 of these users, by the users' ids; at most 100.
    assignee_ids: MaybeUndefined<Vec<ID>>,
    /// Whether the incidents are assigned to nobody (`true`) or to somebody (`false`).
    unassigned: MaybeUndefined<bool>,
    /// Incidents that have each of these tags; at most 20.
    tags: MaybeUndefined<Vec<TagFilter>>,
    /// Incidents that were triggered in this period.
    triggered_at: MaybeUndefined<TimeRangeInput>,
    /// Incidents that last changed in this period.
    updated_at: MaybeUndefined<TimeRangeInput>,
    /// Whether the incidents are snoozed (`true`) or not (`false`).
    is_snoozed: MaybeUndefined<bool>,
    /// Incidents with a timeline that shows the user with this id: the user triggered the incident, worked on the incident or commented. For lists
    /// only, not for subscriptions.
    participant_id: MaybeUndefined<ID>,
    /// Incidents with this text in the title, the description or a comment, in any case, and the incident with this number (`#42`); at most 200
    /// characters. Subscriptions don't search comments.
    search: MaybeUndefined<String>,
    /// The deprecated name of `statuses`.
    #[graphql(deprecation = "Use `statuses`.")]
    status: MaybeUndefined<Vec<IncidentStatus>>,
    /// The deprecated name of `urgencies`.
    #[graphql(deprecation = "Use `urgencies`.")]
    urgency: MaybeUndefined<Vec<Urgency>>,
    /// The deprecated name of `severities`.
    #[graphql(deprecation = "Use `severities`.")]
    severity: MaybeUndefined<Vec<Severity>>,
    /// Incidents of the service with this id.
    #[graphql(deprecation = "Use `serviceIds`.")]
    service_id: MaybeUndefined<ID>,
    /// Incidents assigned to the user with this id; null for incidents that are assigned to nobody.
    #[graphql(deprecation = "Use `assigneeIds` or `unassigned`.")]
    assignee_id: MaybeUndefined<ID>,
}

/// A tag that an incident must have.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct TagFilter {
    /// The key of the tag; upper and lower case count.
    key: String,
    /// The value of the tag; upper and lower case count. Any value by default.
    value: Option<String>,
}

/// Most tags that are asked for at once: as many as an incident has at most.
const TAGS_MAX: usize = 20;

impl IncidentFilter {
    /// The filter as the domain takes it.
    ///
    /// # Errors
    /// A refusal that names the condition.
    pub(crate) fn criteria(self, ctx: &Context<'_>) -> Result<IncidentCriteria> {
        let conditions = Conditions::of(ctx);
        let wants_nobody = self.assignee_id.is_null() && !conditions.takes_null();
        let unassigned = conditions.given("unassigned", self.unassigned)?;
        if wants_nobody && unassigned.is_some() {
            let why = "Give `filter.unassigned` alone: `filter.assigneeId` is deprecated.";
            return Err(RequestError::BadInput(why.to_owned()).into());
        }
        let assignee_id = if wants_nobody {
            MaybeUndefined::Undefined
        } else {
            self.assignee_id
        };
        let one = |id: ID| vec![id];
        let service_id = self.service_id.map_value(one);
        let services = conditions.renamed(("serviceIds", self.service_ids), ("serviceId", service_id))?;
        let assignee_id = assignee_id.map_value(one);
        let assignees =
            conditions.renamed(("assigneeIds", self.assignee_ids), ("assigneeId", assignee_id))?;
        let tags = conditions.given("tags", self.tags)?.unwrap_or_default();
        if tags.len() > TAGS_MAX {
            return Err(
                RequestError::BadInput(format!("`filter.tags` takes {TAGS_MAX} tags at most.")).into(),
            );
        }
        let triggered_at = conditions.given("triggeredAt", self.triggered_at)?;
        let updated_at = conditions.given("updatedAt", self.updated_at)?;
        Ok(IncidentCriteria {
            ids: conditions.ids("ids", self.ids)?,
            statuses: conditions.renamed(("statuses", self.statuses), ("status", self.status))?,
            urgencies: conditions.renamed(("urgencies", self.urgencies), ("urgency", self.urgency))?,
            severities: conditions.renamed(("severities", self.severities), ("severity", self.severity))?,
            service_ids: services.map(texts),
            assignee_ids: assignees.map(texts),
            unassigned: unassigned.or(wants_nobody.then_some(true)),
            tags: tags.into_iter().map(TagCriterion::from).collect(),
            triggered_at: triggered_at.unwrap_or_default().into(),
            updated_at: updated_at.unwrap_or_default().into(),
            is_snoozed: conditions.given("isSnoozed", self.is_snoozed)?,
            participant_id: conditions.id("participantId", self.participant_id)?,
            search: conditions.given("search", self.search)?,
        })
    }
}

impl From<TagFilter> for TagCriterion {
    fn from(tag: TagFilter) -> Self {
        Self {
            key: tag.key,
            value: tag.value,
        }
    }
}

/// The order of a list of incidents. Incidents with the same value are listed by number.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct IncidentOrder {
    /// The value that orders the incidents.
    field: IncidentOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// The values that can order a list of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Field")]
pub(crate) enum IncidentOrderField {
    /// The number of the incident: the order in which the incidents were triggered.
    Number,
    /// The time when the incident was triggered.
    TriggeredAt,
    /// The time of the incident's last change.
    UpdatedAt,
    /// The severity of the incident: `SEV1` is the highest. Incidents without a severity are the lowest.
    Severity,
    /// The urgency of the incident: `HIGH` is the highest.
    Urgency,
    /// The status of the incident: `TRIGGERED` is the highest, then `ACKNOWLEDGED`, then `RESOLVED`.
    Status,
}

/// The order of a list for which none is given: the highest number first.
const NEWEST_FIRST: IncidentSort = IncidentSort {
    field: Field::Number,
    direction: Direction::Descending,
};

/// The order that is asked for.
pub(crate) fn sort(order: Option<IncidentOrder>) -> IncidentSort {
    let Some(order) = order else { return NEWEST_FIRST };
    IncidentSort {
        field: order.field.into(),
        direction: order.direction.into(),
    }
}
