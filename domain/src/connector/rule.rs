//! Rules that lead incidents to connectors: in GraphQL, and how they are made, changed and deleted.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect,
};
use tocsin_entity::{
    connector,
    connector_rule::{Column, Entity, Model},
    id::{ConnectorId, OrganizationId, RuleId, ServiceId},
    kinds::{Severity, Urgency},
    service,
};

use super::{
    command::{managed, organization, unknown},
    input,
    scope::ConnectorScope,
};
use crate::{
    audit::AuditTrail,
    error::{MutationError, RequestError, UserError, UserErrorCode, UserErrors},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    tenant::{self, Tenant},
    validation::Checks,
    viewer::Permission,
};

/// Most rules of an organisation: each incident is compared with all of them.
const RULES_MAX: u64 = 1_000;

/// Longest key or value of a tag, in characters.
const TAG_MAX: usize = 100;

/// A new rule. What it names must all hold; it must name something.
#[derive(Debug)]
pub struct CreateConnectorRule {
    /// The connector it leads to.
    pub connector_id: String,
    /// Incidents of this service.
    pub service_id: Option<String>,
    /// Incidents of this urgency.
    pub urgency: Option<Urgency>,
    /// Incidents of this severity.
    pub severity: Option<Severity>,
    /// Incidents with this tag; at most 100 characters.
    pub tag_key: Option<String>,
    /// The tag's value; any where it is left out.
    pub tag_value: Option<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a rule; what is left out stays, and null takes a condition away.
#[derive(Debug)]
pub struct UpdateConnectorRule {
    /// The rule's id.
    pub id: String,
    /// Incidents of this service.
    pub service_id: Patch<String>,
    /// Incidents of this urgency.
    pub urgency: Patch<Urgency>,
    /// Incidents of this severity.
    pub severity: Patch<Severity>,
    /// Incidents with this tag; at most 100 characters.
    pub tag_key: Patch<String>,
    /// The tag's value.
    pub tag_value: Patch<String>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The rule to delete.
#[derive(Debug)]
pub struct DeleteConnectorRule {
    /// The rule's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// A rule by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request.load_owned::<RuleId, Model>(Permission::Read, id).await
}

/// Leads incidents to a connector.
pub async fn create(request: &Request<'_>, input: CreateConnectorRule) -> Result<Model, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let no_connector = || unknown().at("connectorId");
    let (connector_id, service_id, tag_key, tag_value) = (
        input.connector_id.parse().map_err(|_| no_connector()),
        input.service_id.as_deref().map(service_id).transpose(),
        input.tag_key.as_deref().map(tag_key).transpose(),
        input.tag_value.as_deref().map(tag_value).transpose(),
    )
        .all()?;
    let row = checked(Model {
        id: RuleId::new(),
        organization_id,
        connector_id,
        service_id,
        urgency: input.urgency,
        severity: input.severity,
        tag_key,
        tag_value,
        created_at: request.now(),
    })?;
    connector_scope.need([row.service_id])?;
    idempotency::once(
        request,
        organization_id,
        key,
        "rule",
        |row: &Model| row.id,
        async |tx| {
            managed(tx, organization_id, row.connector_id, &connector_scope).await?;
            let rules = Tenant::of(organization_id).find::<Entity>();
            if rules.count(tx).await? >= RULES_MAX {
                return Err(UserError::invalid(
                    "connectorId",
                    format!("An organisation has at most {RULES_MAX} rules."),
                )
                .into());
            }
            need_services(tx, organization_id, row.service_id.as_slice(), |_| no_service()).await?;
            need_new(tx, &row, "connectorId").await?;
            let row = row.into_active_model().insert(tx).await?;
            AuditTrail::of(request, organization_id).made(tx, &row).await?;
            Ok(row)
        },
    )
    .await
}

/// Changes which incidents a rule leads to its connector.
pub async fn update(request: &Request<'_>, input: UpdateConnectorRule) -> Result<Model, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = rule_id(&input.id)?;
    idempotency::once(
        request,
        organization_id,
        key,
        "rule",
        |row: &Model| row.id,
        async |tx| {
            let before = own(tx, organization_id, id, &connector_scope).await?;
            let was = before.clone();
            let (service_id, tag_key, tag_value) = (
                input::changed(&input.service_id, before.service_id, |id| service_id(id)),
                input::changed(&input.tag_key, before.tag_key, |text| tag_key(text)),
                input::changed(&input.tag_value, before.tag_value, |text| tag_value(text)),
            )
                .all()?;
            let after = checked(Model {
                service_id,
                urgency: input.urgency.apply(before.urgency),
                severity: input.severity.apply(before.severity),
                tag_key,
                tag_value,
                ..before
            })?;
            connector_scope.need([after.service_id])?;
            need_services(tx, organization_id, after.service_id.as_slice(), |_| no_service()).await?;
            if after != was {
                need_new(tx, &after, "id").await?;
            }
            let after = after.into_active_model().reset_all().update(tx).await?;
            AuditTrail::of(request, organization_id)
                .changed(tx, &was, &after)
                .await?;
            Ok(after)
        },
    )
    .await
}

/// Deletes a rule.
pub async fn delete(request: &Request<'_>, input: DeleteConnectorRule) -> Result<RuleId, MutationError> {
    let connector_scope = ConnectorScope::of_viewer(request).await?;
    let organization_id = organization(request)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id = rule_id(&input.id)?;
    idempotency::gone_once(request, organization_id, key, id, async |tx| {
        let rule = own(tx, organization_id, id, &connector_scope).await?;
        Entity::delete_by_id(id).exec(tx).await?;
        AuditTrail::of(request, organization_id).gone(tx, &rule).await?;
        Ok(())
    })
    .await
}

/// The organisation's rule, if its connector may be managed.
async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: RuleId,
    connector_scope: &ConnectorScope,
) -> Result<Model, MutationError> {
    let found = tenant::own::<Entity>(tx, organization_id, id).await?;
    let found = found.ok_or_else(|| UserError::not_found("rule").at("id"))?;
    managed(tx, organization_id, found.connector_id, connector_scope).await?;
    Ok(found)
}

/// Refuses what another rule says already.
async fn need_new(tx: &DatabaseTransaction, row: &Model, field: &str) -> Result<(), MutationError> {
    let said = |rule: &Model| {
        let (key, value) = (rule.tag_key.clone(), rule.tag_value.clone());
        (rule.service_id, rule.urgency, rule.severity, key, value)
    };
    let rules = of_connector(tx, row.organization_id, row.connector_id).await?;
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

fn rule_id(id: &str) -> Result<RuleId, UserError> {
    id.parse().map_err(|_| UserError::not_found("rule").at("id"))
}

fn no_service() -> UserError {
    UserError::not_found("service").at("serviceId")
}

fn service_id(id: &str) -> Result<ServiceId, UserError> {
    id.parse().map_err(|_| no_service())
}

fn tag_key(text: &str) -> Result<String, UserError> {
    limits::line("tagKey", text, TAG_MAX)
}

fn tag_value(text: &str) -> Result<String, UserError> {
    limits::bounded("tagValue", text.trim().to_owned(), TAG_MAX)
}

/// The services must be the organisation's; `unknown` says what is wrong with one that is not.
pub(crate) async fn need_services(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    services: &[ServiceId],
    unknown: impl Fn(ServiceId) -> UserError,
) -> Result<(), MutationError> {
    let own: HashSet<ServiceId> = Tenant::of(organization_id)
        .find::<service::Entity>()
        .select_only()
        .column(service::Column::Id)
        .filter(service::Column::Id.is_in(services.iter().copied()))
        .into_tuple()
        .all(tx)
        .await?
        .into_iter()
        .collect();
    let missing = services.iter().filter(|id| !own.contains(id));
    let wrong = missing.map(|id| UserErrors::from(unknown(*id)));
    match wrong.reduce(UserErrors::and) {
        None => Ok(()),
        Some(wrong) => Err(wrong.into()),
    }
}

pub(crate) async fn of_connector(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: ConnectorId,
) -> Result<Vec<Model>, DbErr> {
    Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::ConnectorId.eq(id))
        .all(tx)
        .await
}

/// The rule that leads a service's incidents to a connector.
pub(crate) fn for_service(id: RuleId, connector: &connector::Model, service_id: ServiceId) -> Model {
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
