//! What an operator is shown of the bridge: how far the clocks are apart, and how each workspace is.

use crate::{bridge::Bridge, workspace::SlackHealth};

/// How a workspace is, as a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceUp {
    /// Its id; `server` for that of `SLACK_BOT_TOKEN`.
    pub id: String,
    /// What Slack calls it, once it has said so.
    pub team: Option<String>,
    /// Whether Slack takes the token, and answers.
    pub is_up: bool,
}

impl Bridge {
    /// By how much this machine's clock is ahead of Slack's, where that is more than two seconds either way.
    pub fn ahead_of_slack(&self) -> Option<time::Duration> {
        self.parts.http.skew.ahead()
    }

    /// How each workspace is that Slack was asked about.
    pub fn workspaces(&self) -> Vec<WorkspaceUp> {
        let all = self.parts.workspaces.all().into_iter();
        all.filter_map(|workspace| {
            let is_up = match workspace.watcher.health() {
                SlackHealth::Unasked => return None,
                SlackHealth::Well(_) => true,
                SlackHealth::Ill { .. } => false,
            };
            Some(WorkspaceUp {
                id: workspace
                    .id
                    .map_or_else(|| "server".to_owned(), |id| id.to_string()),
                team: workspace.installation().map(|bot| bot.team_id.clone()),
                is_up,
            })
        })
        .collect()
    }
}
