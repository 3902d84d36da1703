//! What an operator asks of the bridge from outside: nothing is joined, kept or changed.

use crate::{
    bridge::Bridge,
    install::OAUTH_CALLBACK,
    mirror::channels::{archived, is_id, trouble, unseen},
    slack::{Installation, SlackError},
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

impl Bridge {
    /// Whether the bot could post in a channel, by its name or id; gives its name.
    ///
    /// # Errors
    /// What is wrong and what to do, for people.
    pub async fn check_channel(&self, wanted: &str, bot: &Installation) -> Result<String, ChannelTrouble> {
        let workspace = self.0.workspaces.get(None);
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
