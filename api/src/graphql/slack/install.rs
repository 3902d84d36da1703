//! Installing the Slack app by OAuth: the link that begins it.

use async_graphql::{Context, ID, Object, SimpleObject};
use time::OffsetDateTime;
use tocsin_domain::workspace::InstallRequest;
use tocsin_entity::kinds::SlackFeature;

use crate::graphql::{
    context::{request, text},
    failure::{Result, UserError, into_payload},
};

/// A link by which the Slack app is installed.
#[derive(SimpleObject)]
pub(crate) struct SlackInstallLink {
    /// Slack's page that asks for the scopes: to be opened in an administrator's browser. Null where it was refused.
    url: Option<String>,
    /// Until when it may be used, once.
    expires_at: Option<OffsetDateTime>,
    /// The scopes that it asks for.
    scopes: Vec<String>,
    /// Why there is none.
    user_errors: Vec<UserError>,
}

/// The query for the link.
#[derive(Default)]
pub(crate) struct SlackInstallQuery;

#[Object]
impl SlackInstallQuery {
    /// A link by which an administrator installs the Slack app in a workspace; with `workspaceId`, installs it there again, with what its features
    /// lack (*Reauthorise*). It is good for ten minutes, and once. Needs the role ADMIN or OWNER.
    async fn slack_install_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is wanted of it; all but incident channels and access logs by default.")]
        features: Option<Vec<SlackFeature>>,
        #[graphql(desc = "The workspace that it is to be again.")] workspace_id: Option<ID>,
        #[graphql(desc = "The organisation's own Slack app; the server's by default.")] app_id: Option<ID>,
        #[graphql(desc = "Where on the console to go back to: a path such as `/settings/slack`.")] return_to: Option<String>,
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
