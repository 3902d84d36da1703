//! Where an incident would go, without one.

use async_graphql::{Context, ID, InputObject, Object};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tocsin_domain::{
    connector::{Facts, Route},
    error::{Fault, Refusal},
    viewer::{Need, Viewer},
};
use tocsin_entity::{
    id::{OrganizationId, ServiceId},
    kinds::{Severity, Urgency},
    service,
};

use super::routing::SlackRoute;
use crate::graphql::{
    context::{domain, request},
    failure::Result,
    incident::{self, TagInput},
};

/// Most tags that are looked at.
const TAGS_MAX: usize = 50;

/// An incident that may be.
#[derive(Debug, InputObject)]
pub(crate) struct SlackRoutingInput {
    /// The service that is broken; the default one where it is left out.
    service_id: Option<ID>,
    /// How soon a person must look; the service's default where it is left out.
    urgency: Option<Urgency>,
    /// How much is broken.
    severity: Option<Severity>,
    /// Its labels.
    tags: Option<Vec<TagInput>>,
}

/// The query for where incidents go.
#[derive(Default)]
pub(crate) struct RoutingQuery;

#[Object]
impl RoutingQuery {
    /// Where an incident goes in Slack, and why: one that is there, or one that may be. Nothing is sent.
    async fn slack_routing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An incident that is there.")] incident_id: Option<ID>,
        #[graphql(desc = "One that may be.")] incident: Option<SlackRoutingInput>,
    ) -> Result<Vec<SlackRoute>> {
        let organization_id = ctx.data_unchecked::<Viewer>().may(Need::Read)?;
        match (incident_id, incident) {
            (Some(id), None) => match incident::find(ctx, &id).await? {
                Some(found) => Ok(shown(
                    tocsin_domain::connector::routes_of_incident(&request(ctx), &found.0).await?,
                )),
                None => Err(
                    Refusal::BadInput("There is no such incident in your organisation.".to_owned()).into(),
                ),
            },
            (None, Some(given)) => {
                let facts = facts(ctx, organization_id, given).await?;
                Ok(shown(
                    tocsin_domain::connector::routes(&request(ctx), organization_id, &facts).await?,
                ))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(Refusal::BadInput("Give either `incidentId` or `incident`.".to_owned()).into())
            }
        }
    }
}

fn shown(routes: Vec<Route>) -> Vec<SlackRoute> {
    routes.into_iter().map(SlackRoute::from).collect()
}

async fn facts(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    given: SlackRoutingInput,
) -> Result<Facts, Refusal> {
    let unknown = || Refusal::BadInput("There is no such service in your organisation.".to_owned());
    let mut find = service::Entity::find().filter(service::Column::OrganizationId.eq(organization_id));
    find = match given.service_id {
        Some(id) => find.filter(service::Column::Id.eq(id.parse::<ServiceId>().map_err(|_| unknown())?)),
        None => find.filter(service::Column::IsDefault.eq(true)),
    };
    let found = find
        .one(domain(ctx).database().read())
        .await
        .map_err(Fault::from)?;
    let found = found.ok_or_else(unknown)?;
    let tags = given.tags.unwrap_or_default();
    if tags.len() > TAGS_MAX {
        return Err(Refusal::BadInput(format!("Give at most {TAGS_MAX} tags.")));
    }
    Ok(Facts {
        service_id: found.id,
        urgency: given.urgency.unwrap_or(found.default_urgency),
        severity: given.severity,
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    })
}
