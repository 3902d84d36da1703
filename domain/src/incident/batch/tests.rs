//! Commands that are written together, on an embedded database.

use sea_orm::ConnectionTrait;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::id::{IncidentId, UserId};

use super::{save::save_assignees, write};
use crate::{
    actor::Actor,
    incident::{ChangeCommand, CommandRequest, IncidentCommand},
    tests::{first_organization, trigger},
};

struct Writer {
    database: Database,
    actor: Actor,
}

impl Writer {
    /// Writes the commands in one transaction. Returns the incidents of each.
    async fn together<const N: usize>(&self, commands: [IncidentCommand; N]) -> [IncidentId; N] {
        let orders = commands.map(|command| CommandRequest {
            actor: self.actor.clone(),
            command,
            idempotency: None,
        });
        let tx = self.database.begin_write().await.expect("begun");
        let answers = write(&tx, &orders, Clock::new().now()).await.expect("written");
        tx.commit().await.expect("committed");
        let incidents: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.expect("accepted").incident.id)
            .collect();
        incidents.try_into().expect("an answer each")
    }
}

fn resolve(incident: IncidentId) -> IncidentCommand {
    IncidentCommand::Change(incident, ChangeCommand::Resolve { note: None })
}

fn reopen(incident: IncidentId) -> IncidentCommand {
    IncidentCommand::Change(incident, ChangeCommand::Reopen { reason: None })
}

#[tokio::test]
async fn a_dedup_key_that_is_free_by_one_command_is_taken_by_the_next() {
    let (database, actor) = first_organization().await;
    let writer = Writer { database, actor };
    let [first] = writer.together([trigger(Some("disk"))]).await;
    let [_, second] = writer.together([resolve(first), trigger(Some("disk"))]).await;
    assert_ne!(first, second);
    writer.together([resolve(second), reopen(first)]).await;
    let [_, again] = writer.together([resolve(first), reopen(second)]).await;
    assert_eq!(again, second);
    let [joined] = writer.together([trigger(Some("disk"))]).await;
    assert_eq!(joined, second);
}

#[tokio::test]
async fn as_many_assignees_are_written_as_a_batch_may_have() {
    let (database, _) = first_organization().await;
    let tx = database.begin_write().await.expect("begun");
    // The incidents and people need not be there: nothing is committed.
    let deferred = tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await;
    deferred.expect("deferred");
    let assignees = (0..512)
        .map(|_| (IncidentId::new(), (0..50).map(|_| UserId::new()).collect()))
        .collect();
    save_assignees(&tx, assignees).await.expect("written");
    tx.rollback().await.expect("rolled back");
}
