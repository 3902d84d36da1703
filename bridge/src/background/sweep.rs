//! Finds whatever is due and was not taken: jobs may be lost, workers may die, and the queue may fail.
//!
//! It rings first. What is due for long although it was rung for is worked by this process, whatever the queue says of itself: the
//! database has everything that is needed.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{DigestId, InboxId, IncidentId, OrganizationId},
    kinds::InboxState,
    slack::{digest, inbox, incident},
};
use tocsin_queue::{
    Job, Queue,
    jobs::{ReconcileIncident, RefreshDigest, WorkInbox},
};
use tokio_util::sync::CancellationToken;

use super::bounds;
use crate::{connector::Connectors, store::due::make_due, workspace::Workspaces};

/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// How long something may be due before it is rung for: its own job is likely on its way.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long something may be due before it is worked here: ringing has not helped.
const OVERDUE: Duration = Duration::from_secs(3);

/// The most of each kind that is found in one look.
const MOST: u64 = 1_000;

/// A digest takes no more incidents when none has come for so long: the storm is over.
const STORM_OVER: Duration = Duration::from_secs(60);

#[derive(FromQueryResult)]
struct Behind {
    incident_id: IncidentId,
    organization_id: OrganizationId,
    wanted_version: i64,
    request_id: Option<String>,
    due_at: OffsetDateTime,
}

/// Finds what is due. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Sweeper {
    pub(crate) clock: Clock,
    pub(crate) connectors: Connectors,
    pub(crate) database: Database,
    pub(crate) queue: Queue,
    pub(crate) workspaces: Workspaces,
}

impl Sweeper {
    /// Sweeps until the shutdown.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        loop {
            report(self.sweep().await);
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
                () = self.workspaces.healed() => {
                    self.connectors.try_again();
                    report(make_due(&self.database, self.clock.now()).await);
                }
            }
        }
    }

    /// Rings for what is due, or has it worked here where that has not helped.
    fn dispatch<J: Job>(&self, job: &J, due_at: OffsetDateTime, now: OffsetDateTime) {
        if due_at + OVERDUE < now {
            self.queue.run_here(job);
        } else {
            self.queue.enqueue(job);
        }
    }

    async fn sweep(&self) -> Result<(), DbErr> {
        bounds::repair(&self.database, self.clock.now()).await?;
        let now = self.clock.now() - PATIENCE;
        self.incidents(now).await?;
        self.digests(now).await?;
        self.inbox(now).await
    }

    async fn incidents(&self, now: OffsetDateTime) -> Result<(), DbErr> {
        let free = Condition::any()
            .add(incident::Column::ClaimedUntil.is_null())
            .add(incident::Column::ClaimedUntil.lt(now));
        let behind: Vec<Behind> = incident::Entity::find()
            .filter(Expr::col(incident::Column::ShownVersion).lt(Expr::col(incident::Column::WantedVersion)))
            .filter(incident::Column::DueAt.lte(now))
            .filter(free)
            .order_by_asc(incident::Column::DueAt)
            .limit(MOST)
            .into_model()
            .all(self.database.read())
            .await?;
        for row in behind {
            let job = ReconcileIncident {
                incident_id: row.incident_id.to_string(),
                organization_id: row.organization_id.to_string(),
                version: row.wanted_version,
                request_id: row.request_id,
            };
            self.dispatch(&job, row.due_at, now);
        }
        Ok(())
    }

    async fn digests(&self, now: OffsetDateTime) -> Result<(), DbErr> {
        let behind: Vec<(DigestId, OffsetDateTime)> = digest::Entity::find()
            .select_only()
            .columns([digest::Column::Id, digest::Column::DueAt])
            .filter(Expr::col(digest::Column::ShownVersion).lt(Expr::col(digest::Column::WantedVersion)))
            .filter(digest::Column::DueAt.lte(now))
            .limit(MOST)
            .into_tuple()
            .all(self.database.read())
            .await?;
        for (id, due_at) in behind {
            let job = RefreshDigest {
                digest_id: id.to_string(),
            };
            self.dispatch(&job, due_at, now);
        }
        self.close_digests(now).await
    }

    async fn close_digests(&self, now: OffsetDateTime) -> Result<(), DbErr> {
        let over = Condition::all()
            .add(digest::Column::ClosedAt.is_null())
            .add(digest::Column::LastLineAt.lt(now - STORM_OVER));
        let any = digest::Entity::find()
            .filter(over.clone())
            .one(self.database.read())
            .await?;
        if any.is_none() {
            return Ok(());
        }
        digest::Entity::update_many()
            .col_expr(digest::Column::ClosedAt, Expr::value(self.clock.now()))
            .filter(over)
            .exec(self.database.write())
            .await?;
        Ok(())
    }

    async fn inbox(&self, now: OffsetDateTime) -> Result<(), DbErr> {
        let due: Vec<(InboxId, OffsetDateTime)> = inbox::Entity::find()
            .select_only()
            .columns([inbox::Column::Id, inbox::Column::DueAt])
            .filter(inbox::Column::State.eq(InboxState::Pending))
            .filter(inbox::Column::DueAt.lte(now))
            .order_by_asc(inbox::Column::DueAt)
            .limit(MOST)
            .into_tuple()
            .all(self.database.read())
            .await?;
        for (id, due_at) in due {
            let job = WorkInbox {
                inbox_id: id.to_string(),
            };
            self.dispatch(&job, due_at, now);
        }
        Ok(())
    }
}

fn report(swept: Result<(), DbErr>) {
    if let Err(error) = swept {
        tracing::error!("the sweeper could not look: {error}");
    }
}
