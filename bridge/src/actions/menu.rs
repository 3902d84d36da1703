//! A menu goes on showing what was chosen in it until its block is another.

use futures::FutureExt;
use tocsin_queue::jobs::ReconcileIncident;

use super::press::Press;
use crate::{bridge::Parts, store::claim};

/// Has the message shown with a fresh menu. If that fails, the choice stays on display and nothing else is wrong.
pub(super) async fn used(parts: &Parts, press: &Press, request_id: Option<&str>) {
    let Some(incident) = press.carried.filter(|_| press.from_menu) else {
        return;
    };
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
