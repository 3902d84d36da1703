//! A channel that Slack calls otherwise: by another name, or by another id, as where it becomes one that is shared with another company. What is
//! on record under the one before follows.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::types::Connector;
use crate::graphql::{
    context::request,
    failure::{Result, UserError, into_payload},
};

/// A change of a channel's name or id that Slack has reported. Accepted from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackChannelChangeInput {
    /// The Slack id of the workspace (`T…`).
    team_id: String,
    /// The channel's previous id, or the previous name with the hash; at most 100 characters.
    from: String,
    /// The channel's new id, or the new name with the hash, in the same form as `from`; at most 100 characters.
    to: String,
}

impl RecordSlackChannelChangeInput {
    fn command(self) -> tocsin_domain::connector::RecordSlackChannelChange {
        tocsin_domain::connector::RecordSlackChannelChange {
            team_id: self.team_id,
            from: self.from,
            to: self.to,
        }
    }
}

/// The result of recording a channel's new name or id.
#[derive(SimpleObject)]
pub(crate) struct RecordSlackChannelChangePayload {
    /// The connectors to the channel, which now have the new name or id; null if the change was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports what a channel is called.
#[derive(Default)]
pub(crate) struct RenumberMutation;

#[Object]
impl RenumberMutation {
    /// Records that a channel has another name or id: the organisation's connectors and comments follow. For the Slack bridge alone. A repeated
    /// report changes nothing.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn record_slack_channel_change(
        &self,
        ctx: &Context<'_>,
        input: RecordSlackChannelChangeInput,
    ) -> Result<RecordSlackChannelChangePayload> {
        let (rows, user_errors) =
            into_payload(tocsin_domain::connector::record(&request(ctx), input.command()).await)?;
        Ok(RecordSlackChannelChangePayload {
            connectors: rows.map(|rows| rows.into_iter().map(Connector).collect()),
            user_errors,
        })
    }
}
