//! The domain's tables: written by the api alone.

use sea_orm_migration::prelude::{ForeignKeyAction::*, *};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// In the order of creation, which foreign keys demand.
const TABLES: [&str; 13] = [
    "organization",
    "user_account",
    "membership",
    "api_key",
    "service",
    "connector",
    "incident",
    "incident_assignee",
    "timeline_entry",
    "event",
    "timer",
    "idempotency",
    "postmortem",
];

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        people(m).await?;
        services(m).await?;
        incidents(m).await?;
        records(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            m.drop_table(Table::drop().table(Alias::new(*table)).to_owned())
                .await?;
        }
        Ok(())
    }
}

async fn people(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "organization",
        &["id"],
        vec![
            id("id"),
            text("name"),
            text("slug"),
            big("last_incident_number"),
            big("last_event_seq"),
            time("created_at"),
        ],
        &[],
    )
    .await?;
    index(m, true, "organization", "slug", None).await?;

    create(
        m,
        "user_account",
        &["id"],
        vec![id("id"), text("email"), text("name"), time("created_at")],
        &[],
    )
    .await?;
    index(m, true, "user_account", "email", None).await?;

    create(
        m,
        "membership",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("user_id"),
            kind("role"),
            maybe_time("deactivated_at"),
            time("created_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("user_id", "user_account", Cascade),
        ],
    )
    .await?;
    index(m, true, "membership", "organization_id, user_id", None).await?;
    index(m, false, "membership", "user_id", None).await?;

    create(
        m,
        "api_key",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            maybe_id("user_id"),
            text("name"),
            text("hash"),
            text("hint"),
            json("scopes"),
            maybe_time("last_used_at"),
            maybe_time("revoked_at"),
            time("created_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("user_id", "user_account", Cascade),
        ],
    )
    .await?;
    index(m, true, "api_key", "hash", None).await?;
    index(m, false, "api_key", "organization_id, id", None).await
}

async fn services(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "service",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            text("name"),
            text("description_markdown"),
            kind("default_urgency"),
            flag("is_default"),
            time("created_at"),
        ],
        &[("organization_id", "organization", Cascade)],
    )
    .await?;
    index(m, true, "service", "organization_id, name", None).await?;
    index(m, true, "service", "organization_id", Some("is_default = TRUE")).await?;

    create(
        m,
        "connector",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            text("name"),
            text("channel"),
            time("created_at"),
        ],
        &[("organization_id", "organization", Cascade)],
    )
    .await?;
    index(m, true, "connector", "organization_id, name", None).await
}

async fn incidents(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "incident",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("service_id"),
            big("number"),
            text("title"),
            text("description_markdown"),
            kind("status"),
            kind("urgency"),
            maybe_kind("severity"),
            json("tags"),
            maybe_text("dedup_key"),
            big("version"),
            maybe_id("triggered_by"),
            kind("source"),
            time("triggered_at"),
            maybe_time("acknowledged_at"),
            maybe_id("acknowledged_by"),
            maybe_time("resolved_at"),
            maybe_id("resolved_by"),
            maybe_text("resolution_note_markdown"),
            maybe_time("snoozed_until"),
            time("updated_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("service_id", "service", Restrict),
            ("triggered_by", "user_account", SetNull),
            ("acknowledged_by", "user_account", SetNull),
            ("resolved_by", "user_account", SetNull),
        ],
    )
    .await?;
    index(m, true, "incident", "organization_id, number", None).await?;
    index(m, false, "incident", "organization_id, status, number", None).await?;
    index(m, false, "incident", "service_id, number", None).await?;
    index(
        m,
        true,
        "incident",
        "organization_id, dedup_key",
        Some("status <> 'RESOLVED'"),
    )
    .await?;

    create(
        m,
        "incident_assignee",
        &["incident_id", "user_id"],
        vec![id("incident_id"), id("user_id")],
        &[
            ("incident_id", "incident", Cascade),
            ("user_id", "user_account", Cascade),
        ],
    )
    .await?;
    index(m, false, "incident_assignee", "user_id", None).await?;

    create(
        m,
        "timeline_entry",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("incident_id"),
            big("version"),
            kind("kind"),
            kind("source"),
            maybe_id("author_user_id"),
            maybe_id("author_key_id"),
            maybe_text("author_name"),
            maybe_text("body_markdown"),
            maybe_json("details"),
            maybe_text("external_ref"),
            time("created_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("incident_id", "incident", Cascade),
            ("author_user_id", "user_account", SetNull),
            ("author_key_id", "api_key", SetNull),
        ],
    )
    .await?;
    index(m, true, "timeline_entry", "incident_id, version", None).await?;
    index(
        m,
        true,
        "timeline_entry",
        "organization_id, external_ref",
        Some("external_ref IS NOT NULL"),
    )
    .await
}

async fn records(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "event",
        &["organization_id", "seq"],
        vec![
            id("organization_id"),
            big("seq"),
            kind("kind"),
            id("incident_id"),
            big("incident_version"),
            id("entry_id"),
            maybe_text("request_id"),
            time("created_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("incident_id", "incident", Cascade),
            ("entry_id", "timeline_entry", Cascade),
        ],
    )
    .await?;

    create(
        m,
        "timer",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("incident_id"),
            kind("kind"),
            time("due_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("incident_id", "incident", Cascade),
        ],
    )
    .await?;
    index(m, true, "timer", "incident_id, kind", None).await?;
    index(m, false, "timer", "due_at", None).await?;

    create(
        m,
        "idempotency",
        &["organization_id", "caller", "key"],
        vec![
            id("organization_id"),
            text("caller"),
            text("key"),
            text("fingerprint"),
            json("result"),
            time("created_at"),
        ],
        &[("organization_id", "organization", Cascade)],
    )
    .await?;
    index(m, false, "idempotency", "created_at", None).await?;

    create(
        m,
        "postmortem",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("incident_id"),
            text("title"),
            text("body_markdown"),
            kind("status"),
            big("version"),
            maybe_id("created_by"),
            time("created_at"),
            time("updated_at"),
            maybe_time("review_requested_at"),
            maybe_time("published_at"),
        ],
        &[
            ("organization_id", "organization", Cascade),
            ("incident_id", "incident", Cascade),
            ("created_by", "user_account", SetNull),
        ],
    )
    .await?;
    index(m, true, "postmortem", "incident_id", None).await?;
    index(m, false, "postmortem", "organization_id, id", None).await
}
