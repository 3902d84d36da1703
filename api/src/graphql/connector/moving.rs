//! Connectors move from one Slack workspace, or one Slack app, to another.
//!
//! Only where they lead is changed, for all at once: an incident that stands somewhere stays there, and is kept true by the integration that has
//! posted it, so that none is told twice; a new one goes to the new place, so that none is missed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::types::Connector;
use crate::graphql::{
    context::{given_key, request, text, texts},
    failure::{Result, UserError, into_payload},
};

/// Which connectors are to move, and where to.
#[derive(Debug, InputObject)]
pub(crate) struct MoveConnectorsInput {
    /// The Slack workspace that they lead to; where it is left out, that of the server's configuration, or none where they wait for one.
    from_workspace_id: Option<ID>,
    /// The one that they are to lead to; by default that of the server's configuration, or the only one that is connected where there is none.
    to_workspace_id: Option<ID>,
    /// These alone; all that lead there where it is left out.
    connector_ids: Option<Vec<ID>>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

impl MoveConnectorsInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::MoveConnectors> {
        Ok(tocsin_domain::connector::MoveConnectors {
            from_workspace_id: text(self.from_workspace_id),
            to_workspace_id: text(self.to_workspace_id),
            connector_ids: self.connector_ids.map(texts),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// What came of moving connectors.
#[derive(SimpleObject)]
pub(crate) struct MoveConnectorsPayload {
    /// All that lead to the new place by now; none where it was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutation that moves connectors.
#[derive(Default)]
pub(crate) struct MovingMutation;

#[Object]
impl MovingMutation {
    /// Has connectors lead to another Slack workspace, or to the same by another Slack app, all at once. Incidents that are shown already stay where
    /// they are, and are kept true there; new ones go to the new place. Needs the role ADMIN or OWNER.
    ///
    /// Errors: `CHANNEL_TAKEN`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn move_connectors(
        &self,
        ctx: &Context<'_>,
        input: MoveConnectorsInput,
    ) -> Result<MoveConnectorsPayload> {
        let (connectors, user_errors) =
            into_payload(tocsin_domain::connector::relocate(&request(ctx), input.command(ctx)?).await)?;
        Ok(MoveConnectorsPayload {
            connectors: connectors.map(|rows| rows.into_iter().map(Connector).collect()),
            user_errors,
        })
    }
}
