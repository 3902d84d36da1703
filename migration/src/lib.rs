//! Tocsin's database schema, for SQLite and PostgreSQL alike.
//!
//! Migrations only add: a replica of the version before must go on working while the next one starts.

use sea_orm_migration::prelude::*;

mod columns;
mod m20261120_000001_domain;
mod m20261120_000002_slack;
mod m20261121_000001_revisions;
mod m20261121_000002_origin;
mod m20261121_000003_threads;
mod m20261121_000004_home;
mod m20261121_000005_menu;
mod m20261121_000010_post_workspace;
mod m20261121_000011_faces;
mod m20261121_000012_workspaces;
mod m20261128_000001_routing;
mod m20261128_000002_install;
mod m20261128_000003_identities;
mod m20261128_000040_directory;
mod m20261128_000140_templates;
mod m20261128_000150_seen_by;
mod m20261128_000160_found_token;
mod m20261129_000010_create_database_probe;
mod m20261129_000020_add_slack_claim_number;
mod m20261129_000041_add_timer_claims;
mod m20261129_000042_add_timeline_occurred;
mod m20261129_000043_add_inbox_sequence;
mod m20261129_000050_add_slack_installation;
mod m20261129_000051_add_slack_outsiders;
mod m20261129_000060_add_api_key_expiry;
mod m20261129_000061_add_membership_name;
mod m20261129_000062_create_audit_entry;
mod m20261129_000080_create_slack_reception;
mod m20261129_000090_add_organization_restored;
mod m20261129_000110_create_machine_clock;
mod m20261130_000010_add_organization_last_event;
mod m20261130_000020_add_slack_connector_failed_at;
mod m20261130_000030_drop_needless_checks;
mod m20261130_000040_create_slack_preview;
mod m20261130_000050_create_session;
mod m20261130_000060_create_slack_draft;
mod m20261130_000070_add_slack_post_looked_at;
mod m20261130_000080_add_service_archived;
mod m20261130_000090_create_oidc_identity;

/// All migrations, oldest first. Each commits together with its record, on SQLite as on PostgreSQL: whoever is killed in between
/// finds the schema as it was.
#[derive(Debug)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Self::list()
            .into_iter()
            .map(|migration| Box::new(Whole(migration)) as Box<dyn MigrationTrait>)
            .collect()
    }
}

/// A migration that is run in a transaction, whatever the database. By itself sea-orm does so on PostgreSQL alone.
struct Whole(Box<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

impl Migrator {
    fn list() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_domain::Migration),
            Box::new(m20261120_000002_slack::Migration),
            Box::new(m20261121_000001_revisions::Migration),
            Box::new(m20261121_000002_origin::Migration),
            Box::new(m20261121_000003_threads::Migration),
            Box::new(m20261121_000004_home::Migration),
            Box::new(m20261121_000005_menu::Migration),
            Box::new(m20261121_000010_post_workspace::Migration),
            Box::new(m20261121_000011_faces::Migration),
            Box::new(m20261121_000012_workspaces::Migration),
            Box::new(m20261128_000001_routing::Migration),
            Box::new(m20261128_000002_install::Migration),
            Box::new(m20261128_000003_identities::Migration),
            Box::new(m20261128_000040_directory::Migration),
            Box::new(m20261128_000140_templates::Migration),
            Box::new(m20261128_000150_seen_by::Migration),
            Box::new(m20261128_000160_found_token::Migration),
            Box::new(m20261129_000010_create_database_probe::Migration),
            Box::new(m20261129_000050_add_slack_installation::Migration),
            Box::new(m20261129_000051_add_slack_outsiders::Migration),
            Box::new(m20261129_000080_create_slack_reception::Migration),
            Box::new(m20261129_000060_add_api_key_expiry::Migration),
            Box::new(m20261129_000061_add_membership_name::Migration),
            Box::new(m20261129_000062_create_audit_entry::Migration),
            Box::new(m20261129_000020_add_slack_claim_number::Migration),
            Box::new(m20261129_000041_add_timer_claims::Migration),
            Box::new(m20261129_000042_add_timeline_occurred::Migration),
            Box::new(m20261129_000043_add_inbox_sequence::Migration),
            Box::new(m20261129_000110_create_machine_clock::Migration),
            Box::new(m20261129_000090_add_organization_restored::Migration),
            Box::new(m20261130_000010_add_organization_last_event::Migration),
            Box::new(m20261130_000020_add_slack_connector_failed_at::Migration),
            Box::new(m20261130_000030_drop_needless_checks::Migration),
            Box::new(m20261130_000040_create_slack_preview::Migration),
            Box::new(m20261130_000050_create_session::Migration),
            Box::new(m20261130_000060_create_slack_draft::Migration),
            Box::new(m20261130_000070_add_slack_post_looked_at::Migration),
            Box::new(m20261130_000080_add_service_archived::Migration),
            Box::new(m20261130_000090_create_oidc_identity::Migration),
        ]
    }
}
