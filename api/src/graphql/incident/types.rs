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

/// An incident.
#[derive(Clone)]
pub(crate) struct Incident(pub(crate) Arc<incident::Model>);

/// A label of an incident.
#[derive(SimpleObject)]
pub(crate) struct Tag {
    /// What it labels.
    pub(crate) key: String,
    /// The label.
    pub(crate) value: String,
}

/// Something that is wrong with a service, from its trigger until it is resolved.
#[Object]
impl Incident {
    /// The incident's global id.
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

    /// The number people say: 1, 2, 3, … in each organisation.
    async fn number(&self) -> i64 {
        self.0.number
    }

    /// The number with its hash: `#42`.
    async fn key(&self) -> String {
        format!("#{}", self.0.number)
    }

    /// What is wrong, in a line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What is known.
    async fn description_markdown(&self) -> &str {
        &self.0.description_markdown
    }

    /// Where it stands.
    async fn status(&self) -> IncidentStatus {
        self.0.status
    }

    /// How soon a person must look.
    async fn urgency(&self) -> Urgency {
        self.0.urgency
    }

    /// How much is broken.
    async fn severity(&self) -> Option<Severity> {
        self.0.severity
    }

    /// The page that shows it.
    pub(crate) async fn url(&self, ctx: &Context<'_>) -> String {
        domain(ctx).incident_url(self.0.number)
    }

    /// Counts its changes, from 1.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The service that is broken.
    pub(crate) async fn service(&self, ctx: &Context<'_>) -> Result<Service> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        let row: Option<service::Model> = loaders(ctx).load_one(self.0.service_id).await?;
        let row =
            row.ok_or_else(|| InternalError::Broken(format!("incident {} has no service", self.0.id)))?;
        Ok(Service(row))
    }

    /// Who is to work it.
    pub(crate) async fn assignees(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let members = tocsin_domain::incident::assignees(&request(ctx), &self.0).await?;
        Ok(members.into_iter().map(User).collect())
    }

    /// Its labels.
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

    /// While it is open, a trigger with the same key is this incident again.
    async fn dedup_key(&self) -> Option<&str> {
        self.0.dedup_key.as_deref()
    }

    /// Through what it was triggered.
    async fn source(&self) -> Source {
        self.0.source
    }

    /// When it was triggered.
    async fn triggered_at(&self) -> OffsetDateTime {
        self.0.triggered_at
    }

    /// Who triggered it, where a member did.
    async fn triggered_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.triggered_by).await?)
    }

    /// Who triggered it: a member, or the holder of an API key.
    pub(crate) async fn triggered_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Triggered).await
    }

    /// When it was acknowledged, if it is.
    async fn acknowledged_at(&self) -> Option<OffsetDateTime> {
        self.0.acknowledged_at
    }

    /// Who has it, where a member does.
    async fn acknowledged_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.acknowledged_by).await?)
    }

    /// Who acknowledged or snoozed it, if it is acknowledged: a member, or the holder of an API key.
    pub(crate) async fn acknowledged_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Acknowledged).await
    }

    /// When it was resolved, if it is.
    async fn resolved_at(&self) -> Option<OffsetDateTime> {
        self.0.resolved_at
    }

    /// Who resolved it, where a member did.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        Ok(load_member(ctx, self.0.organization_id, self.0.resolved_by).await?)
    }

    /// Who resolved it, if it is resolved: a member, or the holder of an API key.
    pub(crate) async fn resolved_author(&self, ctx: &Context<'_>) -> Result<Option<Author>> {
        self.author(ctx, IncidentMilestone::Resolved).await
    }

    /// What was done.
    async fn resolution_note_markdown(&self) -> Option<&str> {
        self.0.resolution_note_markdown.as_deref()
    }

    /// Until when it rests.
    async fn snoozed_until(&self) -> Option<OffsetDateTime> {
        self.0.snoozed_until
    }

    /// When it last changed.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }

    /// What happened, oldest first: by `occurredAt`, and then by `version`.
    #[graphql(complexity = "crate::graphql::paging::weight(\"timeline\", first, last, child_complexity)")]
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the start; 25 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the end; 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only what was added, edited or retracted after this version of the incident.")]
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

    /// Whether Slack's threads and the timeline go separate ways: nothing said in one is told in the other.
    async fn slack_muted(&self) -> bool {
        self.0.slack_muted
    }

    /// How the incident's later changes are told in Slack; null where its connectors decide.
    async fn slack_reply_mode(&self) -> Option<ReplyMode> {
        self.0.slack_reply_mode
    }

    /// The post-mortem, once it is drafted; for stakeholders, once it is published.
    async fn postmortem(&self, ctx: &Context<'_>) -> Result<Option<Postmortem>> {
        let found = tocsin_domain::postmortem::of_incident(&request(ctx), self.0.id).await?;
        Ok(found.map(Postmortem))
    }

    /// What the viewer can do with the incident now.
    async fn viewer_can(&self, ctx: &Context<'_>) -> IncidentPermissions {
        tocsin_domain::incident::abilities(&request(ctx), &self.0).into()
    }

    /// Where it goes in Slack, and why.
    async fn slack_routing(&self, ctx: &Context<'_>) -> Result<Vec<SlackRoute>> {
        ctx.data_unchecked::<Viewer>().may_look_around()?;
        let routes = tocsin_domain::connector::routes_of_incident(&request(ctx), &self.0).await?;
        Ok(routes.into_iter().map(SlackRoute::from).collect())
    }

    /// Why no channel in Slack shows it, and what to do; null where one does, or is about to.
    async fn slack_held_back(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(tocsin_domain::connector::shown_nowhere(&request(ctx), &self.0).await?)
    }

    /// The messages in Slack that show this incident, oldest first.
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
