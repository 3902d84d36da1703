//! Installing the Slack app by OAuth: the link that begins it.

use std::{collections::BTreeSet, time::Duration};

use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, WorkspaceId},
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::installation,
    slack_app,
    slack_workspace::Model,
};
use tocsin_slack_app::{
    feature,
    oauth::{CALLBACK, INSTALL, InstallState, beside_api},
    public_url::below,
};
use url::Url;

use super::{connect::wanted, servers};
use crate::{
    error::{MutationError, UserError, UserErrorCode},
    limits,
    loaders::InstallationOf,
    organization,
    request::Request,
    viewer::Permission,
};

/// How long a link is good for.
const LINK_LIVES: Duration = Duration::from_secs(600);

/// Longest way back to the console, in characters.
const RETURN_MAX: usize = 500;

/// What is asked for.
#[derive(Debug)]
pub struct InstallRequest {
    /// What is wanted of the workspace.
    pub features: Option<Vec<SlackFeature>>,
    /// The workspace that it is to be again.
    pub workspace_id: Option<String>,
    /// The organisation's own Slack app; the server's by default.
    pub app_id: Option<String>,
    /// Where on the console to go back to.
    pub return_to: Option<String>,
}

/// The link.
#[derive(Debug, Default)]
pub struct InstallLink {
    /// Slack's page that asks for the scopes.
    pub url: Option<String>,
    /// Until when it may be used, once.
    pub expires_at: Option<OffsetDateTime>,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
}

/// The link that begins an installation.
pub async fn link(request: &Request<'_>, wish: InstallRequest) -> Result<InstallLink, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may(Permission::Manage)?;
    let config = request.domain.config();
    let again = match &wish.workspace_id {
        Some(id) => Some(own(request, organization_id, id).await?),
        None => None,
    };
    let app_id = match (&wish.app_id, &again) {
        (Some(id), _) => Some(id.parse::<SlackAppId>().map_err(|_| no_app())?),
        (None, Some(again)) => again.app_id,
        (None, None) => None,
    };
    let client_id = client_id(request, organization_id, app_id).await?;
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
        Some(again) => request
            .loaders()
            .load_one(InstallationOf(again.id))
            .await
            .map_err(MutationError::from)?,
        None => None,
    };
    let holds = again
        .as_ref()
        .is_some_and(|again| again.app_id == app_id && again.disconnected_at.is_none());
    let scopes = scopes(
        &features,
        installed.as_ref().filter(|found| holds && works(found)),
    );
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
        .append_pair("redirect_uri", &below(config.public_url.as_str(), CALLBACK))
        .extend_pairs(team.map(|team| ("team", team)));
    let state = InstallState {
        organization_id,
        organization_name: organization::name(request, organization_id).await?,
        user_id: viewer.member().map(|member| member.user_id),
        app_id,
        workspace_id: wish.workspace_id.as_deref().and_then(|id| id.parse().ok()),
        features: feature::write(&features),
        return_to: wish.return_to.as_deref().map(return_to).transpose()?,
        authorize_url: authorize.to_string(),
    };
    let expires_at = request.domain.clock().now() + LINK_LIVES;
    let state = sealer
        .seal_state_until(INSTALL, &state, expires_at)
        .map_err(|error| crate::error::InternalError::Broken(format!("a state can't be sealed: {error}")))?;
    authorize.query_pairs_mut().append_pair("state", &state);
    Ok(InstallLink {
        url: Some(authorize.to_string()),
        expires_at: Some(expires_at),
        scopes,
    })
}

/// Whether Slack takes the token, so that what was granted still is. The scopes stay on record when the app was uninstalled.
fn works(found: &installation::Model) -> bool {
    match found.status {
        SlackWorkspaceStatus::Active => true,
        SlackWorkspaceStatus::Failing => matches!(
            found.reason_code.as_deref(),
            Some(
                installation::MISSING_SCOPE
                    | installation::SHARED_WORKSPACE
                    | installation::SOCKET_MODE_FAILS
            )
        ),
        SlackWorkspaceStatus::Pending | SlackWorkspaceStatus::Disconnected => false,
    }
}

/// The scopes to ask for: of a workspace in which some are granted, those that are missing. Where none is, all: it is installed again to heal.
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

fn authorize_page(api_url: &str) -> Result<Url, MutationError> {
    let page = beside_api(api_url, "oauth/v2/authorize");
    Url::parse(&page).map_err(|error| {
        crate::error::InternalError::Broken(format!(
            "SLACK_API_URL makes no address of Slack's page: {error}"
        ))
        .into()
    })
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

pub(crate) fn no_app() -> UserError {
    UserError::not_found("Slack app").at("appId")
}

async fn client_id(
    request: &Request<'_>,
    organization_id: OrganizationId,
    app_id: Option<SlackAppId>,
) -> Result<String, MutationError> {
    let missing = |what: &str| UserError::new(UserErrorCode::SlackNotConfigured, what).into();
    let Some(id) = app_id else {
        let id = request.domain.config().slack.client_id.clone();
        return id.ok_or_else(|| {
            missing(
                "The server has no Slack app to install: set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET (from the app's page Basic Information) for the \
                 API and the bridge alike, and start them again; or connect a workspace by its bot token.",
            )
        });
    };
    let app: Option<slack_app::Model> = request.loaders().load_one(id).await?;
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

async fn own(
    request: &Request<'_>,
    organization_id: OrganizationId,
    id: &str,
) -> Result<Model, MutationError> {
    let unknown = || UserError::not_found("Slack workspace").at("workspaceId");
    let id: WorkspaceId =
        servers::need_other(id.parse().map_err(|_| unknown())?, organization_id, "workspaceId")?;
    let found: Option<Model> = request.loaders().load_one(id).await?;
    let found = found.filter(|found| found.organization_id == organization_id);
    found.ok_or_else(|| unknown().into())
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
            token_version: 0,
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
