//! The timeline of an incident, in GraphQL.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::{author, error::InternalError, incident, loaders::RevisionsOf, moment::of_micros};
use tocsin_entity::{
    kinds::{EntryKind, Source},
    timeline_entry,
};

use crate::graphql::{
    context::{loaders, request},
    failure::Result,
    incident::Incident,
    user::{Author, User, load_member},
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

    /// The incident's version after this change, which is the order in which entries were written down.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The incident on whose timeline the entry is.
    async fn incident(&self, ctx: &Context<'_>) -> Result<Incident> {
        let row: Option<Arc<tocsin_entity::incident::Model>> =
            loaders(ctx).load_one(self.0.incident_id).await?;
        let row = row
            .ok_or_else(|| InternalError::Broken(format!("timeline entry {} has no incident", self.0.id)))?;
        Ok(Incident(row))
    }

    /// Whether the viewer can edit the entry by `editComment`: a comment of their own that wasn't made in Slack.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        incident::may_edit_comment(&request(ctx), &self.0)
    }

    /// Whether the viewer can take the entry back by `retractComment`: a comment of their own or, for the roles ADMIN and OWNER, any comment.
    async fn viewer_can_retract(&self, ctx: &Context<'_>) -> bool {
        incident::may_retract_comment(&request(ctx), &self.0)
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
        let found = author::of_entry(loaders(ctx), &self.0).await?;
        Ok(found.map(Author::from))
    }

    /// When it happened, or was said. A reply in Slack keeps the time when it was said, also where Tocsin heard of it later; it is never before
    /// the incident began, and never after `createdAt`.
    async fn occurred_at(&self) -> OffsetDateTime {
        of_micros(self.0.occurred_at)
    }

    /// When it was written down. Sort and show by `occurredAt`.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Where the entry came from outside, as `slack:T…/C…/ts`: tells the bridge what it must not post back.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// The incident's version after the entry's last change, which is its `version` where it was never edited or retracted.
    async fn changed_version(&self) -> i64 {
        self.0.changed_version.max(self.0.version)
    }

    /// When the comment was last edited.
    async fn edited_at(&self) -> Option<OffsetDateTime> {
        self.0.edited_at
    }

    /// When the comment was retracted: what it said is gone.
    async fn retracted_at(&self) -> Option<OffsetDateTime> {
        self.0.retracted_at
    }

    /// The member who retracted it; null where it was deleted in Slack.
    async fn retracted_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.retracted_by).await?)
    }

    /// What the comment said before it was edited, oldest first.
    async fn revisions(&self, ctx: &Context<'_>) -> Result<Vec<CommentRevision>> {
        let rows = loaders(ctx).load_one(RevisionsOf(self.0.id)).await?;
        let rows = rows.unwrap_or_default().into_iter();
        Ok(rows
            .map(|row| CommentRevision {
                body_markdown: row.body_markdown,
                replaced_at: row.replaced_at,
            })
            .collect())
    }

    /// Whether it came about while the incident's sync with Slack was muted: it is not told there.
    async fn slack_muted(&self) -> bool {
        self.0.slack_muted
    }

    /// What changed, for people, where the kind needs more than a body: `urgency: Low → High`.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(incident::entry_changes(&request(ctx), &self.0).await?)
    }

    /// Who is to work the incident since then; null for an entry that does not assign it.
    async fn assignees(&self, ctx: &Context<'_>) -> Result<Option<Vec<User>>> {
        let members = incident::entry_assignees(&request(ctx), &self.0).await?;
        Ok(members.map(|members| members.into_iter().map(User).collect()))
    }

    /// Who is to work the incident since then and was not before.
    async fn new_assignees(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let members = incident::entry_new_assignees(&request(ctx), &self.0).await?;
        Ok(members.into_iter().map(User).collect())
    }

    /// Until when the incident is snoozed; null for an entry that does not snooze it.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn snoozed_until(&self) -> Result<Option<OffsetDateTime>> {
        Ok(incident::entry_snoozed_until(&self.0)?)
    }
}

/// What a comment said before.
#[derive(SimpleObject)]
pub(crate) struct CommentRevision {
    /// What was said, in Markdown.
    body_markdown: String,
    /// When another text took its place.
    replaced_at: OffsetDateTime,
}

/// An entry that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<TimelineEntry>> {
    let row = tocsin_domain::incident::find_entry(&request(ctx), id).await?;
    Ok(row.map(TimelineEntry))
}
