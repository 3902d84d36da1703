//! Reading what became of messages in Slack, which the bridge records.

use std::sync::Arc;

use sea_orm::{ColumnTrait, QueryFilter};
use tocsin_entity::{
    id::PostId,
    slack::post::{Column, Entity, Model},
};

use crate::{error::RequestError, request::Request, tenant::everywhere, viewer::Permission};

/// A message in Slack by its id, of the viewer's organisation.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Arc<Model>>, RequestError> {
    let organization_id = request.viewer.may(Permission::Read)?;
    let Ok(id) = id.parse::<PostId>() else {
        return Ok(None);
    };
    let found = everywhere::<Entity>("the bridge's record, which is looked for in one organisation")
        .filter(Column::Id.eq(id))
        .filter(Column::OrganizationId.eq(organization_id))
        .one(request.read())
        .await?;
    Ok(found.map(Arc::new))
}
