//! The parts of Tocsin, made of the configuration; and the commands that run one of them in a process of its own.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use anyhow::{Context, anyhow};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use tocsin_api::{
    Api, ApiConfig, SlackAppConfig,
    bootstrap::{self, BootstrapOutcome},
};
use tocsin_bridge::{Bridge, BridgeConfig, ClientConfig, SlackConfig, SocketConfig, WorkspaceAvailability};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::id::OrganizationId;
use tocsin_queue::Queue;
use tocsin_seal::Sealer;
use tocsin_simulator::Simulator;
use tracing::{info, warn};
use url::Url;

use crate::{
    config::{Settings, specs},
    database,
    ops::OperationsEndpoints,
    secret,
    serve::{self, ProcessTasks},
};

/// How long jobs that were rung and not yet stored have, once all parts have ended.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// `tocsin api`.
pub(crate) async fn run_api(settings: Settings) -> anyhow::Result<()> {
    let stop = serve::stop_on_signal()?;
    let listener = serve::bind(&specs::LISTEN, settings.listen).await?;
    let bound = listener.local_addr()?;
    let ops = OperationsEndpoints::start(stop.clone())?;
    let database = database::open_current(&settings.database).await?;
    if settings.admin_key.is_some() && first_start(&settings, &database).await?.created {
        info!(
            "the first organisation has no owner yet: tocsin login-link --first-owner prints a link that makes one"
        );
    }
    if settings.bridge_token.is_none() {
        warn!(
            "TOCSIN_BRIDGE_TOKEN is unset: no bridge can reach this API, and Slack will not hear of incidents"
        );
    }
    let queue = database::open_queue(&settings).await?;
    let public = settings.public_url(bound);
    let api = api(
        &settings,
        public.clone(),
        known_app(&settings),
        settings.bridge_token.clone(),
        &database,
        &queue,
    )
    .await?;

    let mut parts = ProcessTasks::new(stop.clone());
    let router = watch_api(ops, &api).router(&public, api.router());
    parts.serve(
        "HTTP server",
        listener,
        router,
        serve::limits(&settings),
        stop.clone(),
    );
    let (watched, watch_until) = (database.clone(), stop.clone());
    parts.spawn("API", {
        async move {
            tokio::join!(api.run(stop), watched.watch_locks(watch_until));
            Ok(())
        }
    });
    info!("the API listens on {bound}");
    let outcome = parts.run().await;
    close(queue, database).await;
    outcome
}

/// `tocsin bridge`.
pub(crate) async fn run_bridge(settings: Settings) -> anyhow::Result<()> {
    let token = settings.bridge_token.clone().ok_or_else(|| {
        anyhow!("TOCSIN_BRIDGE_TOKEN is unset: give the bridge and the API the same token, made with: openssl rand -hex 32")
    })?;
    let slack = slack(&settings);
    let stop = serve::stop_on_signal()?;
    let listener = serve::bind(&specs::BRIDGE_LISTEN, settings.bridge_listen).await?;
    let bound = listener.local_addr()?;
    let ops = OperationsEndpoints::start(stop.clone())?;
    let database = database::open_current(&settings.database).await?;
    let queue = database::open_queue(&settings).await?;
    let public = settings.public_url(settings.listen);
    let sealer = secret::sealer(&settings)?;
    let bridge = bridge(
        settings.api_url(),
        public.clone(),
        token,
        sealer,
        slack,
        &database,
        &queue,
    )
    .await?;

    let mut parts = ProcessTasks::new(stop.clone());
    let router = watch_bridge(ops, &bridge).router(&public, bridge.router());
    parts.serve(
        "HTTP server",
        listener,
        router,
        serve::limits(&settings),
        stop.clone(),
    );
    let (watched, watch_until) = (database.clone(), stop.clone());
    parts.spawn("bridge", async move {
        tokio::join!(bridge.run(stop), watched.watch_locks(watch_until));
        Ok(())
    });
    info!(
        "the bridge listens on {bound}, and reaches the API at {}",
        settings.api_url()
    );
    if !has_app(&settings) {
        info!(
            "no Slack app of the server's own is configured (SLACK_BOT_TOKEN, or SLACK_CLIENT_ID): the bridge works in the workspaces that \
             organisations connect, through their own apps"
        );
    }
    let outcome = parts.run().await;
    close(queue, database).await;
    outcome
}

/// Makes the first organisation where there is none.
pub(crate) async fn first_start(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<BootstrapOutcome> {
    let first = bootstrap::first_start(
        database,
        &Clock::new(),
        settings.admin_key.clone(),
        &settings.slack.channel,
    )
    .await
    .context("the first organisation could not be made")?;
    let name = &first.organization_name;
    if !first.created && settings.admin_key.is_some() {
        info!("the organisation {name} is there already, with its keys: TOCSIN_ADMIN_KEY changes nothing");
    }
    Ok(first)
}

/// A link that makes the owner of an organisation that was made just now.
pub(crate) async fn first_owner_link(
    database: &Database,
    public_url: &Url,
    organization_id: OrganizationId,
) -> anyhow::Result<SecretString> {
    let id = organization_id.to_string();
    bootstrap::create_first_owner_link(database, &Clock::new(), public_url.as_str(), Some(&id))
        .await
        .context("the link for the first owner could not be made")
}

/// The API.
pub(crate) async fn api(
    settings: &Settings,
    public_url: Url,
    slack: SlackAppConfig,
    bridge_token: Option<SecretString>,
    database: &Database,
    queue: &Queue,
) -> anyhow::Result<Api> {
    let config = ApiConfig {
        public_url,
        bridge_token,
        sealer: secret::sealer(settings)?,
        slack,
        oidc: settings.oidc.clone(),
        introspection: settings.introspection,
        trusted_proxies: settings.trusted_proxies.clone(),
    };
    let redis_url = settings
        .redis_url
        .as_ref()
        .map(|url| url.expose_secret().to_owned());
    Api::new(config, database.clone(), queue.clone(), redis_url)
        .await
        .context("the API could not be set up")
}

/// The bridge.
pub(crate) async fn bridge(
    api_url: Url,
    public_url: Url,
    bridge_token: SecretString,
    sealer: Option<Sealer>,
    slack: SlackConfig,
    database: &Database,
    queue: &Queue,
) -> anyhow::Result<Bridge> {
    let config = BridgeConfig {
        api_url,
        bridge_token,
        public_url,
        sealer,
        slack,
        instance: format!("bridge-{}", std::process::id()),
    };
    Bridge::new(config, database.clone(), queue.clone())
        .await
        .context("the bridge could not be set up")
}

/// What the API knows of the Slack app that is configured.
fn known_app(settings: &Settings) -> SlackAppConfig {
    SlackAppConfig {
        api_url: settings.slack.api_url.clone(),
        client_id: settings.slack.client_id.clone(),
        has_own_workspace: settings.slack.bot_token.is_some(),
    }
}

/// What the API knows of the app that its own bridge works with.
pub(crate) fn known_to_api(slack: &SlackConfig) -> SlackAppConfig {
    SlackAppConfig {
        api_url: slack.api_url.clone(),
        client_id: slack.client.as_ref().map(|client| client.id.clone()),
        has_own_workspace: slack.bot_token.is_some(),
    }
}

/// Whether the server has a Slack app of its own: one with a workspace, or one that is installed by OAuth.
pub(crate) fn has_app(settings: &Settings) -> bool {
    settings.slack.bot_token.is_some() || settings.slack.client_id.is_some()
}

/// Slack, as it is configured. Without an app of the server's own, organisations have theirs.
pub(crate) fn slack(settings: &Settings) -> SlackConfig {
    let slack = &settings.slack;
    let client = slack.client_id.clone().zip(slack.client_secret.clone());
    SlackConfig {
        client: client.map(|(id, secret)| ClientConfig { id, secret }),
        api_url: settings.slack.api_url.clone(),
        bot_token: settings.slack.bot_token.clone(),
        signing_secrets: settings.slack.signing_secrets.clone(),
        socket: configured_sockets(settings),
        pace: settings.slack.pace,
    }
}

/// The app of a simulated workspace.
pub(crate) fn simulated_slack(settings: &Settings, simulator: &Simulator) -> SlackConfig {
    SlackConfig {
        api_url: simulator.api_url(),
        bot_token: Some(simulator.bot_token().into()),
        client: Some(ClientConfig {
            id: simulator.client_id().to_owned(),
            secret: simulator.client_secret().to_owned().into(),
        }),
        signing_secrets: vec![simulator.signing_secret().into()],
        socket: configured_sockets(settings),
        pace: settings.slack.pace,
    }
}

/// Socket Mode, where there is a token for it.
fn configured_sockets(settings: &Settings) -> Option<SocketConfig> {
    let app_token = settings.slack.app_token.clone()?;
    Some(SocketConfig::new(app_token, settings.slack.sockets))
}

/// Readiness of the API.
pub(crate) fn watch_api(ops: OperationsEndpoints, api: &Api) -> OperationsEndpoints {
    let (api, queue, clock) = (api.clone(), api.clone(), api.clone());
    let ops = ops.degraded("queue", move || queue.queue_trouble());
    let ops = ops.note("clock", move || database_clock_trouble(clock.clock_ahead()));
    ops.part("api", move || {
        let api = api.clone();
        async move { api.ready().await }
    })
}

/// Readiness of the bridge.
pub(crate) fn watch_bridge(ops: OperationsEndpoints, bridge: &Bridge) -> OperationsEndpoints {
    let (bridge, sockets, queue) = (bridge.clone(), bridge.clone(), bridge.clone());
    let (up, slack, clock) = (bridge.clone(), bridge.clone(), bridge.clone());
    // Nothing waits for the queue: without it the bridge finds its work in the database.
    let ops = ops.degraded("queue", move || queue.queue_trouble());
    let ops = ops.note("clock", move || database_clock_trouble(clock.clock_ahead()));
    let ops = ops.note("slack_clock", move || {
        slack
            .ahead_of_slack()
            .map(|ahead| clock_trouble(ahead, "Slack's"))
    });
    let refused = bridge.clone();
    let ops = ops.note("slack_requests", move || refused.refused_requests());
    let ops = ops.figures(move |text| write_workspaces(&up.workspaces(), text));
    // No part that must be ready: a process without connections still takes what comes to its addresses.
    let ops = ops.degraded("socket_mode", move || sockets.socket_mode_trouble());
    ops.part("bridge", move || {
        let bridge = bridge.clone();
        async move { bridge.ready().await }
    })
}

/// How far this machine's clock may be from another before that is told.
pub(crate) const CLOCK_TOLERANCE: time::Duration = time::Duration::seconds(2);

/// What is said where this machine's clock is off from the database's, whose time is used for all that is written down.
pub(crate) fn database_clock_trouble(ahead: Option<time::Duration>) -> Option<String> {
    let ahead = ahead.filter(|ahead| ahead.abs() > CLOCK_TOLERANCE)?;
    Some(format!(
        "{}. Until then Tocsin goes by the database's",
        clock_trouble(ahead, "the database's")
    ))
}

/// What is said of a clock of this machine that is off, and what to do.
pub(crate) fn clock_trouble(ahead: time::Duration, whose: &str) -> String {
    let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
    format!(
        "this machine's clock is {:.1} s {direction} {whose}: set it, and keep it by NTP",
        ahead.abs().as_seconds_f64()
    )
}

/// Writes how each Slack workspace is: those that are gone are not among them. Ids of ours and of Slack's need no escaping.
fn write_workspaces(workspaces: &[WorkspaceAvailability], text: &mut String) -> fmt::Result {
    const NAME: &str = "tocsin_slack_workspace_up";
    if workspaces.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "# HELP {NAME} Whether Slack takes the bot token of a workspace, and answers; server is that of SLACK_BOT_TOKEN.\n# TYPE {NAME} gauge"
    )?;
    for WorkspaceAvailability { id, team, is_up } in workspaces {
        let team = team.as_deref().unwrap_or_default();
        let team: String = team.chars().filter(char::is_ascii_alphanumeric).collect();
        writeln!(
            text,
            "{NAME}{{workspace=\"{id}\",team=\"{team}\"}} {}",
            u8::from(*is_up)
        )?;
    }
    writeln!(text)
}

/// A token of 32 random bytes, which only this process knows.
pub(crate) fn random_token() -> anyhow::Result<SecretString> {
    let mut bytes = [0; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("the system gives no random numbers")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Stores what was rung, and closes the queue and the database.
pub(crate) async fn close(queue: Queue, database: Database) {
    if !queue.close(FLUSH_WITHIN).await {
        warn!("some jobs could not be stored; they are found again in the database at the next start");
    }
    if let Err(error) = database.close().await {
        warn!(%error, "the database did not close cleanly: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_from_the_databases_is_told_in_either_direction() {
        assert_eq!(database_clock_trouble(None), None);
        assert_eq!(database_clock_trouble(Some(time::Duration::seconds(-2))), None);
        let told = database_clock_trouble(Some(time::Duration::seconds(-360))).expect("a note");
        assert_eq!(
            told,
            "this machine's clock is 360.0 s behind the database's: set it, and keep it by NTP. Until then Tocsin goes by the database's"
        );
    }
}
