//! Slack workspaces and apps, as administrators want them.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ConnectorId, OrganizationId, SlackAppId, WorkspaceId},
    kinds::SlackFeature,
};

use crate::{
    api::ApiClient,
    documents::{LeadOf, Leads, SlackApps, SlackWorkspaces, lead_of, leads, slack_apps, slack_workspaces},
    error::ApiError,
    incident::ConnectorTarget,
    known::Known,
    transport::As,
};

/// A Slack workspace that an organisation is connected to.
#[derive(Clone, Debug)]
pub struct SlackWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What administrators call it.
    pub name: String,
    /// What Slack calls it, where that is known.
    pub team_id: Option<String>,
    /// The organisation's own Slack app; none for the server's.
    pub app_id: Option<SlackAppId>,
    /// What is wanted of the app there.
    pub features: BTreeSet<SlackFeature>,
    /// None where it is disconnected.
    pub token: Option<SealedToken>,
}

/// A bot token, sealed.
#[derive(Clone, Debug)]
pub struct SealedToken {
    /// The token, sealed.
    pub sealed: String,
    /// By which the next one is had, sealed, and until when this one works, where Slack changes it.
    pub rotating: Option<(String, OffsetDateTime)>,
    /// How often it was set.
    pub version: i64,
}

/// An organisation's own Slack app. Its secrets are sealed.
#[derive(Clone, Debug)]
pub struct SlackApp {
    /// Its id.
    pub id: SlackAppId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Slack's client id of it.
    pub client_id: Option<String>,
    /// Proves to Slack that a call is the app's.
    pub sealed_client_secret: Option<String>,
    /// By which its requests are known to be Slack's.
    pub sealed_signing_secret: Option<String>,
    /// Opens Socket Mode.
    pub sealed_app_token: Option<String>,
    /// How often its secrets were set.
    pub version: i64,
}

impl ApiClient {
    /// The Slack workspaces that organisations are connected to.
    pub async fn slack_workspaces(&self) -> Result<Vec<SlackWorkspace>, ApiError> {
        self.slack_workspaces_of(As::default()).await
    }

    /// Those of one organisation.
    pub async fn slack_workspaces_of(&self, who: As<'_>) -> Result<Vec<SlackWorkspace>, ApiError> {
        let variables = slack_workspaces::Variables {};
        let read = self.execute::<SlackWorkspaces>(who, variables).await?;
        read.slack_workspaces.into_iter().map(of_workspace).collect()
    }

    /// The Slack apps of all organisations.
    pub async fn slack_apps(&self) -> Result<Vec<SlackApp>, ApiError> {
        let variables = slack_apps::Variables {};
        let read = self.execute::<SlackApps>(As::default(), variables).await?;
        read.slack_apps.into_iter().map(of_app).collect()
    }
}

/// A connector, as far as it says where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadingConnector {
    /// Its id.
    pub id: ConnectorId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Where it leads.
    pub lead: ConnectorTarget,
}

impl ApiClient {
    /// Where the connectors of all organisations lead.
    pub async fn leads(&self) -> Result<Vec<LeadingConnector>, ApiError> {
        let read = self.execute::<Leads>(As::default(), leads::Variables {}).await?;
        let all = read.connectors.into_iter();
        let of = |read: leads::LeadsConnectors| {
            let workspace = read.workspace.map(|workspace| workspace.id);
            leading(&read.id, &read.organization_id, workspace, read.channel)
        };
        all.map(of).collect()
    }

    /// Where one connector leads; none where it is no longer there.
    pub async fn lead_of(&self, id: ConnectorId) -> Result<Option<LeadingConnector>, ApiError> {
        let variables = lead_of::Variables { id: id.to_string() };
        let node = self.execute::<LeadOf>(As::default(), variables).await?.node;
        let Some(lead_of::LeadOfNode::Connector(read)) = node else {
            return Ok(None);
        };
        let workspace = read.workspace.map(|workspace| workspace.id);
        leading(&read.id, &read.organization_id, workspace, read.channel).map(Some)
    }
}

fn of_workspace(read: slack_workspaces::SlackWorkspacesSlackWorkspaces) -> Result<SlackWorkspace, ApiError> {
    let token = read.sealed_token.map(|token| SealedToken {
        sealed: token.sealed,
        rotating: token.sealed_refresh.zip(token.expires_at.map(|at| at.0)),
        version: token.version,
    });
    Ok(SlackWorkspace {
        id: read.id.parse()?,
        organization: read.organization_id.parse()?,
        name: read.name,
        team_id: read.team_id,
        app_id: read.own_app_id.map(|id| id.parse()).transpose()?,
        // Those of a later version are none that this one could lack scopes for.
        features: read.features.into_iter().filter_map(Known::value).collect(),
        token,
    })
}

fn of_app(read: slack_apps::SlackAppsSlackApps) -> Result<SlackApp, ApiError> {
    let version = read.sealed.as_ref().map_or(0, |sealed| sealed.version);
    let sealed = read
        .sealed
        .map(|sealed| (sealed.client_secret, sealed.signing_secret, sealed.app_token));
    let (client_secret, signing_secret, app_token) = sealed.unwrap_or_default();
    Ok(SlackApp {
        id: read.id.parse()?,
        organization: read.organization_id.parse()?,
        client_id: read.client_id,
        sealed_client_secret: client_secret,
        sealed_signing_secret: signing_secret,
        sealed_app_token: app_token,
        version,
    })
}

fn leading(
    id: &str,
    organization: &str,
    workspace: Option<String>,
    channel: String,
) -> Result<LeadingConnector, ApiError> {
    let workspace = workspace.map(|id| id.parse()).transpose()?;
    Ok(LeadingConnector {
        id: id.parse()?,
        organization: organization.parse()?,
        lead: ConnectorTarget { workspace, channel },
    })
}
