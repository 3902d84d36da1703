//! The timeline of an incident, in GraphQL.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Object, Result,
    connection::{Connection, EmptyFields},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{IncidentId, TimelineEntryId},
    kinds::{EntryKind, Source},
    timeline_entry,
};

use crate::{
    error::Fault,
    node::{domain, load_owned},
    paging::Page,
    user::Author,
    viewer::Need,
};

/// An entry of a timeline: what happened, when, by whom and through what.
#[derive(Clone)]
pub(crate) struct TimelineEntry(pub(crate) Arc<timeline_entry::Model>);

/// An entry of an incident's timeline: what happened, when, by whom and through what.
#[Object]
impl TimelineEntry {
    /// The entry's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The incident's version after this change; it orders the timeline.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// What the entry tells.
    async fn kind(&self) -> EntryKind {
        self.0.kind
    }

    /// Through what it came.
    async fn source(&self) -> Source {
        self.0.source
    }

    /// What was said: a comment, a resolution note, a reason.
    async fn body_markdown(&self) -> Option<&str> {
        self.0.body_markdown.as_deref()
    }

    /// Who did it; null for what Tocsin did by itself.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        Ok(Author::of(ctx, &self.0).await?)
    }

    /// When it happened.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Where the entry came from outside, as `slack:T…/C…/ts`: tells the bridge what it must not post back.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// What changed, for people, where the kind needs more than a body: `urgency: LOW → HIGH`.
    async fn changes(&self) -> Vec<String> {
        self.0
            .details
            .as_ref()
            .and_then(|details| details.get("changes"))
            .and_then(|changes| serde_json::from_value(changes.clone()).ok())
            .unwrap_or_default()
    }
}

/// An entry that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<TimelineEntry>> {
    let row = load_owned::<TimelineEntryId, Arc<timeline_entry::Model>>(ctx, Need::Read, id).await?;
    Ok(row.map(TimelineEntry))
}

/// A page of an incident's timeline, oldest first.
pub(crate) async fn page(
    ctx: &Context<'_>,
    incident_id: IncidentId,
    page: Page,
) -> Result<Connection<String, TimelineEntry>> {
    let (after, before) = page.bounds::<i64>()?;
    let mut find = timeline_entry::Entity::find()
        .filter(timeline_entry::Column::IncidentId.eq(incident_id))
        .limit(page.limit + 1);
    if let Some(after) = after {
        find = find.filter(timeline_entry::Column::Version.gt(after));
    }
    if let Some(before) = before {
        find = find.filter(timeline_entry::Column::Version.lt(before));
    }
    find = if page.from_the_end {
        find.order_by_desc(timeline_entry::Column::Version)
    } else {
        find.order_by_asc(timeline_entry::Column::Version)
    };
    let rows = find
        .all(domain(ctx).database().read())
        .await
        .map_err(Fault::from)?;
    Ok(page.connect(
        rows,
        EmptyFields,
        |row| row.version.to_string(),
        |row| TimelineEntry(Arc::new(row)),
    ))
}
