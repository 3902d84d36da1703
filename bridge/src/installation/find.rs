//! Decides for which installation a request is, and finds what is connected there.

use std::sync::Arc;

use tocsin_entity::id::SlackAppId;
use tocsin_slack::envelope::RequestKind;

use super::{
    AppInstallation, InstallationKey,
    request_origin::{RequestOrigin, request_origin},
};
use crate::workspace::{Workspace, Workspaces, apps::Apps};

/// Why a request is for nobody here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("it names no Slack workspace")]
    NoTeam,
    #[error("it names several Slack workspaces")]
    SeveralTeams,
    #[error("it is about a Slack workspace that is not connected through this app")]
    NotConnected,
    #[error("it is about a Slack workspace that is not the app's organisation's alone")]
    NotAlone,
    #[error("the app is no longer known")]
    NoApp,
}

impl Rejection {
    /// What it is counted as.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NoTeam => "no_team",
            Self::SeveralTeams => "several_teams",
            Self::NotConnected => "not_connected",
            Self::NotAlone => "not_alone",
            Self::NoApp => "no_app",
        }
    }

    /// Counts it, and tells the operator.
    pub(crate) fn report(self, app: Option<SlackAppId>, what: &str) {
        metrics::counter!("tocsin_slack_foreign_total", "reason" => self.reason()).increment(1);
        if let Some(id) = app {
            tracing::warn!(slack.app = %id, "refused {what} of the Slack app {id}: {self}");
        } else {
            tracing::warn!("refused {what} of the server's Slack app: {self}");
        }
    }
}

/// What is connected for a key.
#[derive(Debug)]
pub(crate) enum Lookup {
    Connected(AppInstallation),
    /// Slack has not said yet where a workspace is that was connected through the app: it may be this one.
    NotYet,
    Rejected(Rejection),
}

/// Decides for which installation a request is, by the app whose secret has verified it and the teams that it names.
///
/// # Errors
/// When it is for none that could be connected, now or later.
pub(crate) fn decide(
    apps: &Apps,
    workspaces: &Workspaces,
    app: Option<SlackAppId>,
    kind: RequestKind,
    payload: &serde_json::Value,
) -> Result<InstallationKey, Rejection> {
    let named = request_origin(kind, payload);
    let Some(first) = named.candidates.first() else {
        return Err(Rejection::NoTeam);
    };
    let is_there = |team: &&String| workspaces.connected(app, team).next().is_some();
    let team = named.candidates.iter().find(is_there).unwrap_or(first);
    if app.is_some() && names_another(workspaces, app, team, &named) {
        return Err(Rejection::SeveralTeams);
    }
    let key = InstallationKey {
        app,
        team_id: team.clone(),
    };
    match find(apps, workspaces, &key) {
        Lookup::Connected(_) | Lookup::NotYet => Ok(key),
        Lookup::Rejected(rejection) => Err(rejection),
    }
}

/// Whether a request that an organisation may have signed itself names another team, other than as that of the person who acts. One that is connected
/// here through another app is not named at all.
fn names_another(
    workspaces: &Workspaces,
    app: Option<SlackAppId>,
    team: &str,
    named: &RequestOrigin,
) -> bool {
    let mut others = named.all.iter().filter(|other| *other != team);
    others.any(|other| {
        let is_connected = workspaces.in_team(other).any(|workspace| workspace.app != app);
        is_connected || !named.of_speaker.contains(other)
    })
}

/// Finds what is connected for a key now: a workspace may have been disconnected since the request came.
pub(crate) fn find(apps: &Apps, workspaces: &Workspaces, key: &InstallationKey) -> Lookup {
    let known = match key.app.map(|id| apps.get(id)) {
        None => None,
        Some(Some(app)) => Some(app),
        Some(None) if workspaces.are_unread() => return Lookup::NotYet,
        Some(None) => return Lookup::Rejected(Rejection::NoApp),
    };
    let mut connected: Vec<Arc<Workspace>> = workspaces.connected(key.app, &key.team_id).collect();
    if connected.is_empty() {
        return if workspaces.is_coming(key.app) {
            Lookup::NotYet
        } else {
            Lookup::Rejected(Rejection::NotConnected)
        };
    }
    // Whoever knows the secret of an app can speak for everybody in the team.
    if let Some(app) = known
        && !workspaces.are_all_of(&app, &key.team_id)
    {
        return Lookup::Rejected(Rejection::NotAlone);
    }
    connected.sort_by_key(|workspace| workspace.is_disconnected());
    let in_team: Vec<_> = workspaces.in_team(&key.team_id).collect();
    let bots = in_team
        .iter()
        .filter_map(|workspace| workspace.installation())
        .map(|bot| bot.bot_user_id.clone());
    Lookup::Connected(AppInstallation {
        key: key.clone(),
        connected,
        bots: bots.collect(),
        owners: in_team.iter().map(|workspace| workspace.organization).collect(),
    })
}
