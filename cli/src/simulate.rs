//! The simulated Slack workspace that stands in where nothing says which Slack is meant.

use anyhow::Context;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use secrecy::ExposeSecret;
use tocsin_database::Database;
use tocsin_entity::{slack_app, slack_workspace};
use tocsin_simulator::{CallLimits, Simulator, SimulatorConfig};
use url::Url;

use crate::{
    config::{Settings, SimulatorSettings as Wish, specs},
    serve,
    terminal::Terminal,
};

/// Whether `tocsin up` is to bring a simulated workspace: where it is told to, or where nothing says which Slack is meant: neither the settings, nor
/// an organisation that has connected a workspace or made an app of its own known.
pub(crate) async fn is_wanted(settings: &Settings, database: &Database) -> anyhow::Result<bool> {
    match settings.simulator {
        Wish::On => Ok(true),
        Wish::Off => Ok(false),
        Wish::Auto if settings.slack.is_configured() => Ok(false),
        Wish::Auto => Ok(!has_own(database)
            .await
            .context("the organisations' Slack apps could not be read")?),
    }
}

/// Whether an organisation has an app of its own, or a workspace.
async fn has_own(database: &Database) -> Result<bool, DbErr> {
    let app = slack_app::Entity::find().one(database.read()).await?;
    let connected = slack_workspace::Entity::find()
        .filter(slack_workspace::Column::DisconnectedAt.is_null())
        .one(database.read())
        .await?;
    Ok(app.is_some() || connected.is_some())
}

/// Starts a workspace whose requests go to `callbacks`, and which knows links under `public` as Tocsin's.
pub(crate) async fn start(settings: &Settings, public: &Url, callbacks: &Url) -> anyhow::Result<Simulator> {
    // The simulator says only that it could not listen; this says what to do. Whoever takes the port in between is told so.
    drop(serve::bind(&specs::SIMULATOR_LISTEN, settings.simulator_listen).await?);
    let mut config = SimulatorConfig {
        listen: settings.simulator_listen,
        unfurl_domains: vec![domain(public)],
        limits: CallLimits::documented(),
        state_file: Some(settings.database.beside("simulator.json")),
        ..SimulatorConfig::default()
    };
    if let Some(token) = &settings.slack.app_token {
        token.expose_secret().clone_into(&mut config.app_token);
    }
    let simulator = Simulator::start(config)
        .await
        .context("the simulated Slack did not start")?;
    simulator.set_callbacks(callbacks);
    // An app-level token means Socket Mode here as it does with the real Slack.
    simulator.set_socket_mode(settings.slack.app_token.is_some());
    Ok(simulator)
}

/// `tocsin simulator`: the workspace alone, for an API and a bridge in processes of their own.
pub(crate) async fn run(settings: Settings, callbacks: &Url, terminal: Terminal) -> anyhow::Result<()> {
    let stop = serve::stop_on_signal()?;
    let public = settings.public_url(settings.listen);
    let simulator = start(&settings, &public, callbacks).await?;
    terminal.line(terminal.strong("Simulated Slack workspace"));
    terminal.row("page", simulator.url());
    terminal.row(
        "for the bridge",
        format!(
            "SLACK_API_URL={} SLACK_BOT_TOKEN={} SLACK_SIGNING_SECRET={}",
            simulator.api_url(),
            simulator.bot_token(),
            simulator.signing_secret()
        ),
    );
    terminal.row(
        "for OAuth",
        format!(
            "SLACK_CLIENT_ID={} SLACK_CLIENT_SECRET={}",
            simulator.client_id(),
            simulator.client_secret()
        ),
    );
    terminal.row("callbacks", callbacks);
    let switch = format!(
        "curl -H 'Content-Type: application/json' -d '{{\"enabled\": true}}' {}sim/socket",
        simulator.url()
    );
    terminal.row(
        "or Socket Mode",
        format!("{switch} and SLACK_APP_TOKEN={}", simulator.app_token()),
    );
    stop.cancelled().await;
    simulator
        .shutdown()
        .await
        .context("the simulated Slack did not stop cleanly")
}

/// `host:port`, as links are told apart.
fn domain(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
