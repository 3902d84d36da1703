//! Reading connectors, and asking where incidents go.

use std::sync::Arc;

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector,
    id::{ConnectorId, IncidentId, OrganizationId, ServiceId},
    incident::{self, TagValue},
    kinds::{Severity, Urgency},
    service,
};

use super::{
    route::RuleInput,
    routing::{self, ConnectorRoute},
};
use crate::{error::RequestError, request::Request, tenant::Tenant, viewer::Permission};

/// Most tags that are looked at.
const TAGS_MAX: usize = 50;

/// An incident that may be.
#[derive(Debug)]
pub struct SupposedIncident {
    /// The service that is broken; the default one where it is left out.
    pub service_id: Option<String>,
    /// How soon a person must look; the service's default where it is left out.
    pub urgency: Option<Urgency>,
    /// How much is broken.
    pub severity: Option<Severity>,
    /// Its labels.
    pub tags: Vec<TagValue>,
}

/// A connector by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<connector::Model>, RequestError> {
    request
        .load_owned::<ConnectorId, connector::Model>(Permission::Read, id)
        .await
}

/// The organisation's connectors, oldest first. For the bridge without an organisation, everybody's.
pub async fn list(request: &Request<'_>) -> Result<Vec<connector::Model>, RequestError> {
    let find = request.find_shown::<connector::Entity>(Permission::Read)?;
    Ok(find
        .order_by_asc(connector::Column::Id)
        .all(request.read())
        .await?)
}

/// Where an incident goes in Slack, and why: one that is there, or one that may be.
///
/// # Errors
/// A refusal, where not one of the two is given.
pub async fn dry_run(
    request: &Request<'_>,
    incident_id: Option<String>,
    supposed: Option<SupposedIncident>,
) -> Result<Vec<ConnectorRoute>, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    match (incident_id, supposed) {
        (Some(id), None) => {
            let found = request
                .load_owned::<IncidentId, Arc<incident::Model>>(Permission::Read, &id)
                .await?;
            let unknown =
                || RequestError::BadInput("There is no such incident in your organisation.".to_owned());
            let found = found.ok_or_else(unknown)?;
            Ok(routing::of_incident(request, &found).await?)
        }
        (None, Some(supposed)) => {
            let facts = facts(request, organization_id, supposed).await?;
            Ok(routing::of(request, organization_id, &facts).await?)
        }
        (Some(_), Some(_)) | (None, None) => Err(RequestError::BadInput(
            "Give either `incidentId` or `incident`.".to_owned(),
        )),
    }
}

async fn facts(
    request: &Request<'_>,
    organization_id: OrganizationId,
    supposed: SupposedIncident,
) -> Result<RuleInput, RequestError> {
    let unknown = || RequestError::BadInput("There is no such service in your organisation.".to_owned());
    let mut find = Tenant::of(organization_id).find::<service::Entity>();
    find = match supposed.service_id {
        Some(id) => find.filter(service::Column::Id.eq(id.parse::<ServiceId>().map_err(|_| unknown())?)),
        None => find.filter(service::Column::IsDefault.eq(true)),
    };
    let found = find.one(request.read()).await?.ok_or_else(unknown)?;
    if supposed.tags.len() > TAGS_MAX {
        return Err(RequestError::BadInput(format!("Give at most {TAGS_MAX} tags.")));
    }
    Ok(RuleInput {
        service_id: found.id,
        urgency: supposed.urgency.unwrap_or(found.default_urgency),
        severity: supposed.severity,
        tags: supposed
            .tags
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect(),
    })
}
