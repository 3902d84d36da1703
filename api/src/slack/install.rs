//! Installing the Slack app by OAuth: the link that begins it, and what the bridge reports when it has been done.

use std::{collections::BTreeSet, time::Duration};

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::Expr,
};
use time::OffsetDateTime;
use tocsin_entity::{
    connector,
    id::{OrganizationId, SlackAppId, UserId, WorkspaceId},
    kinds::{Role, SlackFeature},
    membership,
    slack::{
        feature, installation,
        oauth::{CALLBACK, INSTALL, InstallState, beside_api},
    },
    slack_app,
    slack_workspace::{Column, Entity, Model},
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;
use url::Url;

use super::{
    connect::{SlackWorkspacePayload, payload, wanted},
    workspace::SlackWorkspace,
};
use crate::{
    error::{Trouble, UserError, UserErrorCode, told},
    limits,
    loaders::{self, InstallationOf},
    node::domain,
    viewer::{Need, Viewer},
};

/// How long a link is good for.
const LINK_LIVES: Duration = Duration::from_secs(600);

/// Longest way back to the console, in characters.
const RETURN_MAX: usize = 500;

/// Longest name or sealed secret that the bridge reports, in characters.
const REPORTED_MAX: usize = 4_000;

/// A link by which the Slack app is installed.
#[derive(SimpleObject)]
pub(crate) struct SlackInstallLink {
    /// Slack's page that asks for the scopes: to be opened in an administrator's browser. Null where it was refused.
    url: Option<String>,
    /// Until when it may be used, once.
    expires_at: Option<OffsetDateTime>,
    /// The scopes that it asks for.
    scopes: Vec<String>,
    /// Why there is none.
    user_errors: Vec<UserError>,
}

/// The query for the link.
#[derive(Default)]
pub(crate) struct SlackInstallQuery;

#[Object]
impl SlackInstallQuery {
    /// A link by which an administrator installs the Slack app in a workspace; with `workspaceId`, installs it there again, with what its features
    /// lack (*Reauthorise*). It is good for ten minutes, and once. Needs the role ADMIN or OWNER.
    async fn slack_install_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is wanted of it; all but incident channels and access logs by default.")]
        features: Option<Vec<SlackFeature>>,
        #[graphql(desc = "The workspace that it is to be again.")] workspace_id: Option<ID>,
        #[graphql(desc = "The organisation's own Slack app; the server's by default.")] app_id: Option<ID>,
        #[graphql(desc = "Where on the console to go back to: a path such as `/settings/slack`.")] return_to: Option<String>,
    ) -> Result<SlackInstallLink> {
        let wish = Wish {
            features,
            workspace_id,
            app_id,
            return_to,
        };
        let (link, user_errors) = told(link(ctx, wish).await)?;
        let link = link.unwrap_or_default();
        Ok(SlackInstallLink {
            url: link.url,
            expires_at: link.expires_at,
            scopes: link.scopes,
            user_errors,
        })
    }
}

/// What is asked for.
struct Wish {
    features: Option<Vec<SlackFeature>>,
    workspace_id: Option<ID>,
    app_id: Option<ID>,
    return_to: Option<String>,
}

#[derive(Default)]
struct Link {
    url: Option<String>,
    expires_at: Option<OffsetDateTime>,
    scopes: Vec<String>,
}

async fn link(ctx: &Context<'_>, wish: Wish) -> Result<Link, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may(Need::Manage)?;
    let config = domain(ctx).config();
    let again = match &wish.workspace_id {
        Some(id) => Some(own(ctx, organization_id, id).await?),
        None => None,
    };
    let app_id = match (&wish.app_id, &again) {
        (Some(id), _) => Some(id.parse::<SlackAppId>().map_err(|_| no_app())?),
        (None, Some(again)) => again.app_id,
        (None, None) => None,
    };
    let client_id = client_id(ctx, organization_id, app_id).await?;
    let sealer = config.sealer.as_ref().ok_or_else(super::seal::no_key)?;
    let before = again.as_ref().map(|again| feature::read(&again.features));
    let features = match (&wish.features, before) {
        (None, Some(before)) => before,
        (named, before) => wanted(named.as_deref())
            .into_iter()
            .chain(before.unwrap_or_default())
            .collect(),
    };
    let installed = match &again {
        Some(again) => loaders::of(ctx)
            .load_one(InstallationOf(again.id))
            .await
            .map_err(Trouble::from)?,
        None => None,
    };
    let scopes = scopes(&features, installed.as_ref());
    let team = again.and_then(|again| again.team_id.or(installed.and_then(|found| found.team_id)));
    let mut authorize = authorize_page(config.slack.api_url.as_str())?;
    authorize
        .query_pairs_mut()
        .append_pair("client_id", &client_id)
        .append_pair("scope", &scopes.join(","))
        .append_pair(
            "user_scope",
            &feature::user_scopes(&features)
                .into_iter()
                .collect::<Vec<_>>()
                .join(","),
        )
        .append_pair("redirect_uri", &redirect_uri(&config.public_url))
        .extend_pairs(team.map(|team| ("team", team)));
    let state = InstallState {
        organization_id,
        user_id: viewer.member().map(|member| member.user_id),
        app_id,
        workspace_id: wish.workspace_id.as_ref().and_then(|id| id.parse().ok()),
        features: feature::write(&features),
        return_to: wish.return_to.as_deref().map(return_to).transpose()?,
        authorize_url: authorize.to_string(),
    };
    let expires_at = OffsetDateTime::now_utc() + LINK_LIVES;
    let state = sealer
        .seal_state(INSTALL, &state, LINK_LIVES)
        .map_err(|error| crate::error::Fault::Broken(format!("a state can't be sealed: {error}")))?;
    authorize.query_pairs_mut().append_pair("state", &state);
    Ok(Link {
        url: Some(authorize.to_string()),
        expires_at: Some(expires_at),
        scopes,
    })
}

/// The scopes to ask for: of a workspace that has some, those that are missing. Where none is, all: it is installed again to heal.
fn scopes(features: &BTreeSet<SlackFeature>, installed: Option<&installation::Model>) -> Vec<String> {
    let all = feature::bot_scopes(features);
    let granted: BTreeSet<_> = installed
        .map(|found| found.scopes.split(',').collect())
        .unwrap_or_default();
    let missing: Vec<_> = all
        .difference(&granted)
        .map(|scope| (*scope).to_owned())
        .collect();
    if missing.is_empty() {
        all.into_iter().map(str::to_owned).collect()
    } else {
        missing
    }
}

fn authorize_page(api_url: &str) -> Result<Url, Trouble> {
    let page = beside_api(api_url, "oauth/v2/authorize");
    Url::parse(&page).map_err(|error| {
        crate::error::Fault::Broken(format!("SLACK_API_URL makes no address of Slack's page: {error}")).into()
    })
}

fn redirect_uri(public_url: &Url) -> String {
    format!("{}{CALLBACK}", public_url.as_str().trim_end_matches('/'))
}

/// A path on the console: never another site.
fn return_to(text: &str) -> Result<String, UserError> {
    let text = limits::line("returnTo", text, RETURN_MAX)?;
    let is_path =
        text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') && !text.contains('#');
    if is_path {
        Ok(text)
    } else {
        Err(UserError::invalid(
            "returnTo",
            "Give a path on the console, such as `/settings/slack`.",
        ))
    }
}

fn no_app() -> UserError {
    UserError::not_found("Slack app").at("appId")
}

async fn client_id(
    ctx: &Context<'_>,
    organization_id: OrganizationId,
    app_id: Option<SlackAppId>,
) -> Result<String, Trouble> {
    let missing = |what: &str| UserError::new(UserErrorCode::SlackNotConfigured, what).into();
    let Some(id) = app_id else {
        let id = domain(ctx).config().slack.client_id.clone();
        return id.ok_or_else(|| {
            missing(
                "The server has no Slack app to install: set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET (from the app's page Basic Information) for the \
                 API and the bridge alike, and start them again; or connect a workspace by its bot token.",
            )
        });
    };
    let app: Option<slack_app::Model> = loaders::of(ctx).load_one(id).await?;
    let app = app
        .filter(|app| app.organization_id == organization_id)
        .ok_or_else(no_app)?;
    match app.client_id {
        Some(id) if app.sealed_client_secret.is_some() => Ok(id),
        Some(_) | None => Err(missing(
            "This Slack app has no client id and secret: set them by updateSlackApp.",
        )),
    }
}

async fn own(ctx: &Context<'_>, organization_id: OrganizationId, id: &ID) -> Result<Model, Trouble> {
    let unknown = || UserError::not_found("Slack workspace").at("workspaceId");
    let id: WorkspaceId = id.parse().map_err(|_| unknown())?;
    let found: Option<Model> = loaders::of(ctx).load_one(id).await?;
    let found = found.filter(|found| found.organization_id == organization_id);
    found.ok_or_else(|| unknown().into())
}

/// What Slack has given for an installation. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct CompleteSlackInstallInput {
    /// The workspace's id: one that is there, or a new one. Tokens are sealed for it.
    id: ID,
    /// What Slack calls it (`T…`).
    team_id: String,
    /// What people in Slack call it.
    team_name: String,
    /// The organisation's own Slack app; the server's where it is left out.
    app_id: Option<ID>,
    /// The member who has asked for it, where one has.
    installed_by_id: Option<ID>,
    /// What is wanted of it.
    features: Vec<SlackFeature>,
    /// The bot token, sealed.
    sealed_bot_token: String,
    /// By which the next one is had, sealed, where Slack changes it.
    sealed_refresh_token: Option<String>,
    /// Until when the bot token works, where Slack changes it.
    token_expires_at: Option<OffsetDateTime>,
}

/// The mutation by which the bridge reports an installation.
#[derive(Default)]
pub(crate) struct SlackInstallMutation;

#[Object]
impl SlackInstallMutation {
    /// Records that the Slack app was installed: a new workspace, or one that is there, connected again. For the Slack bridge alone.
    async fn complete_slack_install(
        &self,
        ctx: &Context<'_>,
        input: CompleteSlackInstallInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(complete(ctx, input).await)
    }
}

async fn complete(ctx: &Context<'_>, input: CompleteSlackInstallInput) -> Result<SlackWorkspace, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may(Need::Read)?;
    if !viewer.is_bridge() {
        return Err(UserError::new(UserErrorCode::Forbidden, "This is for the Slack bridge alone.").into());
    }
    let id: WorkspaceId = input
        .id
        .parse()
        .map_err(|_| UserError::not_found("Slack workspace").at("id"))?;
    let app_id = input
        .app_id
        .as_ref()
        .map(|id| id.parse::<SlackAppId>())
        .transpose()
        .map_err(|_| no_app())?;
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
    let tx = domain(ctx).database().begin_write().await?;
    if let Some(user_id) = installed_by {
        need_administrator(&tx, organization_id, user_id).await?;
    }
    let row = reported.save(&tx, organization_id).await?;
    if !domain(ctx).config().slack.has_own_workspace {
        // There is no workspace of the server's own to which these could lead.
        connector::Entity::update_many()
            .col_expr(connector::Column::WorkspaceId, Expr::value(Some(row.id)))
            .filter(connector::Column::OrganizationId.eq(organization_id))
            .filter(connector::Column::WorkspaceId.is_null())
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    domain(ctx).queue().ring(&RefreshSlackWorkspaces {});
    tracing::info!(workspace.id = %row.id, slack.team = reported.team_id, "the Slack app was installed in {}", reported.team_name);
    Ok(SlackWorkspace(row))
}

/// Who asked may have lost the role since.
async fn need_administrator(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    user_id: UserId,
) -> Result<(), Trouble> {
    let found = membership::Entity::find()
        .filter(membership::Column::OrganizationId.eq(organization_id))
        .filter(membership::Column::UserId.eq(user_id))
        .one(tx)
        .await?;
    let may = found.is_some_and(|found| {
        matches!(found.role, Role::Admin | Role::Owner) && found.deactivated_at.is_none()
    });
    if may {
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
    ) -> Result<Model, Trouble> {
        let all = Entity::find()
            .filter(Column::OrganizationId.eq(organization_id))
            .all(tx)
            .await?;
        let now = OffsetDateTime::now_utc();
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
                channels: before.channels,
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
            channels: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_on_the_console() {
        for good in ["/", "/settings/slack?tab=2"] {
            assert!(return_to(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a#b",
        ] {
            assert!(return_to(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let features = BTreeSet::from([SlackFeature::Notifications, SlackFeature::Previews]);
        let all = scopes(&features, None);
        assert!(all.contains(&"chat:write".to_owned()) && all.contains(&"links:read".to_owned()));
        let granted = |scopes: &str| installation::Model {
            workspace_id: WorkspaceId::new(),
            organization_id: OrganizationId::new(),
            team_id: None,
            team_name: None,
            app_id: None,
            bot_user_id: None,
            scopes: scopes.to_owned(),
            status: tocsin_entity::kinds::SlackWorkspaceStatus::Active,
            reason_code: None,
            reason: None,
            status_since: OffsetDateTime::UNIX_EPOCH,
            last_delivered_at: None,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        let notifications = feature::bot_scopes(&[SlackFeature::Notifications])
            .into_iter()
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(
            scopes(&features, Some(&granted(&notifications))),
            ["links:read", "links:write"]
        );
        assert_eq!(scopes(&features, Some(&granted(&all.join(",")))), all);
    }
}
