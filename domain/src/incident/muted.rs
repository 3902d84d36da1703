//! Whether the sync of an incident with Slack was muted at some moment.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::EntryKind,
    timeline_entry::{Column, Entity},
};

use crate::{error::InternalError, tenant::Tenant};

/// Whether it was, by what the timeline says last before that moment.
pub(super) async fn was_muted(
    database: &Database,
    organization_id: OrganizationId,
    incident_id: IncidentId,
    at: OffsetDateTime,
) -> Result<bool, InternalError> {
    let last = Tenant::of(organization_id)
        .find::<Entity>()
        .filter(Column::IncidentId.eq(incident_id))
        .filter(Column::Kind.is_in([EntryKind::SyncMuted, EntryKind::SyncUnmuted]))
        .filter(Column::CreatedAt.lte(at))
        .order_by_desc(Column::Version)
        .one(database.read())
        .await?;
    Ok(last.is_some_and(|entry| entry.kind == EntryKind::SyncMuted))
}
