//! What the bridge reports when the Slack app has been installed.

use async_graphql::{Context, ID, InputObject, Object};
use time::OffsetDateTime;
use tocsin_entity::kinds::SlackFeature;

use super::connect::{SlackWorkspacePayload, payload};
use crate::graphql::{
    context::{request, text},
    failure::Result,
};

/// The data that Slack gave for an installation. Accepted from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct CompleteSlackInstallInput {
    /// The id of the workspace in Tocsin, existing or new. The tokens are sealed for this id.
    id: ID,
    /// The Slack id of the workspace (`T…`), at most 50 characters.
    team_id: String,
    /// The workspace's name in Slack.
    team_name: String,
    /// The id of the organisation's own Slack app; the server's app by default.
    app_id: Option<ID>,
    /// The id of the user who asked for the installation; nobody by default.
    installed_by_id: Option<ID>,
    /// The features that are wanted in the workspace; always with `NOTIFICATIONS`.
    features: Vec<SlackFeature>,
    /// The bot token, sealed; at most 4,000 characters.
    sealed_bot_token: String,
    /// The refresh token, sealed, at most 4,000 characters: the bridge gets the next bot token with the refresh token. Leave out if Slack doesn't
    /// rotate tokens.
    sealed_refresh_token: Option<String>,
    /// The time until which the bot token works; leave out if Slack doesn't rotate tokens.
    token_expires_at: Option<OffsetDateTime>,
}

impl CompleteSlackInstallInput {
    fn command(self) -> tocsin_domain::workspace::CompleteSlackInstall {
        tocsin_domain::workspace::CompleteSlackInstall {
            id: self.id.0,
            team_id: self.team_id,
            team_name: self.team_name,
            app_id: text(self.app_id),
            installed_by_id: text(self.installed_by_id),
            features: self.features,
            sealed_bot_token: self.sealed_bot_token,
            sealed_refresh_token: self.sealed_refresh_token,
            token_expires_at: self.token_expires_at,
        }
    }
}

/// The mutation by which the bridge reports an installation.
#[derive(Default)]
pub(crate) struct SlackInstallMutation;

#[Object]
impl SlackInstallMutation {
    /// Records that the Slack app was installed: connects a new workspace, or connects an existing workspace again. For the Slack bridge alone.
    ///
    /// Errors: `ALREADY_EXISTS`, `CONFLICT`, `FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `INVALID_INPUT`, `NOT_FOUND`, `SLACK_NOT_CONFIGURED`.
    #[graphql(visible = "crate::graphql::bridge_only::shown_to_bridge")]
    async fn complete_slack_install(
        &self,
        ctx: &Context<'_>,
        input: CompleteSlackInstallInput,
    ) -> Result<SlackWorkspacePayload> {
        payload(tocsin_domain::workspace::complete(&request(ctx), input.command()).await)
    }
}
