//! Follows the event logs of all organisations, so that a change whose job was lost, or never came because the queue fails, is
//! shown all the same.
//!
//! One question says where the logs end that have grown since the last look, so that an idle server answers nothing, whatever the number of
//! organisations. All logs are looked at after a start, and now and then: what a clock that stepped, a transaction that took very long, or an API of
//! the version before kept from the question, comes a minute later.
//!
//! What an event tells is noted durably before the cursor moves. Workers follow side by side; noting twice does no harm, and
//! a cursor that another has moved further is at worst moved back, to be followed again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::OnConflict,
};
use time::OffsetDateTime;
use tocsin_client::{ApiClient, ApiError, EventPage, FollowedEvent, Organization};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{IncidentId, OrganizationId},
    kinds::IncidentStatus,
    slack::cursor,
};
use tocsin_queue::{Queue, jobs::ReconcileIncident};
use tokio_util::sync::CancellationToken;

use crate::polling::{FailureLog, ends_within};
use crate::store::{
    GroupWriter,
    claim::{self, IncidentChange},
    claim_many::note_all,
    home::mark_home,
};

/// How often the logs are looked at. Jobs come at once; this is for those that don't come.
const LOOK: Duration = Duration::from_secs(1);

/// How often all logs are looked at, those as well that are not said to have grown.
const LOOK_AT_ALL: Duration = Duration::from_secs(60);

/// Organisations that are followed at the same time.
const AT_ONCE: usize = 4;

/// An incident that was over so long ago, and of which Slack has never heard, is history: a bridge that is started for the first
/// time does not tell it.
const HISTORY: Duration = Duration::from_secs(86_400);

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

/// Follows the event logs. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct EventFollower {
    pub(crate) api: ApiClient,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) writer: GroupWriter,
    pub(crate) queue: Queue,
}

impl EventFollower {
    /// Follows until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut failures = FailureLog::new("the event logs cannot be followed");
        let mut position = Position::default();
        loop {
            failures.note(&self.follow_all(&mut position).await);
            if ends_within(&shutdown, LOOK).await {
                return;
            }
        }
    }

    /// Follows the logs that have grown to their ends, and those that failed before.
    async fn follow_all(&self, position: &mut Position) -> Result<(), FollowError> {
        let since = position.next();
        let (began, began_at) = (Instant::now(), self.clock.now());
        let organizations = match since {
            Some(since) => self.api.organizations_changed_since(since).await?,
            None => self.api.organizations().await?,
        };
        let behind = self
            .behind(organizations, since.is_none(), &position.failed)
            .await?;
        let followed = stream::iter(behind)
            .map(|(organization, seen)| async move { (organization, self.follow(organization, seen).await) });
        let outcomes: Vec<_> = followed.buffer_unordered(AT_ONCE).collect().await;
        position.since = Some(began_at);
        if since.is_none() {
            position.all_at = Some(began);
        }
        let mut first = Ok(());
        position.failed.clear();
        for (organization, outcome) in outcomes {
            if outcome.is_err() {
                position.failed.push(organization);
                first = first.and(outcome);
            }
        }
        first
    }

    /// The logs that have grown since they were last followed, and those that failed, with where each was left.
    async fn behind(
        &self,
        organizations: Vec<Organization>,
        are_all: bool,
        failed: &[OrganizationId],
    ) -> Result<Vec<(OrganizationId, Option<String>)>, FollowError> {
        if organizations.is_empty() && failed.is_empty() {
            return Ok(Vec::new());
        }
        let mut cursors = cursor::Entity::find();
        if !are_all {
            let changed = organizations.iter().map(|organization| organization.id);
            let ids = changed.chain(failed.iter().copied());
            cursors = cursors.filter(cursor::Column::OrganizationId.is_in(ids));
        }
        let cursors = cursors.all(self.database.read()).await?;
        let seen: HashMap<OrganizationId, String> = cursors
            .into_iter()
            .filter_map(|row| Some((row.organization_id, row.cursor?)))
            .collect();
        let mut behind: BTreeSet<OrganizationId> = failed.iter().copied().collect();
        for organization in organizations {
            if organization.newest_event.is_some()
                && seen.get(&organization.id) != organization.newest_event.as_ref()
            {
                behind.insert(organization.id);
            }
        }
        Ok(behind
            .into_iter()
            .map(|id| (id, seen.get(&id).cloned()))
            .collect())
    }

    /// Reads a log from where it was left to its end.
    async fn follow(
        &self,
        organization: OrganizationId,
        mut after: Option<String>,
    ) -> Result<(), FollowError> {
        loop {
            let EventPage { events, has_more } = self.api.events_after(organization, after).await?;
            let Some(last) = events.last() else { return Ok(()) };
            let cursor = last.cursor.clone();
            for change in self.note(organization, events, cursor.clone()).await? {
                self.queue.enqueue(&ReconcileIncident {
                    incident_id: change.incident_id.to_string(),
                    organization_id: change.organization_id.to_string(),
                    version: change.version,
                    request_id: change.request_id,
                });
            }
            if !has_more {
                return Ok(());
            }
            after = Some(cursor);
        }
    }

    /// Notes what the events tell and moves the cursor, in one transaction. Gives what was news.
    async fn note(
        &self,
        organization: OrganizationId,
        events: Vec<FollowedEvent>,
        cursor: String,
    ) -> Result<Vec<IncidentChange>, DbErr> {
        let newest = newest(organization, events, self.clock.now() - HISTORY);
        let clock = self.clock.clone();
        let write = self.writer.write(move |tx| {
            let (newest, cursor, now) = (Arc::clone(&newest), cursor.clone(), clock.now());
            Box::pin(async move {
                let (history, recent): (Vec<_>, Vec<_>) =
                    newest.iter().partition(|(_, is_history)| *is_history);
                let recent: Vec<&IncidentChange> = recent.into_iter().map(|(told, _)| told).collect();
                let mut noted = note_all(tx, &recent, now).await?;
                for (told, _) in history {
                    if claim::note_if_known(tx, told).await? {
                        noted.insert(told.incident_id);
                    }
                }
                let all = newest.iter().map(|(told, _)| told);
                let change = all
                    .filter(|told| noted.contains(&told.incident_id))
                    .cloned()
                    .collect();
                mark_home(tx, organization, now).await?;
                move_cursor(tx, organization, cursor, now).await?;
                Ok(change)
            })
        });
        write.await
    }
}

/// Since when logs are asked for that have grown.
#[derive(Default)]
struct Position {
    /// When the last look began; none before the first.
    since: Option<OffsetDateTime>,
    /// When all were last looked at.
    all_at: Option<Instant>,
    /// Whose logs could not be followed to their ends: they are tried again, grown or not.
    failed: Vec<OrganizationId>,
}

impl Position {
    /// Since when logs are asked for; none where all are.
    fn next(&self) -> Option<OffsetDateTime> {
        let is_recent = self.all_at.is_some_and(|at| at.elapsed() < LOOK_AT_ALL);
        self.since.filter(|_| is_recent)
    }
}

/// The newest version of each incident that the events tell of, and whether it is history.
fn newest(
    organization: OrganizationId,
    events: Vec<FollowedEvent>,
    before: OffsetDateTime,
) -> Arc<[(IncidentChange, bool)]> {
    let mut newest: BTreeMap<IncidentId, (IncidentChange, bool)> = BTreeMap::new();
    for event in events {
        let is_history = event.status == IncidentStatus::Resolved && event.updated_at < before;
        let change = IncidentChange {
            incident_id: event.incident_id,
            organization_id: organization,
            version: event.version,
            request_id: event.request_id,
        };
        // The events come in order, and the last tells the most.
        newest.insert(event.incident_id, (change, is_history));
    }
    newest.into_values().collect()
}

async fn move_cursor(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    cursor: String,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = cursor::Model {
        organization_id: organization,
        cursor: Some(cursor),
        moved_at: now,
    };
    let columns = [cursor::Column::Cursor, cursor::Column::MovedAt];
    cursor::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(cursor::Column::OrganizationId)
                .update_columns(columns)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
