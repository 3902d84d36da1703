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

/// A Slack channel that the organisation's incidents go to.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) connector::Model);

/// A Slack channel that the organisation's incidents go to.
#[Object]
impl Connector {
    /// The connector's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that the connector belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that the connector belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// The connector's name, unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The Slack channel: an id (`C…`), or a name with the hash (`#incidents`).
    async fn channel(&self) -> &str {
        &self.0.channel
    }

    /// The Slack workspace that the channel is in; null for the workspace of the server's configuration, or, if the server has none, while the
    /// connector waits for the first workspace to be connected.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Option<SlackWorkspace>> {
        let Some(id) = self.0.workspace_id else {
            return Ok(None);
        };
        let found: Option<slack_workspace::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackWorkspace))
    }

    /// The place where later changes of an incident appear in Slack: the thread of the incident's message, or the channel.
    async fn reply_mode(&self) -> ReplyMode {
        self.0.reply_mode
    }

    /// Whether incidents that no rule leads to a connector go to this connector.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// The events of an incident that the connector reports. The incident's message appears with the first reported event; from then on, the message
    /// follows the incident's state, whether or not later events are reported.
    async fn events(&self) -> Vec<ConnectorEvent> {
        tocsin_domain::connector::events(&self.0.events)
    }

    /// The urgency that an incident needs to go to the connector. An incident that is already in the channel stays there, and the message is kept up
    /// to date.
    async fn urgency_filter(&self) -> UrgencyFilter {
        self.0.urgency_filter
    }

    /// Whether replies in an incident's thread become comments, and comments become replies. If false, a note appears in Slack only if `NOTE_ADDED`
    /// is among the events.
    async fn two_way_sync(&self) -> bool {
        self.0.two_way_sync
    }

    /// The name under which the connector posts, if the Slack app may choose a name; null for the app's own name.
    async fn appearance_name(&self) -> Option<&str> {
        self.0.appearance_name.as_deref()
    }

    /// The picture beside the connector's messages: an emoji (`:fire:`) or an `https` address; null for the app's own picture.
    async fn appearance_icon(&self) -> Option<&str> {
        self.0.appearance_icon.as_deref()
    }

    /// The connector that receives the incidents while this connector's channel accepts no messages; null if there is no such connector.
    async fn fallback(&self, ctx: &Context<'_>) -> Result<Option<Self>> {
        let Some(id) = self.0.fallback_id else {
            return Ok(None);
        };
        let found: Option<connector::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Self))
    }

    /// The template of the connector's messages; null for the built-in messages.
    async fn template(&self, ctx: &Context<'_>) -> Result<Option<SlackTemplate>> {
        let Some(id) = self.0.template_id else {
            return Ok(None);
        };
        let found: Option<slack_template::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(SlackTemplate))
    }

    /// The reason why the template couldn't be used for the last message, which has the built-in text instead; null if the template worked, or if the
    /// connector has no template.
    async fn template_trouble(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let found = self.found(ctx).await?.filter(|_| self.0.template_id.is_some());
        Ok(found.and_then(|found| found.template_trouble))
    }

    /// The time since when the template can't be used; null if the template worked, or if the connector has no template.
    async fn template_trouble_at(&self, ctx: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        let found = self.found(ctx).await?.filter(|_| self.0.template_id.is_some());
        Ok(found.and_then(|found| found.template_trouble_at))
    }

    /// The rules that lead incidents to the connector.
    async fn rules(&self, ctx: &Context<'_>) -> Result<Vec<ConnectorRule>> {
        let routing = loaders(ctx)
            .load_one(RoutingTableOf(self.0.organization_id))
            .await?;
        let rules = routing.iter().flat_map(|routing| &routing.rules);
        let own = rules.filter(|rule| rule.connector_id == self.0.id);
        Ok(own.cloned().map(ConnectorRule).collect())
    }

    /// Whether the channel belongs to another organisation with a connector to the same channel. If true, nothing goes to the channel through this
    /// connector.
    async fn is_channel_taken(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.is_taken(ctx).await?)
    }

    /// The status of the connector, as the Slack bridge has found the channel and the workspace.
    async fn status(&self, ctx: &Context<'_>) -> Result<ConnectorStatus> {
        Ok(self.state(ctx).await?.status)
    }

    /// The reason why the connector delivers nothing, as Slack's error code or a code of Tocsin's; null if the connector works, or hasn't been tried
    /// yet.
    async fn reason_code(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.state(ctx).await?.code)
    }

    /// The reason why the connector delivers nothing, what you can do, and where incidents go in the meantime; null if the connector works, or hasn't
    /// been tried yet.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.state(ctx).await?.reason)
    }

    /// The time since when the connector has this status.
    async fn status_since(&self, ctx: &Context<'_>) -> Result<OffsetDateTime> {
        Ok(self.state(ctx).await?.since)
    }

    /// The time when Slack last accepted a message through the connector; null if Slack hasn't accepted any message yet.
    async fn last_delivered_at(&self, ctx: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        Ok(self.found(ctx).await?.and_then(|found| found.last_delivered_at))
    }

    /// The time when the connector was created.
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
    /// The organisation's connectors, oldest first. For the bridge without an organisation: the connectors of all organisations.
    async fn connectors(&self, ctx: &Context<'_>) -> Result<Vec<Connector>> {
        let rows = tocsin_domain::connector::list(&request(ctx)).await?;
        Ok(rows.into_iter().map(Connector).collect())
    }
}
