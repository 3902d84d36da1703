//! Whether Slack takes the bot's token, the app's id and secret, and the token of Socket Mode.

use std::{sync::Arc, time::Duration};

use tocsin_bridge::{Bridge, Inspection, Installation, SlackHealth};
use tocsin_database::Database;
use tocsin_queue::{Queue, QueueConfig};
use tokio::time::timeout;

use crate::{
    config::{Settings, local_url},
    database,
    doctor::Finding,
    roles,
};

const SUBJECT: &str = "Slack";

/// How long Slack has to answer all questions; a call itself gives up a little earlier.
const ANSWERS_WITHIN: Duration = Duration::from_secs(12);

/// A workspace whose token Slack takes.
pub(super) struct Asked {
    pub(super) workspace: Inspection,
    pub(super) bot: Arc<Installation>,
}

/// What is asked by, and what Slack says of the server's own app.
pub(super) struct Slack {
    /// None where it can't be set up.
    pub(super) bridge: Option<Bridge>,
    /// The workspace of `SLACK_BOT_TOKEN`, where Slack takes that token.
    pub(super) own: Option<Asked>,
    pub(super) findings: Vec<Finding>,
}

/// Asks Slack.
pub(super) async fn ask(settings: &Settings) -> Slack {
    let bridge = match bridge(settings).await {
        Ok(bridge) => bridge,
        Err(error) => {
            return Slack {
                bridge: None,
                own: None,
                findings: vec![Finding::bad(SUBJECT, format!("{error:#}"))],
            };
        }
    };
    if !roles::has_app(settings) {
        let text = "the server has no app of its own: organisations make theirs known by createSlackApp";
        return Slack {
            bridge: Some(bridge),
            own: None,
            findings: vec![Finding::good(SUBJECT, text)],
        };
    }
    let workspace = bridge.inspect_own();
    let url = &settings.slack.api_url;
    let health = async {
        match settings.slack.bot_token {
            Some(_) => Some(workspace.health().await),
            None => None,
        }
    };
    let asked = async { tokio::join!(health, bridge.check_socket_mode(), bridge.check_client()) };
    let Ok((health, sockets, client)) = timeout(ANSWERS_WITHIN, asked).await else {
        let text = format!("{url} does not answer: is this machine's way to the Internet open?");
        return Slack {
            bridge: None,
            own: None,
            findings: vec![Finding::bad(SUBJECT, text)],
        };
    };
    let (bot, mut findings) = of_token(url, health);
    match client {
        Some(Ok(())) => findings.push(Finding::good(
            SUBJECT,
            "OAuth: Slack knows the app; people install it by slackInstallUrl",
        )),
        Some(Err(trouble)) => findings.push(Finding::bad(SUBJECT, format!("OAuth: {trouble}"))),
        None => {}
    }
    match sockets {
        Some(Ok(())) => findings.push(Finding::good(SUBJECT, "Socket Mode: the app-level token works")),
        Some(Err(trouble)) => findings.push(Finding::bad(SUBJECT, format!("Socket Mode: {trouble}"))),
        None => {}
    }
    Slack {
        own: bot.map(|bot| Asked { workspace, bot }),
        bridge: Some(bridge),
        findings,
    }
}

/// What Slack says of the bot's token.
fn of_token(url: &url::Url, health: Option<SlackHealth>) -> (Option<Arc<Installation>>, Vec<Finding>) {
    match health {
        Some(SlackHealth::Well(bot)) => {
            let text = format!("the token works in {} ({})", bot.team_name, bot.team_id);
            (Some(bot), vec![Finding::good(SUBJECT, text)])
        }
        Some(SlackHealth::Ill { trouble, .. }) => {
            (None, vec![Finding::bad(SUBJECT, format!("{url}: {trouble}"))])
        }
        Some(SlackHealth::Unasked) | None => (None, Vec::new()),
    }
}

/// A bridge with a throw-away database of its own: asking must not take a place in the pace of a running one.
async fn bridge(settings: &Settings) -> anyhow::Result<Bridge> {
    let database = Database::open("sqlite::memory:", 1).await?;
    database::migrate(&database).await?;
    let queue = Queue::connect(&QueueConfig::default()).await?;
    let token = roles::random_token()?;
    let local = local_url(settings.listen);
    let public = settings.public_url(settings.listen);
    let slack = roles::slack(settings);
    roles::bridge(local, public, token, None, slack, &database, &queue).await
}
