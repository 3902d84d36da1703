//! Whether Slack takes the bot's token, and that of Socket Mode.

use std::{sync::Arc, time::Duration};

use tocsin_bridge::{Bridge, Installation, SlackConfig, SlackHealth};
use tocsin_entity::database::Database;
use tocsin_queue::{Queue, QueueConfig};
use tokio::time::timeout;

use crate::{
    config::{Settings, local_url},
    database,
    doctor::Finding,
    roles,
};

const SUBJECT: &str = "Slack";

/// How long Slack has to answer both questions; a call itself gives up a little earlier.
const ANSWERS_WITHIN: Duration = Duration::from_secs(12);

/// Slack, with a token that it takes.
pub(super) struct Asked {
    pub(super) bridge: Bridge,
    pub(super) bot: Arc<Installation>,
}

/// Asks Slack.
pub(super) async fn ask(settings: &Settings) -> (Vec<Finding>, Option<Asked>) {
    let Some(config) = roles::configured_slack(settings) else {
        let text = "no app is configured; `tocsin up` brings a simulated workspace";
        return (vec![Finding::good(SUBJECT, text)], None);
    };
    let bridge = match bridge(settings, config).await {
        Ok(bridge) => bridge,
        Err(error) => return (vec![Finding::bad(SUBJECT, format!("{error:#}"))], None),
    };
    let url = &settings.slack.api_url;
    let health = async {
        match settings.slack.bot_token {
            Some(_) => Some(bridge.health().await),
            None => None,
        }
    };
    let asked = async { tokio::join!(health, bridge.check_socket_mode(), bridge.check_client()) };
    let Ok((health, sockets, client)) = timeout(ANSWERS_WITHIN, asked).await else {
        let text = format!("{url} does not answer: is this machine's way to the Internet open?");
        return (vec![Finding::bad(SUBJECT, text)], None);
    };
    let mut findings = Vec::new();
    let bot = match health {
        Some(SlackHealth::Well(bot)) => {
            let text = format!("the token works in {} ({})", bot.team_name, bot.team_id);
            findings.push(Finding::good(SUBJECT, text));
            Some(bot)
        }
        Some(SlackHealth::Ill { trouble, .. }) => {
            findings.push(Finding::bad(SUBJECT, format!("{url}: {trouble}")));
            None
        }
        Some(SlackHealth::Unasked) | None => None,
    };
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
    (findings, bot.map(|bot| Asked { bridge, bot }))
}

/// A bridge with a throw-away database of its own: asking must not take a place in the pace of a running one.
async fn bridge(settings: &Settings, config: SlackConfig) -> anyhow::Result<Bridge> {
    let database = Database::open("sqlite::memory:", 1).await?;
    database::migrate(&database).await?;
    let queue = Queue::connect(&QueueConfig::default()).await?;
    let token = roles::random_token()?;
    let local = local_url(settings.listen);
    let public = settings.public_url(settings.listen);
    roles::bridge(local, public, token, None, config, &database, &queue).await
}
