//! A menu goes on showing what was chosen in it until its block is another.

use futures::FutureExt;
use tocsin_entity::id::IncidentId;
use tocsin_queue::jobs::ReconcileIncident;

use super::press::Press;
use crate::{bridge::Parts, home, store::claim};

/// Has the message shown with a fresh menu, and the Home tab as it is after what was done there. If that fails, the choice stays
/// on display and nothing else is wrong.
pub(super) async fn used(parts: &Parts, press: &Press, request_id: Option<&str>) {
    if let Some(incident) = press.carried.filter(|_| press.from_menu) {
        freshen(parts, incident, request_id).await;
    }
    if press.in_view {
        home::again(parts, press.team.as_deref(), &press.user).await;
    }
}

async fn freshen(parts: &Parts, incident: IncidentId, request_id: Option<&str>) {
    let write = parts
        .lane
        .write(move |tx| async move { claim::use_menu(tx, incident).await }.boxed());
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
