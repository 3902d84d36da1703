//! A menu goes on showing what was chosen in it until its block is another.

use futures::FutureExt;
use sea_orm::{DbErr, EntityTrait};
use tocsin_entity::{id::IncidentId, slack::incident};
use tocsin_queue::jobs::ReconcileIncident;

use super::press::Press;
use crate::{
    installation::AppInstallation,
    parts::Parts,
    store::{claim, home::mark_home_of},
};

/// Has the message shown with a fresh menu, and the Home tab as it is after what was done there. If that fails, the choice stays
/// on display and nothing else is wrong.
pub(super) async fn used(
    parts: &Parts,
    installation: &AppInstallation,
    press: &Press,
    request_id: Option<&str>,
) {
    if let Some(incident) = press.carried.filter(|_| press.from_menu) {
        freshen(parts, installation, incident, request_id).await;
    }
    if press.in_view {
        mark_home_of(
            &parts.database,
            installation.team_id(),
            &press.user,
            parts.clock.now(),
        )
        .await;
    }
}

async fn freshen(
    parts: &Parts,
    installation: &AppInstallation,
    incident: IncidentId,
    request_id: Option<&str>,
) {
    // What a button carries is not trusted.
    match is_served(parts, installation, incident).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(incident.id = %incident, "a menu goes on showing what was chosen in it: {error}");
            return;
        }
    }
    let clock = parts.clock.clone();
    let write = parts.lane.write(move |tx| {
        let now = clock.now();
        async move { claim::use_menu(tx, incident, now).await }.boxed()
    });
    match write.await {
        Ok(Some((organization, version))) => parts.queue.ring(&ReconcileIncident {
            incident_id: incident.to_string(),
            organization_id: organization.to_string(),
            version,
            request_id: request_id.map(str::to_owned),
        }),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(incident.id = %incident, "a menu goes on showing what was chosen in it: {error}");
        }
    }
}

async fn is_served(
    parts: &Parts,
    installation: &AppInstallation,
    incident: IncidentId,
) -> Result<bool, DbErr> {
    let known = incident::Entity::find_by_id(incident);
    let known = known.one(parts.database.read()).await?;
    Ok(known.is_some_and(|known| installation.serves(known.organization_id)))
}
