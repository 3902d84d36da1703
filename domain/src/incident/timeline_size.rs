//! How many entries a timeline has, of many incidents in one query.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use tocsin_entity::{id::IncidentId, timeline_entry};

use crate::{
    data_loader::Loader,
    error::{InternalError, RequestError},
    loaders::BatchLoader,
    request::Request,
    tenant::everywhere,
};

/// How many entries an incident's timeline has.
pub async fn count_timeline(
    request: &Request<'_>,
    incident_id: IncidentId,
    changed_after: Option<i64>,
) -> Result<u64, RequestError> {
    request.viewer.may_look_around()?;
    let wanted = TimelineSizeOf {
        incident_id,
        changed_after,
    };
    let found = request.loaders().load_one(wanted).await?;
    Ok(found.unwrap_or(0))
}

/// How many entries an incident's timeline has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct TimelineSizeOf {
    /// Whose timeline it is.
    incident_id: IncidentId,
    /// Only what was added, edited or retracted after this version of the incident.
    changed_after: Option<i64>,
}

impl Loader<TimelineSizeOf> for BatchLoader {
    type Value = u64;
    type Error = InternalError;

    async fn load(&self, keys: &[TimelineSizeOf]) -> Result<HashMap<TimelineSizeOf, u64>, InternalError> {
        let mut incidents: HashMap<Option<i64>, Vec<IncidentId>> = HashMap::new();
        for key in keys {
            incidents
                .entry(key.changed_after)
                .or_default()
                .push(key.incident_id);
        }
        let mut found = HashMap::new();
        for (changed_after, ids) in incidents {
            let changed = changed_after.map(|version| {
                let added = timeline_entry::Column::Version.gt(version);
                added.or(timeline_entry::Column::ChangedVersion.gt(version))
            });
            let sizes: Vec<(IncidentId, i64)> = everywhere::<timeline_entry::Entity>(
                "timelines of several incidents that were read before: each keeps to its own rows",
            )
            .select_only()
            .column(timeline_entry::Column::IncidentId)
            .expr(Expr::col(timeline_entry::Column::Id).count())
            .filter(timeline_entry::Column::IncidentId.is_in(ids))
            .filter(Condition::all().add_option(changed))
            .group_by(timeline_entry::Column::IncidentId)
            .into_tuple()
            .all(self.database().read())
            .await?;
            for (incident_id, size) in sizes {
                let key = TimelineSizeOf {
                    incident_id,
                    changed_after,
                };
                found.insert(key, u64::try_from(size).unwrap_or(0));
            }
        }
        Ok(found)
    }
}
