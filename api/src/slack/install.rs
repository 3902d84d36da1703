//! Installing the Slack app by OAuth: the link that begins it.

use std::{collections::BTreeSet, time::Duration};

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId, WorkspaceId},
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::{
        feature, installation,
        oauth::{CALLBACK, INSTALL, InstallState, beside_api},
    },
    slack_app,
    slack_workspace::Model,
};
use url::Url;

use super::{connect::wanted, servers};
use crate::{
    error::{Trouble, UserError, UserErrorCode, told},
    limits,
    loaders::{self, InstallationOf},
    node::domain,
    organization,
    viewer::{Need, Viewer},
};

/// How long a link is good for.
const LINK_LIVES: Duration = Duration::from_secs(600);

/// Longest way back to the console, in characters.
const RETURN_MAX: usize = 500;

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
        .append_pair("redirect_uri", &redirect_uri(&config.public_url))
        .extend_pairs(team.map(|team| ("team", team)));
    let state = InstallState {
        organization_id,
        organization_name: organization::name(ctx, organization_id).await?,
        user_id: viewer.member().map(|member| member.user_id),
        app_id,
        workspace_id: wish.workspace_id.as_ref().and_then(|id| id.parse().ok()),
        features: feature::write(&features),
        return_to: wish.return_to.as_deref().map(return_to).transpose()?,
        authorize_url: authorize.to_string(),
    };
    let expires_at = domain(ctx).clock().now() + LINK_LIVES;
    let state = sealer
        .seal_state_until(INSTALL, &state, expires_at)
        .map_err(|error| crate::error::Fault::Broken(format!("a state can't be sealed: {error}")))?;
    authorize.query_pairs_mut().append_pair("state", &state);
    Ok(Link {
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

pub(super) fn no_app() -> UserError {
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
    let id: WorkspaceId =
        servers::need_other(id.parse().map_err(|_| unknown())?, organization_id, "workspaceId")?;
    let found: Option<Model> = loaders::of(ctx).load_one(id).await?;
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
