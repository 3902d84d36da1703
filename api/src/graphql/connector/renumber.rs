//! A channel that Slack calls otherwise: by another name, or by another id, as where it becomes one that is shared with another company. What is
//! on record under the one before follows.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::types::Connector;
use crate::graphql::{
    context::request,
    failure::{Result, UserError, into_payload},
};

/// What Slack has told of a channel. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct RecordSlackChannelChangeInput {
    /// What Slack calls the workspace (`T…`).
    team_id: String,
    /// What the channel was called until now: its id, or its name with the hash.
    from: String,
    /// What it is called from now on, in the same way.
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

/// What came of a channel's new name or id.
#[derive(SimpleObject)]
pub(crate) struct RecordSlackChannelChangePayload {
    /// The connectors that have named the channel so, and do in the new way; none where it was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutation by which the bridge reports what a channel is called.
#[derive(Default)]
pub(crate) struct RenumberMutation;

#[Object]
impl RenumberMutation {
    /// Records that a channel has another name or id: the organisation's connectors and comments follow. For the Slack bridge alone; again, it
    /// changes nothing.
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
