//! Connectors are made, changed and deleted here.

use async_graphql::{ComplexObject, Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_domain::error::MutationError;
use tocsin_entity::{
    connector::Model,
    kinds::{ConnectorEvent, ReplyMode, UrgencyFilter},
};

use super::types::Connector;
use crate::graphql::{
    context::{given_key, patch, request, text, texts},
    failure::{Result, UserError, into_payload},
};

/// The connector to create, with the channel that incidents go to.
#[derive(Debug, InputObject)]
pub(crate) struct CreateConnectorInput {
    /// The connector's name: at most 100 characters, unique in the organisation.
    name: String,
    /// The Slack channel: an id (`C…`), or a name with the hash (`#incidents`); at most 100 characters.
    channel: String,
    /// The id of the Slack workspace that the channel is in. By default, the workspace of the server's configuration; if the server has none, the
    /// only connected workspace, or else the first workspace to be connected.
    workspace_id: Option<ID>,
    /// The place where later changes of an incident appear in Slack; `THREAD` by default.
    reply_mode: Option<ReplyMode>,
    /// The ids of the services that the connector is for, at most 100: Tocsin creates a rule for each service. No services by default.
    service_ids: Option<Vec<ID>>,
    /// Whether incidents that no rule leads to a connector go to this connector; by default true without `serviceIds`, and otherwise false.
    is_default: Option<bool>,
    /// The events of an incident that the connector reports; all but `NOTE_ADDED` by default.
    events: Option<Vec<ConnectorEvent>>,
    /// The urgency that an incident needs to go to the connector; `ALL` by default.
    urgency_filter: Option<UrgencyFilter>,
    /// Whether replies in an incident's thread become comments, and comments become replies; true by default.
    two_way_sync: Option<bool>,
    /// The name under which the connector posts, if the Slack app may choose a name (`chat:write.customize`); at most 80 characters; the app's own
    /// name by default.
    appearance_name: Option<String>,
    /// The picture beside the connector's messages: an emoji (`:fire:`) or an `https` address, at most 3,000 characters; the app's own picture by
    /// default.
    appearance_icon: Option<String>,
    /// The id of the connector that receives the incidents while this connector's channel accepts no messages; no such connector by default.
    fallback_id: Option<ID>,
    /// The id of the template of the connector's messages; the built-in messages by default.
    template_id: Option<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl CreateConnectorInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::CreateConnector> {
        Ok(tocsin_domain::connector::CreateConnector {
            name: self.name,
            channel: self.channel,
            workspace_id: text(self.workspace_id),
            reply_mode: self.reply_mode,
            service_ids: self.service_ids.map(texts),
            is_default: self.is_default,
            events: self.events,
            urgency_filter: self.urgency_filter,
            two_way_sync: self.two_way_sync,
            appearance_name: self.appearance_name,
            appearance_icon: self.appearance_icon,
            fallback_id: text(self.fallback_id),
            template_id: text(self.template_id),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a connector. A field that you leave out stays as it is; null is refused unless the field's description says what null means.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateConnectorInput {
    /// The id of the connector to change.
    id: ID,
    /// The connector's name: at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The Slack channel that incidents go to from now on: an id (`C…`), or a name with the hash (`#incidents`); at most 100 characters. Incidents
    /// that are in the previous channel stay there.
    channel: MaybeUndefined<String>,
    /// The id of the Slack workspace that incidents go to from now on.
    workspace_id: MaybeUndefined<ID>,
    /// The place where later changes of an incident appear in Slack.
    reply_mode: MaybeUndefined<ReplyMode>,
    /// Whether incidents that no rule leads to a connector go to this connector.
    is_default: MaybeUndefined<bool>,
    /// The events of an incident that the connector reports.
    events: MaybeUndefined<Vec<ConnectorEvent>>,
    /// The urgency that an incident needs to go to the connector.
    urgency_filter: MaybeUndefined<UrgencyFilter>,
    /// Whether replies in an incident's thread become comments, and comments become replies.
    two_way_sync: MaybeUndefined<bool>,
    /// The name under which the connector posts, at most 80 characters; null for the app's own name.
    appearance_name: MaybeUndefined<String>,
    /// The picture beside the connector's messages: an emoji (`:fire:`) or an `https` address, at most 3,000 characters; null for the app's own
    /// picture.
    appearance_icon: MaybeUndefined<String>,
    /// The id of the connector that receives the incidents while this connector's channel accepts no messages; null for no such connector.
    fallback_id: MaybeUndefined<ID>,
    /// The id of the template of the connector's messages; null for the built-in messages.
    template_id: MaybeUndefined<ID>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateConnectorInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::UpdateConnector> {
        Ok(tocsin_domain::connector::UpdateConnector {
            id: self.id.0,
            name: patch(self.name),
            channel: patch(self.channel),
            workspace_id: patch(self.workspace_id.map_value(|id| id.0)),
            reply_mode: patch(self.reply_mode),
            is_default: patch(self.is_default),
            events: patch(self.events),
            urgency_filter: patch(self.urgency_filter),
            two_way_sync: patch(self.two_way_sync),
            appearance_name: patch(self.appearance_name),
            appearance_icon: patch(self.appearance_icon),
            fallback_id: patch(self.fallback_id.map_value(|id| id.0)),
            template_id: patch(self.template_id.map_value(|id| id.0)),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The connector to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteConnectorInput {
    /// The id of the connector to delete.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl DeleteConnectorInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::DeleteConnector> {
        Ok(tocsin_domain::connector::DeleteConnector {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// A hint on how to make a channel accept messages.
#[derive(SimpleObject)]
pub(crate) struct ChannelHint {
    /// The reason why the channel accepts no messages: Slack's error code, such as `channel_not_found`.
    code: &'static str,
    /// The reason in words, and what you can do.
    message: String,
}

/// The result of a change of a connector.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ConnectorPayload {
    /// The connector after the change; null if the change was refused.
    connector: Option<Connector>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

#[ComplexObject]
impl ConnectorPayload {
    /// A hint on how to make the channel accept messages, from what Tocsin knows before asking Slack; null if Tocsin knows of no obstacle, or if the
    /// change was refused. Within three seconds, the connector's status shows whether the channel accepts messages.
    async fn channel_hint(&self, ctx: &Context<'_>) -> Result<Option<ChannelHint>> {
        let Some(connector) = &self.connector else {
            return Ok(None);
        };
        let hint = tocsin_domain::slack_channel::hint(&request(ctx), &connector.0).await?;
        Ok(hint.map(|hint| ChannelHint {
            code: hint.code,
            message: hint.message,
        }))
    }
}

/// The result of deleting a connector.
#[derive(SimpleObject)]
pub(crate) struct DeleteConnectorPayload {
    /// The id of the deleted connector; null if the deletion was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of connectors.
#[derive(Default)]
pub(crate) struct ConnectorMutation;

#[Object]
impl ConnectorMutation {
    /// Adds a Slack channel that the organisation's incidents go to. Needs the role ADMIN or OWNER; managers of services may add one for these.
    ///
    /// Errors: `ALREADY_EXISTS`, `CHANNEL_TAKEN`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SET_BY_ENVIRONMENT`, `WRONG_STATUS`.
    async fn create_connector(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectorInput,
    ) -> Result<ConnectorPayload> {
        payload(tocsin_domain::connector::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes a connector: where incidents go, and how incidents appear there. Needs the role ADMIN or OWNER, or to manage the services that it is
    /// for.
    ///
    /// Errors: `ALREADY_EXISTS`, `CHANNEL_TAKEN`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_connector(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorInput,
    ) -> Result<ConnectorPayload> {
        payload(tocsin_domain::connector::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Deletes a connector and the rules that lead there. Messages that the connector has posted stay in Slack and are kept up to date. Needs the
    /// role ADMIN or OWNER, or to manage the services that it is for.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn delete_connector(
        &self,
        ctx: &Context<'_>,
        input: DeleteConnectorInput,
    ) -> Result<DeleteConnectorPayload> {
        let (deleted, user_errors) =
            into_payload(tocsin_domain::connector::delete(&request(ctx), input.command(ctx)?).await)?;
        Ok(DeleteConnectorPayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, MutationError>) -> Result<ConnectorPayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(ConnectorPayload {
        connector: row.map(Connector),
        user_errors,
    })
}
