//! What became of an incident's messages in Slack: read from the bridge's records, never written.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use time::OffsetDateTime;
use tocsin_entity::{
    kinds::{PostKind, PostState},
    slack::post,
};

use crate::graphql::{context::request, failure::Result};

/// A message in Slack that shows an incident, with the state of the delivery.
pub(crate) struct Delivery(pub(crate) Arc<post::Model>);

/// A message that the viewer may read of.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Delivery>> {
    let found = tocsin_domain::delivery::find(&request(ctx), id).await?;
    Ok(found.map(Delivery))
}

/// A message in Slack that shows an incident, with the state of the delivery.
#[Object]
impl Delivery {
    /// The global id of the delivery.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The kind of the message: what the message shows of the incident.
    async fn kind(&self) -> PostKind {
        self.0.kind
    }

    /// The name of the connector that sends the message; empty for a direct message, `link preview` for a preview.
    async fn connector(&self) -> &str {
        &self.0.connector_name
    }

    /// The name of the channel in Slack.
    async fn channel(&self) -> &str {
        &self.0.channel_name
    }

    /// The state of the delivery to Slack.
    async fn state(&self) -> PostState {
        self.0.state
    }

    /// The number of attempts to deliver the current content.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// The reason why the last attempt failed, and what to do about the failure; null if the last attempt didn't fail.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// The delay of the newest content in milliseconds: from the change until Slack showed the change; null if nothing has been delivered yet.
    async fn lag_milliseconds(&self) -> Option<i64> {
        self.0.lag_milliseconds
    }

    /// The time when the message was first queued.
    async fn queued_at(&self) -> OffsetDateTime {
        self.0.queued_at
    }

    /// The time when the message was posted to Slack; null if the message isn't posted yet.
    async fn posted_at(&self) -> Option<OffsetDateTime> {
        self.0.posted_at
    }

    /// The time when the message was last changed in Slack; null if the message hasn't changed since it was posted.
    async fn updated_at(&self) -> Option<OffsetDateTime> {
        self.0.updated_at
    }
}
