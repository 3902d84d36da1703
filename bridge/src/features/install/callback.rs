//! Installing by OAuth, as a person's browser goes through it: to Slack, and back.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use secrecy::SecretString;
use time::Duration;
use tocsin_client::{
    ApiClient, ApiError, As, Known,
    documents::{CompleteSlackInstall, DateTime, complete_slack_install},
};
use tocsin_entity::id::WorkspaceId;
use tocsin_slack::error::SlackError;
use tocsin_slack_app::{
    feature,
    oauth::{CALLBACK, INSTALL, InstallState},
    public_url::below,
    sealing::{refresh_place, token_place},
};
use tocsin_slack_client::{Http, oauth::OauthGrant};
use url::Url;

use super::{
    page::{self, InstallResult},
    state::{LinkError, OneTimeLinks},
};
use crate::texts::install as texts;
use crate::workspace::apps::AppClients;
use crate::workspace_sync::WorkspaceSync;

/// Where an installation begins.
const BEGIN: &str = "/slack/install";

/// How often Slack is asked again where the first call did not reach it.
const TRIES: u32 = 3;

/// What it takes to install the app. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SlackInstall {
    pub(crate) api: ApiClient,
    pub(crate) clients: AppClients,
    pub(crate) http: Http,
    pub(crate) links: OneTimeLinks,
    /// The base of the address to which Slack sends people back.
    pub(crate) public_url: Url,
    pub(crate) workspace_sync: WorkspaceSync,
}

pub(crate) fn router(install: SlackInstall) -> Router {
    Router::new()
        .route(BEGIN, get(begin))
        .route(CALLBACK, get(come_back))
        .with_state(install)
}

/// Leads to Slack's page, for who has a link; tells the others how to get one.
async fn begin(
    State(install): State<SlackInstall>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(sealed) = query.get("state") else {
        return page::notice(texts::BEGIN_TITLE, texts::BEGIN);
    };
    match install.links.look::<InstallState>(INSTALL, sealed) {
        Ok(found) => {
            let separator = if found.authorize_url.contains('?') {
                '&'
            } else {
                '?'
            };
            Redirect::to(&format!("{}{separator}state={sealed}", found.authorize_url)).into_response()
        }
        Err(error) => of_link(&error).show(&install.public_url, None),
    }
}

/// Slack has sent somebody back: with a code, or with why there is none.
async fn come_back(
    State(install): State<SlackInstall>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let given = query.get("state").map(String::as_str).unwrap_or_default();
    let opened = install.links.redeem::<InstallState>(INSTALL, given);
    let wanted = match opened.await {
        Ok(wanted) => wanted,
        Err(error) => {
            tracing::warn!("somebody came back from Slack, and is not let in: {error}");
            return of_link(&error).show(&install.public_url, None);
        }
    };
    let answer = match (query.get("error"), query.get("code")) {
        (Some(error), _) => Err(denied(error)),
        (None, Some(code)) => complete(&install, &wanted, code).await,
        (None, None) => Err(InstallResult::failed("NO_CODE", texts::NO_ANSWER)),
    };
    let ending = answer.unwrap_or_else(|ending| {
        tracing::warn!(
            slack.outcome = ending.code,
            "the Slack app was not installed: {}",
            ending.text
        );
        ending
    });
    metrics::counter!("tocsin_slack_installs_total", "outcome" => ending.label()).increment(1);
    ending.show(&install.public_url, wanted.return_to.as_deref())
}

pub(crate) fn of_link(error: &LinkError) -> InstallResult {
    let what = match error {
        LinkError::NoKey => texts::NO_KEY,
        LinkError::State(tocsin_seal::StateError::Expired) => texts::LINK_EXPIRED,
        LinkError::State(tocsin_seal::StateError::Forged) => texts::LINK_FORGED,
        LinkError::Used => texts::LINK_USED,
        LinkError::Database(_) => texts::LINK_UNKNOWN,
    };
    InstallResult::failed(error.code(), what)
}

fn denied(error: &str) -> InstallResult {
    let code: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
    let text = if code == "access_denied" {
        texts::CANCELLED.to_owned()
    } else {
        texts::denied(&code)
    };
    InstallResult::failed(code.to_uppercase(), text)
}

/// Redeems the code, and has the API record the workspace.
async fn complete(
    install: &SlackInstall,
    wanted: &InstallState,
    code: &str,
) -> Result<InstallResult, InstallResult> {
    let client = install
        .clients
        .get(wanted.app_id)
        .ok_or_else(|| InstallResult::failed("SLACK_NOT_CONFIGURED", texts::NO_CLIENT))?;
    let redirect_uri = below(install.public_url.as_str(), CALLBACK);
    let mut tries = 0;
    let granted = loop {
        tries += 1;
        match install.http.redeem(&client, code, &redirect_uri).await {
            Ok(granted) => break granted,
            // It never reached Slack: the code is still good.
            Err(SlackError::NotSent { .. }) if tries < TRIES => {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
            Err(error) => return Err(not_redeemed(&error)),
        }
    };
    let team = granted
        .team
        .as_ref()
        .filter(|_| !granted.is_enterprise_install)
        .ok_or_else(|| InstallResult::failed("ENTERPRISE_INSTALL", texts::ENTERPRISE))?;
    let name = team.name.clone().unwrap_or_else(|| team.id.clone());
    let id = match record(install, wanted, &granted, &team.id, &name).await? {
        Recorded::As(id) => id,
        // Somebody has just installed it in the same workspace: it is there now.
        Recorded::Again => match record(install, wanted, &granted, &team.id, &name).await? {
            Recorded::As(id) => id,
            Recorded::Again => {
                return Err(InstallResult::failed("CONFLICT", texts::CONFLICT));
            }
        },
    };
    if let Err(error) = install.workspace_sync.look().await {
        tracing::debug!("the Slack workspaces can't be read now: {error}");
    }
    Ok(InstallResult::connected(
        &name,
        &wanted.organization_name,
        id.to_string(),
    ))
}

fn not_redeemed(error: &SlackError) -> InstallResult {
    match error.code() {
        Some(code @ ("invalid_client_id" | "bad_client_secret")) => {
            InstallResult::failed(code.to_uppercase(), texts::WRONG_CLIENT)
        }
        Some("bad_redirect_uri") => InstallResult::failed("BAD_REDIRECT_URI", texts::WRONG_REDIRECT),
        Some(code) => InstallResult::failed(code.to_uppercase(), texts::wrong_code(code)),
        None => InstallResult::failed("SLACK_UNREACHABLE", texts::NO_SLACK),
    }
}

/// What came of reporting to the API.
enum Recorded {
    As(WorkspaceId),
    /// Another installation was faster.
    Again,
}

async fn record(
    install: &SlackInstall,
    wanted: &InstallState,
    granted: &OauthGrant,
    team_id: &str,
    team_name: &str,
) -> Result<Recorded, InstallResult> {
    let sealer = install
        .links
        .sealer
        .as_ref()
        .ok_or_else(|| of_link(&LinkError::NoKey))?;
    let token = granted
        .access_token
        .as_ref()
        .ok_or_else(|| InstallResult::failed("NO_BOT_TOKEN", texts::NO_BOT_TOKEN))?;
    let who = As::bridge(wanted.organization_id, None);
    let known = install
        .api
        .slack_workspaces_of(who)
        .await
        .map_err(|error| of_api(&error))?;
    let same = known
        .iter()
        .find(|one| one.team_id.as_deref() == Some(team_id) && one.app_id == wanted.app_id);
    let id = wanted
        .workspace_id
        .or(same.map(|same| same.id))
        .unwrap_or_else(WorkspaceId::new);
    let seal = |place: String, secret: &SecretString| sealer.seal(&place, secret);
    let input = complete_slack_install::CompleteSlackInstallInput {
        id: id.to_string(),
        team_id: team_id.to_owned(),
        team_name: team_name.to_owned(),
        app_id: wanted.app_id.map(|id| id.to_string()),
        installed_by_id: wanted.user_id.map(|id| id.to_string()),
        features: feature::read(&wanted.features)
            .into_iter()
            .map(Known::Value)
            .collect(),
        sealed_bot_token: seal(token_place(id), token),
        sealed_refresh_token: granted
            .refresh_token
            .as_ref()
            .map(|token| seal(refresh_place(id), token)),
        token_expires_at: granted
            .expires_in
            .map(|seconds| DateTime(install.links.clock.now() + Duration::seconds(seconds.into()))),
    };
    let variables = complete_slack_install::Variables { input };
    let answer = install.api.execute::<CompleteSlackInstall>(who, variables).await;
    let payload = answer.map_err(|error| of_api(&error))?.complete_slack_install;
    match payload.user_errors.into_iter().next() {
        None => Ok(Recorded::As(id)),
        Some(error) if error.code == "ALREADY_EXISTS" => Ok(Recorded::Again),
        Some(error) => Err(InstallResult::failed(error.code, error.message)),
    }
}

fn of_api(error: &ApiError) -> InstallResult {
    tracing::error!("an installation could not be recorded: {error}");
    InstallResult::failed("UNAVAILABLE", texts::NOT_RECORDED)
}
