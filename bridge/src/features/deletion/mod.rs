//! Incidents' messages that somebody deletes in Slack: each is posted again, and says so.
//!
//! Slack tells the app of a deletion in the channels that it is in. Where it does not, or the event is lost, it is looked from time to time whether the
//! messages of open incidents are there. Either way nothing is believed: the incident is shown anew, and only what Slack says to the change of a message
//! that is gone has it posted again ([`crate::mirror`]).

mod event;
mod look;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::FutureExt;
use sea_orm::{DbErr, EntityTrait};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::PostId,
    slack::{incident, post},
};
use tocsin_queue::{Queue, jobs::ReconcileIncident};

pub(crate) use event::ROUTE;
pub(crate) use look::run;

use crate::{
    store::{GroupWriter, claim, lease::LeaseSubject},
    workspace::Workspaces,
};

/// How long a message that was told of is not told of again: another app may delete whatever is posted.
const ONCE_IN: Duration = Duration::from_secs(60);

/// Has messages that were deleted posted again. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct DeletedMessages {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) queue: Queue,
    pub(crate) told: DeletionsTold,
    pub(crate) workspaces: Workspaces,
    pub(crate) writer: GroupWriter,
}

/// Which messages' deletion was told of lately. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeletionsTold(Arc<Mutex<HashMap<PostId, Instant>>>);

impl DeletionsTold {
    /// Whether this is the first time in a while.
    fn is_news(&self, post: PostId) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| at.elapsed() < ONCE_IN);
        told.insert(post, Instant::now()).is_none()
    }
}

impl DeletedMessages {
    /// Has the incident of a message shown anew, whatever is on record of it.
    async fn show_again(&self, post: &post::Model) -> Result<(), DbErr> {
        let Some(incident) = post.incident_id else {
            return Ok(());
        };
        let clock = self.clock.clone();
        let doubted = self.writer.write(move |tx| {
            let now = clock.now();
            async move { claim::doubt(tx, LeaseSubject::Incident(incident), now).await }.boxed()
        });
        doubted.await?;
        let row = incident::Entity::find_by_id(incident)
            .one(self.database.write())
            .await?;
        if let Some(row) = row {
            self.queue.enqueue(&ReconcileIncident {
                incident_id: incident.to_string(),
                organization_id: row.organization_id.to_string(),
                version: row.wanted_version,
                request_id: None,
            });
        }
        Ok(())
    }
}
