//! The event log in GraphQL: as a list to poll, and as a subscription.

use std::sync::Arc;

use async_graphql::{
    Context, Object, Subscription,
    connection::{Connection, EmptyFields},
};
use futures::{Stream, StreamExt};
use tocsin_domain::{
    error::{Fault, Refusal},
    event::{Position, Told},
    paging::{Page, encode},
    viewer::{Need, Viewer},
};
use tocsin_entity::{id::OrganizationId, kinds::EventKind};

use crate::graphql::{
    context::domain,
    failure::Result,
    incident::{Incident, IncidentFilter},
    paging::connect,
    timeline::TimelineEntry,
};

/// A change of an incident.
#[derive(Clone)]
pub(crate) struct IncidentEvent(Arc<Told>);

/// A change of an incident, as it stands in the organisation's event log.
#[Object]
impl IncidentEvent {
    /// Where it stands in the log: `incidentEvents(after:)` goes on behind it.
    async fn cursor(&self) -> String {
        encode(&self.0.position().to_string())
    }

    /// What changed.
    async fn kind(&self) -> EventKind {
        self.0.event.kind
    }

    /// The incident as it is now, or as it was when the event was told live.
    async fn incident(&self) -> Incident {
        Incident(Arc::clone(&self.0.incident))
    }

    /// The timeline entry that tells of the change.
    async fn entry(&self) -> TimelineEntry {
        TimelineEntry(Arc::clone(&self.0.entry))
    }

    /// The request that made the change, for logs.
    async fn request_id(&self) -> Option<&str> {
        self.0.event.request_id.as_deref()
    }
}

/// Behind which event of the organisation's log a page begins.
///
/// # Errors
/// A refusal, where that event is not in the log: nothing was written there yet, or a restore has put another one in its place.
async fn position(
    ctx: &Context<'_>,
    page: &Page,
    organization_id: OrganizationId,
) -> Result<Option<i64>, Refusal> {
    let (after, _) = page.bounds::<Position>()?;
    let Some(position) = after else { return Ok(None) };
    let seq = position.in_log_of(organization_id)?;
    if seq == 0 {
        return Ok(Some(0));
    }
    let found = tocsin_domain::event::find(domain(ctx).database(), organization_id, seq).await?;
    if found.is_some_and(|event| position.is_of(&event)) {
        return Ok(Some(seq));
    }
    Err(Refusal::BadInput(
        "The event of `after` is not in this organisation's log. If the cursor came from here, the server was restored from an \
         earlier backup, and the events since are lost: read the incidents again, and go on without `after`."
            .to_owned(),
    ))
}

/// The queries for events.
#[derive(Default)]
pub(crate) struct EventQuery;

#[Object]
impl EventQuery {
    /// The event log, oldest first: what `incidentEvents` replays, for callers that poll.
    #[graphql(complexity = "crate::graphql::paging::weight(first, None, child_complexity)")]
    async fn event_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what comes after this cursor, also one of `incidentEvents`.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many; 25 by default, 100 at most.")] first: Option<i32>,
    ) -> Result<Connection<String, IncidentEvent, EmptyFields, EmptyFields>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        let page = Page::new(first, after, None, None)?;
        let after = position(ctx, &page, organization_id).await?;
        let database = domain(ctx).database();
        let rows =
            tocsin_domain::event::read_after(database, organization_id, after.unwrap_or(0), page.limit + 1)
                .await
                .map_err(Fault::from)?;
        Ok(connect(
            &page,
            rows,
            EmptyFields,
            |told| told.position().to_string(),
            IncidentEvent,
        ))
    }
}

/// The subscriptions to events.
#[derive(Default)]
pub(crate) struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Every change of the organisation's incidents, in order, without gap or double. With `after` it begins with what was missed.
    async fn incident_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Go on behind this cursor; from now on where it is null.")] after: Option<String>,
        #[graphql(desc = "Only changes of these incidents.")] filter: Option<IncidentFilter>,
    ) -> Result<impl Stream<Item = Result<IncidentEvent>>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        let filter = filter.unwrap_or_default();
        filter.check()?;
        let after = position(ctx, &Page::new(None, after, None, None)?, organization_id).await?;
        let events = tocsin_domain::event::events(Arc::clone(domain(ctx)), organization_id, after)
            .await
            .map_err(Fault::from)?;
        Ok(events.filter_map(move |told| {
            let wanted = match told {
                Ok(told) => filter
                    .wants(&told.incident, &told.assignees)
                    .then(|| Ok(IncidentEvent(told))),
                Err(error) => Some(Err(Fault::from(error).into())),
            };
            std::future::ready(wanted)
        }))
    }
}
