//! The connector in GraphQL, and the queries for connectors.

use async_graphql::{Context, ID, Object};
use time::OffsetDateTime;
use tocsin_domain::{
    connector::{ConnectorHealth, RoutingTableOf},
    error::InternalError,
    loaders::ConnectorObservationOf,
};
use tocsin_entity::{
    connector,
    kinds::{ConnectorEvent, ConnectorStatus, ReplyMode, UrgencyFilter},
    slack, slack_template, slack_workspace,
};

use super::rule::ConnectorRule;
use crate::graphql::{
    context::{loaders, request},
    failure::Result,
    organization::{self, Organization},
    slack::SlackWorkspace,
    template::SlackTemplate,
};

/// A Slack destination.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) connector::Model);

/// A Slack channel that the organisation's incidents go to.
#[Object]
impl Connector {
    /// The connector's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that it belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that it belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The Slack workspace it is in; null for that of the server's configuration, or while it waits for the first that is connected where there is none.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<SlackWorkspace>> {
        let Some(id) = self.0.workspace_id else {
            return Ok(None);
        };
        let found: Option<slack_workspace::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackWorkspace))
    }

    /// How an incident's later changes are told there.
    async fn reply_mode(&self) -> ReplyMode {
        self.0.reply_mode
    }

    /// Whether incidents go there to which no rule gives another place.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// What it tells. An incident's message follows its state whatever is told; it appears with the first event that is.
    async fn events(&self) -> Vec<ConnectorEvent> {
        tocsin_domain::connector::events(&self.0.events)
    }

    /// Of how urgent incidents it tells. One that is there already stays, and is kept true.
    async fn urgency_filter(&self) -> UrgencyFilter {
        self.0.urgency_filter
    }

    /// Whether replies in an incident's thread become comments, and comments become replies. Without it a note is told where `NOTE_ADDED` is
    /// among the events.
    async fn two_way_sync(&self) -> bool {
        self.0.two_way_sync
    }

    /// The name under which it posts, where the app may choose one; the app's own where there is none.
    async fn appearance_name(&self) -> Option<&str> {
        self.0.appearance_name.as_deref()
    }

    /// The picture beside it: an emoji (`:fire:`) or an `https` address.
    async fn appearance_icon(&self) -> Option<&str> {
        self.0.appearance_icon.as_deref()
    }

    /// Through which other connector incidents go while its channel takes nothing.
    async fn fallback(&self, ctx: &Context<'_>) -> Result<Option<Self>> {
        let Some(id) = self.0.fallback_id else {
            return Ok(None);
        };
        let found: Option<connector::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Self))
    }

    /// In whose words its messages are; the built-in ones where there is none.
    async fn template(&self, ctx: &Context<'_>) -> Result<Option<SlackTemplate>> {
        let Some(id) = self.0.template_id else {
            return Ok(None);
        };
        let found: Option<slack_template::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackTemplate))
    }

    /// Why its template could not be used for the last message, which is in the built-in words therefore.
    async fn template_trouble(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let found = self.found(ctx).await?.filter(|_| self.0.template_id.is_some());
        Ok(found.and_then(|found| found.template_trouble))
    }

    /// Since when that is so.
    async fn template_trouble_at(&self, ctx: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        let found = self.found(ctx).await?.filter(|_| self.0.template_id.is_some());
        Ok(found.and_then(|found| found.template_trouble_at))
    }

    /// The rules that lead incidents there.
    async fn rules(&self, ctx: &Context<'_>) -> Result<Vec<ConnectorRule>> {
        let routing = loaders(ctx)
            .load_one(RoutingTableOf(self.0.organization_id))
            .await?;
        let rules = routing.iter().flat_map(|routing| &routing.rules);
        let own = rules.filter(|rule| rule.connector_id == self.0.id);
        Ok(own.cloned().map(ConnectorRule).collect())
    }

    /// Whether its channel is another organisation's, whose connector leads there as well: nothing goes there through this one.
    async fn is_channel_taken(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.is_taken(ctx).await?)
    }

    /// How it is, as the Slack bridge has found its channel and its workspace.
    async fn status(&self, ctx: &Context<'_>) -> Result<ConnectorStatus> {
        Ok(self.state(ctx).await?.status)
    }

    /// Why it delivers nothing: Slack's error code, or one of Tocsin's.
    async fn reason_code(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.state(ctx).await?.code)
    }

    /// Why it delivers nothing, what to do, and where incidents go meanwhile.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.state(ctx).await?.reason)
    }

    /// Since when it is so.
    async fn status_since(&self, ctx: &Context<'_>) -> Result<OffsetDateTime> {
        Ok(self.state(ctx).await?.since)
    }

    /// When Slack last took a message through it.
    async fn last_delivered_at(&self, ctx: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        Ok(self.found(ctx).await?.and_then(|found| found.last_delivered_at))
    }

    /// When it was created.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

impl Connector {
    /// What the bridge has found; nothing before something has gone there.
    async fn found(&self, ctx: &Context<'_>) -> Result<Option<slack::connector::Model>> {
        Ok(loaders(ctx).load_one(ConnectorObservationOf(self.0.id)).await?)
    }

    async fn state(&self, ctx: &Context<'_>) -> Result<ConnectorHealth, InternalError> {
        tocsin_domain::connector::state(&request(ctx), &self.0, self.is_taken(ctx).await?).await
    }

    async fn is_taken(&self, ctx: &Context<'_>) -> Result<bool, InternalError> {
        tocsin_domain::connector::is_taken(&request(ctx), &self.0).await
    }
}

/// A connector that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Connector>> {
    let found = tocsin_domain::connector::find(&request(ctx), id).await?;
    Ok(found.map(Connector))
}

/// The queries for connectors.
#[derive(Default)]
pub(crate) struct ConnectorQuery;

#[Object]
impl ConnectorQuery {
    /// The organisation's connectors, oldest first. For the bridge without an organisation, everybody's.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let rows = tocsin_domain::connector::list(&request(ctx)).await?;
        Ok(rows.into_iter().map(Connector).collect())
    }
}
