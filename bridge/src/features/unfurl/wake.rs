//! Has the mirror look at an incident that it believes to be shown already.

use sea_orm::{
    ActiveValue::Set,
    EntityTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use tocsin_client::Incident;
use tocsin_entity::slack::incident::{ActiveModel, Column, Entity};
use tocsin_queue::{JobError, jobs::ReconcileIncident};

use super::UnfurlService;

/// Puts the incident a version behind, and rings. What is shown already stays as it is: posts are known by their keys.
pub(super) async fn wake(
    unfurl: &UnfurlService,
    incident: &Incident,
    request_id: Option<&str>,
) -> Result<(), JobError> {
    let row = ActiveModel {
        incident_id: Set(incident.id),
        organization_id: Set(incident.organization_id),
        wanted_version: Set(incident.version),
        shown_version: Set(0),
        due_at: Set(unfurl.clock.now()),
        attempts: Set(0),
        last_error: Set(None),
        claimed_by: Set(None),
        claimed_until: Set(None),
        request_id: Set(request_id.map(str::to_owned)),
        menu_uses: Set(0),
        claim: Set(0),
        in_doubt: Set(false),
    };
    let shown = Expr::col((Entity, Column::ShownVersion));
    let wanted = Expr::col((Entity, Column::WantedVersion));
    let behind = Expr::case(shown.clone().gte(wanted.clone()), wanted.sub(1)).finally(shown);
    let known = OnConflict::column(Column::IncidentId)
        .value(Column::ShownVersion, behind)
        .update_column(Column::DueAt)
        .to_owned();
    Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(unfurl.database.write())
        .await
        .map_err(JobError::retry)?;
    unfurl.queue.enqueue(&ReconcileIncident {
        incident_id: incident.id.to_string(),
        organization_id: incident.organization_id.to_string(),
        version: incident.version,
        request_id: request_id.map(str::to_owned),
    });
    Ok(())
}
