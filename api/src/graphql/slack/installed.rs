//! What the bridge reports when the Slack app has been installed.

use async_graphql::{Context, ID, InputObject, Object};
use time::OffsetDateTime;
use tocsin_entity::kinds::SlackFeature;

use super::connect::{SlackWorkspacePayload, payload};
use crate::graphql::{
    context::{request, text},
    failure::Result,
};

/// What Slack has given for an installation. Taken from the Slack bridge alone.
#[derive(Debug, InputObject)]
pub(crate) struct CompleteSlackInstallInput {
    /// The workspace's id: one that is there, or a new one. Tokens are sealed for it.
    id: ID,
    /// What Slack calls it (`T…`).
    team_id: String,
    /// What people in Slack call it.
    team_name: String,
    /// The organisation's own Slack app; the server's where it is left out.
    app_id: Option<ID>,
    /// The member who has asked for it, where one has.
    installed_by_id: Option<ID>,
    /// What is wanted of it.
    features: Vec<SlackFeature>,
    /// The bot token, sealed.
    sealed_bot_token: String,
    /// By which the next one is had, sealed, where Slack changes it.
    sealed_refresh_token: Option<String>,
    /// Until when the bot token works, where Slack changes it.
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
    /// Records that the Slack app was installed: a new workspace, or one that is there, connected again. For the Slack bridge alone.
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
