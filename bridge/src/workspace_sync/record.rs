//! Writes down how a workspace is, for administrators to see.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{OrganizationId, WorkspaceId},
    slack::installation::{ActiveModel, Column, Entity, NOBODY, SERVERS},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::state::{WorkspaceFaults, WorkspaceState};
use crate::workspace::{SlackHealth, SocketTroubles, Workspace, Workspaces, apps::Apps};

/// How soon it is tried again where the database did not take it.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

/// How often it is written where nothing has changed: so it is seen that a bridge looks after the workspace, and what another has written that is
/// gone by now does not stay.
const AFRESH: std::time::Duration = std::time::Duration::from_secs(30);

/// Writes down how workspaces are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HealthRecord {
    pub(crate) apps: Apps,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    /// Why nothing comes by Socket Mode, while that is so.
    pub(crate) socket_trouble: SocketTroubles,
    pub(crate) workspaces: Workspaces,
}

impl HealthRecord {
    /// Writes each change of health, until told to end.
    pub(super) async fn run(&self, workspace: &Workspace, until: CancellationToken) {
        let found = Found {
            id: workspace.id.unwrap_or(SERVERS),
            organization: workspace.organization.unwrap_or(NOBODY),
            token_version: i32::try_from(workspace.token_version).unwrap_or_default(),
        };
        let mut health = workspace.monitor.subscribe();
        let mut delivered = workspace.delivered_at.subscribe();
        let mut sockets = self.socket_trouble.subscribe();
        loop {
            let now = health.borrow_and_update().clone();
            let delivered_at = *delivered.borrow_and_update();
            let deaf = self.is_deaf(workspace);
            sockets.mark_unchanged();
            let troubles = WorkspaceFaults {
                is_servers: workspace.id.is_none(),
                lacking: workspace.monitor.lacking(),
                not_renewed: workspace.monitor.not_renewed(),
                is_deaf: deaf,
                no_sockets: self.socket_trouble.of(workspace.app),
            };
            let written = self.write(&found, &now, &troubles, delivered_at).await;
            if let Err(error) = &written {
                tracing::warn!(
                    "how the Slack workspace {} is could not be written down: {error}",
                    found.id
                );
            }
            tokio::select! {
                () = until.cancelled() => return,
                changed = health.changed() => if changed.is_err() { return },
                changed = sockets.changed() => if changed.is_err() { return },
                () = again(&mut delivered, written.is_err()) => {}
                () = self.hears_otherwise(workspace, deaf) => {}
                () = tokio::time::sleep(AFRESH) => {}
            }
        }
    }

    /// Forgets how the workspace of `SLACK_BOT_TOKEN` was, where there is no such token any more.
    pub(super) async fn forget_servers(&self) {
        let forgotten = Entity::delete_many()
            .filter(Column::WorkspaceId.eq(SERVERS))
            .exec(self.database.write())
            .await;
        if let Err(error) = forgotten {
            tracing::warn!("how the server's own Slack workspace was could not be forgotten: {error}");
        }
    }

    /// Whether others are connected to the team as well, so that the organisation's own app may say nothing of it: see [`crate::app`].
    fn is_deaf(&self, workspace: &Workspace) -> bool {
        let app = workspace.app.and_then(|id| self.apps.get(id));
        let bot = workspace.installation();
        app.zip(bot)
            .is_some_and(|(app, bot)| !self.workspaces.are_all_of(&app, &bot.team_id))
    }

    /// Waits until that changes: others come and go, and Slack says where they are.
    async fn hears_otherwise(&self, workspace: &Workspace, was: bool) {
        if workspace.app.is_none() {
            std::future::pending::<()>().await;
        }
        while self.is_deaf(workspace) == was {
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn write(
        &self,
        of: &Found,
        health: &SlackHealth,
        troubles: &WorkspaceFaults,
        delivered_at: Option<OffsetDateTime>,
    ) -> Result<(), DbErr> {
        let (database, now) = (&self.database, self.clock.now());
        let WorkspaceState { status, code, reason } = WorkspaceState::of(health, troubles);
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
}

/// Of which workspace it is found how it is, and with which of its tokens.
struct Found {
    id: WorkspaceId,
    organization: OrganizationId,
    token_version: i32,
}

/// When it is to be written again: after a while, where it was not written or Slack has taken more messages.
async fn again(delivered: &mut watch::Receiver<Option<OffsetDateTime>>, failed: bool) {
    if !failed && delivered.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(AGAIN).await;
}
