//! Tokens that Slack changes twice a day: the next pair is fetched in time, by one worker at a time, and stored before it is used.
//!
//! A refresh token is good once, and for a moment after: a worker that dies between Slack's answer and the record of it leaves the old one to the
//! next, which tries at once. Source: docs.slack.dev, "Using token rotation".

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_entity::{
    id::WorkspaceId,
    slack::{
        installation::token_place,
        token::{Column, Entity, Model, refresh_place},
    },
};
use tocsin_seal::Sealer;
use tokio_util::sync::CancellationToken;

use crate::{
    bridge::Parts,
    slack::{SlackError, SlackHealth, oauth::Granted},
    workspace::{Rotating, Workspace},
};

/// How long before its end a token is changed, at the most; of one that lives shorter, a quarter of its life.
const EARLY: time::Duration = time::Duration::hours(2);

/// How long a worker may take for a change.
const CLAIM: time::Duration = time::Duration::seconds(30);

/// How soon is looked again while another worker is at it, or after a failure: at first, and at the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// The pair that is in use.
struct Pair {
    refresh: SecretString,
    expires_at: OffsetDateTime,
    /// When it is to be changed.
    due_at: OffsetDateTime,
}

/// Changes the workspace's token in time, until told to end. Does nothing where Slack changes none.
pub(crate) async fn run(parts: &Arc<Parts>, workspace: &Workspace, until: CancellationToken) {
    let (Some(id), Some(rotating), Some(sealer)) = (workspace.id, &workspace.rotating, &parts.config.sealer)
    else {
        return;
    };
    let mut health = workspace.watcher.subscribe();
    let (mut pause, longest) = AGAIN;
    loop {
        let step = step(parts, workspace, id, rotating, sealer).await;
        let wait = match step {
            Ok(due_at) => {
                pause = AGAIN.0;
                (due_at - OffsetDateTime::now_utc())
                    .max(time::Duration::ZERO)
                    .unsigned_abs()
            }
            Err(trouble) => {
                tracing::warn!(
                    "the token of the Slack workspace {} could not be changed: {trouble}",
                    workspace.name
                );
                let wait = pause;
                pause = (pause * 2).min(longest);
                wait
            }
        };
        health.mark_unchanged();
        tokio::select! {
            () = until.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            () = expired(&mut health) => {}
        }
    }
}

/// Waits until Slack says that the token's time is over.
async fn expired(health: &mut tokio::sync::watch::Receiver<SlackHealth>) {
    let is_over =
        |health: &SlackHealth| matches!(health, SlackHealth::Ill { code, .. } if code == "token_expired");
    if health.wait_for(is_over).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Takes what is on record, and changes it where it is time: gives when to look again.
async fn step(
    parts: &Arc<Parts>,
    workspace: &Workspace,
    id: WorkspaceId,
    rotating: &Rotating,
    sealer: &Sealer,
) -> Result<OffsetDateTime, String> {
    let row = on_record(parts, workspace, id, rotating)
        .await
        .map_err(|error| error.to_string())?;
    let pair = use_it(workspace, &row, sealer)?;
    let is_expired =
        matches!(workspace.watcher.health(), SlackHealth::Ill { code, .. } if code == "token_expired");
    if !is_expired && OffsetDateTime::now_utc() < pair.due_at {
        return Ok(pair.due_at);
    }
    if !claim(parts, id, &row).await.map_err(|error| error.to_string())? {
        // Another worker is at it: what it finds is taken from the record.
        return Ok(OffsetDateTime::now_utc() + AGAIN.0);
    }
    let client = parts
        .client(workspace.app)
        .ok_or("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are unset")?;
    match parts.http.refresh(&client, &pair.refresh).await {
        Ok(granted) => {
            let next = store(parts, &row, &granted, sealer).await?;
            let pair = use_it(workspace, &next, sealer)?;
            tracing::info!(workspace.id = %id, "the token of the Slack workspace {} was changed", workspace.name);
            metrics::counter!("tocsin_slack_token_refreshes_total", "outcome" => "ok").increment(1);
            workspace.watcher.look(&workspace.slack).await;
            Ok(pair.due_at)
        }
        Err(error) => {
            metrics::counter!("tocsin_slack_token_refreshes_total", "outcome" => error.class()).increment(1);
            let kept = release(parts, id, &error).await;
            let past = OffsetDateTime::now_utc() >= pair.expires_at;
            if past && matches!(error, SlackError::Refused { .. }) {
                workspace.watcher.report(&SlackError::Broken {
                    method: "oauth.v2.access",
                    code: error.code().unwrap_or("token_expired").to_owned(),
                });
            }
            kept.map_err(|error| error.to_string())?;
            Err(error.to_string())
        }
    }
}

/// The newest pair: that of the administrator's token, where none has come of it yet.
async fn on_record(
    parts: &Parts,
    workspace: &Workspace,
    id: WorkspaceId,
    rotating: &Rotating,
) -> Result<Model, DbErr> {
    let version = i32::try_from(workspace.token_version).unwrap_or(i32::MAX);
    let first = Model {
        workspace_id: id,
        token_version: version,
        sealed_access_token: rotating.sealed_access.clone(),
        sealed_refresh_token: rotating.sealed_refresh.clone(),
        expires_at: rotating.expires_at,
        claimed_by: None,
        claimed_until: None,
        trouble: None,
        updated_at: OffsetDateTime::now_utc(),
    };
    let found = Entity::find_by_id(id).one(parts.database.read()).await?;
    if let Some(found) = found.filter(|found| found.token_version >= version) {
        return Ok(found);
    }
    let told = [
        Column::TokenVersion,
        Column::SealedAccessToken,
        Column::SealedRefreshToken,
        Column::ExpiresAt,
        Column::ClaimedBy,
        Column::ClaimedUntil,
        Column::Trouble,
        Column::UpdatedAt,
    ];
    let mut key = OnConflict::column(Column::WorkspaceId)
        .update_columns(told)
        .to_owned();
    // Only in place of an older one: another worker may have come further.
    key.action_and_where(Expr::col((Entity, Column::TokenVersion)).lt(version));
    Entity::insert(first.clone().into_active_model().reset_all())
        .on_conflict(key)
        .exec_without_returning(parts.database.write())
        .await?;
    let found = Entity::find_by_id(id).one(parts.database.read()).await?;
    Ok(found.unwrap_or(first))
}

/// Has calls be made with the pair on record.
fn use_it(workspace: &Workspace, row: &Model, sealer: &Sealer) -> Result<Pair, String> {
    let open = |place: String, sealed: &str| sealer.open(&place, sealed).map_err(|error| error.to_string());
    let access = open(token_place(row.workspace_id), &row.sealed_access_token)?;
    workspace.token.set(Some(access));
    let life = row.expires_at - row.updated_at;
    let early = EARLY.min(life / 4);
    Ok(Pair {
        refresh: open(refresh_place(row.workspace_id), &row.sealed_refresh_token)?,
        expires_at: row.expires_at,
        // Replicas do not all come at once.
        due_at: row.expires_at - early + early * rand::random_range(0.0..0.2),
    })
}

/// Takes the change for this worker, if the pair is still the newest and nobody else is at it.
async fn claim(parts: &Parts, id: WorkspaceId, row: &Model) -> Result<bool, DbErr> {
    let now = OffsetDateTime::now_utc();
    let free = Condition::any()
        .add(Column::ClaimedUntil.is_null())
        .add(Column::ClaimedUntil.lt(now))
        .add(Column::ClaimedBy.eq(&parts.worker));
    let claimed = Entity::update_many()
        .col_expr(Column::ClaimedBy, Expr::value(Some(parts.worker.clone())))
        .col_expr(Column::ClaimedUntil, Expr::value(Some(now + CLAIM)))
        .filter(Column::WorkspaceId.eq(id))
        .filter(Column::SealedAccessToken.eq(&row.sealed_access_token))
        .filter(free)
        .exec(parts.database.write())
        .await?;
    Ok(claimed.rows_affected > 0)
}

/// Writes the new pair down. It is tried for as long as the claim holds: the pair is nowhere else.
async fn store(parts: &Parts, row: &Model, granted: &Granted, sealer: &Sealer) -> Result<Model, String> {
    let (Some(access), Some(refresh)) = (&granted.access_token, &granted.refresh_token) else {
        return Err("Slack gave no pair of tokens".to_owned());
    };
    let now = OffsetDateTime::now_utc();
    let lives = time::Duration::seconds(granted.expires_in.unwrap_or(43_200).into());
    let next = Model {
        sealed_access_token: sealer.seal(&token_place(row.workspace_id), access),
        sealed_refresh_token: sealer.seal(&refresh_place(row.workspace_id), refresh),
        expires_at: now + lives,
        claimed_by: None,
        claimed_until: None,
        trouble: None,
        updated_at: now,
        ..row.clone()
    };
    loop {
        match next
            .clone()
            .into_active_model()
            .reset_all()
            .update(parts.database.write())
            .await
        {
            Ok(_) => return Ok(next),
            Err(error) if OffsetDateTime::now_utc() < now + CLAIM => {
                tracing::error!("a new pair of tokens could not be stored, and is tried again: {error}");
                tokio::time::sleep(AGAIN.0).await;
            }
            Err(error) => return Err(format!("a new pair of tokens could not be stored: {error}")),
        }
    }
}

/// Lets go of the change, and says why it failed.
async fn release(parts: &Parts, id: WorkspaceId, error: &SlackError) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(None::<OffsetDateTime>))
        .col_expr(Column::Trouble, Expr::value(Some(error.to_string())))
        .filter(Column::WorkspaceId.eq(id))
        .filter(Column::ClaimedBy.eq(&parts.worker))
        .exec(parts.database.write())
        .await
        .map(|_| ())
}
