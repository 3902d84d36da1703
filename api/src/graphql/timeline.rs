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

/// An entry of an incident's timeline: what happened, when, by whom and through which channel.
#[derive(Clone)]
pub(crate) struct TimelineEntry(pub(crate) Arc<timeline_entry::Model>);

/// An entry of an incident's timeline: what happened, when, by whom and through which channel.
#[Object]
impl TimelineEntry {
    /// The global id of the entry.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The version of the incident after this change, which is the order in which the entries were recorded.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The incident that the entry belongs to.
    async fn incident(&self, ctx: &Context<'_>) -> Result<Incident> {
        let row: Option<Arc<tocsin_entity::incident::Model>> =
            loaders(ctx).load_one(self.0.incident_id).await?;
        let row = row
            .ok_or_else(|| InternalError::Broken(format!("timeline entry {} has no incident", self.0.id)))?;
        Ok(Incident(row))
    }

    /// Whether the viewer can edit the entry with `editComment`: the viewer's own comment that wasn't made in Slack.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        incident::may_edit_comment(&request(ctx), &self.0)
    }

    /// Whether the viewer can retract the entry with `retractComment`: the viewer's own comment or, for the roles ADMIN and OWNER, any comment.
    async fn viewer_can_retract(&self, ctx: &Context<'_>) -> bool {
        incident::may_retract_comment(&request(ctx), &self.0)
    }

    /// The kind of the entry: what happened to the incident.
    async fn kind(&self) -> EntryKind {
        self.0.kind
    }

    /// The channel through which the change was made.
    async fn source(&self) -> Source {
        self.0.source
    }

    /// The text of the entry, in Markdown: a comment, a resolution note or a reason; null if the entry has no text or the comment was retracted.
    async fn body_markdown(&self) -> Option<&str> {
        self.0.body_markdown.as_deref()
    }

    /// The author of the change; null if Tocsin made the change by itself.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        let found = author::of_entry(loaders(ctx), &self.0).await?;
        Ok(found.map(Author::from))
    }

    /// The time when the change happened or the comment was written. A reply in Slack keeps the time when the reply was written, even if Tocsin heard
    /// of it later. This time is never before the incident was triggered and never after `createdAt`.
    async fn occurred_at(&self) -> OffsetDateTime {
        of_micros(self.0.occurred_at)
    }

    /// The time when the entry was recorded. Sort and show entries by `occurredAt`.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The Slack message that the entry comes from, as `slack:T…/C…/ts`, so that the Slack bridge doesn't post the text back; null if the entry comes
    /// from elsewhere.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// The version of the incident after the entry's last change; the same as `version` if the entry was never edited or retracted.
    async fn changed_version(&self) -> i64 {
        self.0.changed_version.max(self.0.version)
    }

    /// The time when the comment was last edited; null if nobody edited the comment.
    async fn edited_at(&self) -> Option<OffsetDateTime> {
        self.0.edited_at
    }

    /// The time when the comment was retracted and the text deleted; null if nobody retracted the comment.
    async fn retracted_at(&self) -> Option<OffsetDateTime> {
        self.0.retracted_at
    }

    /// The user who retracted the comment; null if the comment wasn't retracted, was deleted in Slack, or was retracted by an API key of the
    /// organisation itself.
    async fn retracted_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load_member(ctx, self.0.organization_id, self.0.retracted_by).await?)
    }

    /// The previous texts of the comment, oldest first; empty if nobody edited the comment.
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

    /// Whether the incident's sync with Slack was muted when the entry was recorded: Slack doesn't show such an entry.
    async fn slack_muted(&self) -> bool {
        self.0.slack_muted
    }

    /// The changes in words for people, such as `urgency: Low → High`; empty if `kind` and `bodyMarkdown` say everything.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(incident::entry_changes(&request(ctx), &self.0).await?)
    }

    /// The assignees of the incident after this change; null if the entry doesn't change the assignees.
    async fn assignees(&self, ctx: &Context<'_>) -> Result<Option<Vec<User>>> {
        let members = incident::entry_assignees(&request(ctx), &self.0).await?;
        Ok(members.map(|members| members.into_iter().map(User).collect()))
    }

    /// The users whom this change added to the assignees; empty if the entry doesn't change the assignees.
    async fn new_assignees(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let members = incident::entry_new_assignees(&request(ctx), &self.0).await?;
        Ok(members.into_iter().map(User).collect())
    }

    /// The time when the snooze ends; null if the entry doesn't snooze the incident.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    async fn snoozed_until(&self) -> Result<Option<OffsetDateTime>> {
        Ok(incident::entry_snoozed_until(&self.0)?)
    }
}

/// A previous text of a comment.
#[derive(SimpleObject)]
pub(crate) struct CommentRevision {
    /// The previous text of the comment, in Markdown.
    body_markdown: String,
    /// The time when another text replaced this text.
    replaced_at: OffsetDateTime,
}

/// An entry that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<TimelineEntry>> {
    let row = tocsin_domain::incident::find_entry(&request(ctx), id).await?;
    Ok(row.map(TimelineEntry))
}
