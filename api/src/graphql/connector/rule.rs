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

/// A rule.
#[derive(Clone)]
pub(crate) struct ConnectorRule(pub(super) Model);

/// A rule that leads incidents to a connector: all that it names must hold.
#[Object]
impl ConnectorRule {
    /// The rule's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Where it leads.
    async fn connector(&self, ctx: &Context<'_>) -> Result<Option<Connector>> {
        let found: Option<connector::Model> = loaders(ctx).load_one(self.0.connector_id).await?;
        Ok(found.map(Connector))
    }

    /// Incidents of this service.
    async fn service(&self, ctx: &Context<'_>) -> Result<Option<Service>> {
        let Some(id) = self.0.service_id else {
            return Ok(None);
        };
        let found: Option<service::Model> = loaders(ctx).load_one(id).await?;
        Ok(found.map(Service))
    }

    /// Incidents of this urgency.
    async fn urgency(&self) -> Option<Urgency> {
        self.0.urgency
    }

    /// Incidents of this severity.
    async fn severity(&self) -> Option<Severity> {
        self.0.severity
    }

    /// Incidents with this tag.
    async fn tag_key(&self) -> Option<&str> {
        self.0.tag_key.as_deref()
    }

    /// The tag's value; any where it is null.
    async fn tag_value(&self) -> Option<&str> {
        self.0.tag_value.as_deref()
    }
}

/// A rule that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<ConnectorRule>> {
    let found = tocsin_domain::connector::rule::find(&request(ctx), id).await?;
    Ok(found.map(ConnectorRule))
}

/// A new rule. What it names must all hold; it must name something.
#[derive(Debug, InputObject)]
pub(crate) struct CreateConnectorRuleInput {
    /// The connector it leads to.
    connector_id: ID,
    /// Incidents of this service.
    service_id: Option<ID>,
    /// Incidents of this urgency.
    urgency: Option<Urgency>,
    /// Incidents of this severity.
    severity: Option<Severity>,
    /// Incidents with this tag; at most 100 characters.
    tag_key: Option<String>,
    /// The tag's value; any where it is left out.
    tag_value: Option<String>,
    /// Makes the request repeatable for 24 hours.
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

/// New values for a rule; what is left out stays, and null takes a condition away.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateConnectorRuleInput {
    /// The rule's id.
    id: ID,
    /// Incidents of this service.
    service_id: MaybeUndefined<ID>,
    /// Incidents of this urgency.
    urgency: MaybeUndefined<Urgency>,
    /// Incidents of this severity.
    severity: MaybeUndefined<Severity>,
    /// Incidents with this tag; at most 100 characters.
    tag_key: MaybeUndefined<String>,
    /// The tag's value.
    tag_value: MaybeUndefined<String>,
    /// Makes the request repeatable for 24 hours.
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
    /// The rule's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
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

/// What came of a change of a rule.
#[derive(SimpleObject)]
pub(crate) struct ConnectorRulePayload {
    /// The rule as it is now; none where the change was refused.
    rule: Option<ConnectorRule>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of deleting a rule.
#[derive(SimpleObject)]
pub(crate) struct DeleteConnectorRulePayload {
    /// The id of the rule that is gone; none where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of rules.
#[derive(Default)]
pub(crate) struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Leads incidents to a connector. Needs the role ADMIN or OWNER, or to manage the services that the connector and the rule are for.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn create_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(tocsin_domain::connector::rule::create(&request(ctx), input.command(ctx)?).await)
    }

    /// Changes which incidents a rule leads to its connector. Needs what `createConnectorRule` needs.
    ///
    /// Errors: `ALREADY_EXISTS`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`.
    async fn update_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(tocsin_domain::connector::rule::update(&request(ctx), input.command(ctx)?).await)
    }

    /// Deletes a rule. Incidents that stand where it led stay there. Needs what `createConnectorRule` needs.
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
