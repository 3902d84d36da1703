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

/// Which incidents you want: those that meet every condition. To leave out a condition, leave out its field: null is refused unless the field
/// describes what null means.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct IncidentFilter {
    /// The incidents with these ids, 100 at most.
    ids: MaybeUndefined<Vec<ID>>,
    /// Incidents in one of these states.
    statuses: MaybeUndefined<Vec<IncidentStatus>>,
    /// Incidents of one of these urgencies.
    urgencies: MaybeUndefined<Vec<Urgency>>,
    /// Incidents of one of these severities.
    severities: MaybeUndefined<Vec<Severity>>,
    /// Incidents of one of these services, 100 at most.
    service_ids: MaybeUndefined<Vec<ID>>,
    /// Incidents assigned to at least one of these users, 100 at most.
    assignee_ids: MaybeUndefined<Vec<ID>>,
    /// Incidents that are assigned to nobody (`true`) or to somebody (`false`).
    unassigned: MaybeUndefined<bool>,
    /// Incidents that have each of these tags, 20 at most.
    tags: MaybeUndefined<Vec<TagFilter>>,
    /// Incidents that were triggered in this period.
    triggered_at: MaybeUndefined<TimeRangeInput>,
    /// Incidents that last changed in this period.
    updated_at: MaybeUndefined<TimeRangeInput>,
    /// Incidents that are snoozed (`true`) or not (`false`).
    is_snoozed: MaybeUndefined<bool>,
    /// Incidents on whose timeline this user is: who triggered it, worked on it or commented. For lists only.
    participant_id: MaybeUndefined<ID>,
    /// Incidents with this text in the title, the description or a comment, in any case, and the incident with this number (`#42`). In
    /// subscriptions comments aren't searched.
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
    /// Incidents of this service.
    #[graphql(deprecation = "Use `serviceIds`.")]
    service_id: MaybeUndefined<ID>,
    /// Incidents assigned to this user; null for incidents that are assigned to nobody.
    #[graphql(deprecation = "Use `assigneeIds` or `unassigned`.")]
    assignee_id: MaybeUndefined<ID>,
}

/// A tag that an incident must have.
#[derive(Debug, Clone, InputObject)]
pub(crate) struct TagFilter {
    /// The key of the tag, exactly as it is written.
    key: String,
    /// The value of the tag, exactly as it is written; any value if you leave it out.
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

/// In which order incidents are listed. Incidents with the same value are listed by their number.
#[derive(Debug, Clone, Copy, InputObject)]
pub(crate) struct IncidentOrder {
    /// By what incidents are ordered.
    field: IncidentOrderField,
    /// Which end of the order comes first.
    direction: OrderDirection,
}

/// By what incidents are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Field")]
pub(crate) enum IncidentOrderField {
    /// By number: the order in which the incidents were triggered.
    Number,
    /// By the time when the incident was triggered.
    TriggeredAt,
    /// By the time when the incident last changed.
    UpdatedAt,
    /// By severity: `SEV1` is the highest. Incidents without a severity are the lowest.
    Severity,
    /// By urgency: `HIGH` is the highest.
    Urgency,
    /// By status: `TRIGGERED` is the highest, then `ACKNOWLEDGED`, then `RESOLVED`.
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
