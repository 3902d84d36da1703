//! What the tests of the crate begin with.

use tocsin_database::Database;
use tocsin_entity::{id::OrganizationId, kinds::Source};

use crate::{
    actor::Actor,
    incident::{IncidentCommand, TriggerCommand},
};

/// An embedded database with one organisation, and somebody who changes its incidents.
pub(crate) async fn first_organization() -> (Database, Actor) {
    use sea_orm_migration::MigratorTrait as _;

    let database = Database::open("sqlite::memory:", 1).await.expect("a database");
    tocsin_migration::Migrator::up(database.write(), None)
        .await
        .expect("migrations");
    let made = crate::bootstrap::first_start(&database, &tocsin_clock::Clock::new(), None, "#incidents")
        .await
        .expect("an organisation");
    (database, actor(made.organization_id))
}

fn actor(organization_id: OrganizationId) -> Actor {
    Actor {
        organization_id,
        user_id: None,
        key_id: None,
        slack_name: None,
        source: Source::Api,
        request_id: None,
    }
}

/// The command that begins an incident.
pub(crate) fn trigger(dedup_key: Option<&str>) -> IncidentCommand {
    IncidentCommand::Trigger(TriggerCommand {
        title: "Down".to_owned(),
        description_markdown: String::new(),
        service_id: None,
        urgency: None,
        severity: None,
        tags: Vec::new(),
        assignees: Vec::new(),
        dedup_key: dedup_key.map(str::to_owned),
    })
}
