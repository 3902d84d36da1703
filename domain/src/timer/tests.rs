//! What is due against the writer.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};
use time::Duration;
use tocsin_database::Database;
use tocsin_entity::{
    id::IncidentId,
    incident,
    kinds::{EntryKind, IncidentStatus, TimerKind},
    timeline_entry,
    timer::{Column, Entity, Model},
};

use tocsin_clock::Clock;

use super::{TimerAttempt, due};
use crate::{
    actor::Actor,
    incident::{
        ChangeCommand, CommandOutcome, CommandRequest, IncidentCommand, IncidentError, IncidentWriter,
    },
    moment::micros,
    tenant::everywhere,
    tests::{first_organization, trigger},
};

/// The kinds of timers that are looked at.
const KINDS: &[TimerKind] = &[TimerKind::SnoozeEnd];

struct Fixture {
    database: Database,
    incident_writer: IncidentWriter,
    actor: Actor,
}

impl Fixture {
    async fn new() -> Self {
        let (database, actor) = first_organization().await;
        let incident_writer = IncidentWriter::open(database.clone(), Clock::new(), |_, _| {});
        Self {
            database,
            incident_writer,
            actor,
        }
    }

    async fn give(&self, command: IncidentCommand) -> Result<CommandOutcome, IncidentError> {
        let order = CommandRequest {
            actor: self.actor.clone(),
            command,
            idempotency: None,
        };
        self.incident_writer.apply(order).await
    }

    /// An incident that rests, and its timer.
    async fn snoozed(&self) -> (IncidentId, Model) {
        let incident = self.give(trigger(None)).await.expect("triggered").incident;
        let until = tocsin_clock::machine_now() + Duration::hours(1);
        let snooze = IncidentCommand::Change(incident.id, ChangeCommand::Snooze { until });
        let snoozed = self.give(snooze).await.expect("snoozed");
        assert_eq!(snoozed.timer_due_at, Some(until));
        (incident.id, self.timer().await.expect("a timer"))
    }

    async fn timer(&self) -> Option<Model> {
        everywhere::<Entity>("a test looks at everything")
            .one(self.database.read())
            .await
            .expect("readable")
    }

    async fn due(&self, now: i64) -> Vec<Model> {
        due::due(&self.database, KINDS, now, None)
            .await
            .expect("readable")
    }

    async fn put_off(&self, timer: &Model, now: i64) {
        due::put_off(&self.database, TimerAttempt::from(timer), now, "no\0 luck")
            .await
            .expect("written");
    }

    async fn fire(&self, timer: &Model) -> bool {
        let change = ChangeCommand::EndSnooze { due_at: timer.due_at };
        let fire = IncidentCommand::Fire(TimerAttempt::from(timer), timer.incident_id, change);
        self.give(fire).await.expect("written").changed
    }

    async fn ends(&self, incident: IncidentId) -> u64 {
        everywhere::<timeline_entry::Entity>("a test looks at everything")
            .filter(timeline_entry::Column::IncidentId.eq(incident))
            .filter(timeline_entry::Column::Kind.eq(EntryKind::SnoozeEnded))
            .count(self.database.read())
            .await
            .expect("readable")
    }
}

#[tokio::test]
async fn a_timer_that_two_replicas_read_fires_once() {
    let writer = Fixture::new().await;
    let (incident, timer) = writer.snoozed().await;
    let due = micros(timer.due_at);
    assert_eq!(writer.due(due - 1).await, []);
    let (first, second) = (writer.due(due).await, writer.due(due).await);
    assert_eq!((first.len(), second.len()), (1, 1));

    assert!(writer.fire(&first[0]).await);
    assert!(!writer.fire(&second[0]).await);
    // The second replica believes that it failed. That brings nothing back.
    writer.put_off(&second[0], due).await;
    assert_eq!((writer.timer().await, writer.ends(incident).await), (None, 1));
    let row = everywhere::<incident::Entity>("a test looks at everything")
        .filter(incident::Column::Id.eq(incident))
        .one(writer.database.read())
        .await
        .expect("readable");
    assert_eq!(
        row.map(|row| (row.status, row.version)),
        Some((IncidentStatus::Triggered, 3))
    );
}

#[tokio::test]
async fn a_timer_that_was_put_off_waits_and_says_why() {
    let writer = Fixture::new().await;
    let (_, timer) = writer.snoozed().await;
    let due = micros(timer.due_at);
    writer.put_off(&timer, due).await;
    // Another replica failed at the same time: that is no second failure.
    writer.put_off(&timer, due + 1_000).await;
    assert_eq!(
        due::next(&writer.database, KINDS).await.expect("readable"),
        Some(due + 1_000_000)
    );
    let row = writer.timer().await.expect("a timer");
    assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some("no luck")));
    // Whoever read it before it was put off does nothing.
    assert!(!writer.fire(&timer).await);
    assert!(writer.fire(&row).await);
}

#[tokio::test]
async fn timers_are_read_from_where_the_batch_before_ended() {
    let writer = Fixture::new().await;
    for _ in 0..5 {
        writer.snoozed().await;
    }
    // All are due at the same moment: their order is that of their ids.
    Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(7_i64))
        .exec(writer.database.write())
        .await
        .expect("written");
    let all = writer.due(7).await;
    assert_eq!(all.len(), 5);
    for (place, timer) in all.iter().enumerate() {
        let after = due::due(&writer.database, KINDS, 7, Some((7, timer.id))).await;
        assert_eq!(after.expect("readable"), all[place + 1..]);
    }
}

#[tokio::test]
async fn what_a_wrong_clock_has_put_off_for_an_hour_is_tried_now_and_what_is_snoozed_stays() {
    let writer = Fixture::new().await;
    let (_, timer) = writer.snoozed().await;
    let now = micros(timer.due_at) - 3_000_000_000;
    assert_eq!(
        due::tend(&writer.database, KINDS, now).await.expect("tended"),
        (0, 0)
    );
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(1))
        .exec(writer.database.write())
        .await
        .expect("written");
    assert_eq!(
        due::tend(&writer.database, KINDS, now).await.expect("tended"),
        (0, 1)
    );
    assert_eq!(
        due::next(&writer.database, KINDS).await.expect("readable"),
        Some(now)
    );
}

#[tokio::test]
async fn a_timer_of_the_version_before_is_taken_over() {
    let writer = Fixture::new().await;
    let (_, timer) = writer.snoozed().await;
    Entity::update_many()
        .col_expr(Column::FireAt, Expr::value(Option::<i64>::None))
        .exec(writer.database.write())
        .await
        .expect("written");
    let due = micros(timer.due_at);
    assert_eq!(due::next(&writer.database, KINDS).await.expect("readable"), None);
    assert_eq!(
        due::tend(&writer.database, KINDS, due).await.expect("tended"),
        (1, 0)
    );
    assert_eq!(writer.due(due).await.len(), 1);
}
