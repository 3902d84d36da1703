//! The incident in GraphQL.

use std::sync::Arc;

use async_graphql::{
    Context, ID, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use futures::FutureExt;
use time::OffsetDateTime;
use tocsin_domain::{
    error::InternalError, incident::IncidentMilestone, loaders::DeliveriesOf, paging::PageRequest,
    timeline::TimelinePosition, viewer::Viewer,
};
use tocsin_entity::{
    incident,
    kinds::{IncidentStatus, ReplyMode, Severity, Source, Urgency},
    service,
};

use super::abilities::IncidentPermissions;
use crate::graphql::{
    connector::SlackRoute,
    context::{domain, loaders, request},
    delivery::Delivery,
    failure::Result,
    organization::{self, Organization},
    paging::{TotalCount, connect},
    postmortem::Postmortem,
    service::Service,
    timeline::TimelineEntry,
    user::{Author, User, load_member},
};

/// An incident: something that is wrong with a service, from the trigger until somebody resolves the incident.
#[derive(Clone)]
pub(crate) struct Incident(pub(crate) Arc<incident::Model>);

/// A tag of an incident, such as `region: eu-west`.
#[derive(SimpleObject)]
pub(crate) struct Tag {
    /// The key of the tag; unique in the incident.
    pub(crate) key: String,
    /// The value of the tag.
    pub(crate) value: String,
}

/// An incident: something that is wrong with a service, from the trigger until somebody resolves the incident.
#[Object]
impl Incident {
    /// The global id of the incident.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that owns the incident.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that owns the incident. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// The number that people use for the incident: 1, 2, 3, … in each organisation.
    async fn number(&self) -> i64 {
        self.0.number
    }

    /// The number of the incident with a hash: `#42`.
    async fn key(&self) -> String {
        format!("#{}", self.0.number)
    }

    /// The title of the incident: what is wrong, in a single line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The description of the incident: what is known, in Markdown; empty if nobody wrote a description.
    async fn description_markdown(&self) -> &str {
        &self.0.description_markdown
    }

    /// The status of the incident.
    async fn status(&self) -> IncidentStatus {
        self.0.status
    }

    /// The urgency of the incident: how soon a person must look at the incident.
    async fn urgency(&self) -> Urgency {
        self.0.urgency
    }

    /// The severity of the incident: how much is broken; null if nobody set a severity.
    async fn severity(&self) -> Option<Severity> {
        self.0.severity
    }

    /// The address of the web page that shows the incident.
    pub(crate) async fn url(&self, ctx: &Context<'_>) -> String {
        domain(ctx).incident_url(self.0.number)
    }

    /// The version of the incident: a counter that starts at 1 and grows with each change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The service that is affected.
    pub(crate) async fn service(&self, ctx: &Context<'_>) -> Result<Service> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        let row: Option<service::Model> = loaders(ctx).load_one(self.0.service_id).await?;
        let row =
            row.ok_or_else(|| InternalError::Broken(format!("incident {} has no service", self.0.id)))?;
        Ok(Service(row))
    }

    /// The users who work on the incident; empty if the incident is assigned to nobody.
    pub(crate) async fn assignees(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let members = tocsin_domain::incident::assignees(&request(ctx), &self.0).await?;
        Ok(members.into_iter().map(User).collect())
    }

    /// The tags of the incident; at most 20.
    #[expect(clippy::unused_async, reason = "a resolver is async")]
    pub(crate) async fn tags(&self) -> Result<Vec<Tag>> {
        let tags = tocsin_domain::incident::tags(&self.0)?;
        Ok(tags
            .into_iter()
            .map(|tag| Tag {
                key: tag.key,
                value: tag.value,
            })
            .collect())
    }

    /// The key that prevents duplicates: while the incident is open, a trigger with the same key returns this incident. Null if the incident was
    /// triggered without a key.
    async fn dedup_key(&self) -> Option<&str> {
        self.0.dedup_key.as_deref()
    }

    /// The channel through which the incident was triggered.
    async fn source(&self) -> Source {
        self.0.source
    }

    /// The time when the incident was triggered.
    async fn triggered_at(&self) -> OffsetDateTime {
        self.0.triggered_at
    }

    /// The user who triggered the incident; null if no user did, such as for an API key of the organisation itself.
    async fn triggered_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.triggered_by).await?)
    }

    /// The user or the API key that triggered the incident; null if the author is unknown.
    pub(crate) async fn triggered_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Triggered).await
    }

    /// The time when the incident was acknowledged or snoozed; null if nobody has acknowledged the incident since it was last triggered or reopened.
    async fn acknowledged_at(&self) -> Option<OffsetDateTime> {
        self.0.acknowledged_at
    }

    /// The user who acknowledged or snoozed the incident; null if the incident isn't acknowledged or no user did this, such as for an API key of the
    /// organisation itself.
    async fn acknowledged_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.acknowledged_by).await?)
    }

    /// The user or the API key that acknowledged or snoozed the incident; null if the incident isn't acknowledged or the author is unknown.
    pub(crate) async fn acknowledged_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Acknowledged).await
    }

    /// The time when the incident was resolved; null if the incident is open.
    async fn resolved_at(&self) -> Option<OffsetDateTime> {
        self.0.resolved_at
    }

    /// The user who resolved the incident; null if the incident is open or no user resolved it, such as for an API key of the organisation itself.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.resolved_by).await?)
    }

    /// The user or the API key that resolved the incident; null if the incident is open or the author is unknown.
    pub(crate) async fn resolved_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Resolved).await
    }

    /// The resolution note: what was done, in Markdown; null if the incident is open or was resolved without a note.
    async fn resolution_note_markdown(&self) -> Option<&str> {
        self.0.resolution_note_markdown.as_deref()
    }

    /// The time when the snooze ends; null if the incident isn't snoozed.
    async fn snoozed_until(&self) -> Option<OffsetDateTime> {
        self.0.snoozed_until
    }

    /// The time of the incident's last change.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }

    /// The timeline of the incident: what happened, oldest first, by `occurredAt` and then by `version`.
    #[graphql(complexity = "crate::graphql::paging::weight(\"timeline\", first, last, child_complexity)")]
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many nodes to return from the start of the list; 25 by default, 100 at most.")]
        first: Option<i32>,
        #[graphql(desc = "Returns only nodes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many nodes to return from the end of the list; 100 at most.")] last: Option<
            i32,
        >,
        #[graphql(desc = "Returns only nodes before this cursor.")] before: Option<String>,
        #[graphql(
            desc = "Returns only entries that were added, edited or retracted after this version of the incident; all by default."
        )]
        changed_after_version: Option<i64>,
    ) -> Result<Connection<String, TimelineEntry, TotalCount, EmptyFields>> {
        let page = PageRequest {
            first,
            after,
            last,
            before,
        };
        let page =
            tocsin_domain::incident::timeline(&request(ctx), self.0.id, page, changed_after_version).await?;
        let wanted = (self.0.id, changed_after_version);
        let total = TotalCount::of(wanted, |request, wanted| {
            async move { tocsin_domain::incident::count_timeline(&request, wanted.0, wanted.1).await }.boxed()
        });
        Ok(connect(
            page,
            total,
            |row| TimelinePosition::of(row).to_string(),
            TimelineEntry,
        ))
    }

    /// Whether the sync between the timeline and the Slack threads is muted: what people write on either side stays there.
    async fn slack_muted(&self) -> bool {
        self.0.slack_muted
    }

    /// The place where Slack shows later changes of the incident: the thread or the channel; null if the connectors decide.
    async fn slack_reply_mode(&self) -> Option<ReplyMode> {
        self.0.slack_reply_mode
    }

    /// The post-mortem of the incident; null if nobody has drafted a post-mortem or, for stakeholders, if the post-mortem isn't published.
    async fn postmortem(&self, ctx: &Context<'_>) -> Result<Option<Postmortem>> {
        let found = tocsin_domain::postmortem::of_incident(&request(ctx), self.0.id).await?;
        Ok(found.map(Postmortem))
    }

    /// The operations that the viewer can do with the incident now.
    async fn viewer_can(&self, ctx: &Context<'_>) -> IncidentPermissions {
        tocsin_domain::incident::abilities(&request(ctx), &self.0).into()
    }

    /// The connectors that the incident goes to in Slack, and why.
    async fn slack_routing(&self, ctx: &Context<'_>) -> Result<Vec<SlackRoute>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        let routes = tocsin_domain::connector::routes_of_incident(&request(ctx), &self.0).await?;
        Ok(routes.into_iter().map(SlackRoute::from).collect())
    }

    /// The reason why no channel in Slack shows the incident, and what to do; null if a channel shows the incident or is about to.
    async fn slack_held_back(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(tocsin_domain::connector::shown_nowhere(&request(ctx), &self.0).await?)
    }

    /// The messages in Slack that show the incident, oldest first.
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        let posts = loaders(ctx)
            .load_one(DeliveriesOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(posts.into_iter().map(Delivery).collect())
    }
}

impl Incident {
    async fn author(&self, ctx: &Context<'_>, milestone: IncidentMilestone) -> Result<Option<Author>> {
        let found = tocsin_domain::incident::author_of(&request(ctx), &self.0, milestone).await?;
        Ok(found.map(Author::from))
    }
}

/// An incident that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Incident>> {
    let found = tocsin_domain::incident::find(&request(ctx), id).await?;
    Ok(found.map(Incident))
}
