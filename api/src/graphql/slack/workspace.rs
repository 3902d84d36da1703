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

/// A Slack workspace that the organisation is connected to. You can set the bot token, but never read the token.
#[derive(Clone)]
pub(crate) struct SlackWorkspace(pub(crate) slack_workspace::Model);

/// A sealed bot token, for the bridge alone.
#[derive(SimpleObject)]
pub(crate) struct SealedSlackToken {
    /// The bot token, in sealed form.
    sealed: String,
    /// The sealed refresh token, by which the bridge gets the next bot token; null if Slack doesn't rotate tokens.
    sealed_refresh: Option<String>,
    /// The time until which the bot token works; null if Slack doesn't rotate tokens.
    expires_at: Option<OffsetDateTime>,
    /// The version of the bot token, which grows with each new token.
    version: i32,
}

/// The scopes that a feature lacks.
#[derive(SimpleObject)]
pub(crate) struct MissingScopes {
    /// The feature that lacks scopes.
    feature: SlackFeature,
    /// The names of the missing scopes.
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

/// A Slack workspace that the organisation is connected to. You can set the bot token, but never read the token.
#[Object]
impl SlackWorkspace {
    /// The workspace's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation that the workspace belongs to.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization::load(ctx, self.0.organization_id).await
    }

    /// The id of the organisation that the workspace belongs to. For the Slack bridge only.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// The workspace's name in Tocsin, unique in the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether this is the workspace of `SLACK_BOT_TOKEN`: the server's environment sets the workspace, all organisations share the workspace, and no
    /// mutation changes the workspace.
    async fn set_by_environment(&self) -> bool {
        self.is_servers()
    }

    /// The Slack id of the workspace (`T…`); null until Slack has answered.
    async fn team_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let found = self.installation(ctx).await?.and_then(|found| found.team_id);
        Ok(found.or_else(|| self.0.team_id.clone()))
    }

    /// The workspace's name in Slack; null until Slack has answered.
    async fn team_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.installation(ctx).await?.and_then(|found| found.team_name))
    }

    /// The Slack id (`A…`) of the app that is installed in the workspace; null until Slack has answered.
    async fn app_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.installation(ctx).await?.and_then(|found| found.app_id))
    }

    /// The id of the organisation's own Slack app that is installed in the workspace; null for the server's app.
    async fn own_app_id(&self) -> Option<ID> {
        self.0.app_id.map(|id| ID(id.to_string()))
    }

    /// Whether the workspace has a bot token; false if the workspace is disconnected.
    async fn bot_token_set(&self) -> bool {
        self.0.sealed_bot_token.is_some() || self.is_servers()
    }

    /// The scopes that Slack says were granted; empty until Slack has answered.
    async fn granted_scopes(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let found = self.installation(ctx).await?;
        let scopes = found.map(|found| found.scopes).unwrap_or_default();
        let given = scopes.split(',').filter(|scope| !scope.is_empty());
        Ok(given.map(str::to_owned).collect())
    }

    /// The features that are wanted in the workspace.
    async fn features(&self) -> Vec<SlackFeature> {
        feature::read(&self.0.features).into_iter().collect()
    }

    /// The wanted features that lack scopes, with the scopes; empty until Slack has answered. To add the scopes, *Reauthorise* by `slackInstallUrl`,
    /// or add the scopes to the app and install the app again.
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

    /// The time when Slack last accepted a message in the workspace; for the server's own workspace, a message of this organisation. Null if Slack
    /// hasn't accepted any message yet.
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

    /// The version of the app's manifest (`tocsin manifest`) when the app was last installed by OAuth; null if the app wasn't installed by OAuth.
    async fn manifest_version(&self) -> Option<i32> {
        Some(self.0.manifest_version).filter(|version| *version > 0)
    }

    /// Whether `manifestVersion` is the version of this server. If false, update the app by the manifest that `tocsin manifest` prints, and install
    /// the app again. Null if the app wasn't installed by OAuth.
    async fn manifest_is_current(&self) -> Option<bool> {
        let version = Some(self.0.manifest_version).filter(|version| *version > 0)?;
        Some(version >= feature::MANIFEST_VERSION)
    }

    /// The status of the workspace; `PENDING` until the Slack bridge has tried the present bot token.
    async fn status(&self, ctx: &Context<'_>) -> Result<SlackWorkspaceStatus> {
        if self.0.disconnected_at.is_some() {
            return Ok(SlackWorkspaceStatus::Disconnected);
        }
        let found = self.present(ctx).await?;
        Ok(found.map_or(SlackWorkspaceStatus::Pending, |found| found.status))
    }

    /// The reason why the workspace doesn't work, as Slack's error code or a code of Tocsin's; null if the workspace works, or the token hasn't been
    /// tried yet.
    async fn reason_code(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.present(ctx).await?.and_then(|found| found.reason_code))
    }

    /// The reason why the workspace doesn't work, in words, and what you can do; null if the workspace works, or the token hasn't been tried yet.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.present(ctx).await?.and_then(|found| found.reason))
    }

    /// The time since when the workspace has this status.
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

    /// The number of connectors that lead to the workspace.
    async fn connector_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = tocsin_domain::workspace::connector_count(&request(ctx), &self.0).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// The time when the workspace was connected; for the server's own workspace, the time since when the workspace has this status.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// The time when the workspace was disconnected; null if the workspace is connected.
    async fn disconnected_at(&self) -> Option<OffsetDateTime> {
        self.0.disconnected_at
    }

    /// The sealed bot token, for the Slack bridge alone; null for everybody else, and if the workspace is disconnected.
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
    /// The Slack workspaces that the organisation is connected to, oldest first; the workspace of the server's environment comes last, if the server
    /// has such a workspace. For the bridge without an organisation: the workspaces of all organisations.
    async fn slack_workspaces(&self, ctx: &Context<'_>) -> Result<Vec<SlackWorkspace>> {
        let all = tocsin_domain::workspace::list(&request(ctx)).await?;
        Ok(all.into_iter().map(SlackWorkspace).collect())
    }
}
