//! The bridge's tables: written by the bridge alone. They refer to incidents by id without a foreign key
//! to the domain's tables, since the bridge knows incidents by GraphQL alone.

use sea_orm_migration::prelude::{ForeignKeyAction::*, *};

use crate::columns::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// In the order of creation, which foreign keys demand.
const TABLES: [&str; 9] = [
    "slack_inbox",
    "slack_incident",
    "slack_digest",
    "slack_digest_line",
    "slack_post",
    "slack_pace",
    "slack_user",
    "slack_channel",
    "slack_cursor",
];

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        work(m).await?;
        posts(m).await?;
        directory(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            m.drop_table(Table::drop().table(Alias::new(*table)).to_owned())
                .await?;
        }
        Ok(())
    }
}

async fn work(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "slack_inbox",
        &["id"],
        vec![
            id("id"),
            text("slack_key"),
            kind("kind"),
            json("payload"),
            maybe_text("request_id"),
            kind("state"),
            int("attempts"),
            time("due_at"),
            maybe_text("last_error"),
            time("received_at"),
            maybe_time("worked_at"),
        ],
        &[],
    )
    .await?;
    index(m, true, "slack_inbox", "slack_key", None).await?;
    index(m, false, "slack_inbox", "due_at", Some("state = 'PENDING'")).await?;
    index(m, false, "slack_inbox", "received_at", None).await?;

    create(
        m,
        "slack_incident",
        &["incident_id"],
        vec![
            id("incident_id"),
            id("organization_id"),
            big("wanted_version"),
            big("shown_version"),
            time("due_at"),
            int("attempts"),
            maybe_text("last_error"),
            maybe_text("claimed_by"),
            maybe_time("claimed_until"),
            maybe_text("request_id"),
        ],
        &[],
    )
    .await?;
    index(
        m,
        false,
        "slack_incident",
        "due_at",
        Some("shown_version < wanted_version"),
    )
    .await
}

async fn posts(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "slack_digest",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            id("connector_id"),
            int("lines"),
            time("opened_at"),
            time("last_line_at"),
            maybe_time("closed_at"),
            big("wanted_version"),
            big("shown_version"),
            time("due_at"),
            int("attempts"),
            maybe_text("last_error"),
            maybe_text("claimed_by"),
            maybe_time("claimed_until"),
        ],
        &[],
    )
    .await?;
    index(
        m,
        false,
        "slack_digest",
        "due_at",
        Some("shown_version < wanted_version"),
    )
    .await?;
    index(m, true, "slack_digest", "connector_id", Some("closed_at IS NULL")).await?;

    create(
        m,
        "slack_digest_line",
        &["incident_id", "connector_id"],
        vec![
            id("incident_id"),
            id("connector_id"),
            id("digest_id"),
            int("position"),
            text("line"),
            big("shown_version"),
        ],
        &[("digest_id", "slack_digest", Cascade)],
    )
    .await?;
    index(m, true, "slack_digest_line", "digest_id, position", None).await?;

    create(
        m,
        "slack_post",
        &["id"],
        vec![
            id("id"),
            id("organization_id"),
            text("key"),
            kind("kind"),
            maybe_id("incident_id"),
            maybe_id("digest_id"),
            maybe_id("connector_id"),
            text("connector_name"),
            text("team_id"),
            text("channel_id"),
            text("channel_name"),
            maybe_text("thread_ts"),
            maybe_text("ts"),
            maybe_json("address"),
            maybe_text("content_hash"),
            big("shown_version"),
            kind("state"),
            int("attempts"),
            maybe_text("last_error"),
            maybe_time("not_before"),
            maybe_time("sent_at"),
            time("queued_at"),
            maybe_time("posted_at"),
            maybe_time("updated_at"),
            maybe_big("lag_milliseconds"),
        ],
        &[("digest_id", "slack_digest", Cascade)],
    )
    .await?;
    index(m, true, "slack_post", "key", None).await?;
    index(m, false, "slack_post", "incident_id, id", None).await?;
    index(m, false, "slack_post", "digest_id", None).await?;
    index(m, false, "slack_post", "channel_id, ts", None).await
}

async fn directory(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    create(
        m,
        "slack_pace",
        &["key"],
        vec![text("key"), big("free_at"), big("blocked_until")],
        &[],
    )
    .await?;
    create(
        m,
        "slack_user",
        &["team_id", "slack_user_id"],
        vec![
            text("team_id"),
            text("slack_user_id"),
            maybe_text("email"),
            text("display_name"),
            flag("is_bot"),
            flag("deleted"),
            maybe_id("user_id"),
            time("refreshed_at"),
        ],
        &[],
    )
    .await?;
    create(
        m,
        "slack_channel",
        &["team_id", "channel_id"],
        vec![
            text("team_id"),
            text("channel_id"),
            text("name"),
            flag("is_private"),
            flag("is_member"),
            flag("is_archived"),
            time("refreshed_at"),
        ],
        &[],
    )
    .await?;
    index(m, false, "slack_channel", "team_id, name", None).await?;
    create(
        m,
        "slack_cursor",
        &["organization_id"],
        vec![id("organization_id"), maybe_text("cursor"), time("moved_at")],
        &[],
    )
    .await
}
