//! What an operator asks of the bridge from outside: nothing is joined, kept or changed.

use std::sync::Arc;

use secrecy::SecretString;
use tocsin_slack::error::SlackError;
use tocsin_slack_client::Installation;

use crate::{
    bridge::{Bridge, environment},
    install::OAUTH_CALLBACK,
    mirror::channels::{archived, is_id, trouble, unseen},
    workspace::{SlackHealth, Workspace},
};

/// Why the bot could not post in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTrouble {
    /// What is wrong and what to do, for people.
    pub text: String,
    /// Whether Slack did not say so, but nothing, or that it is asked too often: it may be well.
    pub is_passing: bool,
}

impl ChannelTrouble {
    fn lasting(text: String) -> Self {
        Self {
            text,
            is_passing: false,
        }
    }
}

/// A Slack workspace by one of its tokens, for whoever only asks.
#[derive(Clone, Debug)]
pub struct Inspection(Arc<Workspace>);

impl Inspection {
    /// Asks Slack whether the token works, and for whom.
    pub async fn health(&self) -> SlackHealth {
        self.0.watcher.look(&self.0.slack).await
    }

    /// Whether the bot could post in a channel, by its name or id; gives its name.
    ///
    /// # Errors
    /// What is wrong and what to do, for people.
    pub async fn check_channel(&self, wanted: &str, bot: &Installation) -> Result<String, ChannelTrouble> {
        let workspace = &self.0;
        let found = if is_id(wanted) {
            workspace.slack.channel(wanted).await.map(Some)
        } else {
            workspace.channels.list(wanted, bot).await
        };
        let channel = match found {
            Ok(Some(channel)) => channel,
            Ok(None) => return Err(ChannelTrouble::lasting(unseen(wanted, bot).message)),
            Err(error) => {
                let is_passing = !matches!(error, SlackError::Refused { .. } | SlackError::Broken { .. });
                let text = trouble(&error, wanted, bot).message;
                return Err(ChannelTrouble { text, is_passing });
            }
        };
        let name = format!("#{}", channel.name);
        if channel.is_archived {
            return Err(ChannelTrouble::lasting(archived(&name)));
        }
        let may_come = bot.may("channels:join") || bot.may("chat:write.public");
        if channel.is_member || (!channel.is_private && may_come) {
            return Ok(name);
        }
        Err(ChannelTrouble::lasting(format!(
            "the bot is not in {name}: invite it there with {}",
            bot.invitation()
        )))
    }
}

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
    /// The workspace of `SLACK_BOT_TOKEN`.
    pub fn inspect_own(&self) -> Inspection {
        Inspection(self.0.workspaces.get(None))
    }

    /// The workspace in which this token works. It is asked about, and not worked in.
    pub fn inspect(&self, token: SecretString) -> Inspection {
        let name = environment(&self.0.config.slack.api_url, &token);
        Inspection(Arc::new(Workspace::new(
            &self.0.setting,
            None,
            &name,
            Some(token),
        )))
    }

    /// By how much this machine's clock is ahead of Slack's, where that is more than two seconds either way.
    pub fn ahead_of_slack(&self) -> Option<time::Duration> {
        self.0.http.skew.ahead()
    }

    /// How each workspace is that Slack was asked about.
    pub fn workspaces(&self) -> Vec<WorkspaceUp> {
        let all = self.0.workspaces.all().into_iter();
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

    /// Whether Slack knows the app by its client id and secret; `None` where there are none. Slack looks at them before the code, which is none.
    ///
    /// # Errors
    /// What is wrong and what to do, for people.
    pub async fn check_client(&self) -> Option<Result<(), String>> {
        let client = self.0.client(None)?;
        let redirect_uri = format!(
            "{}{OAUTH_CALLBACK}",
            self.0.config.public_url.as_str().trim_end_matches('/')
        );
        let Err(error) = self.0.http.redeem(&client, "none", &redirect_uri).await else {
            return Some(Ok(()));
        };
        Some(match error.code() {
            Some(code @ ("invalid_client_id" | "bad_client_secret")) => Err(format!(
                "Slack does not know the app by SLACK_CLIENT_ID and SLACK_CLIENT_SECRET ({code}): copy both from its page Basic Information"
            )),
            Some("bad_redirect_uri") => Err(format!(
                "Slack does not send people back to {redirect_uri}: put the manifest of `tocsin manifest` in place of the app's"
            )),
            // The code is none, as it should be.
            Some(_) => Ok(()),
            None => Err(format!("Slack does not answer: {error}")),
        })
    }
}
