//! Rules that lead incidents to connectors: in GraphQL, and how they are made, changed and deleted.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use tocsin_domain::error::MutationError;
use tocsin_entity::{
    connector,
    connector_rule::Model,
    kinds::{Severity, Urgency},
    service,
};

use super::types::Connector;
use crate::graphql::{
    context::{given_key, loaders, patch, request, text},
    failure::{Result, UserError, into_payload},
    service::Service,
};

/// A rule that leads incidents to a connector. An incident must meet all conditions of the rule.
#[derive(Clone)]
pub(crate) struct ConnectorRule(pub(super) Model);

/// A rule that leads incidents to a connector. An incident must meet all conditions of the rule.
#[Object]
impl ConnectorRule {
    /// The rule's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The connector that the rule leads to; null if the connector was deleted in the meantime.
    async fn connector(&self, ctx: &Context<'_>) -> Result<Option<Connector>> {
        let found: Option<connector::Model> = loaders(ctx).load_one(self.0.connector_id).await?;
        Ok(found.map(Connector))
    }

    /// The service that an incident must belong to; null if any service matches.
    async fn service(&self, ctx: &Context<'_>) -> Result<Option<Service>> {
        let Some(id) = self.0.service_id else {
            return Ok(None);
        };
        let found: Option<service::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Service))
    }

    /// The urgency that an incident must have; null if any urgency matches.
    async fn urgency(&self) -> Option<Urgency> {
        self.0.urgency
    }

    /// The severity that an incident must have; null if the severity doesn't matter.
    async fn severity(&self) -> Option<Severity> {
        self.0.severity
    }

    /// The key of a tag that an incident must have; null if tags don't matter.
    async fn tag_key(&self) -> Option<&str> {
        self.0.tag_key.as_deref()
    }

    /// The value that the tag must have; null if any value matches.
    async fn tag_value(&self) -> Option<&str> {
        self.0.tag_value.as_deref()
    }
}

/// A rule that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<ConnectorRule>> {
    let found = tocsin_domain::connector::rule::find(&request(ctx), id).await?;
    Ok(found.map(ConnectorRule))
}

/// The rule to create. An incident must meet all conditions; give at least a service, an urgency, a severity or a tag.
#[derive(Debug, InputObject)]
pub(crate) struct CreateConnectorRuleInput {
    /// The id of the connector that the rule leads to.
    connector_id: ID,
    /// The id of the service that an incident must belong to; any service by default.
    service_id: Option<ID>,
    /// The urgency that an incident must have; any urgency by default.
    urgency: Option<Urgency>,
    /// The severity that an incident must have; by default the severity doesn't matter.
    severity: Option<Severity>,
    /// The key of a tag that an incident must have, at most 100 characters; no tag by default.
    tag_key: Option<String>,
    /// The value that the tag must have, at most 100 characters; any value by default. Needs `tagKey`.
    tag_value: Option<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl CreateConnectorRuleInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::rule::CreateConnectorRule> {
        Ok(tocsin_domain::connector::rule::CreateConnectorRule {
            connector_id: self.connector_id.0,
            service_id: text(self.service_id),
            urgency: self.urgency,
            severity: self.severity,
            tag_key: self.tag_key,
            tag_value: self.tag_value,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// New values for a rule. A condition that you leave out stays as it is; null removes the condition. At least a service, an urgency, a severity or a
/// tag must remain.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateConnectorRuleInput {
    /// The id of the rule to change.
    id: ID,
    /// The id of the service that an incident must belong to; null for any service.
    service_id: MaybeUndefined<ID>,
    /// The urgency that an incident must have; null for any urgency.
    urgency: MaybeUndefined<Urgency>,
    /// The severity that an incident must have; null if the severity doesn't matter.
    severity: MaybeUndefined<Severity>,
    /// The key of a tag that an incident must have, at most 100 characters; null for no tag.
    tag_key: MaybeUndefined<String>,
    /// The value that the tag must have, at most 100 characters; null for any value.
    tag_value: MaybeUndefined<String>,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl UpdateConnectorRuleInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::rule::UpdateConnectorRule> {
        Ok(tocsin_domain::connector::rule::UpdateConnectorRule {
            id: self.id.0,
            service_id: patch(self.service_id.map_value(|id| id.0)),
            urgency: patch(self.urgency),
            severity: patch(self.severity),
            tag_key: patch(self.tag_key),
            tag_value: patch(self.tag_value),
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The rule to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteConnectorRuleInput {
    /// The id of the rule to delete.
    id: ID,
    /// A key of your choice that makes the request repeatable: the same key with the same input changes nothing again within 24 hours.
    idempotency_key: Option<String>,
}

impl DeleteConnectorRuleInput {
    fn command(self, ctx: &Context<'_>) -> Result<tocsin_domain::connector::rule::DeleteConnectorRule> {
        Ok(tocsin_domain::connector::rule::DeleteConnectorRule {
            id: self.id.0,
            idempotency_key: given_key(ctx, self.idempotency_key)?,
        })
    }
}

/// The result of a change of a rule.
#[derive(SimpleObject)]
pub(crate) struct ConnectorRulePayload {
    /// The rule after the change; null if the change was refused.
    rule: Option<ConnectorRule>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The result of deleting a rule.
#[derive(SimpleObject)]
pub(crate) struct DeleteConnectorRulePayload {
    /// The id of the deleted rule; null if the deletion was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed; empty if the change was made.
    user_errors: Vec<UserError>,
}

/// The mutations of rules.
#[derive(Default)]
pub(crate) struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Creates a rule that leads incidents to a connector. Needs the role ADMIN or OWNER, or to manage the services that the connector and the rule
    /// are for.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn create_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(tocsin_domain::connector::rule::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes which incidents a rule leads to the connector. Needs what `createConnectorRule` needs.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn update_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(tocsin_domain::connector::rule::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Deletes a rule. Incidents that the rule has led to a channel stay there. Needs what `createConnectorRule` needs.
    ///
    /// Errors: `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn delete_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: DeleteConnectorRuleInput,
    ) -> Result<DeleteConnectorRulePayload> {
        let (deleted, user_errors) =
            into_payload(tocsin_domain::connector::rule::delete(&request(ctx), input.command(ctx)?).await)?;
        Ok(DeleteConnectorRulePayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, MutationError>) -> Result<ConnectorRulePayload> {
    let (row, user_errors) = into_payload(result)?;
    Ok(ConnectorRulePayload {
        rule: row.map(ConnectorRule),
        user_errors,
    })
}
