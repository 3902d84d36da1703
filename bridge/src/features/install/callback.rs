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
        return page::notice(
            "Connect Slack",
            "Ask an administrator of your organisation in Tocsin for a link to begin here: `tocsin slack install-url` prints one.",
        );
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
        (None, None) => Err(InstallResult::failed(
            "NO_CODE",
            "Slack sent neither a code nor an error: begin again with a new link.",
        )),
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
        LinkError::NoKey => {
            "Tocsin's bridge lacks TOCSIN_SECRET_KEY: give it the same as the API, and begin again."
        }
        LinkError::State(tocsin_seal::StateError::Expired) => {
            "The link has expired: it is good for ten minutes. Ask for a new one."
        }
        LinkError::State(tocsin_seal::StateError::Forged) => {
            "The link is not one of ours: ask Tocsin for a new one."
        }
        LinkError::Used => "The link was used before: ask for a new one.",
        LinkError::Database(_) => "Tocsin can't do this just now: ask for a new link in a moment.",
    };
    InstallResult::failed(error.code(), what)
}

fn denied(error: &str) -> InstallResult {
    let code: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
    let text = if code == "access_denied" {
        "The installation was cancelled in Slack: nothing was changed.".to_owned()
    } else {
        format!(
            "Slack refuses the installation ({code}): update the app by the manifest that `tocsin manifest` prints, and begin again."
        )
    };
    InstallResult::failed(code.to_uppercase(), text)
}

/// Redeems the code, and has the API record the workspace.
async fn complete(
    install: &SlackInstall,
    wanted: &InstallState,
    code: &str,
) -> Result<InstallResult, InstallResult> {
    let client = install.clients.get(wanted.app_id).ok_or_else(|| {
        InstallResult::failed(
            "SLACK_NOT_CONFIGURED",
            "Tocsin's bridge lacks the Slack app's client id and secret (SLACK_CLIENT_ID, SLACK_CLIENT_SECRET): set them, and begin again.",
        )
    })?;
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
    let team = granted.team.as_ref().filter(|_| !granted.is_enterprise_install).ok_or_else(|| {
        InstallResult::failed(
            "ENTERPRISE_INSTALL",
            "The app was installed for a whole enterprise, which Tocsin does not support: install it in a workspace instead.",
        )
    })?;
    let name = team.name.clone().unwrap_or_else(|| team.id.clone());
    let id = match record(install, wanted, &granted, &team.id, &name).await? {
        Recorded::As(id) => id,
        // Somebody has just installed it in the same workspace: it is there now.
        Recorded::Again => match record(install, wanted, &granted, &team.id, &name).await? {
            Recorded::As(id) => id,
            Recorded::Again => {
                return Err(InstallResult::failed(
                    "CONFLICT",
                    "Others are installing the app just now: begin again.",
                ));
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
        Some(code @ ("invalid_client_id" | "bad_client_secret")) => InstallResult::failed(
            code.to_uppercase(),
            "Slack does not take the app's client id and secret: copy both from the app's page Basic Information, and begin again.",
        ),
        Some("bad_redirect_uri") => InstallResult::failed(
            "BAD_REDIRECT_URI",
            "Slack does not know where to send people back to: update the app by the manifest that `tocsin manifest` prints, with TOCSIN_PUBLIC_URL as it \
             is set here, and begin again.",
        ),
        Some(code) => InstallResult::failed(
            code.to_uppercase(),
            format!("Slack does not take the code ({code}): begin again with a new link."),
        ),
        None => InstallResult::failed(
            "SLACK_UNREACHABLE",
            "Slack does not answer: begin again with a new link in a moment.",
        ),
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
    let token = granted.access_token.as_ref().ok_or_else(|| {
        InstallResult::failed("NO_BOT_TOKEN", "Slack gave no bot token: the app asks for no bot scopes. Update it by its manifest, and begin again.")
    })?;
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
    InstallResult::failed(
        "UNAVAILABLE",
        "Slack has installed the app, and Tocsin could not record it just now: begin again with a new link in a moment.",
    )
}
