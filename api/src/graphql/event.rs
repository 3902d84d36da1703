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

/// An event in the organisation's event log: a change of an incident.
#[derive(Clone)]
pub(crate) struct IncidentEvent(Arc<EventDetails>);

/// An event in the organisation's event log: a change of an incident.
#[Object]
impl IncidentEvent {
    /// The position of the event in the event log. To continue after this event, give the cursor to `incidentEvents(after:)` or `eventLog(after:)`.
    async fn cursor(&self) -> String {
        encode(&self.0.position().to_string())
    }

    /// The kind of the event: what changed.
    async fn kind(&self) -> EventKind {
        self.0.event.kind
    }

    /// The incident as of now or, for an event that you get live, as of the time of the event.
    async fn incident(&self) -> Incident {
        Incident(Arc::clone(&self.0.incident))
    }

    /// The timeline entry of the change.
    async fn entry(&self) -> TimelineEntry {
        TimelineEntry(Arc::clone(&self.0.entry))
    }

    /// The id of the request that made the change, for logs; null if the id is unknown.
    async fn request_id(&self) -> Option<&str> {
        self.0.event.request_id.as_deref()
    }
}

/// The queries for events.
#[derive(Default)]
pub(crate) struct EventQuery;

#[Object]
impl EventQuery {
    /// The event log of the organisation, oldest first: the same events as in `incidentEvents`, for clients that poll.
    #[graphql(complexity = "crate::graphql::paging::weight(\"eventLog\", first, None, child_complexity)")]
    async fn event_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns only nodes after this cursor, which can also come from `incidentEvents`.")]
        after: Option<String>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
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
    /// Every change of the organisation's incidents, in order, without gaps or duplicates. With `after`, the subscription starts with the changes
    /// that you missed.
    async fn incident_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns only changes after this cursor; by default, changes from now on.")]
        after: Option<String>,
        #[graphql(desc = "Returns only changes of these incidents; all by default.")] filter: Option<
            IncidentFilter,
        >,
    ) -> Result<impl Stream<Item = Result<IncidentEvent>>> {
        let criteria = filter.unwrap_or_default().criteria(ctx)?;
        let events = tocsin_domain::incident::follow(&request(ctx), after, criteria).await?;
        Ok(events.map(|told| Ok(IncidentEvent(told?))))
    }
}
