//! How a post-mortem changes: draft, edit, review, publish.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::{
    id::{IncidentId, OrganizationId, PostmortemId, UserId},
    incident,
    kinds::PostmortemStatus,
    membership, postmortem, service, timeline_entry,
};

use super::draft::draft;
use crate::{
    error::{MutationError, UserError, UserErrorCode},
    idempotency::{self, KeyUse},
    tenant::{self, Tenant},
};

/// Most entries of the timeline that a draft lists.
const ENTRIES_MAX: u64 = 1_000;

/// Who changes a post-mortem, and under which key.
#[derive(Debug)]
pub(super) struct PostmortemEditor {
    pub(super) organization_id: OrganizationId,
    pub(super) user_id: Option<UserId>,
    pub(super) key: Option<KeyUse>,
    /// When.
    pub(super) now: OffsetDateTime,
}

/// Drafts an incident's post-mortem; one that is there already stays as it is.
pub(super) async fn create(
    database: &Database,
    by: &PostmortemEditor,
    incident_id: IncidentId,
    title: Option<String>,
) -> Result<postmortem::Model, MutationError> {
    let tx = database.begin_write().await?;
    let key = by.key.as_ref();
    let before = idempotency::before::<PostmortemId>(&tx, by.organization_id, key).await?;
    // Locked, so that of two who draft at the same moment the second finds the first one's.
    let incident = Tenant::of(by.organization_id)
        .find::<incident::Entity>()
        .filter(incident::Column::Id.eq(incident_id))
        .lock(LockType::NoKeyUpdate)
        .one(&tx)
        .await?
        .ok_or_else(|| UserError::not_found("incident").at("incidentId"))?;
    let there = Tenant::of(by.organization_id)
        .find::<postmortem::Entity>()
        .filter(postmortem::Column::IncidentId.eq(incident_id))
        .one(&tx)
        .await?;
    if let Some(there) = there {
        if before.is_none() {
            idempotency::keep(&tx, by.organization_id, key, there.id).await?;
            tx.commit().await?;
        }
        return Ok(there);
    }
    let now = by.now;
    let row = postmortem::Model {
        id: PostmortemId::new(),
        organization_id: by.organization_id,
        incident_id,
        title: title.unwrap_or_else(|| format!("#{} {}", incident.number, incident.title)),
        body_markdown: written(&tx, &incident).await?,
        status: PostmortemStatus::Draft,
        version: 1,
        created_by: by.user_id,
        created_at: now,
        updated_at: now,
        review_requested_at: None,
        published_at: None,
    }
    .into_active_model()
    .insert(&tx)
    .await?;
    idempotency::keep(&tx, by.organization_id, key, row.id).await?;
    tx.commit().await?;
    Ok(row)
}

async fn written(tx: &DatabaseTransaction, incident: &incident::Model) -> Result<String, MutationError> {
    let service = tenant::own::<service::Entity>(tx, incident.organization_id, incident.service_id).await?;
    let entries = Tenant::of(incident.organization_id)
        .find::<timeline_entry::Entity>()
        .filter(timeline_entry::Column::IncidentId.eq(incident.id))
        .order_by_asc(timeline_entry::Column::OccurredAt)
        .order_by_asc(timeline_entry::Column::Version)
        .limit(ENTRIES_MAX)
        .all(tx)
        .await?;
    let names: HashMap<UserId, String> = Tenant::of(incident.organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.is_in(entries.iter().filter_map(|entry| entry.author_user_id)))
        .all(tx)
        .await?
        .into_iter()
        .map(|member| (member.user_id, member.name.unwrap_or_default()))
        .collect();
    Ok(draft(
        incident,
        service.as_ref().map_or("", |service| &service.name),
        &entries,
        &names,
    ))
}

/// A step of a post-mortem's life.
#[derive(Debug)]
pub(super) enum PostmortemStep {
    /// New words; `version` is the one they were written on.
    Edit {
        title: Option<String>,
        body: Option<String>,
        version: Option<i64>,
    },
    /// To the reviewers.
    RequestReview,
    /// To every member.
    Publish,
}

/// Takes a step. The same step twice is no change.
pub(super) async fn change(
    database: &Database,
    by: &PostmortemEditor,
    id: PostmortemId,
    step: PostmortemStep,
) -> Result<postmortem::Model, MutationError> {
    let tx = database.begin_write().await?;
    let key = by.key.as_ref();
    let before = idempotency::before::<PostmortemId>(&tx, by.organization_id, key).await?;
    let row = Tenant::of(by.organization_id)
        .find::<postmortem::Entity>()
        .filter(postmortem::Column::Id.eq(id))
        .lock_exclusive()
        .one(&tx)
        .await?
        .ok_or_else(|| UserError::not_found("post-mortem").at("id"))?;
    if before.is_some() {
        return Ok(row);
    }
    let row = match stepped(&row, step, by.now)? {
        None => row,
        Some(next) => next.into_active_model().reset_all().update(&tx).await?,
    };
    idempotency::keep(&tx, by.organization_id, key, row.id).await?;
    tx.commit().await?;
    Ok(row)
}

/// The post-mortem after a step: none where the step changes nothing.
fn stepped(
    row: &postmortem::Model,
    step: PostmortemStep,
    now: OffsetDateTime,
) -> Result<Option<postmortem::Model>, UserError> {
    let mut next = row.clone();
    match (step, row.status) {
        (
            PostmortemStep::Edit {
                version: Some(version),
                ..
            },
            _,
        ) if version != row.version => {
            return Err(UserError::new(
                UserErrorCode::Conflict,
                format!(
                    "Somebody changed it since: it is at version {}, not {version}. Read it again.",
                    row.version
                ),
            )
            .at("version"));
        }
        (
            PostmortemStep::Edit { title, body, .. },
            PostmortemStatus::Draft | PostmortemStatus::InReview | PostmortemStatus::Published,
        ) => {
            next.title = title.unwrap_or(next.title);
            next.body_markdown = body.unwrap_or(next.body_markdown);
            if next == *row {
                return Ok(None);
            }
        }
        (PostmortemStep::RequestReview, PostmortemStatus::Draft) => {
            next.status = PostmortemStatus::InReview;
            next.review_requested_at = Some(now);
        }
        (PostmortemStep::RequestReview, PostmortemStatus::InReview)
        | (PostmortemStep::Publish, PostmortemStatus::Published) => {
            return Ok(None);
        }
        (PostmortemStep::RequestReview, PostmortemStatus::Published) => {
            return Err(UserError::new(
                UserErrorCode::WrongStatus,
                "It is PUBLISHED and needs no review.",
            ));
        }
        (PostmortemStep::Publish, PostmortemStatus::InReview) => {
            next.status = PostmortemStatus::Published;
            next.published_at = Some(now);
        }
        (PostmortemStep::Publish, PostmortemStatus::Draft) => {
            return Err(UserError::new(
                UserErrorCode::WrongStatus,
                "It is a DRAFT: send it for review first (`requestPostmortemReview`).",
            ));
        }
    }
    next.version += 1;
    next.updated_at = now;
    Ok(Some(next))
}
