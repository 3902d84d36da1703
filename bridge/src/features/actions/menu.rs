//! A menu goes on showing what was chosen in it until its block is another.

use futures::FutureExt;
use sea_orm::{DbErr, EntityTrait};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{id::IncidentId, slack::incident};
use tocsin_queue::{Queue, jobs::ReconcileIncident};

use super::press::ButtonPress;
use crate::{
    installation::AppInstallation,
    store::{GroupWriter, claim, home::mark_home_of},
};

/// Shows menus afresh that were used.
#[derive(Debug)]
pub(crate) struct ActionMenu {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) writer: GroupWriter,
    pub(crate) queue: Queue,
}

impl ActionMenu {
    /// Has the message shown with a fresh menu, and the Home tab as it is after what was done there. If that fails, the choice stays
    /// on display and nothing else is wrong.
    pub(super) async fn used(
        &self,
        installation: &AppInstallation,
        press: &ButtonPress,
        request_id: Option<&str>,
    ) {
        if let Some(incident) = press.carried.filter(|_| press.from_menu) {
            self.freshen(installation, incident, request_id).await;
        }
        if press.is_personal {
            mark_home_of(
                &self.database,
                installation.team_id(),
                &press.user,
                self.clock.now(),
            )
            .await;
        }
    }

    async fn freshen(&self, installation: &AppInstallation, incident: IncidentId, request_id: Option<&str>) {
        // What a button carries is not trusted.
        match self.is_served(installation, incident).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(incident.id = %incident, "a menu goes on showing what was chosen in it: {error}");
                return;
            }
        }
        let clock = self.clock.clone();
        let write = self.writer.write(move |tx| {
            let now = clock.now();
            async move { claim::use_menu(tx, incident, now).await }.boxed()
        });
        match write.await {
            Ok(Some((organization, version))) => self.queue.enqueue(&ReconcileIncident {
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

    async fn is_served(&self, installation: &AppInstallation, incident: IncidentId) -> Result<bool, DbErr> {
        let known = incident::Entity::find_by_id(incident);
        let known = known.one(self.database.read()).await?;
        Ok(known.is_some_and(|known| installation.serves(known.organization_id)))
    }
}
