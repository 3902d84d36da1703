//! Reading templates.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tocsin_entity::{
    connector,
    id::SlackTemplateId,
    slack_template::{Column, Entity, Model},
};

use crate::{
    error::{InternalError, RequestError},
    request::Request,
    tenant::Tenant,
    viewer::Permission,
};

/// A template by its id.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request
        .load_owned::<SlackTemplateId, Model>(Permission::Read, id)
        .await
}

/// The organisation's templates, oldest first.
pub async fn list(request: &Request<'_>) -> Result<Vec<Model>, RequestError> {
    let own = request.tenant(Permission::Read)?.find::<Entity>();
    Ok(own.order_by_asc(Column::Id).all(request.read()).await?)
}

/// The connectors whose messages are in a template's words, oldest first.
pub async fn connectors(
    request: &Request<'_>,
    template: &Model,
) -> Result<Vec<connector::Model>, InternalError> {
    let own = Tenant::of(template.organization_id).find::<connector::Entity>();
    Ok(own
        .filter(connector::Column::TemplateId.eq(template.id))
        .order_by_asc(connector::Column::Id)
        .all(request.read())
        .await?)
}
