//! How a connector is: as the bridge has found its channel, and as the Slack workspace is to which it leads.

use time::{Duration, OffsetDateTime};
use tocsin_entity::{
    connector,
    kinds::{ConnectorStatus, SlackWorkspaceStatus},
    slack::{
        connector::{self as found, CHANNEL_TAKEN, WORKSPACE_UNUSABLE},
        installation::{self, SERVERS, SLACK_UNREACHABLE},
    },
    slack_workspace,
};

use super::place;
use crate::{
    error::InternalError,
    loaders::{ConnectorObservationOf, InstallationOf},
    request::Request,
};

/// How long Slack is silent before connectors say so: a moment's trouble is nobody's matter.
const SILENCE: Duration = Duration::seconds(60);

/// How a connector is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorHealth {
    /// How it is.
    pub status: ConnectorStatus,
    /// Why, as a code.
    pub code: Option<String>,
    /// Why, for people.
    pub reason: Option<String>,
    /// Since when.
    pub since: OffsetDateTime,
}

/// How a connector is now. `is_taken` says whether its channel is another organisation's.
pub async fn of(
    request: &Request<'_>,
    connector: &connector::Model,
    is_taken: bool,
) -> Result<ConnectorHealth, InternalError> {
    let loaders = request.loaders();
    let found = loaders.load_one(ConnectorObservationOf(connector.id)).await?;
    if is_taken {
        return Ok(taken(connector, found));
    }
    let id = connector.workspace_id.unwrap_or(SERVERS);
    let installed = loaders.load_one(InstallationOf(id)).await?;
    let workspace: Option<slack_workspace::Model> = match connector.workspace_id {
        Some(id) => loaders.load_one(id).await?,
        None => None,
    };
    if let Some(gone) = workspace.as_ref().and_then(disconnected) {
        return Ok(told_by_bridge(found.as_ref()).unwrap_or(gone));
    }
    let version = workspace.map_or(0, |workspace| workspace.token_version);
    let installed = installed.filter(|installed| installed.is_of_token(version));
    if let Some(ill) = installed
        .as_ref()
        .and_then(|installed| ill(installed, request.domain.clock().now()))
    {
        return Ok(told_by_bridge(found.as_ref()).unwrap_or(ill));
    }
    Ok(as_found(connector, found, installed.as_ref()))
}

fn failing(code: &str, reason: String, since: OffsetDateTime) -> ConnectorHealth {
    ConnectorHealth {
        status: ConnectorStatus::Failing,
        code: Some(code.to_owned()),
        reason: Some(reason),
        since,
    }
}

/// Of one whose channel is another organisation's.
fn taken(connector: &connector::Model, found: Option<found::Model>) -> ConnectorHealth {
    let since = found
        .as_ref()
        .map_or(connector.created_at, |found| found.status_since);
    // The bridge may have heard of it already, and says what stands in.
    let told = found.filter(|found| found.reason_code.as_deref() == Some(CHANNEL_TAKEN));
    let reason = told.and_then(|found| found.reason);
    failing(
        CHANNEL_TAKEN,
        reason.unwrap_or_else(|| place::taken(&connector.channel)),
        since,
    )
}

/// What the bridge has said of an unusable workspace: it also says where incidents go meanwhile.
fn told_by_bridge(found: Option<&found::Model>) -> Option<ConnectorHealth> {
    let found = found?;
    let is_told =
        found.status == ConnectorStatus::Failing && found.reason_code.as_deref() == Some(WORKSPACE_UNUSABLE);
    let reason = found.reason.clone().filter(|_| is_told)?;
    Some(failing(WORKSPACE_UNUSABLE, reason, found.status_since))
}

/// Of one that leads to a workspace which was disconnected.
fn disconnected(workspace: &slack_workspace::Model) -> Option<ConnectorHealth> {
    let since = workspace.disconnected_at?;
    let reason = format!(
        "The Slack workspace {} is disconnected: connect it again, or give the connector another one with `tocsin connector update`",
        workspace.name
    );
    Some(failing(WORKSPACE_UNUSABLE, reason, since))
}

/// Of one that leads to a workspace in which nothing can be delivered.
fn ill(installed: &installation::Model, now: OffsetDateTime) -> Option<ConnectorHealth> {
    let reason = || installed.reason.clone().unwrap_or_default();
    if installed.is_unusable() {
        return Some(failing(WORKSPACE_UNUSABLE, reason(), installed.status_since));
    }
    let is_silent = installed.reason_code.as_deref() == Some(SLACK_UNREACHABLE)
        && now - installed.status_since >= SILENCE;
    is_silent.then(|| failing(SLACK_UNREACHABLE, reason(), installed.status_since))
}

/// As the bridge has found it.
fn as_found(
    connector: &connector::Model,
    found: Option<found::Model>,
    installed: Option<&installation::Model>,
) -> ConnectorHealth {
    let Some(found) = found else {
        return ConnectorHealth {
            status: ConnectorStatus::Pending,
            code: None,
            reason: None,
            since: connector.created_at,
        };
    };
    if leads_elsewhere(connector, &found) {
        return ConnectorHealth {
            status: ConnectorStatus::Pending,
            code: None,
            reason: None,
            since: found.status_since,
        };
    }
    // By now the workspace works: what the bridge has seen of it is over.
    let works = installed.filter(|installed| installed.status == SlackWorkspaceStatus::Active);
    if let Some(works) = works.filter(|_| found.reason_code.as_deref() == Some(WORKSPACE_UNUSABLE)) {
        return ConnectorHealth {
            status: ConnectorStatus::Active,
            code: None,
            reason: None,
            since: works.status_since,
        };
    }
    ConnectorHealth {
        status: found.status,
        code: found.reason_code,
        reason: found.reason,
        since: found.status_since,
    }
}

/// Whether it leads elsewhere than where the bridge has tried it; an earlier version has not written down where that was.
fn leads_elsewhere(connector: &connector::Model, found: &found::Model) -> bool {
    found.failed_channel.as_ref().is_some_and(|channel| {
        *channel != connector.channel || found.failed_workspace_id != connector.workspace_id
    })
}

#[cfg(test)]
mod tests {
    use tocsin_entity::id::{OrganizationId, WorkspaceId};

    use super::*;

    fn installed(status: SlackWorkspaceStatus, code: Option<&str>) -> installation::Model {
        installation::Model {
            workspace_id: WorkspaceId::new(),
            organization_id: OrganizationId::new(),
            team_id: None,
            team_name: None,
            app_id: None,
            bot_user_id: None,
            scopes: String::new(),
            token_version: 0,
            status,
            reason_code: code.map(str::to_owned),
            reason: code.map(str::to_owned),
            status_since: OffsetDateTime::UNIX_EPOCH,
            last_delivered_at: None,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_workspace_that_delivers_nothing_shows_on_its_connectors() {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
        let failing = |code| installed(SlackWorkspaceStatus::Failing, Some(code));
        let code = |installed: &installation::Model, seconds| {
            ill(installed, at(seconds)).and_then(|state| state.code)
        };
        assert_eq!(
            code(&failing("token_revoked"), 0).as_deref(),
            Some(WORKSPACE_UNUSABLE)
        );
        assert_eq!(
            code(&failing(SLACK_UNREACHABLE), 59),
            None,
            "it may be a moment's trouble"
        );
        assert_eq!(
            code(&failing(SLACK_UNREACHABLE), 60).as_deref(),
            Some(SLACK_UNREACHABLE)
        );
        for delivers in [installation::MISSING_SCOPE, installation::TOKEN_NOT_RENEWED] {
            assert_eq!(code(&failing(delivers), 3_600), None, "{delivers}");
        }
        assert_eq!(code(&installed(SlackWorkspaceStatus::Active, None), 3_600), None);
    }
}
