//! Rules that lead incidents to connectors: in GraphQL, and how they are made, changed and deleted.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    connector_rule::{Column, Entity, Model},
    id::{ConnectorId, OrganizationId, RuleId, ServiceId},
    kinds::{Severity, Urgency},
    service,
};

use super::{
    command::{managed, organization, unknown},
    graphql::Connector,
    input,
    reach::Reach,
};
use crate::{
    audit::Trail,
    error::{Trouble, UserError, UserErrorCode, told},
    idempotency, limits, loaders, node,
    service::Service,
};

/// Most rules of an organisation: each incident is compared with all of them.
const RULES_MAX: u64 = 1_000;

/// Longest key or value of a tag, in characters.
const TAG_MAX: usize = 100;

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
        let found: Option<connector::Model> = loaders::of(ctx).load_one(self.0.connector_id).await?;
        Ok(found.map(Connector))
    }

    /// Incidents of this service.
    async fn service(&self, ctx: &Context<'_>) -> Result<Option<Service>> {
        let Some(id) = self.0.service_id else {
            return Ok(None);
        };
        let found: Option<service::Model> = loaders::of(ctx).load_one(id).await?;
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

/// The rule to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteConnectorRuleInput {
    /// The rule's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
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
    async fn create_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: CreateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(create(ctx, input).await)
    }

    /// Changes which incidents a rule leads to its connector. Needs what `createConnectorRule` needs.
    async fn update_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: UpdateConnectorRuleInput,
    ) -> Result<ConnectorRulePayload> {
        payload(update(ctx, input).await)
    }

    /// Deletes a rule. Incidents that stand where it led stay there. Needs what `createConnectorRule` needs.
    async fn delete_connector_rule(
        &self,
        ctx: &Context<'_>,
        input: DeleteConnectorRuleInput,
    ) -> Result<DeleteConnectorRulePayload> {
        let (deleted, user_errors) = told(delete(ctx, input).await)?;
        Ok(DeleteConnectorRulePayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(result: Result<Model, Trouble>) -> Result<ConnectorRulePayload> {
    let (row, user_errors) = told(result)?;
    Ok(ConnectorRulePayload {
        rule: row.map(ConnectorRule),
        user_errors,
    })
}

async fn create(ctx: &Context<'_>, input: CreateConnectorRuleInput) -> Result<Model, Trouble> {
    let reach = Reach::of_viewer(ctx).await?;
    let organization_id = organization(ctx)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let no_connector = || unknown().at("connectorId");
    let row = checked(Model {
        id: RuleId::new(),
        organization_id,
        connector_id: input.connector_id.parse().map_err(|_| no_connector())?,
        service_id: input.service_id.as_ref().map(service_id).transpose()?,
        urgency: input.urgency,
        severity: input.severity,
        tag_key: input
            .tag_key
            .as_deref()
            .map(|text| limits::line("tagKey", text, TAG_MAX))
            .transpose()?,
        tag_value: input.tag_value.as_deref().map(tag_value).transpose()?,
        created_at: OffsetDateTime::now_utc(),
    })?;
    reach.need([row.service_id])?;
    idempotency::once(
        ctx,
        organization_id,
        key,
        "rule",
        |row: &Model| row.id,
        async |tx| {
            managed(tx, organization_id, row.connector_id, &reach).await?;
            let rules = Entity::find().filter(Column::OrganizationId.eq(organization_id));
            if rules.count(tx).await? >= RULES_MAX {
                return Err(UserError::invalid(
                    "connectorId",
                    format!("An organisation has at most {RULES_MAX} rules."),
                )
                .into());
            }
            need_services(tx, organization_id, row.service_id.as_slice()).await?;
            need_new(tx, &row, "connectorId").await?;
            let row = row.into_active_model().insert(tx).await?;
            Trail::of(ctx, organization_id).made(tx, &row).await?;
            Ok(row)
        },
    )
    .await
}

async fn update(ctx: &Context<'_>, input: UpdateConnectorRuleInput) -> Result<Model, Trouble> {
    let reach = Reach::of_viewer(ctx).await?;
    let organization_id = organization(ctx)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id = rule_id(&input.id)?;
    idempotency::once(
        ctx,
        organization_id,
        key,
        "rule",
        |row: &Model| row.id,
        async |tx| {
            let before = own(tx, organization_id, id, &reach).await?;
            let was = before.clone();
            let key = |text: &String| limits::line("tagKey", text, TAG_MAX);
            let after = checked(Model {
                service_id: input::changed(&input.service_id, before.service_id, service_id)?,
                urgency: input::changed(&input.urgency, before.urgency, |urgency| Ok(*urgency))?,
                severity: input::changed(&input.severity, before.severity, |severity| Ok(*severity))?,
                tag_key: input::changed(&input.tag_key, before.tag_key, key)?,
                tag_value: input::changed(&input.tag_value, before.tag_value, |text| tag_value(text))?,
                ..before
            })?;
            reach.need([after.service_id])?;
            need_services(tx, organization_id, after.service_id.as_slice()).await?;
            if after != was {
                need_new(tx, &after, "id").await?;
            }
            let after = after.into_active_model().reset_all().update(tx).await?;
            Trail::of(ctx, organization_id).changed(tx, &was, &after).await?;
            Ok(after)
        },
    )
    .await
}

async fn delete(ctx: &Context<'_>, input: DeleteConnectorRuleInput) -> Result<RuleId, Trouble> {
    let reach = Reach::of_viewer(ctx).await?;
    let organization_id = organization(ctx)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id = rule_id(&input.id)?;
    idempotency::gone_once(ctx, organization_id, key, id, async |tx| {
        let rule = own(tx, organization_id, id, &reach).await?;
        Entity::delete_by_id(id).exec(tx).await?;
        Trail::of(ctx, organization_id).gone(tx, &rule).await?;
        Ok(())
    })
    .await
}

/// The organisation's rule, if its connector may be managed.
async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: RuleId,
    reach: &Reach,
) -> Result<Model, Trouble> {
    let found = node::own::<Entity>(tx, organization_id, id).await?;
    let found = found.ok_or_else(|| UserError::not_found("rule").at("id"))?;
    managed(tx, organization_id, found.connector_id, reach).await?;
    Ok(found)
}

/// Refuses what another rule says already.
async fn need_new(tx: &DatabaseTransaction, row: &Model, field: &str) -> Result<(), Trouble> {
    let said = |rule: &Model| {
        let (key, value) = (rule.tag_key.clone(), rule.tag_value.clone());
        (rule.service_id, rule.urgency, rule.severity, key, value)
    };
    let rules = of_connector(tx, row.connector_id).await?;
    if rules
        .iter()
        .all(|rule| rule.id == row.id || said(rule) != said(row))
    {
        return Ok(());
    }
    let why = "A rule with these conditions leads to this connector already.";
    Err(UserError::new(UserErrorCode::AlreadyExists, why).at(field).into())
}

/// A rule must name something, and no value without its tag.
fn checked(row: Model) -> Result<Model, UserError> {
    if row.tag_value.is_some() && row.tag_key.is_none() {
        return Err(UserError::invalid("tagValue", "Name the tag as well: `tagKey`."));
    }
    let names = row.service_id.is_some() || row.urgency.is_some() || row.severity.is_some();
    if names || row.tag_key.is_some() {
        return Ok(row);
    }
    Err(UserError::invalid(
        "serviceId",
        "Name a service, an urgency, a severity or a tag. For all incidents, make the connector a default one.",
    ))
}

fn rule_id(id: &ID) -> Result<RuleId, UserError> {
    id.parse().map_err(|_| UserError::not_found("rule").at("id"))
}

fn no_service() -> UserError {
    UserError::not_found("service").at("serviceId")
}

fn service_id(id: &ID) -> Result<ServiceId, UserError> {
    id.parse().map_err(|_| no_service())
}

fn tag_value(text: &str) -> Result<String, UserError> {
    limits::bounded("tagValue", text.trim().to_owned(), TAG_MAX)
}

/// The services must be the organisation's.
pub(super) async fn need_services(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    services: &[ServiceId],
) -> Result<(), Trouble> {
    if services.is_empty() {
        return Ok(());
    }
    let own = service::Entity::find()
        .filter(service::Column::OrganizationId.eq(organization_id))
        .filter(service::Column::Id.is_in(services.iter().copied()))
        .count(tx)
        .await?;
    if own == services.len() as u64 {
        Ok(())
    } else {
        Err(no_service().into())
    }
}

pub(super) async fn of_connector(tx: &DatabaseTransaction, id: ConnectorId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ConnectorId.eq(id)).all(tx).await
}

/// The rule that leads a service's incidents to a connector.
pub(super) fn for_service(id: RuleId, connector: &connector::Model, service_id: ServiceId) -> Model {
    Model {
        id,
        organization_id: connector.organization_id,
        connector_id: connector.id,
        service_id: Some(service_id),
        urgency: None,
        severity: None,
        tag_key: None,
        tag_value: None,
        created_at: connector.created_at,
    }
}
