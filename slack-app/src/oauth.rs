//! What the api and the bridge say to each other by way of a person's browser and Slack: the `state` of an installation.

use serde::{Deserialize, Serialize};

use tocsin_entity::id::{OrganizationId, SlackAppId, UserId, WorkspaceId};

/// What a state of an installation is sealed for.
pub const INSTALL: &str = "slack_install";

/// Where Slack sends people back to, below the public address.
pub const CALLBACK: &str = "/slack/oauth/callback";

/// What is asked for by a link that installs the Slack app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallState {
    /// For which organisation.
    pub organization_id: OrganizationId,
    /// What it is called: whoever installs the app is told to whom that connects their workspace.
    pub organization_name: String,
    /// Who asked; none for the holder of a key of the organisation's own.
    pub user_id: Option<UserId>,
    /// Which app; none for the server's.
    pub app_id: Option<SlackAppId>,
    /// Which workspace it is to be again; none for a new one.
    pub workspace_id: Option<WorkspaceId>,
    /// What is wanted of it, as [`crate::feature::write`] writes it.
    pub features: String,
    /// Where on the console to go back to, as a path with its query.
    pub return_to: Option<String>,
    /// Slack's own page for it.
    pub authorize_url: String,
}

/// A page of Slack's beside its Web API: `https://slack.com/api` and `oauth/v2/authorize` make `https://slack.com/oauth/v2/authorize`.
///
/// Source: docs.slack.dev, "Installing with OAuth"; the domains of `GovSlack` differ in the same way.
pub fn beside_api(api_url: &str, page: &str) -> String {
    let base = api_url.trim_end_matches('/');
    let base = base.strip_suffix("/api").unwrap_or(base);
    format!("{base}/{page}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stand_beside_the_web_api() {
        for (api, page) in [
            ("https://slack.com/api", "https://slack.com/oauth/v2/authorize"),
            (
                "https://slack-gov.com/api/",
                "https://slack-gov.com/oauth/v2/authorize",
            ),
            (
                "http://127.0.0.1:8082/api",
                "http://127.0.0.1:8082/oauth/v2/authorize",
            ),
            (
                "http://127.0.0.1:8082/",
                "http://127.0.0.1:8082/oauth/v2/authorize",
            ),
        ] {
            assert_eq!(beside_api(api, "oauth/v2/authorize"), page);
        }
    }
}
