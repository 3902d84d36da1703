//! The checks. Each looks and leaves everything as it was.

use std::{net::SocketAddr, path::Path, time::Duration};

use secrecy::ExposeSecret;
use tocsin_bridge::SlackHealth;
use tocsin_entity::database::Database;
use tocsin_queue::{Queue, QueueConfig};
use tokio::{net::TcpListener, time::timeout};

use super::Finding;
use crate::{
    config::{
        Given, Settings,
        known::{self, Known, Shown},
        local_url,
        reader::nearest,
    },
    database, roles,
};

/// How long another system has to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Variables of the project that are no settings: for the commands that `tocsin up` prints, and for the tests.
const NO_SETTINGS: &[&str] = &["TOCSIN_KEY", "TOCSIN_TEST_POSTGRES_URL", "TOCSIN_TEST_REDIS_URL"];

/// What can be told before anything is made of it.
pub(super) fn given(given: &Given) -> Vec<Finding> {
    let mut findings: Vec<_> = given
        .environment
        .iter()
        .filter(|(name, _)| name.starts_with("TOCSIN_") && !NO_SETTINGS.contains(&name.as_str()))
        .filter(|(name, _)| !known::ALL.iter().any(|known| known.variable == name))
        .map(|(name, _)| {
            let hint = nearest(name, known::ALL.iter().map(|known| known.variable))
                .map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            Finding::doubtful(
                "environment",
                format!("{name} is no setting and has no effect{hint}"),
            )
        })
        .collect();
    findings.extend(given.file().and_then(readable_by_all));
    findings
}

/// A file with secrets in it that every user of the machine can read.
fn readable_by_all(file: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    let text = std::fs::read_to_string(file).ok()?;
    let secret = known::ALL
        .iter()
        .filter(|known| known.shown != Shown::Whole)
        .filter_map(|known| known.key.rsplit('.').next())
        .find(|key| text.lines().any(|line| line.trim_start().starts_with(key)))?;
    (mode & 0o077 != 0).then(|| {
        let file = file.display();
        Finding::doubtful(
            "configuration",
            format!("{file} holds {secret} and others may read it: chmod 600 {file}"),
        )
    })
}

/// What the settings lead to.
pub(super) async fn settings(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        database(settings).await,
        queue(settings).await,
        port(&known::LISTEN, settings.listen).await,
        slack(settings).await,
        public_url(settings).await,
    ];
    if settings.slack.bot_token.is_none() {
        findings.push(port(&known::SIMULATOR_LISTEN, settings.simulator_listen).await);
    }
    findings.extend(separate(settings));
    findings
}

async fn database(settings: &Settings) -> Finding {
    let shown = settings.database.shown();
    if let Some(file) = settings.database.file()
        && !file.exists()
    {
        return match file
            .parent()
            .filter(|path| !path.as_os_str().is_empty() && !path.is_dir())
        {
            None => Finding::good(
                "database",
                format!("{shown} is not there yet; `tocsin up` makes it"),
            ),
            Some(directory) => Finding::bad(
                "database",
                format!(
                    "there is no directory {}: create it, or correct TOCSIN_DATABASE_URL",
                    directory.display()
                ),
            ),
        };
    }
    let database = match timeout(ANSWER_WITHIN, database::open(&settings.database)).await {
        Ok(Ok(database)) => database,
        Ok(Err(error)) => return Finding::bad("database", format!("{error:#}")),
        Err(_) => {
            return Finding::bad(
                "database",
                format!("{shown} does not answer: start it, or correct TOCSIN_DATABASE_URL"),
            );
        }
    };
    match database::pending(&database).await {
        Ok(pending) if pending.is_empty() => {
            Finding::good("database", format!("{shown} answers, and its schema is current"))
        }
        Ok(pending) => Finding::doubtful(
            "database",
            format!(
                "{shown} lacks {} migrations: run `tocsin migrate` (`tocsin up` does by itself)",
                pending.len()
            ),
        ),
        Err(error) => Finding::bad("database", format!("{error:#}")),
    }
}

async fn queue(settings: &Settings) -> Finding {
    if settings.redis_url.is_none() {
        return Finding::good("queue", "embedded, in a file beside the database");
    }
    let config = QueueConfig {
        redis_url: settings.redis_url.clone(),
        ..QueueConfig::default()
    };
    let health = async { Queue::connect(&config).await?.health().await };
    match timeout(ANSWER_WITHIN, health).await {
        Ok(Ok(())) => Finding::good("queue", "Redis answers"),
        Ok(Err(error)) => Finding::bad(
            "queue",
            format!("{error}: start Redis, or correct TOCSIN_REDIS_URL"),
        ),
        Err(_) => Finding::bad(
            "queue",
            "Redis does not answer: start it, or correct TOCSIN_REDIS_URL",
        ),
    }
}

async fn port(known: &Known, address: SocketAddr) -> Finding {
    let subject = "port";
    match TcpListener::bind(address).await {
        Ok(_) => Finding::good(subject, format!("{address} is free for {}", known.variable)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::doubtful(
            subject,
            format!(
                "{address} is in use; unless Tocsin itself runs there, set {} to another",
                known.variable
            ),
        ),
        Err(error) => Finding::bad(
            subject,
            format!("{address}: {error}; set {} to another", known.variable),
        ),
    }
}

async fn slack(settings: &Settings) -> Finding {
    let subject = "Slack";
    let Some(slack) = roles::configured_slack(settings) else {
        return Finding::good(
            subject,
            "no app is configured; `tocsin up` brings a simulated workspace",
        );
    };
    let asked = async {
        // A throw-away database of its own: asking must not take a place in the pace of a running bridge.
        let database = Database::open("sqlite::memory:", 1).await?;
        database::migrate(&database).await?;
        let queue = Queue::connect(&QueueConfig::default()).await?;
        let token = roles::random_token()?;
        let local = local_url(settings.listen);
        let bridge = roles::bridge(local.clone(), local, token, None, slack, &database, &queue).await?;
        let health = bridge.health().await;
        if let Some(Err(trouble)) = bridge.check_socket_mode().await {
            return Err(anyhow::anyhow!("Socket Mode: {trouble}"));
        }
        anyhow::Ok(health)
    };
    let url = &settings.slack.api_url;
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(Ok(SlackHealth::Well(bot))) => match bot.missing_scopes().as_slice() {
            [] => Finding::good(
                subject,
                format!("the token works in {} ({})", bot.team_name, bot.team_id),
            ),
            missing => Finding::bad(
                subject,
                format!(
                    "the token works in {} but lacks {}: add them on the Slack app's page OAuth & Permissions, and \
                     reinstall the app",
                    bot.team_name,
                    missing.join(", ")
                ),
            ),
        },
        Ok(Ok(SlackHealth::Ill { trouble, .. })) => Finding::bad(subject, format!("{url}: {trouble}")),
        Ok(Ok(SlackHealth::Unasked)) | Err(_) => Finding::bad(
            subject,
            format!("{url} does not answer: is this machine's way to the Internet open?"),
        ),
        Ok(Err(error)) => Finding::bad(subject, format!("{error:#}")),
    }
}

async fn public_url(settings: &Settings) -> Finding {
    let subject = "public URL";
    let url = settings.public_url(settings.listen);
    let local = is_local(&url);
    let real = settings.slack.bot_token.is_some() && !is_local(&settings.slack.api_url);
    if real && local {
        return Finding::doubtful(
            subject,
            format!(
                "{url} leads nowhere from Slack or another machine: set TOCSIN_PUBLIC_URL to where people reach Tocsin"
            ),
        );
    }
    if !local && url.scheme() == "http" {
        return Finding::doubtful(
            subject,
            format!("{url} is not encrypted, and Slack asks for https"),
        );
    }
    if answers(&url).await {
        return Finding::good(subject, format!("Tocsin answers at {url}"));
    }
    Finding::good(subject, format!("{url}; nothing answers there now"))
}

/// Whether an address leads to this machine alone.
fn is_local(url: &url::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

async fn answers(url: &url::Url) -> bool {
    let Ok(http) = reqwest::Client::builder().timeout(ANSWER_WITHIN).build() else {
        return false;
    };
    let health = format!("{}/healthz", url.as_str().trim_end_matches('/'));
    http.get(health)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// What matters where the API and the bridge are processes of their own.
fn separate(settings: &Settings) -> Option<Finding> {
    let subject = "bridge";
    let token = settings.bridge_token.as_ref()?;
    if settings
        .admin_key
        .as_ref()
        .is_some_and(|key| key.expose_secret() == token.expose_secret())
    {
        return Some(Finding::bad(
            subject,
            "TOCSIN_BRIDGE_TOKEN and TOCSIN_ADMIN_KEY are the same: make another with openssl rand -hex 32",
        ));
    }
    if settings.redis_url.is_none() {
        return Some(Finding::doubtful(
            subject,
            "without TOCSIN_REDIS_URL a bridge of its own must share the machine and the files with the API",
        ));
    }
    Some(Finding::good(
        subject,
        format!("a bridge of its own reaches the API at {}", settings.api_url()),
    ))
}
