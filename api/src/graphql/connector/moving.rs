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

/// The connectors to move, and the Slack workspace to move to.
#[derive(Debug, InputObject)]
pub(crate) struct MoveConnectorsInput {
    /// The id of the Slack workspace that the connectors lead to now. By default, the workspace of the server's configuration; if the server has
    /// none, the connectors that wait for a workspace move.
    from_workspace_id: Option<ID>,
    /// The id of the Slack workspace to move to; by default the workspace of the server's configuration, or, if the server has none, the only
    /// connected workspace.
    to_workspace_id: Option<ID>,
    /// The ids of the connectors to move, from 1 to 500; by default all connectors that lead to the present workspace.
    connector_ids: Option<Vec<ID>>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
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

/// The result of moving connectors.
#[derive(SimpleObject)]
pub(crate) struct MoveConnectorsPayload {
    /// All connectors that lead to the new workspace after the move; null if the move was refused.
    connectors: Option<Vec<Connector>>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutation that moves connectors.
#[derive(Default)]
pub(crate) struct MovingMutation;

#[Object]
impl MovingMutation {
    /// Moves connectors to another Slack workspace, or to the same workspace through another Slack app, all at once. Incidents that are already in
    /// Slack stay where they are and are kept up to date there; new incidents go to the new place. Needs the role ADMIN or OWNER.
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
