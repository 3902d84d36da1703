//! How many incidents of a service are open, of many services in one query.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use tocsin_entity::{id::ServiceId, incident, kinds::IncidentStatus, service};

use crate::{
    data_loader::Loader,
    error::{InternalError, RequestError},
    loaders::BatchLoader,
    request::Request,
    tenant::everywhere,
};

/// The key of how many incidents of a service are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OpenIncidentsOf(ServiceId);

impl Loader<OpenIncidentsOf> for BatchLoader {
    type Value = u64;
    type Error = InternalError;

    async fn load(&self, keys: &[OpenIncidentsOf]) -> Result<HashMap<OpenIncidentsOf, u64>, InternalError> {
        let counts: Vec<(ServiceId, i64)> = everywhere::<incident::Entity>(
            "of services that were read before: each counts its own incidents",
        )
        .select_only()
        .column(incident::Column::ServiceId)
        .expr(Expr::col(incident::Column::Id).count())
        .filter(incident::Column::ServiceId.is_in(keys.iter().map(|key| key.0)))
        .filter(incident::Column::Status.ne(IncidentStatus::Resolved))
        .group_by(incident::Column::ServiceId)
        .into_tuple()
        .all(self.database().read())
        .await?;
        let count = |(id, count)| (OpenIncidentsOf(id), u64::try_from(count).unwrap_or(0));
        Ok(counts.into_iter().map(count).collect())
    }
}

/// How many incidents of a service are not resolved.
///
/// # Errors
/// A refusal, where the viewer may not read the service's surroundings.
pub async fn count_open_incidents(
    request: &Request<'_>,
    service: &service::Model,
) -> Result<u64, RequestError> {
    request.viewer.may_look_around()?;
    let found = request.loaders().load_one(OpenIncidentsOf(service.id)).await?;
    Ok(found.unwrap_or(0))
}
