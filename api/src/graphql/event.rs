//! The event log in GraphQL: as a list to poll, and as a subscription.

use std::sync::Arc;

use async_graphql::{
    Context, Object, Subscription,
    connection::{Connection, EmptyFields},
};
use futures::{FutureExt, Stream, StreamExt};
use tocsin_domain::{
    event::{self, EventDetails},
    paging::{PageRequest, encode},
};
use tocsin_entity::kinds::EventKind;

use crate::graphql::{
    context::request,
    failure::Result,
    incident::{Incident, IncidentFilter},
    paging::{TotalCount, connect},
    timeline::TimelineEntry,
};

/// A change of an incident.
#[derive(Clone)]
pub(crate) struct IncidentEvent(Arc<EventDetails>);

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

/// The queries for events.
#[derive(Default)]
pub(crate) struct EventQuery;

#[Object]
impl EventQuery {
    /// The event log, oldest first: what `incidentEvents` replays, for callers that poll.
    #[graphql(complexity = "crate::graphql::paging::weight(\"eventLog\", first, None, child_complexity)")]
    async fn event_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what comes after this cursor, also one of `incidentEvents`.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many; 25 by default, 100 at most.")] first: Option<i32>,
    ) -> Result<Connection<String, IncidentEvent, TotalCount, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            ..PageRequest::default()
        };
        let page = event::list(&request(ctx), page).await?;
        Ok(connect(
            page,
            TotalCount::of((), |request, _| {
                async move { event::count(&request).await }.boxed()
            }),
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
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        let events = tocsin_domain::incident::follow(&request(ctx), after, criteria).await?;
        Ok(events.map(|told| Ok(IncidentEvent(told?))))
    }
}
