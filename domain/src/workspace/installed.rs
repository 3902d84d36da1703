//! What the bridge reports when the Slack app has been installed.

use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, IntoActiveModel, QueryFilter};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, UserId, WorkspaceId},
    kinds::{Role, SlackFeature},
    membership, slack_app,
    slack_workspace::{Column, Entity, Model},
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;
use tocsin_slack_app::feature;

use super::{connect::wanted, default};
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrorCode},
    limits,
    request::Request,
    tenant::{self, Tenant, everywhere},
    viewer::Permission,
};

/// Longest name or sealed secret that is reported, in characters.
const REPORTED_MAX: usize = 4_000;

/// What Slack has given for an installation. Taken from the Slack bridge alone.
#[derive(Debug)]
pub struct CompleteSlackInstall {
    /// The workspace's id: one that is there, or a new one. Tokens are sealed for it.
    pub id: String,
    /// What Slack calls it (`T…`).
    pub team_id: String,
    /// What people in Slack call it.
    pub team_name: String,
    /// The organisation's own Slack app; the server's where it is left out.
    pub app_id: Option<String>,
    /// The member who has asked for it, where one has.
    pub installed_by_id: Option<String>,
    /// What is wanted of it.
    pub features: Vec<SlackFeature>,
    /// The bot token, sealed.
    pub sealed_bot_token: String,
    /// By which the next one is had, sealed, where Slack changes it.
    pub sealed_refresh_token: Option<String>,
    /// Until when the bot token works, where Slack changes it.
    pub token_expires_at: Option<OffsetDateTime>,
}

/// Records that the Slack app was installed.
pub async fn complete(request: &Request<'_>, input: CompleteSlackInstall) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Report)?;
    let id: WorkspaceId = input
        .id
        .parse()
        .map_err(|_| UserError::not_found("Slack workspace").at("id"))?;
    let app_id = input
        .app_id
        .as_ref()
        .map(|id| id.parse::<SlackAppId>())
        .transpose()
        .map_err(|_| super::install::no_app())?;
    let installed_by = input
        .installed_by_id
        .as_ref()
        .map(|id| id.parse::<UserId>())
        .transpose();
    let installed_by = installed_by.map_err(|_| UserError::not_found("member").at("installedById"))?;
    let team_id = limits::line("teamId", &input.team_id, 50)?;
    let reported = Reported {
        id,
        app_id,
        team_name: limits::line("teamName", &input.team_name, REPORTED_MAX)
            .unwrap_or_else(|_| team_id.clone()),
        team_id,
        features: feature::write(&wanted(Some(&input.features))),
        sealed_bot_token: limits::line("sealedBotToken", &input.sealed_bot_token, REPORTED_MAX)?,
        sealed_refresh_token: input
            .sealed_refresh_token
            .as_deref()
            .map(|text| limits::line("sealedRefreshToken", text, REPORTED_MAX))
            .transpose()?,
        token_expires_at: input.token_expires_at.map(limits::time),
        installed_by,
    };
    let tx = request.domain.database().begin_write().await?;
    if let Some(user_id) = installed_by {
        need_administrator(&tx, organization_id, user_id).await?;
    }
    if let Some(app_id) = app_id {
        let app = tenant::own::<slack_app::Entity>(&tx, organization_id, app_id).await?;
        app.ok_or_else(super::install::no_app)?;
    }
    let before = everywhere::<Entity>("another organisation's is refused below")
        .filter(Column::Id.eq(reported.id))
        .one(&tx)
        .await?;
    if before
        .as_ref()
        .is_some_and(|before| before.organization_id != organization_id)
    {
        return Err(UserError::not_found("Slack workspace").at("id").into());
    }
    let row = reported.save(&tx, organization_id, request.now()).await?;
    let trail = AuditTrail::of(request, organization_id).on_behalf_of(installed_by);
    match &before {
        Some(before) => trail.changed(&tx, before, &row).await?,
        None => trail.made(&tx, &row).await?,
    }
    default::adopt_waiting(request, &tx, &row).await?;
    tx.commit().await?;
    request.domain.queue().enqueue(&RefreshSlackWorkspaces {});
    tracing::info!(workspace.id = %row.id, slack.team = reported.team_id, "the Slack app was installed in {}", reported.team_name);
    Ok(row)
}

/// Who asked may have lost the role since.
async fn need_administrator(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(), MutationError> {
    let found = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .one(tx)
        .await?
        .ok_or_else(|| UserError::not_found("member").at("installedById"))?;
    if matches!(found.role, Role::Admin | Role::Owner) && found.deactivated_at.is_none() {
        Ok(())
    } else {
        let why =
            "Who began the installation may not manage integrations: this needs the role ADMIN or OWNER.";
        Err(UserError::new(UserErrorCode::Forbidden, why).into())
    }
}

/// What the bridge reports, checked.
struct Reported {
    id: WorkspaceId,
    app_id: Option<SlackAppId>,
    team_id: String,
    team_name: String,
    features: String,
    sealed_bot_token: String,
    sealed_refresh_token: Option<String>,
    token_expires_at: Option<OffsetDateTime>,
    installed_by: Option<UserId>,
}

impl Reported {
    async fn save(
        &self,
        tx: &DatabaseTransaction,
        organization_id: OrganizationId,
        now: OffsetDateTime,
    ) -> Result<Model, MutationError> {
        let all = Tenant::of(organization_id).find::<Entity>().all(tx).await?;
        if let Some(before) = all.iter().find(|row| row.id == self.id).cloned() {
            if before.team_id.as_ref().is_some_and(|team| *team != self.team_id) {
                return Err(UserError::new(
                    UserErrorCode::Conflict,
                    format!("{} is another Slack workspace than {}: install the app in that one, or connect a new one.", self.team_name, before.name),
                )
                .into());
            }
            let after = Model {
                token_version: before.token_version + 1,
                disconnected_at: None,
                updated_at: now,
                ..self.row(organization_id, before.name.clone(), now)
            };
            let after = Model {
                created_at: before.created_at,
                created_by: before.created_by,
                ..after
            };
            return Ok(after.into_active_model().reset_all().update(tx).await?);
        }
        let is_same = |row: &&Model| row.team_id.as_ref() == Some(&self.team_id) && row.app_id == self.app_id;
        if all.iter().any(|row| is_same(&row)) {
            return Err(UserError::new(
                UserErrorCode::AlreadyExists,
                "This Slack workspace is connected already: ask again.",
            )
            .into());
        }
        let row = self.row(organization_id, name(&self.team_name, &all), now);
        Ok(row.into_active_model().insert(tx).await?)
    }

    fn row(&self, organization_id: OrganizationId, name: String, now: OffsetDateTime) -> Model {
        Model {
            id: self.id,
            organization_id,
            name,
            sealed_bot_token: Some(self.sealed_bot_token.clone()),
            app_id: self.app_id,
            features: self.features.clone(),
            team_id: Some(self.team_id.clone()),
            sealed_refresh_token: self.sealed_refresh_token.clone(),
            token_expires_at: self.token_expires_at,
            manifest_version: feature::MANIFEST_VERSION,
            token_version: 1,
            disconnected_at: None,
            created_by: self.installed_by,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What administrators will call it: as people in Slack do, and with a number where that is taken.
fn name(team_name: &str, all: &[Model]) -> String {
    let base: String = team_name.chars().take(90).collect();
    let is_free = |name: &String| all.iter().all(|row| row.name != *name);
    let numbered = (2..).map(|number| format!("{base} {number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(is_free).unwrap_or(base)
}
