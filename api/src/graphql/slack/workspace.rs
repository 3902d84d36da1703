//! Slack workspaces: as they are wanted, and as they are.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::{loaders::InstallationOf, viewer::Viewer};
use tocsin_entity::{
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::installation::{self, SERVERS},
    slack_workspace,
};
use tocsin_slack_app::feature;

use crate::graphql::{
    context::{loaders, request},
    failure::Result,
    organization::{self, Organization},
};

/// A Slack workspace.
#[derive(Clone)]
pub(crate) struct SlackWorkspace(pub(crate) slack_workspace::Model);

/// A bot token, sealed: for the bridge alone.
#[derive(SimpleObject)]
pub(crate) struct SealedSlackToken {
    /// The token.
    sealed: String,
    /// By which the next one is had, where Slack changes it.
    sealed_refresh: Option<String>,
    /// Until when it works, where Slack changes it.
    expires_at: Option<OffsetDateTime>,
    /// Grows each time another is set.
    version: i32,
}

/// Scopes that a feature lacks.
#[derive(SimpleObject)]
pub(crate) struct MissingScopes {
    /// The feature.
    feature: SlackFeature,
    /// The scopes.
    scopes: Vec<String>,
}

impl MissingScopes {
    /// What is wanted and lacks scopes, where these were granted.
    pub(super) fn of(wanted: &BTreeSet<SlackFeature>, granted: &BTreeSet<&str>) -> Vec<Self> {
        let missing = tocsin_domain::workspace::missing_scopes(wanted, granted).into_iter();
        missing
            .map(|(feature, scopes)| Self { feature, scopes })
            .collect()
    }
}

/// A Slack workspace that the organisation is connected to. Its token can be set, and never be read.
#[Object]
impl SlackWorkspace {
    /// The workspace's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that it belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that it belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What administrators call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it is the workspace of `SLACK_BOT_TOKEN`: the server's environment sets it, all organisations share it, and no mutation changes it.
    async fn set_by_environment(&self) -> bool {
        self.is_servers()
    }

    /// What Slack calls it (`T…`), once it has answered.
    async fn team_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let found = self.installation(ctx).await?.and_then(|found| found.team_id);
        Ok(found.or_else(|| self.0.team_id.clone()))
    }

    /// What people in Slack call it, once it has answered.
    async fn team_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.installation(ctx).await?.and_then(|found| found.team_name))
    }

    /// The Slack app that is installed there (`A…`), once it has answered.
    async fn app_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.installation(ctx).await?.and_then(|found| found.app_id))
    }

    /// The id of the organisation's own Slack app that is installed there; null for the server's.
    async fn own_app_id(&self) -> Option<ID> {
        self.0.app_id.map(|id| ID(id.to_string()))
    }

    /// Whether it has a bot token; not any more once it is disconnected.
    async fn bot_token_set(&self) -> bool {
        self.0.sealed_bot_token.is_some() || self.is_servers()
    }

    /// The scopes that Slack says were granted.
    async fn granted_scopes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let found = self.installation(ctx).await?;
        let scopes = found.map(|found| found.scopes).unwrap_or_default();
        let given = scopes.split(',').filter(|scope| !scope.is_empty());
        Ok(given.map(str::to_owned).collect())
    }

    /// What is wanted of it.
    async fn features(&self) -> Vec<SlackFeature> {
        feature::read(&self.0.features).into_iter().collect()
    }

    /// What is wanted of it and lacks scopes: *Reauthorise* by `slackInstallUrl`, or add them to the app and install it again.
    async fn missing_scopes(&self, ctx: &Context<'_>) -> Result<Vec<MissingScopes>> {
        let found = self.installation(ctx).await?;
        // Before Slack has said what was granted, nothing is known to be missing.
        let granted = found
            .map(|found| found.scopes)
            .filter(|scopes| !scopes.is_empty());
        let Some(granted) = granted else {
            return Ok(Vec::new());
        };
        let granted: BTreeSet<_> = granted.split(',').collect();
        Ok(MissingScopes::of(&feature::read(&self.0.features), &granted))
    }

    /// When Slack last took a message there; of the server's own workspace, one of this organisation.
    async fn last_delivered_at(&self, ctx: &Context<'_>) -> Result<Option<OffsetDateTime>> {
        if self.is_servers() {
            return Ok(tocsin_domain::workspace::servers_last_delivered_at(
                &request(ctx),
                self.0.organization_id,
            )
            .await?);
        }
        Ok(self
            .installation(ctx)
            .await?
            .and_then(|found| found.last_delivered_at))
    }

    /// The version of the app's manifest (`tocsin manifest`) when it was last installed by OAuth; null where it was not.
    async fn manifest_version(&self) -> Option<i32> {
        Some(self.0.manifest_version).filter(|version| *version > 0)
    }

    /// Whether that is the version of this server: else update the app by the manifest that `tocsin manifest` prints, and install it again. Null
    /// where it was not installed by OAuth.
    async fn manifest_is_current(&self) -> Option<bool> {
        let version = Some(self.0.manifest_version).filter(|version| *version > 0)?;
        Some(version >= feature::MANIFEST_VERSION)
    }

    /// How it is; `PENDING` until the Slack bridge has tried the present bot token.
    async fn status(&self, ctx: &Context<'_>) -> Result<SlackWorkspaceStatus> {
        if self.0.disconnected_at.is_some() {
            return Ok(SlackWorkspaceStatus::Disconnected);
        }
        let found = self.present(ctx).await?;
        Ok(found.map_or(SlackWorkspaceStatus::Pending, |found| found.status))
    }

    /// Why it does not work: Slack's error code, or one of Tocsin's.
    async fn reason_code(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.present(ctx).await?.and_then(|found| found.reason_code))
    }

    /// Why it does not work, and what to do.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.present(ctx).await?.and_then(|found| found.reason))
    }

    /// Since when it is so.
    async fn status_since(&self, ctx: &Context<'_>) -> Result<OffsetDateTime> {
        let found = self.present(ctx).await?;
        let found = found.map(|found| found.status_since);
        let unasked = if self.0.token_version > 1 {
            self.0.updated_at
        } else {
            self.0.created_at
        };
        Ok(self.0.disconnected_at.or(found).unwrap_or(unasked))
    }

    /// How many connectors lead there.
    async fn connector_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = tocsin_domain::workspace::connector_count(&request(ctx), &self.0).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// When it was connected; of the server's own workspace, since when it is as it is.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was disconnected.
    async fn disconnected_at(&self) -> Option<OffsetDateTime> {
        self.0.disconnected_at
    }

    /// The bot token, sealed: for the Slack bridge alone. Null where it is disconnected.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn sealed_token(&self, ctx: &Context<'_>) -> Option<SealedSlackToken> {
        let is_bridge = ctx.data_unchecked::<Viewer>().is_bridge();
        let sealed = self.0.sealed_bot_token.clone().filter(|_| is_bridge)?;
        Some(SealedSlackToken {
            sealed,
            sealed_refresh: self.0.sealed_refresh_token.clone(),
            expires_at: self.0.token_expires_at,
            version: self.0.token_version,
        })
    }
}

impl SlackWorkspace {
    /// Whether it is the workspace of `SLACK_BOT_TOKEN`.
    fn is_servers(&self) -> bool {
        tocsin_domain::workspace::is_servers(&self.0)
    }

    /// What the bridge has found; nothing before it has looked.
    async fn installation(&self, ctx: &Context<'_>) -> Result<Option<installation::Model>> {
        let id = if self.is_servers() { SERVERS } else { self.0.id };
        Ok(loaders(ctx).load_one(InstallationOf(id)).await?)
    }

    /// The same, where it was found with the present token.
    async fn present(&self, ctx: &Context<'_>) -> Result<Option<installation::Model>> {
        let found = self.installation(ctx).await?;
        Ok(found.filter(|found| found.is_of_token(self.0.token_version)))
    }
}

/// A workspace that the viewer may read.
pub(crate) async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<SlackWorkspace>> {
    let found = tocsin_domain::workspace::find(&request(ctx), id).await?;
    Ok(found.map(SlackWorkspace))
}

/// The queries for Slack workspaces.
#[derive(Default)]
pub(crate) struct SlackWorkspaceQuery;

#[Object]
impl SlackWorkspaceQuery {
    /// The Slack workspaces that the organisation is connected to, oldest first, and last that of the server's environment, where there is one. For the
    /// bridge without an organisation, everybody's.
    async fn slack_workspaces(&self, ctx: &Context<'_>) -> Result<Vec<SlackWorkspace>> {
        let all = tocsin_domain::workspace::list(&request(ctx)).await?;
        Ok(all.into_iter().map(SlackWorkspace).collect())
    }
}
