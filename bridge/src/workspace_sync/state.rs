//! How a workspace is, for administrators: made of what Slack says of the token, and of what has been found beside it. Pure.

use tocsin_entity::{
    kinds::{SlackFeature, SlackWorkspaceStatus},
    slack::installation::{MISSING_SCOPE, SHARED_WORKSPACE, SOCKET_MODE_FAILS, TOKEN_NOT_RENEWED},
};
use tocsin_slack_app::feature::asks;

use crate::{texts::health as texts, workspace::SlackHealth};

/// What is wrong where the token works.
#[derive(Debug, Default)]
pub(super) struct WorkspaceFaults {
    /// Whether the workspace is the one of `SLACK_BOT_TOKEN`: it is installed by hand.
    pub(super) is_servers: bool,
    /// Scopes of wanted features for want of which calls were refused.
    pub(super) lacking: Vec<String>,
    /// Why Slack gives no next token.
    pub(super) not_renewed: Option<String>,
    /// Whether what people do there through the organisation's own app is refused.
    pub(super) is_deaf: bool,
    /// Why nothing comes from Slack by the app's Socket Mode.
    pub(super) no_sockets: Option<String>,
}

/// How a workspace is, with the reason as a code and for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WorkspaceState {
    pub(super) status: SlackWorkspaceStatus,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
}

impl WorkspaceState {
    pub(super) fn of(health: &SlackHealth, troubles: &WorkspaceFaults) -> Self {
        match health {
            SlackHealth::Unknown => Self {
                status: SlackWorkspaceStatus::Pending,
                code: None,
                reason: None,
            },
            SlackHealth::Unhealthy { code, trouble, .. } => Self::failing(code, trouble.clone()),
            SlackHealth::Healthy(_) => Self::of_well(troubles),
        }
    }

    fn of_well(troubles: &WorkspaceFaults) -> Self {
        if let Some(reason) = &troubles.not_renewed {
            Self::failing(TOKEN_NOT_RENEWED, reason.clone())
        } else if !troubles.lacking.is_empty() {
            Self::failing(MISSING_SCOPE, lacks(&troubles.lacking, troubles.is_servers))
        } else if troubles.is_deaf {
            Self::failing(SHARED_WORKSPACE, texts::SHARED_WORKSPACE.to_owned())
        } else if let Some(trouble) = &troubles.no_sockets {
            let reason = texts::no_sockets(trouble);
            Self::failing(SOCKET_MODE_FAILS, reason)
        } else {
            Self {
                status: SlackWorkspaceStatus::Active,
                code: None,
                reason: None,
            }
        }
    }

    fn failing(code: &str, reason: String) -> Self {
        Self {
            status: SlackWorkspaceStatus::Failing,
            code: Some(code.to_owned()),
            reason: Some(reason),
        }
    }
}

/// What is missing, for which feature, and what to do.
fn lacks(scopes: &[String], is_servers: bool) -> String {
    let is_lacking = |feature: &SlackFeature| {
        let mut asked = asks(*feature).bot_scopes.iter();
        asked.any(|asked| {
            scopes
                .iter()
                .any(|scope| scope.split(',').any(|one| one == *asked))
        })
    };
    let features: Vec<_> = SlackFeature::ALL
        .iter()
        .filter(|feature| is_lacking(feature))
        .map(|feature| feature.as_str())
        .collect();
    let remedy = if is_servers {
        texts::BY_HAND.to_owned()
    } else {
        texts::by_link()
    };
    texts::no_scope(&scopes.join(", "), &features, &remedy)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};
    use tocsin_slack::installation::Installation;

    use super::*;

    fn well() -> SlackHealth {
        SlackHealth::Healthy(Arc::new(Installation {
            team_id: "T1".to_owned(),
            team_name: "One".to_owned(),
            bot_user_id: "U1".to_owned(),
            bot_name: None,
            bot_id: None,
            app_id: None,
            enterprise_id: None,
            scopes: BTreeSet::new(),
        }))
    }

    #[test]
    fn what_lacks_is_named_with_a_remedy_that_is_there() {
        let told = |is_servers| {
            let troubles = WorkspaceFaults {
                is_servers,
                lacking: vec!["links:write".to_owned()],
                ..WorkspaceFaults::default()
            };
            let state = WorkspaceState::of(&well(), &troubles);
            assert_eq!(state.code.as_deref(), Some(MISSING_SCOPE));
            state.reason.unwrap_or_default()
        };
        assert!(
            told(false).contains("links:write (of PREVIEWS)")
                && told(false).contains("tocsin slack install-url")
        );
        assert!(
            !told(true).contains("install-url") && told(true).contains("OAuth & Permissions"),
            "{}",
            told(true)
        );
    }

    #[test]
    fn a_token_that_is_not_renewed_comes_before_what_waits_for_it() {
        let troubles = WorkspaceFaults {
            not_renewed: Some("Slack refuses to renew the token".to_owned()),
            lacking: vec!["links:write".to_owned()],
            ..WorkspaceFaults::default()
        };
        assert_eq!(
            WorkspaceState::of(&well(), &troubles).code.as_deref(),
            Some(TOKEN_NOT_RENEWED)
        );
        assert_eq!(
            WorkspaceState::of(&well(), &WorkspaceFaults::default()).status,
            SlackWorkspaceStatus::Active
        );
    }
}
