//! Writes down how a connected workspace is, for administrators to see.

use sea_orm::{
    ActiveValue::Set,
    DbErr, EntityTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::OffsetDateTime;
use tocsin_entity::{
    database::Database,
    id::{OrganizationId, WorkspaceId},
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::installation::{ActiveModel, Column, Entity, MISSING_SCOPE, SHARED_WORKSPACE},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Workspace;
use crate::{bridge::Parts, slack::SlackHealth};

/// How soon it is tried again where the database did not take it.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Writes each change of health, until told to end. That of the environment's token is on no record: it is the server's own.
pub(super) async fn run(parts: &Parts, workspace: &Workspace, until: CancellationToken) {
    let (Some(id), Some(organization)) = (workspace.id, workspace.organization) else {
        return;
    };
    let mut health = workspace.watcher.subscribe();
    let mut delivered = workspace.delivered_at.subscribe();
    loop {
        let now = health.borrow_and_update().clone();
        let delivered_at = *delivered.borrow_and_update();
        let deaf = is_deaf(parts, workspace);
        let troubles = Troubles {
            lacking: workspace.watcher.lacking(),
            is_deaf: deaf,
        };
        let found = Found {
            id,
            organization,
            token_version: i32::try_from(workspace.token_version).unwrap_or_default(),
        };
        let written = write(&parts.database, found, &now, &troubles, delivered_at).await;
        if let Err(error) = &written {
            tracing::warn!("how the Slack workspace {id} is could not be written down: {error}");
        }
        tokio::select! {
            () = until.cancelled() => return,
            changed = health.changed() => if changed.is_err() { return },
            () = again(&mut delivered, written.is_err()) => {}
            () = hears_otherwise(parts, workspace, deaf) => {}
        }
    }
}

/// Of which workspace it is found how it is, and with which of its tokens.
struct Found {
    id: WorkspaceId,
    organization: OrganizationId,
    token_version: i32,
}

/// What is wrong where the token works.
struct Troubles {
    /// Scopes for want of which calls were refused.
    lacking: Vec<String>,
    /// Whether what people do there through the organisation's own app is refused.
    is_deaf: bool,
}

/// Whether others are connected to the team as well, so that the organisation's own app may say nothing of it: see [`crate::app`].
fn is_deaf(parts: &Parts, workspace: &Workspace) -> bool {
    let app = workspace.app.and_then(|id| parts.apps.get(id));
    let bot = workspace.installation();
    app.zip(bot)
        .is_some_and(|(app, bot)| !parts.workspaces.are_all_of(&app, &bot.team_id))
}

/// Waits until that changes: others come and go, and Slack says where they are.
async fn hears_otherwise(parts: &Parts, workspace: &Workspace, was: bool) {
    if workspace.app.is_none() {
        std::future::pending::<()>().await;
    }
    while is_deaf(parts, workspace) == was {
        tokio::time::sleep(AGAIN).await;
    }
}

/// When it is to be written again: after a while, where it was not written or Slack has taken more messages.
async fn again(delivered: &mut watch::Receiver<Option<OffsetDateTime>>, failed: bool) {
    if !failed && delivered.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(AGAIN).await;
}

/// Why an organisation's own app is not listened to.
const DEAF: &str = "Messages are delivered, and what people do there through the organisation's own Slack app is refused, since others are connected to \
     the same Slack workspace: whoever knows the app's secret could speak for their people. Disconnect them there, or use the server's app";

/// What is missing, for which feature, and what to do.
fn lacks(scopes: &[String]) -> String {
    let asks = |feature: &SlackFeature| {
        let mut asked = feature.asks().bot_scopes.iter();
        asked.any(|asked| {
            scopes
                .iter()
                .any(|scope| scope.split(',').any(|one| one == *asked))
        })
    };
    let features: Vec<_> = SlackFeature::ALL
        .iter()
        .filter(|feature| asks(feature))
        .map(|feature| feature.as_str())
        .collect();
    let of = if features.is_empty() {
        String::new()
    } else {
        format!(" (of {})", features.join(", "))
    };
    format!(
        "The app lacks the scope {}{of}, and Slack refuses what needs it: reauthorise it by the link that slackInstallUrl gives with this workspaceId, or add the scope \
         on the app's page OAuth & Permissions and install it again",
        scopes.join(", ")
    )
}

async fn write(
    database: &Database,
    of: Found,
    health: &SlackHealth,
    troubles: &Troubles,
    delivered_at: Option<OffsetDateTime>,
) -> Result<(), DbErr> {
    let now = OffsetDateTime::now_utc();
    let (status, reason) = match health {
        SlackHealth::Unasked => (SlackWorkspaceStatus::Pending, None),
        SlackHealth::Well(_) if !troubles.lacking.is_empty() => {
            (SlackWorkspaceStatus::Failing, Some(lacks(&troubles.lacking)))
        }
        SlackHealth::Well(_) if troubles.is_deaf => (SlackWorkspaceStatus::Failing, Some(DEAF.to_owned())),
        SlackHealth::Well(_) => (SlackWorkspaceStatus::Active, None),
        SlackHealth::Ill { trouble, .. } => (SlackWorkspaceStatus::Failing, Some(trouble.clone())),
    };
    let code = match health {
        SlackHealth::Ill { code, .. } => Some(code.clone()),
        SlackHealth::Well(_) if !troubles.lacking.is_empty() => Some(MISSING_SCOPE.to_owned()),
        SlackHealth::Well(_) if troubles.is_deaf => Some(SHARED_WORKSPACE.to_owned()),
        SlackHealth::Unasked | SlackHealth::Well(_) => None,
    };
    let bot = health.installation();
    let scopes = bot.map(|bot| bot.scopes.iter().cloned().collect::<Vec<_>>().join(","));
    let before = Entity::find_by_id(of.id).one(database.read()).await?;
    let same = before.filter(|before| before.status == status && before.reason_code == code);
    let since = same.map_or(now, |same| same.status_since);
    let row = ActiveModel {
        workspace_id: Set(of.id),
        organization_id: Set(of.organization),
        token_version: Set(of.token_version),
        team_id: Set(bot.map(|bot| bot.team_id.clone())),
        team_name: Set(bot.map(|bot| bot.team_name.clone())),
        app_id: Set(bot.and_then(|bot| bot.app_id.clone())),
        bot_user_id: Set(bot.map(|bot| bot.bot_user_id.clone())),
        scopes: Set(scopes.unwrap_or_default()),
        status: Set(status),
        reason_code: Set(code),
        reason: Set(reason),
        status_since: Set(since),
        last_delivered_at: Set(delivered_at),
        updated_at: Set(now),
    };
    let mut told = vec![
        Column::TokenVersion,
        Column::Status,
        Column::ReasonCode,
        Column::Reason,
        Column::StatusSince,
        Column::UpdatedAt,
    ];
    // Who the bot was stays known while its token does not work.
    if bot.is_some() {
        told.extend([
            Column::TeamId,
            Column::TeamName,
            Column::AppId,
            Column::BotUserId,
            Column::Scopes,
        ]);
    }
    if delivered_at.is_some() {
        told.push(Column::LastDeliveredAt);
    }
    Entity::insert(row)
        .on_conflict(
            OnConflict::column(Column::WorkspaceId)
                .update_columns(told)
                // Whoever still has an earlier token says nothing of the present one.
                .action_and_where(Expr::col((Entity, Column::TokenVersion)).lte(of.token_version))
                .to_owned(),
        )
        .exec_without_returning(database.write())
        .await
        .map(|_| ())
}
