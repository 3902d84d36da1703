//! What became of an incident's messages in Slack: read from the bridge's records, never written.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use time::OffsetDateTime;
use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};

use crate::graphql::{context::request, failure::Result};

/// A message in Slack that shows an incident.
pub(crate) struct Delivery(pub(crate) Arc<post::Model>);

/// A message that the viewer may read of.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Delivery>> {
    let found = tocsin_domain::delivery::find(&request(ctx), id).await?;
    Ok(found.map(Delivery))
}

/// A message in Slack that shows this incident, and how far its delivery has come.
#[Object]
impl Delivery {
    /// The delivery's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What the message is to the incident.
    async fn kind(&self) -> PostKind {
        self.0.kind
    }

    /// The name of the connector it goes through.
    async fn connector(&self) -> &str {
        &self.0.connector_name
    }

    /// The channel, as people know it.
    async fn channel(&self) -> &str {
        &self.0.channel_name
    }

    /// How far it has come.
    async fn state(&self) -> PostState {
        self.0.state
    }

    /// How often the present content was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why the last try failed, and what to do about it.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// From the change to Slack having it, in milliseconds, for the newest content.
    async fn lag_milliseconds(&self) -> Option<i64> {
        self.0.lag_milliseconds
    }

    /// When it was first wanted.
    async fn queued_at(&self) -> OffsetDateTime {
        self.0.queued_at
    }

    /// When Slack had it.
    async fn posted_at(&self) -> Option<OffsetDateTime> {
        self.0.posted_at
    }

    /// When Slack last had a change of it.
    async fn updated_at(&self) -> Option<OffsetDateTime> {
        self.0.updated_at
    }
}
