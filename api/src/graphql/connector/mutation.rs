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

/// A new connector.
#[derive(Debug, InputObject)]
pub(crate) struct CreateConnectorInput {
    /// What people call it; at most 100 characters, unique in the organisation.
    name: String,
    /// The channel: an id (`C…`) or a name with its hash (`#incidents`).
    channel: String,
    /// The Slack workspace it is in. By default that of the server's configuration; where there is none, the only one that is connected, or else the
    /// first that will be.
    workspace_id: Option<ID>,
    /// How an incident's later changes are told there; `THREAD` by default.
    reply_mode: Option<ReplyMode>,
    /// The services whose incidents go there: a rule is made for each.
    service_ids: Option<Vec<ID>>,
    /// Whether incidents go there to which no rule gives another place; by default where no services are named.
    is_default: Option<bool>,
    /// What it tells; all but `NOTE_ADDED` by default.
    events: Option<Vec<ConnectorEvent>>,
    /// Of how urgent incidents it tells; of all by default.
    urgency_filter: Option<UrgencyFilter>,
    /// Whether replies become comments, and comments replies; yes by default.
    two_way_sync: Option<bool>,
    /// The name under which it posts, where the app may choose one (`chat:write.customize`); at most 80 characters.
    appearance_name: Option<String>,
    /// The picture beside it: an emoji (`:fire:`) or an `https` address.
    appearance_icon: Option<String>,
    /// Through which other connector incidents go while its channel takes nothing.
    fallback_id: Option<ID>,
    /// In whose words its messages are: a template's id; in the built-in ones by default.
    template_id: Option<ID>,
    /// Makes the request repeatable for 24 hours.
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

/// New values for a connector; what is left out stays. Null is refused where nothing else is said of it.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateConnectorInput {
    /// The connector's id.
    id: ID,
    /// What people call it; at most 100 characters, unique in the organisation.
    name: MaybeUndefined<String>,
    /// The channel that incidents go to from now on; those that are in the one before stay there.
    channel: MaybeUndefined<String>,
    /// The Slack workspace that incidents go to from now on.
    workspace_id: MaybeUndefined<ID>,
    /// How an incident's later changes are told there.
    reply_mode: MaybeUndefined<ReplyMode>,
    /// Whether incidents go there to which no rule gives another place.
    is_default: MaybeUndefined<bool>,
    /// What it tells.
    events: MaybeUndefined<Vec<ConnectorEvent>>,
    /// Of how urgent incidents it tells.
    urgency_filter: MaybeUndefined<UrgencyFilter>,
    /// Whether replies become comments, and comments replies.
    two_way_sync: MaybeUndefined<bool>,
    /// The name under which it posts; null for the app's own.
    appearance_name: MaybeUndefined<String>,
    /// The picture beside it; null for the app's own.
    appearance_icon: MaybeUndefined<String>,
    /// Through which other connector incidents go while its channel takes nothing; null for none.
    fallback_id: MaybeUndefined<ID>,
    /// In whose words its messages are; null for the built-in ones.
    template_id: MaybeUndefined<ID>,
    /// Makes the request repeatable for 24 hours.
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
    /// The connector's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// What is to be done about a channel, so that it takes messages.
#[derive(SimpleObject)]
pub(crate) struct ChannelHint {
    /// Why it takes none: Slack's code, such as `channel_not_found`.
    code: &'static str,
    /// The same for people, with what to do.
    message: String,
}

/// What came of a change of a connector.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct ConnectorPayload {
    /// The connector as it is now; none where the change was refused.
    connector: Option<Connector>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

#[ComplexObject]
impl ConnectorPayload {
    /// What is to be done about the channel, as far as it was known before Slack is asked. The connector's status tells within three seconds whether it
    /// takes messages.
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

/// What came of deleting a connector.
#[derive(SimpleObject)]
pub(crate) struct DeleteConnectorPayload {
    /// The id of the connector that is gone; none where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed.
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

    /// Changes where incidents go and how they are told there. Needs the role ADMIN or OWNER, or to manage the services that it is for.
    ///
    /// Errors: `ALREADY_EXISTS`, `CHANNEL_TAKEN`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `WRONG_STATUS`.
    async fn update_connector(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorInput,
    ) -> Result<ConnectorPayload> {
        payload(tocsin_domain::connector::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Deletes a connector and the rules that lead there. Messages that it has posted stay, and are kept true. Needs the role ADMIN or OWNER, or
    /// to manage the services that it is for.
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
