//! Installing the Slack app by OAuth: the link that begins it.

use async_graphql::{Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::workspace::InstallRequest;
use tocsin_entity::kinds::SlackFeature;

use crate::graphql::{
    context::{request, text},
    failure::{Result, UserError, into_payload},
};

/// A link for installing the Slack app.
#[derive(SimpleObject)]
pub(crate) struct SlackInstallLink {
    /// The address of Slack's page that asks for the scopes, to open in an administrator's browser; null if the request was refused.
    url: Option<String>,
    /// The time until which the link works, once; null if the request was refused.
    expires_at: Option<OffsetDateTime>,
    /// The scopes that the link asks for; empty if the request was refused.
    scopes: Vec<String>,
    /// Why the request was refused; empty if the request was accepted.
    user_errors: Vec<UserError>,
}

/// The query for the link.
#[derive(Default)]
pub(crate) struct SlackInstallQuery;

#[Object]
impl SlackInstallQuery {
    /// A link for an administrator to install the Slack app in a workspace. With `workspaceId`, the link installs the app there again, with the
    /// scopes that the workspace's features lack (*Reauthorise*). The link is good for ten minutes, and once. Needs the role ADMIN or OWNER.
    async fn slack_install_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The features that you want in the workspace; by default the present features of the workspace in `workspaceId`, or, for a new workspace, all but `INCIDENT_CHANNELS` and `ACCESS_LOGS`."
        )]
        features: Option<Vec<SlackFeature>>,
        #[graphql(desc = "The id of the workspace to install the app in again; a new workspace by default.")]
        workspace_id: Option<ID>,
        #[graphql(
            desc = "The id of the organisation's own Slack app; by default the app of the workspace in `workspaceId`, or, for a new workspace, the server's app."
        )]
        app_id: Option<ID>,
        #[graphql(
            desc = "The path on the console to return to, such as `/settings/slack`; at most 500 characters; by default, a plain page shows the result."
        )]
        return_to: Option<String>,
    ) -> Result<SlackInstallLink> {
        let wish = InstallRequest {
            features,
            workspace_id: text(workspace_id),
            app_id: text(app_id),
            return_to,
        };
        let (link, user_errors) = into_payload(tocsin_domain::workspace::link(&request(ctx), wish).await)?;
        let link = link.unwrap_or_default();
        Ok(SlackInstallLink {
            url: link.url,
            expires_at: link.expires_at,
            scopes: link.scopes,
            user_errors,
        })
    }
}
