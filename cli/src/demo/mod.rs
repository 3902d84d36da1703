//! `tocsin demo`: the main path, both ways, on a throw-away database; each step is told, and seen to have happened.

mod scenario;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use secrecy::ExposeSecret;
use tocsin_bridge::Pace;

use crate::{
    config::{DatabaseSettings, Settings, SimulatorSettings},
    graphql, serve,
    stack::Stack,
    terminal::Terminal,
};
use scenario::Scenario;

/// Plays the scenario; with `keep` it goes on running afterwards.
pub(crate) async fn run(mut settings: Settings, keep: bool, terminal: Terminal) -> anyhow::Result<()> {
    let place = tempfile::Builder::new()
        .prefix("tocsin-demo-")
        .tempdir()
        .context("there is no place for a throw-away database")?;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    settings.database = DatabaseSettings::at(&place.path().join("tocsin.db"));
    settings.listen = any_port;
    settings.simulator_listen = any_port;
    settings.public_url = None;
    settings.redis_url = None;
    settings.simulator = SimulatorSettings::On;
    settings.slack.bot_token = None;
    settings.slack.client_id = None;
    settings.slack.pace = Pace::Documented;
    "#incidents".clone_into(&mut settings.slack.channel);

    let stop = serve::stop_on_signal()?;
    let stack = Stack::start(&settings, stop.clone()).await?;
    let key = stack
        .new_key
        .clone()
        .ok_or_else(|| anyhow!("the throw-away database was not new"))?;
    let simulator = stack
        .simulator
        .as_ref()
        .context("the demo has no simulated Slack")?;
    let scenario = Scenario {
        terminal,
        client: graphql::client(&stack.api, key.clone())?,
        simulator,
    };
    let outcome = tokio::select! {
        outcome = scenario.play() => outcome,
        () = stop.cancelled() => Err(anyhow!("interrupted before the demo ended")),
    };
    if outcome.is_ok() && keep {
        terminal.line(terminal.strong("It goes on running; Ctrl-C stops it and throws its data away.\n"));
        terminal.row("API", format!("{}graphql", stack.api));
        terminal.row("GraphiQL", format!("{}graphiql", stack.api));
        terminal.row("Slack", simulator.url());
        terminal.row("admin key", key.expose_secret());
    } else {
        stop.cancel();
    }
    let stopped = stack.run().await;
    outcome.and(stopped)
}
