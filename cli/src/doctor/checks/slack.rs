//! Whether Slack takes the bot's token, the app's id and secret, and the token of Socket Mode.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tocsin_slack::{channel::is_id, error::SlackError, installation::Installation};
use tocsin_slack_app::{
    channel::{ChannelError, archived},
    oauth::CALLBACK,
    public_url::below,
    token::token_trouble,
};
use tocsin_slack_client::{Http, Slack, Token, oauth::ClientConfig, pacer::NoPacing, socket};
use tokio::time::timeout;

use crate::{
    config::Settings,
    doctor::{DoctorPage, Finding},
    roles,
};

const SUBJECT: &str = "Slack";

/// How long Slack has to answer all questions; a call itself gives up a little earlier.
const ANSWERS_WITHIN: Duration = Duration::from_secs(12);

/// A workspace whose token Slack takes.
pub(super) struct CheckedWorkspace {
    pub(super) slack: Slack,
    pub(super) bot: Arc<Installation>,
}

/// Why the bot could not post in a channel.
pub(super) struct ChannelTrouble {
    /// What is wrong and what to do, for people.
    pub(super) text: String,
    /// Whether Slack did not say so, but nothing, or that it is asked too often: it may be well.
    pub(super) is_passing: bool,
}

/// By what Slack is asked, and what it says of the server's own app.
pub(super) struct SlackFindings {
    /// None where Slack can't be asked.
    pub(super) http: Option<Http>,
    /// The workspace of `SLACK_BOT_TOKEN`, where Slack takes that token.
    pub(super) own: Option<CheckedWorkspace>,
    pub(super) findings: Vec<Finding>,
}

/// What Slack says of a token.
pub(super) enum TokenHealth {
    /// It works, and so the bot may be asked for more.
    Works(CheckedWorkspace),
    /// It does not, or Slack does not answer.
    Fails {
        /// What is wrong, for people.
        trouble: String,
        /// Whether Slack refuses the token, so that no call can work until a person acts.
        is_broken: bool,
    },
}

/// Asks Slack about a token. Nothing is counted in the pace of a running bridge.
pub(super) async fn ask_token(http: &Http, token: SecretString) -> TokenHealth {
    let slack = http.with_token(Token::new(Some(token)), Arc::new(NoPacing::default()));
    match slack.installation().await {
        Ok(bot) => TokenHealth::Works(CheckedWorkspace {
            slack,
            bot: Arc::new(bot),
        }),
        Err(error) => {
            let (trouble, is_broken) = token_trouble(&error, false);
            TokenHealth::Fails { trouble, is_broken }
        }
    }
}

/// Asks Slack.
pub(super) async fn ask(settings: &Settings) -> SlackFindings {
    let url = &settings.slack.api_url;
    let http = match Http::new(url) {
        Ok(http) => http,
        Err(error) => {
            let text = format!("there is no HTTP client to ask Slack with: {error}");
            return SlackFindings {
                http: None,
                own: None,
                findings: vec![Finding::bad(SUBJECT, DoctorPage::SlackNoClient, text)],
            };
        }
    };
    if !roles::has_app(settings) {
        let text = "the server has no app of its own: organisations make theirs known by createSlackApp";
        return SlackFindings {
            http: Some(http),
            own: None,
            findings: vec![Finding::good(SUBJECT, text)],
        };
    }
    let configured = roles::slack(settings);
    let health = async {
        match configured.bot_token.clone() {
            Some(token) => Some(ask_token(&http, token).await),
            None => None,
        }
    };
    let sockets = async {
        let token = configured.socket.as_ref()?.app_token.clone();
        Some(socket::check(&http, Arc::new(NoPacing::default()), token).await)
    };
    let client = async {
        let client = configured.client.as_ref()?;
        Some(check_client(settings, &http, client).await)
    };
    let asked = async { tokio::join!(health, sockets, client) };
    let Ok((health, sockets, client)) = timeout(ANSWERS_WITHIN, asked).await else {
        let text = format!("{url} does not answer: is this machine's way to the Internet open?");
        return SlackFindings {
            http: None,
            own: None,
            findings: vec![Finding::bad(SUBJECT, DoctorPage::SlackUnreachable, text)],
        };
    };
    let (own, mut findings) = of_token(url, health);
    match client {
        Some(Ok(())) => findings.push(Finding::good(
            SUBJECT,
            "OAuth: Slack knows the app; people install it with `tocsin slack install-url`",
        )),
        Some(Err(trouble)) => findings.push(Finding::bad(
            SUBJECT,
            DoctorPage::SlackOauthRefused,
            format!("OAuth: {trouble}"),
        )),
        None => {}
    }
    match sockets {
        Some(Ok(())) => findings.push(Finding::good(SUBJECT, "Socket Mode: the app-level token works")),
        Some(Err(trouble)) => findings.push(Finding::bad(
            SUBJECT,
            DoctorPage::SlackSocketModeRefused,
            format!("Socket Mode: {trouble}"),
        )),
        None => {}
    }
    SlackFindings {
        http: Some(http),
        own,
        findings,
    }
}

/// What Slack says of the bot's token.
fn of_token(url: &url::Url, health: Option<TokenHealth>) -> (Option<CheckedWorkspace>, Vec<Finding>) {
    match health {
        Some(TokenHealth::Works(asked)) => {
            let text = format!(
                "the token works in {} ({})",
                asked.bot.team_name, asked.bot.team_id
            );
            (Some(asked), vec![Finding::good(SUBJECT, text)])
        }
        Some(TokenHealth::Fails { trouble, .. }) => (
            None,
            vec![Finding::bad(
                SUBJECT,
                DoctorPage::SlackTokenRefused,
                format!("{url}: {trouble}"),
            )],
        ),
        None => (None, Vec::new()),
    }
}

/// Whether Slack knows the app by its client id and secret. Slack looks at them before the code, which is none.
async fn check_client(settings: &Settings, http: &Http, client: &ClientConfig) -> Result<(), String> {
    let public_url = settings.public_url(settings.listen);
    let redirect_uri = below(public_url.as_str(), CALLBACK);
    let Err(error) = http.redeem(client, "none", &redirect_uri).await else {
        return Ok(());
    };
    match error.code() {
        Some(code @ ("invalid_client_id" | "bad_client_secret")) => Err(format!(
            "Slack does not know the app by SLACK_CLIENT_ID and SLACK_CLIENT_SECRET ({code}): copy both from its page Basic Information"
        )),
        Some("bad_redirect_uri") => Err(format!(
            "Slack does not send people back to {redirect_uri}: put the manifest of `tocsin manifest` in place of the app's"
        )),
        // The code is none, as it should be.
        Some(_) => Ok(()),
        None => Err(format!("Slack does not answer: {error}")),
    }
}

impl CheckedWorkspace {
    /// Whether the bot could post in a channel, by its name or id; gives its name. Nothing is joined.
    pub(super) async fn check_channel(&self, wanted: &str) -> Result<String, ChannelTrouble> {
        let (slack, bot) = (&self.slack, &self.bot);
        let found = if is_id(wanted) {
            slack.channel(wanted).await.map(Some)
        } else {
            slack.find_channel(wanted, bot).await
        };
        let channel = match found {
            Ok(Some(channel)) => channel,
            Ok(None) => return Err(ChannelTrouble::lasting(ChannelError::unseen(wanted, bot).message)),
            Err(error) => {
                let is_passing = !matches!(error, SlackError::Refused { .. } | SlackError::Broken { .. });
                let text = ChannelError::of(&error, wanted, bot).message;
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

impl ChannelTrouble {
    fn lasting(text: String) -> Self {
        Self {
            text,
            is_passing: false,
        }
    }
}
