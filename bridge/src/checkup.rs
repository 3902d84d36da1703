//! What an operator is shown of the bridge's workspaces: how each is.

use crate::{bridge::Bridge, workspace::SlackHealth};

/// How a workspace is, as a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceAvailability {
    /// Its id; `server` for that of `SLACK_BOT_TOKEN`.
    pub id: String,
    /// What Slack calls it, once it has said so.
    pub team: Option<String>,
    /// Whether Slack takes the token, and answers.
    pub is_up: bool,
}

impl Bridge {
    /// How each workspace is that Slack was asked about.
    pub fn workspaces(&self) -> Vec<WorkspaceAvailability> {
        let all = self.all_workspaces().all().into_iter();
        all.filter_map(|workspace| {
            let is_up = match workspace.monitor.health() {
                SlackHealth::Unknown => return None,
                SlackHealth::Healthy(_) => true,
                SlackHealth::Unhealthy { .. } => false,
            };
            Some(WorkspaceAvailability {
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
